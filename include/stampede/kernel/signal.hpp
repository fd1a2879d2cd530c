#pragma once

#include <coroutine>

#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// Something that processes wait for and others raise: all who wait go on, at that instant.
class Signal {
 public:
  explicit Signal(Simulation& simulation) : simulation_(simulation) {}

  void raise() {
    while (!waiting_.empty()) {
      simulation_.wake(waiting_.pop_front());
    }
  }

  auto wait() { return Awaiter(*this); }

 private:
  class Awaiter {
   public:
    explicit Awaiter(Signal& signal) : signal_(signal) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      signal_.waiting_.push_back(waiter_);
    }
    void await_resume() {}

   private:
    Signal& signal_;
    Waiter waiter_;
  };

  Simulation& simulation_;
  IntrusiveList<Waiter> waiting_;
};

}  // namespace stampede
