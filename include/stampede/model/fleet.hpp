#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/base/prefetch.hpp"
#include "stampede/kernel/simulation.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/knob.hpp"

namespace stampede {

/// Where an instance is in its life. Crashed is `down`; what comes back boots first.
enum class InstanceState : std::uint8_t {
  boot,
  ready,
  draining,  ///< on its way out: registries do not list it any more, and it takes who still comes
  stopping,  ///< finishes what is inside, and takes nobody
  down,
  gone,  ///< for good
};
constexpr bool is_leaving(InstanceState state) {
  return state == InstanceState::draining || state == InstanceState::stopping ||
         state == InstanceState::gone;
}

/// What a fault does to single requests at an instance while it lives. Nobody but these requests
/// sees anything of it: health checks do not, which makes it a grey failure.
class Interference : public ListHook {
 public:
  /// A request is at the door; gives how much later it gets in. Several add up.
  virtual Duration meet(const Request& request) {
    static_cast<void>(request);
    return Duration();
  }
  /// Whether this request does not get in at all: its connection is not made.
  virtual bool refuses(const Request& request) {
    static_cast<void>(request);
    return false;
  }
  /// The probability that this request fails when it was worked on. Several are independent.
  virtual double error_rate(const Request& request) {
    static_cast<void>(request);
    return 0;
  }

 protected:
  ~Interference() = default;
};

/// One running copy of a component, at one place, of one version.
///
/// What faults and controllers may do to it: turn its knobs.
class Instance : public Endpoint {
 public:
  Instance(std::string name, std::uint32_t index, PlaceId place, std::uint16_t version = 0)
      : index_(index), place_(place), version_(version), name_(std::move(name)) {}

  const std::string& name() const { return name_; }  ///< "app-3"
  std::uint32_t index() const { return index_; }     ///< within its fleet, never used again
  PlaceId place() const { return place_; }
  std::uint16_t version() const { return version_; }  ///< its number among those of the component
  InstanceState state() const { return state_; }
  bool is_up() const { return takes_requests() || state_ == InstanceState::stopping; }
  bool takes_requests() const {
    return state_ == InstanceState::ready || state_ == InstanceState::draining;
  }
  /// It was told to leave, or has left.
  bool is_leaving() const { return stampede::is_leaving(state_); }

  /// Asks for the memory that a call is about to touch.
  void prefetch() const {
    prefetch_to_write(this);
    prefetch_to_write(hot_memory_, Simulation::touched_bytes);
  }

  /// How much it leads at this moment: shards whose primary it is, partitions whose leader it is.
  virtual std::size_t leads() const { return 0; }

  /// Forgets what it holds copies of; whatever has no cache has nothing to forget.
  virtual void flush() {}

  /// Answers a health check that `prober` sends: ok, or as a call to it would fail.
  virtual Reply probe(const Request& prober) = 0;

  /// Checks at the end of a run what must hold of this instance exactly; the text of what does not,
  /// else empty.
  virtual std::string broken_law() { return {}; }
  /// Destroys all jobs here; comes before any instance of the fleet is destroyed.
  virtual void end_all_work() {}

  // Controls. Each is held for as long as it shall act, so overlapping faults end in any order.

  /// Kills all work here and now, and keeps the instance down: callers find nobody, or hear nothing
  /// at all. When the last such hold ends, the instance boots.
  [[nodiscard]] Knob::Hold hold_down(KilledWork how) {
    crash(how);
    return down_.hold(1);
  }
  Knob& speed() { return speed_; }              ///< factor on the speed of computing; 0 pauses
  Knob& error_rate() { return error_rate_; }    ///< share of requests answered with an error
  Knob& cores_taken() { return cores_taken_; }  ///< cores that somebody else keeps busy
  Knob& replication_cuts() { return replication_cuts_; }  ///< no stream of other copies gets in
  bool is_cut_from_copies() const { return replication_cuts_.value() > 0; }
  Knob& connection_leak() { return connection_leak_; }  ///< share of its calls over pools
  /// Lets it meet every request that comes from now on, until it dies.
  void interfere(Interference& by) { interferences_.push_back(by); }
  /// Tells it to leave. It takes requests from those who have not heard of it for `pre_stop`, then
  /// finishes what is inside, and is gone; `grace` after it was told, whatever is left dies with
  /// it. Who is not up is gone at once.
  virtual void drain(Duration pre_stop, Duration grace) {
    static_cast<void>(pre_stop), static_cast<void>(grace);
  }
  /// Whether any request is inside, or held up on its way in.
  bool is_empty() const { return staying_ == 0 && met_in_flight_ == 0; }
  /// Requests inside that were met by somebody who interferes.
  std::int64_t met_in_flight() const { return met_in_flight_; }

