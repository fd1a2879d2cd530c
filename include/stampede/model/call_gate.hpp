#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/kernel/slots.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/call_guard.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/measures.hpp"

namespace stampede {

/// Guards in front of calls, the outermost first.
using GuardList = std::vector<Choice<CallGuard>>;

/// The guards that each instance of a component has in front of one target.
struct GuardedTargetSettings {
  ComponentName target;
  GuardList use;
};
void describe(Visitor& v, GuardedTargetSettings& s);

/// What a component declares of itself (Visitor::declare): it guards its calls to this target.
struct GuardsCalls {
  std::string target;
  Place place;  ///< where it says so
};

/// Adds the field `guards` to those of whatever settings hold them.
void describe_guards(Visitor& v, std::vector<GuardedTargetSettings>& guards);

/// What all guards of a component measure together.
struct CallGuardMeasures {
  explicit CallGuardMeasures(std::string_view kind);

  Measure rejected_calls;
  Measure refused_retries;
  Measure guarded;
  Measure openings;
  Measure open;
  Measure open_ratio;
  Detector breakers;
};

/// The guards of one instance in front of one target, and the state that they share.
class CallGate {
 public:
  /// What it tells of itself, together with all other gates of the component.
  struct Told {
    Told(const CallGuardMeasures& measures, ComponentObserver& observer);
    Told(Tally& nobody, Gauge& nothing);
    Tally& rejected_calls;
    Tally& refused_retries;
    Gauge& gates;
    CallGuard::Told guards;
  };

  CallGate(const GuardList& guards, Simulation& simulation, const Told& told, const Stream& random);

  /// One attempt on its way through the gate, until its end: `end`, or else its destruction.
  class Pass {
   public:
    /// Without a gate, nothing is in the way.
    Pass(CallGate* gate, const Request& attempt) : gate_(gate), attempt_(attempt) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    ~Pass() { end(Outcome::cancelled); }

    /// The outcome of an attempt that is turned away. Nobody waits here: what would have to is
    /// turned away too.
    std::optional<Outcome> admit() { return gate_ == nullptr ? std::nullopt : gate_->admit(*this); }
    void end(Outcome outcome) {
      if (gate_ != nullptr && passed_ > 0) {
        gate_->end(*this, outcome);
      }
    }

   private:
    friend class CallGate;
    CallGate* gate_;
    const Request& attempt_;
    Time began_;
    std::size_t passed_ = 0;  ///< guards
    bool is_in_flight_ = false;
  };

  /// Lets an attempt in, perhaps after a wait, until `give_up` at most: ok, or its outcome. The
  /// pass outlives the task.
  static Task<Response> enter(Scope& scope, CallGate& gate, Pass& pass, Time give_up);

  /// Whether an attempt would have to wait at it now.
  bool must_wait() const;
  bool may_retry();
  void forget();
  /// Its caller has left for good.
  void close() { told_.gates.change(simulation_.now(), -1); }

  /// Counts a call as one that is tried again while it lives.
  class Retrying {
   public:
    explicit Retrying(CallGate* gate) : gate_(gate) {}
    Retrying(const Retrying&) = delete;
    ~Retrying() { stop(); }
    void begin() {
      stop();
      is_counted_ = gate_ != nullptr;
      count(1);
    }
    void stop() {
      count(-1);
      is_counted_ = false;
    }

   private:
    void count(int by) {
      if (is_counted_) {
        gate_->load_.retrying += by;
      }
    }
    CallGate* gate_;
    bool is_counted_ = false;
  };

 private:
  /// A guard, and the slots of its room.
  struct Post {
    std::unique_ptr<CallGuard> guard;
    std::optional<Room> room;
    std::unique_ptr<Slots> slots;
    std::vector<Slot> held;
  };

  std::optional<Outcome> admit(Pass& pass);
  void entered(Pass& pass);
  void end(Pass& pass, Outcome outcome);
  void turned_away(Pass& pass, Outcome outcome);
  static Task<Response> wait(Scope& scope, CallGate& gate, Pass& pass, Time give_up);

  Simulation& simulation_;
  Told told_;
  std::vector<Post> posts_;
  CallLoad load_;
  bool has_lines_ = false;
};

/// The gates of all instances of a component: each has one of its own for each guarded target.
class CallGates {
 public:
  CallGates(const std::vector<GuardedTargetSettings>& settings, const Component::Context& context,
            const CallGuardMeasures& measures);

  /// Null if nothing is in the way to this target.
  CallGate* of(const ComponentName& target, std::uint32_t instance);
  /// The process of that instance died.
  void forget(std::uint32_t instance);
  /// It has left for good.
  void close(std::uint32_t instance);

 private:
  const std::vector<GuardedTargetSettings>& settings_;
  Component::Context context_;
  CallGate::Told told_;
  std::vector<std::vector<std::unique_ptr<CallGate>>> gates_;  ///< by target, by instance
};

}  // namespace stampede
