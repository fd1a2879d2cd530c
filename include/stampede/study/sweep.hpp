#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stampede/base/json_fwd.hpp"
#include "stampede/measure/metrics.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/study/replications.hpp"
#include "stampede/study/study.hpp"
#include "stampede/study/sweep_plan.hpp"

namespace stampede {

/// What came out at one point of a sweep: plain data that can be kept in a file.
struct PointResult {
  /// One of the plan's metrics.
  struct Chosen {
    Metric metric;
    MetricUnit unit = MetricUnit::number;
    /// The same of each replication alone, over the same window; NaN where it has no data.
    std::vector<double> by_replication;
  };
  struct Expected {
    std::string text;
    std::string verdict;  ///< "pass", "fail" or "no_data"
  };

  std::size_t point = 0;
  std::int64_t replications = 0;
  double warmup_s = 0;
  std::uint64_t fingerprint = 0;
  /// All numbers and counts of the result by their paths in result.json: "shoppers.latency_s.p99".
  std::vector<std::pair<std::string, Estimate>> numbers;
  std::vector<Chosen> chosen;  ///< in the order of the plan's metrics
  std::vector<Expected> expectations;
  std::vector<std::string> warnings;
};

/// A point that has no result, and why: it left the simulator's limits.
struct FailedPoint {
  std::size_t point;
  std::string why;
};

/// The numbers of a point's study.
PointResult point_of(const SweepPlan& plan, std::size_t point, const Scenario& scenario,
                     const StudyResult& study);

/// What becomes of a point's study: called on the crew's threads, several at a time.
using DigestStudy =
    std::function<void(std::size_t point, const Scenario& scenario, const StudyResult& study)>;

/// Runs points of a checked plan on one crew of threads, in order and overlapping, and hands over
/// the study of each as soon as it has finished; what `digest` throws ends the sweep. All points
/// have the same seed: common random numbers. Gives those that failed; when stopped, those that had
/// not finished are missing from both.
std::vector<FailedPoint> run_studies(const SweepPlan& plan, std::span<const PlannedPoint> points,
                                     const ReplicationOptions& options, const DigestStudy& digest);

/// The same with the numbers of each point, given to `keep` by one thread at a time.
std::vector<FailedPoint> run_points(const SweepPlan& plan, std::span<const PlannedPoint> points,
                                    const ReplicationOptions& options,
                                    const std::function<void(PointResult)>& keep);

/// Exact in both directions; `plan_hash` says which sweep it belongs to.
Json point_json(const PointResult& result, std::uint64_t plan_hash);
/// Throws FileError when it is not a point of that plan.
PointResult point_from_json(const Json& json, std::uint64_t plan_hash);

}  // namespace stampede
