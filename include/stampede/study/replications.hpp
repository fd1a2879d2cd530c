#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/world/world.hpp"

namespace stampede {

/// How far a study is.
struct Progress {
  double share = 0;  ///< of all simulated time, from 0 to 1
  std::int64_t finished = 0;
  std::int64_t replications = 0;
  std::int64_t finished_batches = 0;
  std::int64_t batches = 1;  ///< scenarios: the points of a sweep
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

/// What became of a batch.
struct BatchEnd {
  /// Those that finished, in order of their numbers. Fewer than asked for if the crew was stopped.
  std::vector<Replication> replications;
  /// Why the first one that failed did; empty unless one did.
  std::string failure;
};

/// The replications of one scenario, as work for a crew. The functions are called on the crew's
/// threads: `begin` once and before the first `run_world`, `ended` once and after the last. Neither
/// of those two may throw.
struct Batch {
  std::int64_t first = 0;                   ///< number of the first replication
  std::int64_t count = 1;                   ///< replications 0 to count - 1
  Duration duration;                        ///< simulated time of each
  std::function<void()> begin = [] {};      ///< not called if the crew was stopped before
  RunWorld run_world;                       ///< may throw what World::run throws
  std::function<void(BatchEnd end)> ended;  ///< called in any case
};

/// Runs the replications of all batches on one crew of threads with nothing shared, taken in order:
/// while the last ones of a batch run, the first ones of the next have begun, so that no thread
/// waits but at the very end. A batch ends as soon as its own replications have; what it made of
/// them does not depend on the number of threads. When a replication fails, the later ones of its
/// batch are stopped; other batches go on.
void run_batches(std::span<const Batch> batches, const ReplicationOptions& options);

/// Runs the replications of one batch, whose `ended` is not used, and gives those that finished.
/// When one fails, the lowest failing number is thrown as ReplicationFailed.
std::vector<Replication> run_replications(std::int64_t count, Duration duration,
                                          const RunWorld& run_world,
                                          const ReplicationOptions& options);

/// The same with the worlds of a scenario.
std::vector<Replication> run_replications(const Scenario& scenario,
                                          const ReplicationOptions& options);

}  // namespace stampede
