#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/measure/recording.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// What was done to whom and when, as it happened.
struct FaultEvent {
  double at_s;
  std::string kind;
  std::string target;
  bool begins;
};

/// The method of an experiment was stopped.
struct ChaosAbort {
  double at_s;
  std::string condition;  ///< that was met
};

/// What one run left behind.
struct WorldRecord {
  std::shared_ptr<const Recording> recording;
  std::vector<FaultEvent> faults;
  std::vector<RolloutRecord> rollouts;
  std::optional<ChaosAbort> abort;
  std::vector<std::string> notes;  ///< of arrival processes: skipped lines of a log
  std::string broken_law;          ///< an exact law that did not hold: a bug of ours
  bool complete = false;           ///< it ran to its end
  std::uint64_t events = 0;        ///< resumptions of processes, for performance figures
};

/// One scenario with one seed and replication number, running. Everything in it is made through the
/// registries; it shares nothing with other worlds, so each may run on a thread of its own.
class World {
 public:
  World(const Scenario& scenario, std::uint64_t replication);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Runs to the end, or until `stop` is raised; `simulated_ns` shows others how far it is.
  /// Throws LimitExceeded or std::overflow_error when the scenario leaves the simulator's limits.
  WorldRecord run(const std::atomic<bool>* stop = nullptr,
                  std::atomic<std::int64_t>* simulated_ns = nullptr);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stampede
