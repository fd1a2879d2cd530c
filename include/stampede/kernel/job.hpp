#pragma once

#include <coroutine>
#include <exception>
#include <type_traits>

#include "stampede/base/require.hpp"
#include "stampede/kernel/frame_pool.hpp"
#include "stampede/kernel/scope.hpp"
#include "stampede/kernel/timeouts.hpp"

namespace stampede {

template <class T>
class Task;

/// Told of the end of a job, besides whoever waits for it. Dying first is fine.
template <class T>
class JobListener : public ListHook {
 public:
  /// The job ended with this answer.
  virtual void answered(const T& answer) = 0;
  /// The job was killed in silence: there will be no answer.
  virtual void lost() {}

 protected:
  ~JobListener() = default;
};

/// Work that runs by itself in the Scope of its owner, seen by whoever asked for it.
///
/// A coroutine that returns a Job starts at once and belongs to the scope of its first argument
/// (`*this` of a member function), which must offer `Scope& scope()`. The holder of the Job may
/// wait for the answer, wait with a limit, or drop it: that ends the wait, never the work.
///
/// T is trivially copyable and offers `static T broken()`, the answer of work that was killed. If
/// it has a member `bool silent`, an answer with it set reaches nobody, as if the work were killed.
/// If it offers `static T withdrawn()`, its jobs can be withdrawn.
template <class T>
class [[nodiscard]] Job {
  static_assert(std::is_trivially_copyable_v<T>,
                "g++ 12 destroys other temporaries twice inside co_await expressions");

 public:
  class promise_type;

  /// A job that was never work: answered on the spot, or never if the answer is a silent one.
  Job(const T& answer) : answer_(answer), done_(!is_silent(answer)) {}  // NOLINT: meant to convert

  Job(Job&& other) noexcept : promise_(other.promise_), answer_(other.answer_), done_(other.done_) {
    require(other.waiter_ == nullptr, "a job that is waited for was moved");
    other.promise_ = nullptr;
    if (promise_ != nullptr) {
      promise_->holder_ = this;
    }
  }
  Job& operator=(Job&& other) noexcept {
    if (this != &other) {
      this->~Job();
      new (this) Job(std::move(other));
    }
    return *this;
  }
  ~Job() {
    if (promise_ != nullptr) {
      promise_->holder_ = nullptr;
    }
  }

  bool done() const { return done_; }
  const T& answer() const { return answer_; }

  /// Tells `listener` of the end, before whoever waits. A job that is done or was killed in silence
  /// tells nothing more.
  void tell(JobListener<T>& listener) {
    if (promise_ != nullptr) {
      promise_->listeners_.push_front(listener);
    }
  }

  /// Ends the work here and now on behalf of whoever asked for it and does not want it any more;
  /// what it had asked others for by `relayed` is withdrawn with it. Those who listen are told that
  /// it was withdrawn. Nothing happens if the work is over, or in a scope that does not let it be
  /// withdrawn. Nobody may be waiting for the job.
  void withdraw() {
    if (promise_ != nullptr && promise_->can_be_withdrawn()) {
      promise_type& work = *promise_;
      work.end_withdrawn();
      work.simulation().destroy_soon(work);
    }
  }

  /// The work while it goes on, else null: for whoever stands between its holder and its owner and
  /// has to cut the one off from the other.
  ScopeMember* work() { return promise_; }

  /// Waits for the answer, for ever if the work was killed in silence.
  auto operator co_await() { return Awaiter(*this); }

  /// Waits on behalf of whoever waits for the running job: if there will be no answer, the running
  /// job is killed in silence too.
  auto relayed() { return RelayAwaiter(*this); }

  /// Waits for at most the length of `timeouts`; tells whether there is an answer.
  auto within(Timeouts& timeouts) { return TimeoutAwaiter(*this, timeouts); }

  /// Waits until `deadline` at most; tells whether there is an answer.
  auto before(Simulation& simulation, Time deadline) {
    return DeadlineAwaiter(*this, simulation, deadline);
  }

 private:
  friend class Task<T>;  // which may stand for a job
  class Awaiter;
  class RelayAwaiter;
  class TimeoutAwaiter;
  class DeadlineAwaiter;

  explicit Job(promise_type& promise) : promise_(&promise) { promise.holder_ = this; }

  static bool is_silent(const T& answer) {
    if constexpr (requires { answer.silent; }) {
      return answer.silent;
    } else {
      return false;
    }
  }

  promise_type* promise_ = nullptr;  ///< null when done, or when the work was killed in silence
  Waiter* waiter_ = nullptr;
  T answer_{};
  bool done_ = false;
};

template <class T>
class Job<T>::promise_type final : public ScopeMember, public PooledFrame {
 public:
  template <class Owner, class... Arguments>
  explicit promise_type(Owner& owner, Arguments&...) : simulation_(owner.scope().simulation()) {
    owner.scope().adopt(*this);
  }
  ~promise_type() {
    if (!answered_) {
      cut_off(KilledWork::stays_silent);
    }
  }

  Job get_return_object() { return Job(*this); }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_value(const T& answer) {
    if (answered_) {
      return;
    }
    if (is_silent(answer)) {
      cut_off(KilledWork::stays_silent);
    } else {
      deliver(answer);
    }
  }
  /// The failures of the modelled system are values, so this is a limit of the run, or a bug;
  /// either ends the run.
  void unhandled_exception() { simulation_.abort_run(std::current_exception()); }

