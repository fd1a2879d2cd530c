#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/kernel/scope.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/measure/meter.hpp"
#include "stampede/model/flag.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/population.hpp"

namespace stampede {

/// The flags of a running scenario, and what changes them by itself: schedules of their rollouts
/// and kill switches.
class RunningFlags {
 public:
  /// Told when a flag is turned off (true) or on again.
  using Switched = std::function<void(const std::string& flag, bool off)>;

  RunningFlags(const Scenario& scenario, std::uint64_t replication, Simulation& simulation);

  Flag& find(const std::string& name) const;

  /// `meters` are what conditions are read from, after each `scraped`.
  void start(const std::map<std::string, Meter>& meters, Signal& scraped, Switched switched);
  /// As a kill switch does, by whoever sees harm.
  void kill(Flag& flag);

  Scope& scope() { return scope_; }

 private:
  Flag::Reaches reaches_of(const std::vector<std::string>& segments) const;
  Process follow_schedule(Flag& flag, const std::vector<RolloutStepSettings>& schedule);
  Process guard(Flag& flag, const KillSwitchSettings& kill_switch, const Metrics* metrics,
                Signal& scraped);

  const Scenario& scenario_;
  Simulation& simulation_;
  std::vector<std::optional<UserParts>> segments_;  ///< of each population
  std::vector<std::unique_ptr<Flag>> flags_;
  Switched switched_;
  Scope scope_;  ///< dies first: its processes use all the above
};

}  // namespace stampede
