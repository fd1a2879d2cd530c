#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace stampede {

/// The non-empty buckets of any number of histograms, one behind the other: 6 bytes a bucket. A
/// count beyond 32 bits takes several cells of the same bucket.
struct HistogramCells {
  std::vector<std::uint16_t> buckets;
  std::vector<std::uint32_t> counts;
};

/// How often each value occurred, for non-negative 64-bit values (latencies in nanoseconds).
///
/// Log-linear buckets, as in Gil Tene's HdrHistogram: values below 256 have a bucket each, every
/// octave above has 128 buckets of equal width. A bucket is at most 1/128 of its values wide, so
/// any quantile is within 0.79 % of the exact one; interpolation brings it far closer where the
/// bucket holds many samples. Count, minimum and maximum are exact, and so is merging.
class Histogram {
 public:
  /// The number of buckets that cover all of 0 … 2^63-1.
  static constexpr std::size_t bucket_limit = 57 * 128;

  /// The bucket of a value. A negative value gets one at or beyond `bucket_limit`.
  static std::size_t bucket_of(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    // Bits below the leading eight are dropped: none for values below 256.
    const int shift = 56 - std::countl_zero(bits | 128);
    return static_cast<std::size_t>(shift) * 128 + static_cast<std::size_t>(bits >> shift);
  }
  /// The smallest value of a bucket.
  static std::int64_t bucket_low(std::size_t bucket) {
    const std::size_t shift = bucket < 256 ? 0 : bucket / 128 - 1;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(bucket - shift * 128) << shift);
  }
  /// The largest value of a bucket.
  static std::int64_t bucket_high(std::size_t bucket) {
    const std::size_t shift = bucket < 256 ? 0 : bucket / 128 - 1;
    return bucket_low(bucket) + ((std::int64_t{1} << shift) - 1);
  }

  /// Counts a value ≥ 0, that many times.
  void record(std::int64_t value, std::int64_t times = 1) {
    // Values within the extremes so far, nearly all once warm, need no look at the array's size.
    if (value < min_ || value > max_) [[unlikely]] {
      widen_to(value);
    }
    counts_[bucket_of(value)] += static_cast<std::uint64_t>(times);
    count_ += times;
  }

  /// Afterwards this is what it would be had it recorded the other's values too.
  void merge(const Histogram& other);

  /// Empties it, keeping its memory.
  void clear();
  /// Appends the non-empty buckets to `cells` and empties this histogram, keeping its memory.
  void move_into(HistogramCells& cells);
  /// Takes back what `move_into` appended, with the extremes that the histogram had then.
  void add_cells(std::span<const std::uint16_t> buckets, std::span<const std::uint32_t> counts,
                 std::int64_t min, std::int64_t max);

  bool empty() const { return count_ == 0; }
  std::int64_t count() const { return count_; }
  /// The smallest and the largest value, exactly; 0 when empty.
  std::int64_t min() const { return empty() ? 0 : min_; }
  std::int64_t max() const { return max_; }

  /// The q-quantile, 0 ≤ q ≤ 1: linear between order statistics at rank q·(n-1) (Hyndman and Fan's
  /// type 7, NumPy's default), where the samples of a bucket are taken as evenly spread over it.
  /// NaN when empty. Exact for values below 256, for q = 0 and for q = 1.
  double quantile(double q) const;

  /// How many values were larger than `value`. Exact below 256 and at the upper end of a bucket;
  /// within a bucket its samples are taken as evenly spread.
  std::int64_t count_above(std::int64_t value) const;

  /// Calls visit(low, high, count) for each non-empty bucket in ascending order; both ends belong
  /// to the bucket.
  template <class Visit>
  void for_each_bucket(Visit visit) const {
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      if (counts_[bucket] != 0) {
        visit(bucket_low(bucket), bucket_high(bucket), static_cast<std::int64_t>(counts_[bucket]));
      }
    }
  }

 private:
  void widen_to(std::int64_t value);
  void grow_to(std::size_t bucket);
  double order_statistic(std::int64_t rank) const;

  std::vector<std::uint64_t> counts_;
  std::int64_t count_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
};

}  // namespace stampede
