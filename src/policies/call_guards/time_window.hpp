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
  TimeWindow(Duration bucket, std::size_t count)
      : bucket_(bucket), end_(Time() + bucket), buckets_(count) {}

  /// The sums of the window that ends now.
  const Sums& total(Time now) {
    move_to(now);
    return total_;
  }
  void add(const Sums& more, Time now) {
    move_to(now);
    buckets_[at_].add(more, 1);
    total_.add(more, 1);
  }
  void clear() {
    buckets_.assign(buckets_.size(), Sums());
    total_ = Sums();
  }

 private:
  /// Buckets begin at multiples of their length.
  void move_to(Time now) {
    if (now < end_) [[likely]] {
      return;
    }
    const std::int64_t passed = (now - end_).ns() / bucket_.ns() + 1;
    end_ = end_ + bucket_ * passed;
    if (passed >= static_cast<std::int64_t>(buckets_.size())) {
      clear();
      return;
    }
    for (std::int64_t i = 0; i < passed; ++i) {
      at_ = at_ + 1 == buckets_.size() ? 0 : at_ + 1;
      total_.add(buckets_[at_], -1);
      buckets_[at_] = Sums();
    }
  }

  Duration bucket_;
  Time end_;  ///< of the bucket of now
  std::vector<Sums> buckets_;
  std::size_t at_ = 0;  ///< the bucket of now
  Sums total_{};
};

}  // namespace stampede