  void cut_off(KilledWork how) override {
    if (answered_) {
      return;
    }
    if (how == KilledWork::answers_broken) {
      deliver(T::broken());
      return;
    }
    answered_ = true;
    while (!listeners_.empty()) {
      listeners_.pop_front().lost();
    }
    if (holder_ != nullptr) {
      holder_->promise_ = nullptr;
      holder_ = nullptr;
    }
  }
  std::coroutine_handle<> process() override {
    return std::coroutine_handle<promise_type>::from_promise(*this);
  }
  Simulation& simulation() { return simulation_; }

 private:
  friend class Job;

  void end_withdrawn() {
    withdraw();
    deliver(T::withdrawn());
  }

  void deliver(const T& answer) {
    answered_ = true;
    while (!listeners_.empty()) {
      listeners_.pop_front().answered(answer);
    }
    if (holder_ != nullptr) {
      holder_->answer_ = answer;
      holder_->done_ = true;
      holder_->promise_ = nullptr;
      if (holder_->waiter_ != nullptr) {
        simulation_.wake(*holder_->waiter_);
      }
      holder_ = nullptr;
    }
  }

  Simulation& simulation_;
  Job* holder_ = nullptr;
  IntrusiveList<JobListener<T>> listeners_;
  bool answered_ = false;
};

template <class T>
class Job<T>::Awaiter {
 public:
  explicit Awaiter(Job& job) : job_(job) {}
  ~Awaiter() { job_.waiter_ = nullptr; }
  bool await_ready() const { return job_.done_; }
  void await_suspend(std::coroutine_handle<> process) {
    waiter_.process = process;
    job_.waiter_ = &waiter_;
  }
  T await_resume() { return job_.answer_; }

 private:
  Job& job_;
  Waiter waiter_;
};

template <class T>
class Job<T>::RelayAwaiter final : private JobListener<T> {
 public:
  explicit RelayAwaiter(Job& job) : job_(job) {}
  ~RelayAwaiter() {
    job_.waiter_ = nullptr;
    if constexpr (requires { T::withdrawn(); }) {
      if (relay_ != nullptr && relay_->is_withdrawn()) {
        job_.withdraw();
      }
    }
  }
  bool await_ready() const { return job_.done_; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> process) {
    simulation_ = &process.promise().simulation();
    relay_ = &process.promise();
    if (job_.promise_ == nullptr) {
      lost();
      return;
    }
    waiter_.process = process;
    job_.waiter_ = &waiter_;
    job_.tell(*this);
  }
  T await_resume() { return job_.answer_; }

 private:
  void answered(const T&) override {}
  void lost() override {
    relay_->cut_off(KilledWork::stays_silent);
    simulation_->destroy_soon(*relay_);
  }

  Job& job_;
  Simulation* simulation_ = nullptr;
  ScopeMember* relay_ = nullptr;
  Waiter waiter_;
};

template <class T>
class Job<T>::TimeoutAwaiter {
 public:
  TimeoutAwaiter(Job& job, Timeouts& timeouts) : job_(job), timeouts_(timeouts) {}
  ~TimeoutAwaiter() { job_.waiter_ = nullptr; }
  bool await_ready() const { return job_.done_; }
  void await_suspend(std::coroutine_handle<> process) {
    waiter_.process = process;
    job_.waiter_ = &waiter_;
    timeouts_.start(waiter_);
  }
  bool await_resume() { return job_.done_; }

 private:
  Job& job_;
  Timeouts& timeouts_;
  TimedWaiter waiter_;
};

template <class T>
class Job<T>::DeadlineAwaiter {
 public:
  DeadlineAwaiter(Job& job, Simulation& simulation, Time deadline)
      : job_(job), simulation_(simulation), deadline_(deadline) {}
  ~DeadlineAwaiter() { stop(); }
  bool await_ready() const { return job_.done_ || deadline_ <= simulation_.now(); }
  void await_suspend(std::coroutine_handle<> process) {
    waiter_.process = process;
    job_.waiter_ = &waiter_;
    expiry_ = simulation_.schedule(deadline_, process);
  }
  bool await_resume() {
    if (!job_.done_) {
      expiry_.slot = EventId::none;  // it was the expiry that resumed us
    }
    return job_.done_;
  }

 private:
  void stop() {
    job_.waiter_ = nullptr;
    if (expiry_.is_pending()) {
      simulation_.cancel(expiry_);
    }
  }

  Job& job_;
  Simulation& simulation_;
  Time deadline_;
  Waiter waiter_;
  EventId expiry_;
};

/// Moves the running job into another scope without waiting: `co_await enter(scope);`.
class Entering {
 public:
  explicit Entering(Scope& scope) : scope_(scope) {}
  bool await_ready() const { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> job) {
    scope_.adopt(job.promise());
    return false;
  }
  void await_resume() {}

 private:
  Scope& scope_;
};
inline Entering enter(Scope& scope) { return Entering(scope); }

/// The answer of a process that has nothing to say.
struct Done {
  static Done broken() { return {}; }
};

/// A job without an answer: a loop that generates, probes or watches.
using Process = Job<Done>;

}  // namespace stampede
