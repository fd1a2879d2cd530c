#pragma once

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "stampede/kernel/frame_pool.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// A part of a process that waits: started when called, awaited by its caller, and destroyed (hence
/// cancelled) with it. The first argument offers `Scope& scope()`, as for a Job.
template <class T>
class [[nodiscard]] Task {
  static_assert(std::is_trivially_copyable_v<T>,
                "g++ 12 destroys other temporaries twice inside co_await expressions");

 public:
  class promise_type : public PooledFrame {
   public:
    template <class Owner, class... Arguments>
    explicit promise_type(Owner& owner, Arguments&...) : simulation_(owner.scope().simulation()) {}
    Task get_return_object() { return Task(handle()); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(const T& value) {
      value_ = value;
      done_ = true;
      if (waiter_ != nullptr) {
        simulation_.wake(*waiter_);
      }
    }
    void unhandled_exception() { simulation_.abort_run(std::current_exception()); }

   private:
    friend class Task;
    std::coroutine_handle<promise_type> handle() {
      return std::coroutine_handle<promise_type>::from_promise(*this);
    }
    Simulation& simulation_;
    Waiter* waiter_ = nullptr;
    T value_{};
    bool done_ = false;
  };

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (frame_) {
      frame_.destroy();
    }
  }

  auto operator co_await() { return Awaiter(frame_.promise()); }

 private:
  class Awaiter {
   public:
    explicit Awaiter(promise_type& promise) : promise_(promise) {}
    bool await_ready() const { return promise_.done_; }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      promise_.waiter_ = &waiter_;
    }
    T await_resume() { return promise_.value_; }

   private:
    promise_type& promise_;
    Waiter waiter_;
  };

  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

}  // namespace stampede
