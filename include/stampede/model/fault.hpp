#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/kernel/simulation.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/metrics.hpp"
#include "stampede/model/network.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

class RequestTypes;

// ---- Settings that faults have in common ------------------------------------------------------

/// Which of those that meet the conditions a fault strikes when it does not strike all.
enum class TargetPick {
  first,   ///< by their index: always the same
  random,  ///< drawn at each strike
};
const EnumNames<TargetPick>& names(TargetPick);

/// Whom a fault strikes: the instances that meet every condition given; at least one is given.
struct TargetSettings {
  ComponentName component;
  ZoneName zone;
  std::optional<int> count;
  std::optional<Ratio> share;
  TargetPick pick = TargetPick::first;

  /// So many of `met` are struck.
  std::size_t struck_among(std::size_t met) const;
};
void describe(Visitor& v, TargetSettings& s);

/// Who fails as one when strikes come at random: each has a law of its own, independent of others.
enum class FailureUnit { instance, zone, all };
const EnumNames<FailureUnit>& names(FailureUnit);

/// When a fault strikes, and for how long: at an instant, once or every so often; when something is
/// seen; or at random, as a renewal process of times without it and times with it.
struct FaultTimes {
  std::optional<Duration> at;                  ///< from t = 0; with `when`, not before
  std::optional<Condition> when;               ///< the first time that it is met
  std::optional<Duration> duration;            ///< "for"; to the end of the run unless given
  std::optional<Duration> every;               ///< from one beginning to the next
  std::optional<Distribution<Duration>> mtbf;  ///< from the end of a strike to the next one
  std::optional<Distribution<Duration>> mttr;  ///< how long a strike lasts

  Duration earliest() const { return at.value_or(Duration()); }
  /// Whether it can be said beforehand when it strikes.
  bool is_fixed() const { return !when && !mtbf; }
};

/// What faults have in common that strike instances.
struct FaultSettings : FaultTimes {
  TargetSettings target;
  FailureUnit each = FailureUnit::instance;  ///< of random strikes
};

/// Whether a fault goes on for a while, or has done all it does when it has begun.
enum class FaultLength { lasting, momentary };

/// While one lives on this thread, the settings of faults are those of a defect (see Defect): it
/// has neither a time nor a target, and nothing of them is read, told or declared.
class DefectScope {
 public:
  DefectScope();
  ~DefectScope();
  DefectScope(const DefectScope&) = delete;
  DefectScope& operator=(const DefectScope&) = delete;

  /// Whether the settings of a fault of instances were described in it: no other can be a defect.
  static bool has_met_instances();
};

/// Adds `at`, `when`, `for`, `every`, `mtbf` and `mttr` to a fault's own settings, and declares
/// them as FaultTimes.
void describe_times(Visitor& v, FaultTimes& s, FaultLength length = FaultLength::lasting);
/// Adds `target` and `each` too, and declares all of them as FaultSettings.
void describe_fault(Visitor& v, FaultSettings& s, FaultLength length = FaultLength::lasting);

// What a fault may declare of itself (Visitor::declare).

/// It has done all that it does when it has begun (FaultLength::momentary).
struct DoesAllAtOnce {};
/// Those who call its targets hear nothing.
struct FallsSilent {};
/// Its targets are down from its beginning to its end.
struct TakesDown {};
/// It empties caches, and does nothing to anybody else.
struct FlushesCaches {};
/// It takes cores away, and does nothing to those that have none.
struct TakesCores {};
/// It strikes whoever leads something, and nobody else.
struct StrikesLeaders {};
/// It stops answers about names, and does nothing to anybody else.
struct StopsNames {};
/// It stops what copies send each other, and does nothing to those that have none.
struct BreaksReplication {};
/// It lets connections of pools leak, and does nothing to those that have none.
struct LeaksConnections {};
/// It loses messages between instances, or between users and instances.
struct LosesMessages {
  bool inside = true;
  bool of_users = true;
};
/// It has to do with this type of request; of this traffic, if it is not empty.
struct TouchesType {
  std::string type;
  std::string traffic;
};
/// It has to do with this traffic.
struct TouchesTraffic {
  std::string traffic;
  bool needs_rate = false;  ///< it multiplies a rate, which not all arrival processes have
};

// ---- Faults -----------------------------------------------------------------------------------

/// One strike of a fault at work: what it changed is restored exactly when this dies, and nothing
/// else is.
class Disturbance {
 public:
  Disturbance() = default;
  Disturbance(const Disturbance&) = delete;
  Disturbance& operator=(const Disturbance&) = delete;
  virtual ~Disturbance() = default;
};

/// A disturbance that is nothing but holds on knobs.
class Holding final : public Disturbance {
 public:
  void add(Knob::Hold hold) { holds_.push_back(std::move(hold)); }

 private:
  std::vector<Knob::Hold> holds_;
};

/// The traffic of a scenario, as faults see it.
struct DisturbedTraffic {
  std::string name;
  std::uint16_t index;  ///< as requests carry it
  Population& population;
  std::optional<ArrivalTheory> arrivals;  ///< none: nothing is known of them
};

/// A failure injector. One object for each fault of the scenario, which makes a Disturbance for
/// each of its strikes; several of them may be at work at a time.
class Fault {
 public:
  static constexpr const char* registry = "fault";

  /// What a fault is given of the world; all of it outlives the fault and its disturbances.
  struct Context {
    std::string name;  ///< "faults.2"
    Simulation& simulation;
    Network& network;
    const RequestTypes& request_types;
    const std::vector<DisturbedTraffic>& traffic;
    std::uint64_t seed;
    std::uint64_t replication;

    /// The random stream of one purpose of this fault.
    Stream stream(std::string_view purpose) const {
      return Stream(seed, replication, name, purpose);
    }
    const DisturbedTraffic& traffic_called(const std::string& name) const;
  };

  /// What it is about that is no instance has no target.
  explicit Fault(const FaultTimes& times) { static_cast<FaultTimes&>(settings_) = times; }
  explicit Fault(const FaultSettings& settings) : settings_(settings), strikes_instances_(true) {}
  virtual ~Fault() = default;

  const FaultSettings& settings() const { return settings_; }
  bool strikes_instances() const { return strikes_instances_; }
  /// Takes away, from the instances that its target means at this moment, those that it cannot
  /// strike; who is left and comes first is struck first where the target wants only some.
  virtual void narrow(std::vector<Instance*>& met) const { static_cast<void>(met); }
  /// Whom it disturbs where those are no instances, as the timeline of faults tells it.
  virtual std::string whom() const { return {}; }

  struct Strike {
    std::vector<Instance*> targets;
    std::uint64_t luck;  ///< its own
  };
  /// Disturbs these instances from now on; null if it has done all that it does.
  virtual std::unique_ptr<Disturbance> strike(const Strike& strike) = 0;

 private:
  FaultSettings settings_;
  bool strikes_instances_ = false;
};

}  // namespace stampede
