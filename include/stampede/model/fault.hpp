#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/model/fleet.hpp"
#include "stampede/model/metrics.hpp"
#include "stampede/model/network.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Whom a fault strikes: the instances that meet every condition given; at least one is given.
struct TargetSettings {
  ComponentName component;
  ZoneName zone;
  std::optional<int> count;  ///< so many of them, the first ones by index
  std::optional<Ratio> share;
};
void describe(Visitor& v, TargetSettings& s);

/// What all faults have in common: when, for how long, whom.
struct FaultSettings {
  std::optional<Duration> at;        ///< from t = 0; with `when`, not before
  std::optional<Condition> when;     ///< the first time that it is met
  std::optional<Duration> duration;  ///< "for"; to the end of the run unless given
  TargetSettings target;

  Duration earliest() const { return at.value_or(Duration()); }
};
/// Adds the fields `at`, `when`, `for` and `target` to those of a fault's own settings, and
/// declares them.
void describe_fault(Visitor& v, FaultSettings& s);

/// What a fault may declare of itself (Visitor::declare): those who call its targets hear nothing.
struct FallsSilent {};
/// Its targets are down from its beginning to its end.
struct TakesDown {};
/// It empties caches, and does nothing to anybody else.
struct FlushesCaches {};

/// A failure injector: disturbs its targets through their controls, and ends. One object for each
/// fault of the scenario; the world calls it when its time has come.
class Fault {
 public:
  static constexpr const char* registry = "fault";
  struct Context {};

  explicit Fault(const FaultSettings& settings) : settings_(settings) {}
  virtual ~Fault() = default;

  const FaultSettings& settings() const { return settings_; }

  /// Disturbs these instances from now on.
  virtual void begin(const std::vector<Instance*>& targets) = 0;
  /// Restores exactly what `begin` changed, and nothing else.
  virtual void end() = 0;

 private:
  FaultSettings settings_;
};

}  // namespace stampede
