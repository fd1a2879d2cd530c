#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/analysis/predict.hpp"
#include "stampede/analysis/redundancy.hpp"
#include "stampede/base/json.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/chaos.hpp"
#include "stampede/study/expectations.hpp"
#include "stampede/study/precision.hpp"
#include "stampede/study/replications.hpp"

namespace stampede {

/// What a study cost. All of it differs from run to run and is kept apart from results.
struct Performance {
  double wall_s = 0;
  double cpu_s = 0;
  std::uint64_t events = 0;             ///< resumptions of processes in all finished replications
  std::int64_t requests = 0;            ///< of users that ended in all of them, warm-up included
  double simulated_s = 0;               ///< of all finished replications together
  std::uint64_t peak_memory_bytes = 0;  ///< of the whole program
};

/// Why no more replications were added.
enum class PrecisionEnd { reached, most_replications, out_of_time, interrupted };

/// What became of `--precision`.
struct PrecisionReport {
  std::vector<ReachedPrecision> goals;
  PrecisionEnd end = PrecisionEnd::reached;
};

/// All that is known after running the replications of a scenario.
struct StudyResult {
  std::string name;
  std::string description;
  Json resolved;                    ///< the effective scenario
  std::uint64_t scenario_hash = 0;  ///< of its text
  std::uint64_t seed = 0;
  std::int64_t replications_asked = 0;
  int shortened = 1;

  Result result;
  std::vector<FaultEvent> faults;       ///< of the first finished replication
  std::vector<RolloutRecord> rollouts;  ///< likewise
  std::vector<CheckedExpectation> expectations;
  std::optional<ChaosReport> chaos;          ///< where the scenario has an experiment
  std::optional<PrecisionReport> precision;  ///< where it was asked for
  std::optional<Prediction> predicted;       ///< what theory says of the same scenario
  Redundancy redundancy;                     ///< and what its structure lets it survive
  std::vector<std::string> warnings;
  /// Of the finished replications, for time series, with their numbers from 1.
  std::vector<std::pair<std::int64_t, std::shared_ptr<const Recording>>> recordings;
  Performance performance;

  /// An expectation failed, or the experiment ended with another verdict than the expected one.
  bool has_failed_expectations() const;
};

/// What the finished replications of a scenario give. `divisor` is what the run was shortened by
/// when it was read; expectations then do not ask for narrow intervals. The performance holds no
/// times.
StudyResult study_of(const Scenario& scenario, const std::vector<Replication>& finished,
                     int divisor = 1);

/// Runs all replications of a scenario and makes one result of them. The same bytes come out
/// whatever the number of jobs. Throws ReplicationFailed.
StudyResult run_study(const Scenario& scenario, const ReplicationOptions& options, int divisor = 1);

/// How narrow the intervals are to be, and what may be spent on it.
struct PrecisionWish {
  std::vector<PrecisionGoal> goals;
  std::int64_t most_replications = 1000;
  std::optional<double> most_wall_s;
};

/// The same with as many replications as the goals take: at least those of the scenario and 10,
/// then in rounds as many as the widest interval seems to need, until all goals are met or a limit
/// is. A round counts as a whole or not at all, because the replications that end first are not
/// like the others. Without a limit of time the number depends on results only, and the result is
/// that of `run_study` with it.
StudyResult run_study_to(const PrecisionWish& wish, Scenario scenario,
                         const ReplicationOptions& options, int divisor = 1);

}  // namespace stampede
