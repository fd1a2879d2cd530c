#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/metrics.hpp"
#include "stampede/model/releases.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// What all rollouts have in common: what is changed, when, and where.
struct RolloutSettings {
  ComponentName target;
  std::string to;
  Duration at;
  std::string after;
  std::optional<Condition> when;
  ZoneName zone;
  Duration min_ready;
  Duration progress_deadline = Duration::nanoseconds(600'000'000'000);
};
/// Adds their fields to a rollout's own settings, and declares them.
void describe_rollout(Visitor& v, RolloutSettings& s);

/// What became of a rollout.
enum class RolloutVerdict : std::uint8_t {
  pending,      ///< its time never came
  running,      ///< it was not over when the run ended
  promoted,     ///< every instance is of the new version
  rolled_back,  ///< every instance is of the old one again
  paused,       ///< it waits for somebody to decide
  stalled,      ///< no progress within its deadline, and nobody takes it back
  no_verdict,   ///< it waits for somebody to decide, for nothing was seen of the new version
};
const EnumNames<RolloutVerdict>& names(RolloutVerdict);
constexpr bool is_decided(RolloutVerdict verdict) {
  return verdict != RolloutVerdict::pending && verdict != RolloutVerdict::running;
}

/// What a rollout did, as it happened.
struct RolloutStep {
  double at_s;
  std::string what;
};

/// All that is known of a rollout at the end of a run.
struct RolloutRecord {
  std::string name;
  std::string kind;
  std::string target;
  std::string to;
  RolloutVerdict verdict = RolloutVerdict::pending;
  double began_s = 0;    ///< if it began
  double decided_s = 0;  ///< if it was decided
  std::vector<RolloutStep> steps;
  /// Instances that were ready at the least, from its beginning to its end, per instance that was
  /// there when it began; and what it had besides those: instance × hours, less than 0 if fewer.
  double capacity_min = 1;
  double extra_instance_hours = 0;
  /// What the new version answered in all the run, and how much of it was not ok.
  std::int64_t requests = 0;
  std::int64_t failed = 0;
};

/// A policy of replacing one version by another: a process that launches and drains instances,
/// shifts traffic, looks at metrics and decides.
class Rollout {
 public:
  static constexpr const char* registry = "rollout";

  /// What it is given of the world; all of it outlives the rollout.
  struct Context {
    std::string name;
    std::string kind;
    Simulation& simulation;
    const Geography& geography;
    Component& target;       ///< has releases
    const Metrics& metrics;  ///< of the target
    Signal& scraped;         ///< raised when they are new
    Duration scrape_interval;
    Duration window;  ///< that metrics are looked at over unless somebody says otherwise
  };

  explicit Rollout(const RolloutSettings& settings) : settings_(settings) {}
  virtual ~Rollout() = default;

  const RolloutSettings& settings() const { return settings_; }

  /// Begins now; ends when it is over for good. Its job belongs to the rollout.
  virtual Process run() = 0;
  /// As of this moment.
  virtual RolloutRecord record() const = 0;
  /// Raised when it is decided.
  virtual Signal& decided() = 0;

 private:
  RolloutSettings settings_;
};

}  // namespace stampede
