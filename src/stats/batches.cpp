#include "stampede/stats/batches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stampede {

std::size_t number_of_batches(std::size_t slices) {
  constexpr std::size_t fewest = 20;
  constexpr std::size_t most = 30;
  if (slices < fewest) {
    return 0;
  }
  std::size_t best = fewest;
  for (std::size_t batches = fewest; batches <= std::min(most, slices); ++batches) {
    if (slices % batches <= slices % best) {
      best = batches;
    }
  }
  return best;
}

BatchDependence dependence_of(std::span<const double> deviations) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  double count = 0;
  for (const double value : deviations) {
    if (!std::isnan(value)) {
      sum += value;
      count += 1;
    }
  }
  const double mean = sum / count;
  double squares = 0;
  double products = 0;
  double before = nan;
  for (const double value : deviations) {
    if (!std::isnan(value)) {
      squares += (value - mean) * (value - mean);
      if (!std::isnan(before)) {
        products += (value - mean) * (before - mean);
      }
    }
    before = value;
  }
  if (count < 8 || !(squares > 0)) {
    return {nan, 1, false};
  }
  // Of n independent values the autocorrelation is about normal with this mean and deviation.
  constexpr double once_in_a_hundred = 2.326;
  const double correlation = products / squares;
  const double mean_by_chance = -1 / count;
  const double deviation_by_chance = (count - 2) / (count * std::sqrt(count - 1));
  // Beyond this the correction is worth nothing: the run is far too short.
  constexpr double most = 0.9;
  const double rho = std::clamp(correlation, 0.0, most);
  return {correlation, std::sqrt((1 + rho) / (1 - rho)),
          correlation > mean_by_chance + once_in_a_hundred * deviation_by_chance};
}

}  // namespace stampede
