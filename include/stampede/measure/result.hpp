#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/stats/estimate.hpp"

namespace stampede {

/// One number of a result. `name` is its path in result.json below its subject: the block, and
/// after the first dot the member of the block, which may hold dots itself ("latency_s.p99.9").
struct Metric {
  std::string name;
  Estimate value;
  /// The run can tell this number. A maximum, a percentile or a mean that it cannot tell is shown
  /// with a mark, never bare.
  bool supported = true;
  /// Why not: requests that are still in flight would move it upwards. Otherwise it has too few
  /// samples.
  bool unfinished = false;
  /// Of a percentile with too few samples: how many times as many it would take. NaN if not known.
  double needs_times = std::numeric_limits<double>::quiet_NaN();
  /// How far each replication (or batch) moves the estimate, in their order, as stats/estimate.hpp
  /// says; NaN where one has no data. Empty for maxima and counts.
  std::vector<double> deviations = {};
  /// Of batches: neighbours are so much alike that the interval is doubtful, though it was widened.
  bool autocorrelated = false;
};

/// What was seen of one traffic population, a part of it (a request type, a region of users), a
/// component or one of its instances.
struct Subject {
  std::string name;
  /// "traffic", "request_type", "region", "segment", "tenant", "instance", "version", "rollout",
  /// "ab_test", "variant", "analysis", "guardrail", or a component's kind.
  std::string kind;
  /// Sums over all replications: "requests", "outcomes.ok", "attempts.retries.total".
  std::vector<std::pair<std::string, std::int64_t>> counts;
  std::vector<Metric> metrics;
  std::vector<Subject> parts;

  /// By its name, with or without the suffix of its unit ("latency_s.p99", "latency.p99"); null if
  /// there is none.
  const Metric* find(std::string_view metric) const;
  /// A count by its name; null if there is none.
  const std::int64_t* find_count(std::string_view count) const;
};

/// What MSER said about the warm-up.
struct WarmupSearch {
  std::size_t slices = 0;  ///< of the run
  std::size_t best = 0;    ///< how many of them are best cut off
  bool refused = false;    ///< they were not: more than half, or too few slices to tell
};

/// What a scenario gave, over all its replications: plain data that holds nothing which differs
/// between two runs of the same seed.
///
/// Everything is of the window from the end of the warm-up to the end of the run. A user's request
/// belongs to the window in which it was meant to be sent; rates, levels and what components saw
/// belong to when it happened.
struct Result {
  double warmup_s = 0;
  bool warmup_found = false;  ///< by MSER; otherwise as the scenario gave it, or none was found
  std::optional<WarmupSearch> warmup_search;  ///< none where the scenario gave it
  double duration_s = 0;                      ///< with the warm-up
  std::int64_t replications = 0;
  /// Intervals are over so many batches of the only replication; 0: over replications.
  std::int64_t batches = 0;
  std::uint64_t fingerprint = 0;
  bool partial = false;  ///< interrupted: fewer replications than asked for
  std::vector<Subject> traffic;
  std::vector<Subject> components;
  std::vector<Subject> rollouts;  ///< of the whole run, whatever the window
  std::optional<Subject> chaos;   ///< what an experiment measured, if there was one
  std::vector<Subject> ab_tests;
  std::vector<std::string> warnings;
};

/// One row of the time series: a mean, a quantile or a rate of one slice of one replication.
struct SeriesPoint {
  std::int64_t replication;
  double time_s;        ///< where the slice begins
  std::string subject;  ///< "shoppers", "shoppers.product_page", "app"
  std::string_view metric;
  double value;
};

}  // namespace stampede
