#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/world/world.hpp"

namespace stampede {

/// How far a study is.
struct Progress {
  double share = 0;  ///< of all simulated time, from 0 to 1
  std::int64_t finished = 0;
  std::int64_t replications = 0;
  double wall_s = 0;
  std::optional<double> left_s;  ///< none before there is anything to judge by
};

/// Whether and how replications run at the same time, and who is told.
struct ReplicationOptions {
  int jobs = 0;                                      ///< threads; 0: one for each core
  const std::atomic<bool>* stop = nullptr;           ///< raised from outside to end early
  std::function<void(const Progress&)> on_progress;  ///< about ten times a second, and at the end
};

/// A replication did not come to its end: the scenario left the simulator's limits, or there is a
/// bug. The text names the replication, counted from 1.
class ReplicationFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs one world and gives its record; World does it, tests may do it otherwise.
using RunWorld = std::function<WorldRecord(std::int64_t replication, const std::atomic<bool>& stop,
                                           std::atomic<std::int64_t>& simulated_ns)>;

/// The record of one replication (from 0) that ran to its end.
struct Replication {
  std::int64_t number;
  WorldRecord record;
};

/// Runs replications 0 to count - 1, each on one thread with nothing shared, and gives those that
/// finished in order of their numbers, whatever the number of threads. When one fails, the lowest
/// failing number is thrown as ReplicationFailed; the later ones are stopped.
std::vector<Replication> run_replications(std::int64_t count, Duration duration,
                                          const RunWorld& run_world,
                                          const ReplicationOptions& options);

/// The same with the worlds of a scenario.
std::vector<Replication> run_replications(const Scenario& scenario,
                                          const ReplicationOptions& options);

}  // namespace stampede
