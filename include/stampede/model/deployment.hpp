#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/rollout.hpp"

namespace stampede {

/// Whether what a rollout waited for has come.
struct ScalingProgress {
  bool is_made = false;
  static ScalingProgress broken() { return {}; }
};

/// What a rollout has in hand: the instances that it replaces and those that it brings, the traffic
/// between them, and the diary of what it did.
///
/// Old are all instances at its places that were there in the beginning, new those of the version
/// that it brings. Whoever was told to leave counts no more, as pods that are terminating.
class Deployment final : private FleetListener {
 public:
  Deployment(const RolloutSettings& settings, const Rollout::Context& context);

  Scope& scope() { return scope_; }
  Simulation& simulation() { return simulation_; }
  Time now() const { return simulation_.now(); }

  // ---- The fleet ----

  /// Takes stock: what is there now is what is to be replaced.
  void begin();
  /// Instances that were there when it began, and are to be there when it is over.
  int replicas() const { return static_cast<int>(places_.size()); }
  std::uint16_t old_version() const { return old_version_; }
  std::uint16_t new_version() const { return new_version_; }

  /// The new or the old ones at its places that were not told to leave, by their index. Whatever is
  /// not of the new version is old.
  std::vector<Instance*> instances(std::uint16_t version);
  int count(std::uint16_t version) { return static_cast<int>(instances(version).size()); }
  /// Whether it has been ready for `min_ready` without a break.
  bool is_available(const Instance& instance) const;
  int available(std::uint16_t version);
  /// The next instant at which one of them becomes available by time alone.
  Time next_available();

  /// Launches `count` instances more.
  void launch(std::uint16_t version, int count);
  /// Tells `count` of them to leave, those that are not available first, then the youngest.
  void drain(std::uint16_t version, int count);
  /// Something happened to an instance.
  Signal& changed() { return changed_; }

  /// Launches as many as are missing, and waits until `count` of the version are available; not if
  /// none became so within the progress deadline, or `given_up` is raised.
  Task<ScalingProgress> scale_up(std::uint16_t version, int count);
  /// Waits until no instance is left that was told to leave.
  Task<ScalingProgress> emptied();

  // ---- Traffic ----

  /// This share of the traffic goes to the new version from now on.
  void split_traffic(double weight, Stickiness stickiness, const std::string& salt);
  /// The versions are not told apart any more.
  void end_split();
  void mirror_traffic(double share);
  void end_mirror();

  // ---- Metrics ----

  /// As of the last scrape; see Metrics.
  std::optional<double> read(MonitoredMetric metric, std::uint16_t version, Duration window) const;
  Signal& scraped() { return context_.scraped; }
  Duration window() const { return context_.window; }
  Duration scrape_interval() const { return context_.scrape_interval; }

  // ---- The diary ----

  void note(std::string what);
  void decide(RolloutVerdict verdict, const std::string& why = {});
  RolloutVerdict verdict() const { return record_.verdict; }
  Signal& decided() { return decided_; }
  RolloutRecord record() const;

 private:
  void added(Instance& instance) override;
  void state_changed(Instance& instance) override;
  bool is_here(const Instance& instance) const;
  void account();
  double seconds_now() const { return static_cast<double>(now().ns()) / 1e9; }

  RolloutSettings settings_;
  Rollout::Context context_;
  Simulation& simulation_;
  Releases& releases_;
  Fleet& fleet_;
  std::vector<PlaceId> zones_;   ///< where it works; everywhere if empty
  std::vector<PlaceId> places_;  ///< of those that were there in the beginning
  std::uint16_t old_version_ = 0;
  std::uint16_t new_version_ = 0;
  std::uint64_t launched_ = 0;
  std::vector<Time> ready_since_;  ///< by index

  // What it costs.
  bool is_counting_ = false;
  Time counted_until_;
  int existing_ = 0;        ///< instances here that are not gone
  double extra_hours_ = 0;  ///< instance × hours beyond replicas()
  int fewest_ready_ = 0;

  RolloutRecord record_;
  Signal changed_;
  Signal decided_;
  Scope scope_;
};

}  // namespace stampede
