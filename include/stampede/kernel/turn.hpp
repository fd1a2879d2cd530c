#pragma once

#include <coroutine>

#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// Lets all other processes that are ready go first: `co_await Turn(simulation);`. A process that
/// goes round and may find that no time passes must go back to the simulation, which ends a run
/// that makes no progress or that is told to stop.
class Turn {
 public:
  explicit Turn(Simulation& simulation) : simulation_(simulation) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> process) {
    waiter_.process = process;
    simulation_.wake(waiter_);
  }
  void await_resume() {}

 private:
  Simulation& simulation_;
  Waiter waiter_;
};

}  // namespace stampede
