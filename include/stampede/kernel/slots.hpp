#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stampede/kernel/codel.hpp"
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
enum class QueueDiscipline { fifo, lifo, priority, adaptive_lifo };

/// How a line is served, and who is turned away from it after having waited. Whoever is turned away
/// gets an empty slot. At most one of `max_age`, `controlled_delay` and `codel` is given.
struct QueueRules {
  QueueDiscipline discipline = QueueDiscipline::fifo;
  /// Of adaptive_lifo: the last come goes first while the line has not been empty for longer.
  Duration lifo_after = Duration::nanoseconds(100'000'000);
  /// Whoever has waited for longer is turned away when a slot becomes free.
  std::optional<Duration> max_age{};
  /// The same with `target` as the most for those who join a line that has not been empty for
  /// `interval`, and `interval` for others: Maurer, Fail at Scale, ACM Queue 13 (2015).
  std::optional<DelayTarget> controlled_delay{};
  std::optional<DelayTarget> codel{};
};

/// A number of interchangeable slots (workers, connections) and the line in front of them.
class Slots {
 public:
  static constexpr int priority_levels = 10;

  Slots(Simulation& simulation, std::int64_t capacity,
        QueueDiscipline discipline = QueueDiscipline::fifo)
      : Slots(simulation, capacity, QueueRules{.discipline = discipline}) {}
  Slots(Simulation& simulation, std::int64_t capacity, const QueueRules& rules)
      : simulation_(simulation),
        rules_(rules),
        watches_age_(rules.max_age || rules.controlled_delay || rules.codel),
        is_plain_(rules.discipline == QueueDiscipline::fifo && !watches_age_),
        free_(capacity),
        by_priority_(rules.discipline == QueueDiscipline::priority ? priority_levels : 0) {
    if (rules.codel) {
      codel_.emplace(*rules.codel);
    }
  }
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  bool has_free() const { return free_ > 0 && waiting_ == 0; }
  std::size_t waiting() const { return waiting_; }

  /// A free slot at once; only when there is one.
  Slot take_free() {
    --free_;
    return Slot(*this);
  }

  /// Waits in line for a slot, until `give_up` at most: then with an empty Slot, as when it is
  /// turned away. `priority` counts under QueueDiscipline::priority only: 0 goes first.
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

  /// In line, or granted a slot or turned away and not yet resumed.
  struct Place : Waiter {
    bool granted = false;
    bool turned_away = false;
    Time joined;   ///< these two only where the age of waiters counts
    Time too_old;  ///< from then on
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
        if (!place_.turned_away) {
          expiry_.slot = EventId::none;  // it was the expiry that resumed us
        }
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
    if (waiting_ == 0) {
      not_empty_since_ = simulation_.now();
    }
    ++waiting_;
    if (watches_age_) [[unlikely]] {
      place.joined = simulation_.now();
      const Duration most = most_age();
      place.too_old = most > Time::never() - place.joined ? Time::never() : place.joined + most;
    }
    (by_priority_.empty() ? line_ : by_priority_[static_cast<std::size_t>(priority)])
        .push_back(place);
  }
  void leave(Place& place) {
    if (place.granted) {  // granted and cancelled in the same instant: the next one gets it
      place.granted = false;
      give_back();
    } else if (place.is_linked() && !place.turned_away) {
      place.unlink();
      --waiting_;
    }
  }
  void give_back() {
    ++free_;
    if (waiting_ == 0 || free_ <= 0) {
      return;
    }
    if (is_plain_) [[likely]] {
      grant_to(line_.pop_front());
    } else {
      grant();
    }
  }
  void grant_to(Place& next) {
    --waiting_;
    --free_;
    next.granted = true;
    simulation_.wake(next);
  }
  void grant() {
    if (watches_age_ && free_ > 0) [[unlikely]] {
      turn_away_oldest();
    }
    while (free_ > 0 && waiting_ > 0) {
      Place& next = next_in_line();
      if (watches_age_ && is_too_old(next)) [[unlikely]] {
        turn_away(next);
      } else {
        grant_to(next);
      }
    }
  }
  Place& next_in_line() {
    if (by_priority_.empty()) [[likely]] {
      return last_goes_first() ? line_.pop_back() : line_.pop_front();
    }
    std::size_t level = 0;
    while (by_priority_[level].empty()) {
      ++level;
    }
    return by_priority_[level].pop_front();
  }
  bool last_goes_first() const {
    return rules_.discipline == QueueDiscipline::lifo ||
           (rules_.discipline == QueueDiscipline::adaptive_lifo &&
            has_been_waited_for(rules_.lifo_after));
  }
  bool has_been_waited_for(Duration length) const {
    return waiting_ > 0 && simulation_.now() - not_empty_since_ > length;
  }

  // ---- The age of those in line ----

  /// How long whoever joins now may wait.
  Duration most_age() const {
    if (rules_.controlled_delay) {
      return has_been_waited_for(rules_.controlled_delay->interval)
                 ? rules_.controlled_delay->target
                 : rules_.controlled_delay->interval;
    }
    return rules_.max_age.value_or(Duration::max());
  }
  bool is_too_old(const Place& next) {
    const Time now = simulation_.now();
    return codel_ ? codel_->drops(now, now - next.joined, waiting_ == 1) : next.too_old < now;
  }
  /// Those who wait at the far end of a line that is served from the other one.
  void turn_away_oldest() {
    turn_away_oldest_of(line_);
    for (IntrusiveList<Place>& line : by_priority_) {
      turn_away_oldest_of(line);
    }
  }
  void turn_away_oldest_of(IntrusiveList<Place>& line) {
    while (!line.empty() && line.front().too_old < simulation_.now()) {
      turn_away(line.pop_front());
    }
  }
  void turn_away(Place& place) {
    --waiting_;
    place.turned_away = true;
    simulation_.wake(place);
  }

  Simulation& simulation_;
  QueueRules rules_;
  bool watches_age_;
  bool is_plain_;      ///< who came first goes first
  std::int64_t free_;  ///< negative while a reduced capacity waits for slots in use
  std::size_t waiting_ = 0;
  Time not_empty_since_;  ///< while somebody waits
  std::optional<CoDel> codel_;
  IntrusiveList<Place> line_;                      ///< fifo and lifo
  std::vector<IntrusiveList<Place>> by_priority_;  ///< under priority, a line for each level
};

inline void Slot::give_back() { std::exchange(slots_, nullptr)->give_back(); }

}  // namespace stampede
