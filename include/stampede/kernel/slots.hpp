#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "stampede/kernel/simulation.hpp"

namespace stampede {

class Slots;

/// One taken slot; given back when it dies. Empty when the wait for it ended without one.
class Slot {
 public:
  Slot() noexcept {}
  explicit Slot(Slots& slots) noexcept : slots_(&slots) {}
  Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
  Slot& operator=(Slot&& other) noexcept {
    if (this != &other) {
      release();
      slots_ = std::exchange(other.slots_, nullptr);
    }
    return *this;
  }
  ~Slot() { release(); }

  explicit operator bool() const { return slots_ != nullptr; }
  void release() {
    if (slots_ != nullptr) {
      give_back();
    }
  }

 private:
  void give_back();

  Slots* slots_ = nullptr;
};

/// Who goes next when a slot is free.
enum class QueueDiscipline { fifo, lifo, priority };

/// A number of interchangeable slots (workers, connections) and the line in front of them.
class Slots {
 public:
  static constexpr int priority_levels = 10;

  Slots(Simulation& simulation, std::int64_t capacity,
        QueueDiscipline discipline = QueueDiscipline::fifo)
      : simulation_(simulation),
        discipline_(discipline),
        free_(capacity),
        by_priority_(discipline == QueueDiscipline::priority ? priority_levels : 0) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  bool has_free() const { return free_ > 0 && waiting_ == 0; }
  std::size_t waiting() const { return waiting_; }

  /// A free slot at once; only when there is one.
  Slot take_free() {
    --free_;
    return Slot(*this);
  }

  /// Waits in line for a slot, until `give_up` at most: then with an empty Slot. `priority` counts
  /// under QueueDiscipline::priority only: 0 goes first.
  auto acquire(int priority = 0, Time give_up = Time::never()) {
    return Awaiter(*this, priority, give_up);
  }

  /// Adds slots, or takes free ones away (those in use go as they are given back).
  void change_capacity(std::int64_t by) {
    free_ += by;
    grant();
  }

 private:
  friend class Slot;

  /// In line, or granted a slot and not yet resumed.
  struct Place : Waiter {
    bool granted = false;
  };

  class Awaiter {
   public:
    Awaiter(Slots& slots, int priority, Time give_up)
        : slots_(slots), priority_(priority), give_up_(give_up) {}
    ~Awaiter() {
      if (!is_over_) {
        give_up();
      }
    }
    bool await_ready() {
      return slots_.take_at_once(place_) || give_up_ <= slots_.simulation_.now();
    }
    void await_suspend(std::coroutine_handle<> process) {
      place_.process = process;
      slots_.join_line(place_, priority_);
      expiry_ = slots_.simulation_.schedule(give_up_, process);
    }
    Slot await_resume() {
      if (!place_.granted) {
        expiry_.slot = EventId::none;  // it was the expiry that resumed us
        return Slot();
      }
      if (expiry_.is_pending()) {
        slots_.simulation_.cancel(expiry_);
      }
      is_over_ = true;
      return Slot(slots_);
    }

   private:
    /// The wait ends without anything, or whoever waited died.
    void give_up() {
      if (expiry_.is_pending()) {
        slots_.simulation_.cancel(expiry_);
      }
      slots_.leave(place_);
    }

    Slots& slots_;
    int priority_;
    bool is_over_ = false;  ///< it has handed out its slot
    Time give_up_;
    Place place_;
    EventId expiry_;
  };

  bool take_at_once(Place& place) {
    if (!has_free()) {
      return false;
    }
    --free_;
    place.granted = true;
    return true;
  }
  void join_line(Place& place, int priority) {
    ++waiting_;
    (by_priority_.empty() ? line_ : by_priority_[static_cast<std::size_t>(priority)])
        .push_back(place);
  }
  void leave(Place& place) {
    if (place.granted) {  // granted and cancelled in the same instant: the next one gets it
      place.granted = false;
      give_back();
    } else if (place.is_linked()) {
      place.unlink();
      --waiting_;
    }
  }
  void give_back() {
    ++free_;
    if (waiting_ > 0) {
      grant();
    }
  }
  void grant() {
    while (free_ > 0 && waiting_ > 0) {
      Place& next = next_in_line();
      --waiting_;
      --free_;
      next.granted = true;
      simulation_.wake(next);
    }
  }
  Place& next_in_line() {
    if (by_priority_.empty()) [[likely]] {
      return discipline_ == QueueDiscipline::lifo ? line_.pop_back() : line_.pop_front();
    }
    std::size_t level = 0;
    while (by_priority_[level].empty()) {
      ++level;
    }
    return by_priority_[level].pop_front();
  }

  Simulation& simulation_;
  QueueDiscipline discipline_;
  std::int64_t free_;  ///< negative while a reduced capacity waits for slots in use
  std::size_t waiting_ = 0;
  IntrusiveList<Place> line_;                      ///< fifo and lifo
  std::vector<IntrusiveList<Place>> by_priority_;  ///< under priority, a line for each level
};

inline void Slot::give_back() { std::exchange(slots_, nullptr)->give_back(); }

}  // namespace stampede
