#pragma once

#include <cstdint>
#include <span>

#include "stampede/base/int128.hpp"
#include "stampede/base/units.hpp"
#include "stampede/stats/histogram.hpp"

namespace stampede {

/// Count, sum and sum of squares of integer values, exact.
struct Moments {
  std::int64_t count = 0;
  Int128 sum = 0;
  UInt128 sum_of_squares = 0;

  /// NaN without values.
  double mean() const;
  /// The sample variance, with n-1; NaN with fewer than two values, exactly 0 for a constant.
  double variance() const;
  double stddev() const;

  /// Throws the time-range error when the squares leave 128 bits: a thousand million values of a
  /// week each, in nanoseconds.
  void merge(const Moments& other);
};

/// Adds to a sum of squares; throws the time-range error when 128 bits do not suffice.
inline void add_checked(UInt128& total, UInt128 squares) {
  if (__builtin_add_overflow(total, squares, &total)) [[unlikely]] {
    throw_time_overflow();
  }
}

/// What is kept of a set of non-negative integer values (nanoseconds): distribution and moments.
class Summary {
 public:
  /// Counts one value ≥ 0.
  void record(std::int64_t value) {
    histogram_.record(value);
    sum_ += value;
    const auto magnitude = static_cast<std::uint64_t>(value);
    add_checked(sum_of_squares_, static_cast<UInt128>(magnitude) * magnitude);
  }
  /// Counts so many zeros more.
  void record_zeros(std::int64_t times) {
    if (times > 0) {
      histogram_.record(0, times);
    }
  }
  /// Empties it, keeping its memory.
  void clear() {
    histogram_.clear();
    sum_ = 0;
    sum_of_squares_ = 0;
  }

  /// Afterwards this is what it would be had it recorded the other's values too.
  void merge(const Summary& other);

  /// Moves the distribution to the end of `cells` and starts afresh; returns the moments.
  Moments move_into(HistogramCells& cells);
  /// Takes back one part of what `move_into` gave away.
  void add(const Moments& moments, std::span<const std::uint16_t> buckets,
           std::span<const std::uint32_t> counts, std::int64_t min, std::int64_t max);

  const Histogram& histogram() const { return histogram_; }
  Moments moments() const { return {histogram_.count(), sum_, sum_of_squares_}; }

  bool empty() const { return histogram_.empty(); }
  std::int64_t count() const { return histogram_.count(); }
  /// 0 when empty.
  std::int64_t min() const { return histogram_.min(); }
  std::int64_t max() const { return histogram_.max(); }
  /// NaN when there are too few values.
  double mean() const { return moments().mean(); }
  double stddev() const { return moments().stddev(); }
  double quantile(double q) const { return histogram_.quantile(q); }

 private:
  Histogram histogram_;
  Int128 sum_ = 0;
  UInt128 sum_of_squares_ = 0;
};

}  // namespace stampede
