#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/expectations.hpp"
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
  std::vector<FaultEvent> faults;  ///< of the first finished replication
  std::vector<CheckedExpectation> expectations;
  std::vector<std::string> warnings;
  /// Of the finished replications, for time series, with their numbers from 1.
  std::vector<std::pair<std::int64_t, std::shared_ptr<const Recording>>> recordings;
  Performance performance;

  bool has_failed_expectations() const;
};

/// The scenario with duration, warm-up and slices divided by `divisor`, for a quick look.
Scenario shortened(Scenario scenario, int divisor);

/// What the finished replications of a scenario give. `divisor` is what the scenario was shortened
/// by; expectations then do not ask for narrow intervals. The performance holds no times.
StudyResult study_of(const Scenario& scenario, const std::vector<Replication>& finished,
                     int divisor = 1);

/// Runs all replications of a scenario and makes one result of them. The same bytes come out
/// whatever the number of jobs. Throws ReplicationFailed.
StudyResult run_study(const Scenario& scenario, const ReplicationOptions& options, int divisor = 1);

}  // namespace stampede
