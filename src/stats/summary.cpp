#include "stampede/stats/summary.hpp"

#include <cmath>
#include <limits>

namespace stampede {

double Moments::mean() const {
  if (count == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return static_cast<double>(sum) / static_cast<double>(count);
}

// The textbook's difference of two huge numbers, but about a whole number next to the mean and in
// integers: products may wrap around, their sum is the true one, and nothing cancels.
double Moments::variance() const {
  if (count < 2) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const Int128 centre = sum / count;
  const auto rest = static_cast<double>(sum - centre * count);
  const auto wrapping_centre = static_cast<UInt128>(centre);
  const UInt128 about_centre = sum_of_squares - 2 * wrapping_centre * static_cast<UInt128>(sum) +
                               static_cast<UInt128>(count) * wrapping_centre * wrapping_centre;
  const auto n = static_cast<double>(count);
  return (static_cast<double>(about_centre) - rest * rest / n) / (n - 1);
}

double Moments::stddev() const { return std::sqrt(variance()); }

void Moments::merge(const Moments& other) {
  count += other.count;
  sum += other.sum;
  add_checked(sum_of_squares, other.sum_of_squares);
}

void Summary::merge(const Summary& other) {
  histogram_.merge(other.histogram_);
  sum_ += other.sum_;
  add_checked(sum_of_squares_, other.sum_of_squares_);
}

Moments Summary::move_into(HistogramCells& cells) {
  const Moments moved = moments();
  histogram_.move_into(cells);
  clear();
  return moved;
}

void Summary::add(const Moments& moments, std::span<const std::uint16_t> buckets,
                  std::span<const std::uint32_t> counts, std::int64_t min, std::int64_t max) {
  histogram_.add_cells(buckets, counts, min, max);
  sum_ += moments.sum;
  add_checked(sum_of_squares_, moments.sum_of_squares);
}

}  // namespace stampede
