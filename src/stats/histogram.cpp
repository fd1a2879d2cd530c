#include "stampede/stats/histogram.hpp"

#include <cmath>

#include "stampede/base/require.hpp"

namespace stampede {

void Histogram::grow_to(std::size_t bucket) {
  require(bucket < bucket_limit, "a histogram takes no negative value");
  // Whole octaves: a value that drifts upwards must not make the array grow bucket by bucket.
  counts_.resize((bucket / 128 + 1) * 128);
}

void Histogram::widen_to(std::int64_t value) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= counts_.size()) {
    grow_to(bucket);
  }
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  if (other.empty()) {
    return;
  }
  if (other.counts_.size() > counts_.size()) {
    counts_.resize(other.counts_.size());
  }
  for (std::size_t bucket = 0; bucket < other.counts_.size(); ++bucket) {
    counts_[bucket] += other.counts_[bucket];
  }
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  if (!empty()) {
    std::fill(counts_.begin() + static_cast<std::ptrdiff_t>(bucket_of(min_)),
              counts_.begin() + static_cast<std::ptrdiff_t>(bucket_of(max_)) + 1, 0);
  }
  count_ = 0;
  min_ = std::numeric_limits<std::int64_t>::max();
  max_ = 0;
}

void Histogram::move_into(HistogramCells& cells) {
  if (empty()) {
    return;
  }
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  const std::size_t last = bucket_of(max_);
  for (std::size_t bucket = bucket_of(min_); bucket <= last; ++bucket) {
    for (std::uint64_t left = counts_[bucket]; left > 0;) {
      const std::uint64_t part = std::min(left, most);
      cells.buckets.push_back(static_cast<std::uint16_t>(bucket));
      cells.counts.push_back(static_cast<std::uint32_t>(part));
      left -= part;
    }
  }
  clear();
}

void Histogram::add_cells(std::span<const std::uint16_t> buckets,
                          std::span<const std::uint32_t> counts, std::int64_t min,
                          std::int64_t max) {
  require(buckets.size() == counts.size(), "each histogram cell has a bucket and a count");
  if (buckets.empty()) {
    return;
  }
  if (buckets.back() >= counts_.size()) {
    grow_to(buckets.back());
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    counts_[buckets[i]] += counts[i];
    count_ += counts[i];
  }
  min_ = std::min(min_, min);
  max_ = std::max(max_, max);
}

double Histogram::quantile(double q) const {
  require(q >= 0 && q <= 1, "a quantile is between 0 and 1");
  if (empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double position = q * static_cast<double>(count_ - 1);
  const auto rank = static_cast<std::int64_t>(position);
  const double fraction = position - static_cast<double>(rank);
  const double below = order_statistic(rank);
  if (fraction == 0) {
    return below;
  }
  const double above = order_statistic(rank + 1);
  return below + fraction * (above - below);
}

// The sample with `rank` smaller ones, as if those of a bucket were evenly spread over the part of
// it that lies within [min, max].
double Histogram::order_statistic(std::int64_t rank) const {
  if (rank == 0) {
    return static_cast<double>(min_);
  }
  if (rank >= count_ - 1) {
    return static_cast<double>(max_);
  }
  std::size_t bucket = bucket_of(min_);
  auto left = static_cast<std::uint64_t>(rank);
  while (left >= counts_[bucket]) {
    left -= counts_[bucket];
    ++bucket;
  }
  const auto low = static_cast<double>(std::max(bucket_low(bucket), min_));
  const auto high = static_cast<double>(std::min(bucket_high(bucket), max_));
  const double share = (static_cast<double>(left) + 0.5) / static_cast<double>(counts_[bucket]);
  return low + (high - low) * share;
}

std::int64_t Histogram::count_above(std::int64_t value) const {
  if (empty() || value >= max_) {
    return 0;
  }
  if (value < min_) {
    return count_;
  }
  const std::size_t cut = bucket_of(value);
  std::uint64_t above = 0;
  for (std::size_t bucket = cut + 1; bucket < counts_.size(); ++bucket) {
    above += counts_[bucket];
  }
  const std::int64_t low = std::max(bucket_low(cut), min_);
  const std::int64_t high = std::min(bucket_high(cut), max_);
  const double share = static_cast<double>(high - value) / static_cast<double>(high - low + 1);
  return static_cast<std::int64_t>(above) + std::llround(share * static_cast<double>(counts_[cut]));
}

}  // namespace stampede
