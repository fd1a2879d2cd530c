#pragma once

#include <cstdint>
#include <vector>

#include "stampede/base/units.hpp"

namespace stampede {

/// Sums over the latest stretch of time, kept in buckets: the one of now and the `count - 1` before
/// it. Sums has a member `add(Sums, sign)`.
template <class Sums>
class TimeWindow {
 public:
  TimeWindow(Duration bucket, std::size_t count) : bucket_(bucket), buckets_(count) {}

  /// The sums of the window that ends now.
  const Sums& total(Time now) {
    move_to(now);
    return total_;
  }
  void add(const Sums& more, Time now) {
    move_to(now);
    buckets_[at()].add(more, 1);
    total_.add(more, 1);
  }
  void clear() {
    buckets_.assign(buckets_.size(), Sums());
    total_ = Sums();
  }

 private:
  std::size_t at() const { return static_cast<std::size_t>(number_) % buckets_.size(); }
  void move_to(Time now) {
    const std::int64_t number = now.ns() / bucket_.ns();
    if (number - number_ >= static_cast<std::int64_t>(buckets_.size())) {
      clear();
      number_ = number;
    }
    while (number_ < number) {
      ++number_;
      total_.add(buckets_[at()], -1);
      buckets_[at()] = Sums();
    }
  }

  Duration bucket_;
  std::vector<Sums> buckets_;
  std::int64_t number_ = 0;  ///< of the bucket of now, counted from the start of the run
  Sums total_{};
};

}  // namespace stampede
