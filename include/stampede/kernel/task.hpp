#pragma once

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "stampede/kernel/frame_pool.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// A part of a process that waits: started when called, awaited by its caller, and destroyed (hence
/// cancelled) with it. The first argument offers `Scope& scope()`, as for a Job.
///
/// Where the whole of it is to wait for a job, it is made of that job and has no frame of its own;
/// destroying it then ends the wait, not the job.
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

  Task(Job<T>&& job) noexcept : job_(std::move(job)) {}  // NOLINT: meant to convert
  Task(Task&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)), job_(std::move(other.job_)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (frame_) {
      frame_.destroy();
    }
  }

  auto operator co_await() { return Awaiter(*this); }

 private:
  class Awaiter {
   public:
    explicit Awaiter(Task& task) : task_(task) {}
    ~Awaiter() { task_.job_.waiter_ = nullptr; }
    bool await_ready() const {
      return task_.frame_ ? task_.frame_.promise().done_ : task_.job_.done_;
    }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      (task_.frame_ ? task_.frame_.promise().waiter_ : task_.job_.waiter_) = &waiter_;
    }
    T await_resume() { return task_.frame_ ? task_.frame_.promise().value_ : task_.job_.answer_; }

   private:
    Task& task_;
    Waiter waiter_;
  };

  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame), job_(T()) {}

  std::coroutine_handle<promise_type> frame_;
  Job<T> job_;  ///< where there is no frame
};

}  // namespace stampede
