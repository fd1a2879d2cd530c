#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stampede {

/// One pending event: when it is due, and `order`, which breaks ties between equal times and tells
/// the owner what to do. Smaller is earlier.
struct Event {
  std::int64_t time;
  std::uint64_t order;

  friend bool operator<(const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.order < b.order;
  }
};

/// The pending events of a simulation in the order of (time, order): a ladder queue
/// (Tang, Goh, Thng: Ladder queue, an O(1) priority queue structure for large-scale discrete event
/// simulation, ACM TOMACS 15(3), 2005).
///
/// The next events are kept sorted in `bottom_`. Later ones wait unsorted, in buckets of equal
/// width (a rung), and those beyond every bucket in `top_`. A bucket is sorted only when its turn
/// comes; one that is too full is split into a finer rung. A handful of events never leaves
/// `bottom_`, which is then nothing but a small sorted array.
///
/// Times are in [0, 2^62), 146 years, and never earlier than what was popped last.
class EventQueue {
 public:
  EventQueue() : bottom_(spill_limit + 2, Event{none, 0}) {}

  /// Its order is greater than that of every event before.
  void push(Event event) {
    if (event.time < top_start_ && rung_count_ == 0 && bottom_size_ < spill_limit) {
      insert_sorted(event);
    } else {
      push_among_many(event);
    }
  }

  /// The earliest event; null if there is none.
  const Event* front() {
    return bottom_size_ > 0 || refill_bottom() ? &bottom_[bottom_size_] : nullptr;
  }

  /// Takes the front away.
  void pop() { --bottom_size_; }

  /// Whether so many are pending that some of them are not sorted yet.
  bool is_long() const { return top_start_ != none; }

  /// The n-th event after the front if it is already sorted, else null: a hint for prefetching.
  const Event* peek(std::size_t n) const {
    return bottom_size_ > n ? &bottom_[bottom_size_ - n] : nullptr;
  }

 private:
  /// Equal-width buckets over [start, ...); those before `current` were consumed.
  struct Rung {
    std::int64_t start = 0;
    int width_log2 = 0;
    std::size_t current = 0;
    std::size_t bucket_count = 0;
    std::size_t event_count = 0;
    std::vector<std::vector<Event>> buckets;

    std::int64_t consumed_until() const {
      return start + static_cast<std::int64_t>(current << width_log2);
    }
    void push(Event event) {
      buckets[static_cast<std::size_t>(event.time - start) >> width_log2].push_back(event);
      ++event_count;
    }
  };

  void push_top(Event event) {
    if (event.time < top_min_) {
      top_min_ = event.time;
    }
    if (event.time > top_max_) {
      top_max_ = event.time;
    }
    top_.push_back(event);
  }
  void push_among_many(Event event);
  void insert_sorted(Event event) {
    // Its order is the greatest of all, so that times alone decide.
    Event* place = &bottom_[++bottom_size_];
    for (; place[-1].time <= event.time; --place) {
      *place = place[-1];
    }
    *place = event;
  }
  void insert_into_many(Event event);
  bool refill_bottom();
  void empty_top();
  void sort_into_bottom(std::vector<Event>& events);
  /// Distributes `events` over a new finest rung that covers [start, last].
  void add_rung(std::span<const Event> events, std::int64_t start, std::int64_t last);

  static constexpr std::int64_t none = INT64_MAX;
  /// As many events as are sorted at once.
  static constexpr std::size_t sort_limit = 64;
  /// Below it, insertion into a sorted array is the fastest; beyond, all but `sort_limit` move out.
  static constexpr std::size_t spill_limit = 96;

  /// Descending, so that the next event comes last: bottom_[1] to bottom_[bottom_size_]. In front
  /// of them stands one that is later than all, and behind them is room for one more.
  std::vector<Event> bottom_;
  std::size_t bottom_size_ = 0;
  std::vector<Rung> rungs_;  ///< from coarse to fine; only the first `rung_count_` are in use
  std::size_t rung_count_ = 0;
  std::vector<Event> top_;
  std::int64_t top_start_ = none;  ///< `none`: all events are in `bottom_`
  std::int64_t top_min_ = none;
  std::int64_t top_max_ = 0;
  std::vector<Event> scratch_;
};

}  // namespace stampede
