#pragma once

#include "stampede/kernel/simulation.hpp"
#include "stampede/model/observer.hpp"

namespace stampede {

/// A request's stay at an instance, from the door to its end, told to the observer even when a
/// crash ends it.
class Stay {
 public:
  Stay(ComponentObserver& observer, Simulation& simulation, std::uint32_t instance,
       std::uint16_t version)
      : observer_(observer), simulation_(simulation) {
    visit_.arrived = simulation.now();
    visit_.instance = instance;
    visit_.version = version;
    visit_.outcome = Outcome::reset;  // unless it comes to another end
    observer.arrived(visit_.arrived);
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  ~Stay() { observer_.ended(simulation_.now(), visit_); }

  void add_wait(Duration wait) { visit_.waited += wait; }
  void add_cpu_wait(Duration wait) { visit_.cpu_waited += wait; }
  void start() { visit_.started = true; }
  /// Under async the first worker may be long in coming, or never come.
  void wait_for_worker() { visit_.started = has_worked_; }
  void work() { visit_.started = has_worked_ = true; }
  void end(Outcome outcome) { visit_.outcome = outcome; }
  Outcome outcome() const { return visit_.outcome; }

 private:
  ComponentObserver& observer_;
  Simulation& simulation_;
  Visit visit_;
  bool has_worked_ = false;
};

}  // namespace stampede
