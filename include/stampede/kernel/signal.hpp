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
  /// Waits until `limit` at most.
  auto before(Time limit) { return LimitedAwaiter(*this, limit); }

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

  class LimitedAwaiter {
   public:
    LimitedAwaiter(Signal& signal, Time limit) : signal_(signal), limit_(limit) {}
    ~LimitedAwaiter() {
      if (expiry_.is_pending()) {
        signal_.simulation_.cancel(expiry_);
      }
    }
    bool await_ready() const { return limit_ <= signal_.simulation_.now(); }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      signal_.waiting_.push_back(waiter_);
      expiry_ = signal_.simulation_.schedule(limit_, process);
    }
    void await_resume() {
      if (waiter_.is_linked()) {
        expiry_.slot = EventId::none;  // it was the expiry that resumed us
      }
    }

   private:
    Signal& signal_;
    Time limit_;
    Waiter waiter_;
    EventId expiry_;
  };

  Simulation& simulation_;
  IntrusiveList<Waiter> waiting_;
};

}  // namespace stampede
