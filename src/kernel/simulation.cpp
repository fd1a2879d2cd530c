#include "stampede/kernel/simulation.hpp"

#include <fmt/format.h>

#include <utility>

#include "stampede/base/prefetch.hpp"
#include "stampede/base/require.hpp"
#include "stampede/kernel/scope.hpp"
#include "stampede/kernel/timeouts.hpp"

namespace stampede {

namespace {

/// How often a run looks at its limits, and whether it was told to stop, in resumptions.
constexpr std::uint64_t check_interval = 4096;
/// With many pending events their frames are no longer in the processor's cache. Those of the next
/// events are fetched so many events ahead, and so much of each.
constexpr std::size_t prefetch_distance = 4;
constexpr std::size_t frame_bytes = 640;

}  // namespace

Simulation::Simulation(SimulationLimits limits) : limits_(limits) {}

Simulation::~Simulation() { destroy_doomed(); }

void Simulation::run(Time end, const std::atomic<bool>* stop) {
  destroy_doomed();  // what was killed between two runs must not go on in this one
  stop_ = stop;
  check_limits();
  bool goes_on = !is_stopped_;
  while (goes_on) {
    if (!ready_.empty()) {
      goes_on = resume(ready_.pop_front().process);
      continue;
    }
    const Event* event = events_.front();
    if (event == nullptr || event->time > end.ns()) {
      now_ = end;
      break;
    }
    const Time due = Time::from_start(Duration::nanoseconds(event->time));
    const auto slot = static_cast<std::uint32_t>(event->order & slot_mask);
    events_.pop();
    if (events_.is_long()) {
      prefetch_next();
    }
    void* process = slots_[slot].process;
    free_slot(slot);
    if (process != nullptr) {
      now_ = due;
      goes_on = resume(std::coroutine_handle<>::from_address(process));
    }
  }
}

bool Simulation::is_to_go_on() {
  destroy_doomed();
  check_limits();
  return !is_stopped_;
}

EventId Simulation::schedule_with_new_slots(Time due, std::coroutine_handle<> process,
                                            const void* touches) {
  add_slots();
  return schedule(due, process, touches);
}

void Simulation::prefetch_next() {
  if (const Event* next = events_.peek(prefetch_distance)) {
    const EventSlot& slot = slots_[next->order & slot_mask];
    if (slot.process != nullptr) {
      prefetch_to_write(slot.process, frame_bytes);
      if (slot.touches != nullptr) {
        prefetch_to_write(slot.touches, touched_bytes);
      }
    }
  }
}

void Simulation::check_limits() {
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  next_check_ = resumptions_ + check_interval;
  is_stopped_ = stop_ != nullptr && stop_->load(std::memory_order_relaxed);
  if (now_ != checked_at_) {
    checked_at_ = now_;
    instant_began_ = resumptions_;
  }
  if (resumptions_ - instant_began_ > limits_.resumptions_per_instant) {
    throw LimitExceeded(fmt::format(
        "{} steps at the single instant {} s: something in the scenario goes round without time "
        "passing (a cycle of calls, a retry without back-off, users without think time)",
        limits_.resumptions_per_instant, now_.seconds()));
  }
  if (sequence_ > limits_.events) {
    throw LimitExceeded(fmt::format("more than {} events; shorten the run", limits_.events));
  }
}

void Simulation::destroy_soon(ScopeMember& job) {
  job.doom();
  doomed_.push_back(job);
  next_check_ = 0;  // as soon as the running process waits
}

void Simulation::destroy_doomed() {
  while (!doomed_.empty()) {
    doomed_.pop_back().process().destroy();
  }
}

void Simulation::add_slots() {
  const std::size_t old_count = slots_.size();
  const std::size_t limit = std::size_t{1} << slot_bits;
  if (old_count == limit) {
    throw LimitExceeded(fmt::format(
        "more than {} events are pending at {} s: the scenario piles up work without end; bound "
        "its queues or lower its load",
        limit, now_.seconds()));
  }
  const std::size_t new_count = old_count == 0 ? 64 : old_count * 2;
  slots_.resize(new_count);
  for (std::size_t slot = new_count; slot-- > old_count;) {
    free_slot(static_cast<std::uint32_t>(slot));
  }
}

Timeouts& Simulation::timeouts(Duration length) {
  std::unique_ptr<Timeouts>& queue = timeouts_[length];
  if (!queue) {
    queue = std::make_unique<Timeouts>(*this, length);
  }
  return *queue;
}

}  // namespace stampede
