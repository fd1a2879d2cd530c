#include "stampede/stats/slices.hpp"

#include <limits>
#include <span>

namespace stampede {

std::int64_t SlicedCount::total(std::size_t first, std::size_t end) const {
  std::int64_t sum = 0;
  slices_.for_each(first, end, [&](std::int64_t count, std::size_t repeats) {
    sum += count * static_cast<std::int64_t>(repeats);
  });
  return sum;
}

double LevelTotals::mean_over(Duration length) const {
  if (length.is_zero()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return static_cast<double>(area) / static_cast<double>(length.ns());
}

LevelTotals SlicedLevel::totals(std::size_t first, std::size_t end) const {
  LevelTotals sum;
  slices_.for_each(first, end, [&](const Slice& slice, std::size_t repeats) {
    sum.area += slice.area * static_cast<Int128>(repeats);
    sum.max = std::max(sum.max, slice.max);
  });
  return sum;
}

void SlicedHistogram::close_slice() {
  if (current_.empty()) {
    slices_.close({});
    return;
  }
  Slice slice;
  slice.min = current_.min();
  slice.max = current_.max();
  slice.first_cell = cells_.buckets.size();
  slice.moments = current_.move_into(cells_);
  slice.end_cell = cells_.buckets.size();
  slices_.close(slice);
}

Moments SlicedHistogram::moments(std::size_t first, std::size_t end) const {
  Moments sum;
  slices_.for_each(first, end, [&](const Slice& slice, std::size_t) { sum.merge(slice.moments); });
  return sum;
}

Summary SlicedHistogram::merged(std::size_t first, std::size_t end) const {
  const std::span buckets(cells_.buckets);
  const std::span counts(cells_.counts);
  Summary all;
  slices_.for_each(first, end, [&](const Slice& slice, std::size_t) {
    const std::size_t cells = slice.end_cell - slice.first_cell;
    all.add(slice.moments, buckets.subspan(slice.first_cell, cells),
            counts.subspan(slice.first_cell, cells), slice.min, slice.max);
  });
  return all;
}

}  // namespace stampede
