#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <vector>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/base/prefetch.hpp"
#include "stampede/base/units.hpp"
#include "stampede/kernel/event_queue.hpp"

namespace stampede {

class ScopeMember;
class Simulation;
class Timeouts;

/// A suspended process in a list of those that wait for the same thing. Lives in the awaiter, hence
/// in the waiting frame: a process that dies leaves the list by itself.
struct Waiter : ListHook {
  std::coroutine_handle<> process;
};

/// A pending event that can be cancelled; `none` when it has fired or was never set.
struct EventId {
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint32_t slot = none;
  bool is_pending() const { return slot != none; }
};

/// Waits until an instant; made by Simulation::delay and Simulation::until.
class DelayAwaiter {
 public:
  DelayAwaiter(Simulation& simulation, Time due) : simulation_(simulation), due_(due) {}
  DelayAwaiter(const DelayAwaiter&) = delete;
  DelayAwaiter& operator=(const DelayAwaiter&) = delete;
  ~DelayAwaiter();

  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> process);
  void await_resume() { event_.slot = EventId::none; }

 private:
  Simulation& simulation_;
  Time due_;
  EventId event_;
};

/// What a run may not exceed; each guards against a scenario that would never end.
struct SimulationLimits {
  std::uint64_t events = std::uint64_t{1} << 39;
  std::uint64_t resumptions_per_instant = 100'000'000;
};

/// Thrown when a scenario exceeds a limit; the message says which and what to do.
struct LimitExceeded : std::exception {
  explicit LimitExceeded(std::string message) : message(std::move(message)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

/// The clock, the pending events and the processes that are ready to go on.
///
/// Only `run` resumes a suspended process: first the ready ones, in the order in which they became
/// ready, then the earliest event. Equal times go by the order of scheduling.
class Simulation {
 public:
  explicit Simulation(SimulationLimits limits = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Time now() const { return now_; }

  /// So much is fetched of what a process says that it will touch.
  static constexpr std::size_t touched_bytes = 384;

  /// Runs all that is due before or at `end`; the clock then stands at `end`, or earlier when
  /// `stop` was raised.
  void run(Time end, const std::atomic<bool>* stop = nullptr);

  DelayAwaiter delay(Duration length) { return DelayAwaiter(*this, now_ + length); }
  DelayAwaiter until(Time due) { return DelayAwaiter(*this, due); }

  /// Resumes `process` at `due` (not before now) unless cancelled. Time::never() costs no event.
  /// `touches` is a hint: the process will touch the `touched_bytes` from there besides its frame.
  EventId schedule(Time due, std::coroutine_handle<> process, const void* touches = nullptr) {
    if (due == Time::never()) [[unlikely]] {
      return EventId();
    }
    if (first_free_ == EventId::none) [[unlikely]] {
      return schedule_with_new_slots(due, process, touches);
    }
    const std::uint32_t slot = first_free_;
    EventSlot& taken = slots_[slot];
    first_free_ = taken.next_free;
    taken.process = process.address();
    taken.touches = touches;
    events_.push(Event{due.ns(), (sequence_++ << slot_bits) | slot});
    return EventId{slot};
  }
  void cancel(EventId& event) {
    slots_[event.slot].process = nullptr;
    event.slot = EventId::none;
  }

  /// Lets a waiting process go on at this instant, after those that are already ready.
  void wake(Waiter& waiter) {
    prefetch_to_write(waiter.process.address());
    ready_.push_back(waiter);
  }

  /// The queue of all timeouts of this length; see Timeouts.
  Timeouts& timeouts(Duration length);

  /// Takes a job out of its scope and destroys it before any other process runs again, unless it
  /// ends by itself. Never at once: the caller may be that very job, or run inside it.
  void destroy_soon(ScopeMember& job);
  /// Destroys now what is to be destroyed soon. Not while a process runs.
  void destroy_doomed();

  /// Lets `run` throw this as soon as the running process waits. (To throw through the processes
  /// would be natural, but g++ 12 destroys a frame twice that is left before its first wait.)
  void abort_run(std::exception_ptr failure) {
    if (!failure_) {
      failure_ = std::move(failure);
    }
    next_check_ = 0;
  }

  std::uint64_t event_count() const { return sequence_; }
  std::uint64_t resumption_count() const { return resumptions_; }

 private:
  static constexpr int slot_bits = 24;
  static constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;

  /// What a pending event resumes, null if cancelled; a free slot names the next free one.
  struct EventSlot {
    union {
      void* process;
      std::uint32_t next_free;
    };
    const void* touches;
  };

  EventId schedule_with_new_slots(Time due, std::coroutine_handle<> process, const void* touches);
  void free_slot(std::uint32_t slot) {
    slots_[slot].next_free = first_free_;
    first_free_ = slot;
  }
  void add_slots();
  /// Tells whether to go on.
  bool resume(std::coroutine_handle<> process) {
    process.resume();
    return ++resumptions_ < next_check_ || is_to_go_on();
  }
  void prefetch_next();
  bool is_to_go_on();
  void check_limits();

  Time now_;
  EventQueue events_;
  std::vector<EventSlot> slots_;
  std::uint32_t first_free_ = EventId::none;
  IntrusiveList<Waiter> ready_;
  IntrusiveList<ScopeMember> doomed_;
  std::map<Duration, std::unique_ptr<Timeouts>> timeouts_;
  std::uint64_t sequence_ = 0;
  std::uint64_t resumptions_ = 0;
  std::uint64_t next_check_ = 0;
  std::uint64_t instant_began_ = 0;  ///< resumptions at the check that first saw this instant
  Time checked_at_;
  const std::atomic<bool>* stop_ = nullptr;
  bool is_stopped_ = false;
  std::exception_ptr failure_;
  SimulationLimits limits_;
};

inline DelayAwaiter::~DelayAwaiter() {
  if (event_.is_pending()) {
    simulation_.cancel(event_);
  }
}
inline bool DelayAwaiter::await_ready() const { return due_ <= simulation_.now(); }
inline void DelayAwaiter::await_suspend(std::coroutine_handle<> process) {
  event_ = simulation_.schedule(due_, process);
}

}  // namespace stampede