 protected:
  friend class Stay;
  void stay_began() { ++staying_; }
  void stay_ended() {
    --staying_;
    tell_if_emptied();
  }
  /// It is stopping, and the last request that was inside has ended.
  virtual void emptied() {}

  virtual void crash(KilledWork how) = 0;
  /// Starts what is down: ready after its boot time.
  virtual void boot() = 0;
  virtual void speed_changed(double speed) = 0;
  /// Whoever computes without a limit has no cores that could be taken.
  virtual void cores_taken_changed(double taken) { static_cast<void>(taken); }

  /// Whoever has no pools has nothing that leaks.
  virtual void connection_leak_changed(double leaking) { static_cast<void>(leaking); }

  bool is_interfered() const { return !interferences_.empty(); }
  IntrusiveList<Interference>& interferences() { return interferences_; }
  void met_in_flight_changed(int by) {
    met_in_flight_ += by;
    tell_if_emptied();
  }

  void set_state(InstanceState state);
  void tell_if_emptied() {
    if (state_ == InstanceState::stopping && is_empty()) [[unlikely]] {
      emptied();
    }
  }
  /// Where the memory begins that every call touches.
  void set_hot_memory(const void* begin) { hot_memory_ = begin; }

 private:
  friend class Fleet;

  std::uint32_t index_;
  PlaceId place_;
  std::uint16_t version_;
  InstanceState state_ = InstanceState::ready;
  std::int64_t staying_ = 0;
  const void* hot_memory_ = this;
  IntrusiveList<Interference> interferences_;
  std::int64_t met_in_flight_ = 0;
  Knob error_rate_{Combine::any_of, 0};
  Knob cores_taken_{Combine::sum, 0, [this](double taken) { cores_taken_changed(taken); }};
  Knob speed_{Combine::product, 1, [this](double speed) { speed_changed(speed); }};
  Knob down_{Combine::sum, 0, [this](double holds) {
               if (holds == 0) {
                 boot();
               }
             }};
  Knob replication_cuts_{Combine::sum, 0};
  Knob connection_leak_{Combine::any_of, 0,
                        [this](double leaking) { connection_leak_changed(leaking); }};
  class Fleet* fleet_ = nullptr;
  std::string name_;
};

/// Told at once of what happens to a fleet; see Discovery for what others get to know, and when.
class FleetListener : public ListHook {
 public:
  virtual void added(Instance& instance) = 0;
  virtual void state_changed(Instance& instance) = 0;

 protected:
  ~FleetListener() = default;
};

class TrafficSplit;

/// The instances of one component. Versions, autoscalers, rollouts, crashes and discovery all work
/// on it. Instances are never destroyed before the world: what is gone keeps its index.
class Fleet {
 public:
  Fleet() = default;
  ~Fleet() {
    for (const std::unique_ptr<Instance>& instance : instances_) {
      instance->end_all_work();
    }
  }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  std::size_t size() const { return instances_.size(); }
  Instance& operator[](std::size_t index) { return *instances_[index]; }

  Instance& add(std::unique_ptr<Instance> instance) {
    instance->fleet_ = this;
    instances_.push_back(std::move(instance));
    Instance& added = *instances_.back();
    listeners_.for_each([&](FleetListener& listener) { listener.added(added); });
    return added;
  }

  /// The first law that does not hold at one of the instances, else empty.
  std::string broken_law() {
    std::string broken;
    for (std::size_t i = 0; i < instances_.size() && broken.empty(); ++i) {
      broken = instances_[i]->broken_law();
    }
    return broken;
  }

  void listen(FleetListener& listener) { listeners_.push_back(listener); }

  /// Which version callers send a request to, if the component has several; else null.
  const TrafficSplit* split() const { return split_; }
  void be_split_by(const TrafficSplit& split) { split_ = &split; }

 private:
  friend class Instance;

  std::vector<std::unique_ptr<Instance>> instances_;
  IntrusiveList<FleetListener> listeners_;
  const TrafficSplit* split_ = nullptr;
};

inline void Instance::set_state(InstanceState state) {
  if (state == state_) {
    return;
  }
  state_ = state;
  if (fleet_ != nullptr) {
    fleet_->listeners_.for_each([this](FleetListener& listener) { listener.state_changed(*this); });
  }
}

}  // namespace stampede
