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
  double successive = 0;  // squared differences of neighbours
  double products = 0;
  double before = nan;
  for (const double value : deviations) {
    if (!std::isnan(value)) {
      squares += (value - mean) * (value - mean);
      if (!std::isnan(before)) {
        successive += (value - before) * (value - before);
        products += (value - mean) * (before - mean);
      }
    }
    before = value;
  }
  if (count < 8 || !(squares > 0)) {
    return {nan, 1, false};
  }
  // Of n independent normal values 1 - successive/(2·squares) has mean 0 and variance
  // (n-2)/(n²-1), and is close to normal from n = 8 on (Fishman, Principles of Discrete Event
  // Simulation, 1978, §5.5).
  constexpr double once_in_a_hundred = 2.326;
  const double likeness = 1 - successive / (2 * squares);
  const double chance = std::sqrt((count - 2) / (count * count - 1));
  // Beyond this the correction is worth nothing: the run is far too short.
  constexpr double most = 0.9;
  const double rho = std::clamp(products / squares, 0.0, most);
  return {products / squares, std::sqrt((1 + rho) / (1 - rho)),
          likeness > once_in_a_hundred * chance};
}

}  // namespace stampede
