#include "stampede/kernel/timeouts.hpp"

#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// The process that wakes the heads of the list; asleep while the list is empty.
struct Timeouts::Watcher {
  explicit Watcher(Timeouts& timeouts)
      : timeouts(timeouts), begun(timeouts.simulation_), jobs(timeouts.simulation_) {}

  Scope& scope() { return jobs; }

  Process watch() {
    for (;;) {
      co_await begun.wait();
      while (!timeouts.running_.empty()) {
        co_await timeouts.simulation_.until(timeouts.running_.front().expiry);
        wake_expired();
      }
      timeouts.watching_ = false;
    }
  }

  void wake_expired() {
    const Time now = timeouts.simulation_.now();
    while (!timeouts.running_.empty() && timeouts.running_.front().expiry <= now) {
      timeouts.simulation_.wake(timeouts.running_.pop_front());
    }
  }

  Timeouts& timeouts;
  Signal begun;
  Scope jobs;
};

Timeouts::Timeouts(Simulation& simulation, Duration length)
    : simulation_(simulation), length_(length), watcher_(new Watcher(*this)) {
  static_cast<void>(watcher_->watch());
}

Timeouts::~Timeouts() { delete watcher_; }

void Timeouts::begin_to_watch() {
  watching_ = true;
  watcher_->begun.raise();
}

}  // namespace stampede
