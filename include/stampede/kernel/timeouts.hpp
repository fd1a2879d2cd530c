#pragma once

#include "stampede/base/intrusive_list.hpp"
#include "stampede/base/units.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// A waiter that is woken when its time runs out, unless something else woke it before.
struct TimedWaiter : Waiter {
  Time expiry;
};

/// All running timeouts of one length. They expire in the order in which they began, so a plain
/// list holds them and only its head is in the event queue: a timeout that never fires (nearly all
/// of them) costs a link and an unlink instead of an event.
class Timeouts {
 public:
  Timeouts(Simulation& simulation, Duration length);
  ~Timeouts();
  Timeouts(const Timeouts&) = delete;
  Timeouts& operator=(const Timeouts&) = delete;

  Duration length() const { return length_; }

  /// From now on `waiter` is woken after the length, if it is still linked here then.
  void start(TimedWaiter& waiter) {
    waiter.expiry = simulation_.now() + length_;
    running_.push_back(waiter);
    if (!watching_) {
      begin_to_watch();
    }
  }

 private:
  struct Watcher;
  void begin_to_watch();

  Simulation& simulation_;
  Duration length_;
  IntrusiveList<TimedWaiter> running_;
  bool watching_ = false;
  Watcher* watcher_;
};

}  // namespace stampede
