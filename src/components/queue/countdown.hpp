#pragma once

#include "components/queue/message.hpp"
#include "stampede/kernel/job.hpp"

namespace stampede {

/// Tells its owner of messages whose time is up. All have the same length of time, so they come due
/// in the order in which they were started: only the first of them is in the event queue. One that
/// is unlinked does not come due.
template <class Owner>
class Countdown {
 public:
  using TimeIsUp = void (Owner::*)(Message&);

  Countdown(Scope& scope, Duration length, Owner& owner, TimeIsUp time_is_up)
      : scope_(scope), length_(length), owner_(owner), time_is_up_(time_is_up) {}
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;

  Duration length() const { return length_; }

  void start(CountdownEntry& entry) {
    entry.due = scope_.simulation().now() + length_;
    running_.push_back(entry);
    if (!is_watching_) {
      is_watching_ = true;
      static_cast<void>(watch(scope_, *this));
    }
  }
  /// The message that comes due next; null if none does.
  Message* first() { return running_.empty() ? nullptr : &running_.front().message; }

 private:
  static Process watch(Scope& scope, Countdown& countdown) {
    while (!countdown.running_.empty()) {
      const Time due = countdown.running_.front().due;
      co_await scope.simulation().until(due);
      while (!countdown.running_.empty() &&
             countdown.running_.front().due <= scope.simulation().now()) {
        Message& message = countdown.running_.pop_front().message;
        (countdown.owner_.*countdown.time_is_up_)(message);
      }
    }
    countdown.is_watching_ = false;
    co_return Done();
  }

  Scope& scope_;
  Duration length_;
  Owner& owner_;
  TimeIsUp time_is_up_;
  IntrusiveList<CountdownEntry> running_;
  bool is_watching_ = false;
};

}  // namespace stampede
