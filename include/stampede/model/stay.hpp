#pragma once

#include "stampede/kernel/simulation.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/observer.hpp"

namespace stampede {

/// A request's stay at an instance, from the door to its end, told to the observer even when a
/// crash ends it, or its caller, who does not want the answer any more.
class Stay {
 public:
  /// Where nothing can crash.
  Stay(ComponentObserver& observer, Simulation& simulation) : Stay(observer, simulation, nullptr) {}
  Stay(ComponentObserver& observer, Simulation& simulation, Instance& at)
      : Stay(observer, simulation, &at) {
    at.stay_began();
    visit_.instance = at.index();
    visit_.version = at.version();
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  ~Stay() {
    if (!has_ended_) [[unlikely]] {
      visit_.outcome = at_ == nullptr || at_->is_up() ? Outcome::cancelled : Outcome::reset;
    }
    observer_.ended(simulation_.now(), visit_);
    if (at_ != nullptr) {
      at_->stay_ended();
    }
  }

  void add_wait(Duration wait) { visit_.waited += wait; }
  void add_cpu_wait(Duration wait) { visit_.cpu_waited += wait; }
  void start() { visit_.started = true; }
  /// Under async the first worker may be long in coming, or never come.
  void wait_for_worker() { visit_.started = has_worked_; }
  void work() { visit_.started = has_worked_ = true; }
  void end(Outcome outcome) {
    visit_.outcome = outcome;
    has_ended_ = true;
  }
  Outcome outcome() const { return visit_.outcome; }

 private:
  Stay(ComponentObserver& observer, Simulation& simulation, Instance* at)
      : observer_(observer), simulation_(simulation), at_(at) {
    visit_.arrived = simulation.now();
    observer.arrived(visit_.arrived);
  }

  ComponentObserver& observer_;
  Simulation& simulation_;
  Instance* at_;
  Visit visit_;
  bool has_worked_ = false;
  bool has_ended_ = false;
};

}  // namespace stampede
