#include "stampede/stats/user_metrics.hpp"

#include <algorithm>

namespace stampede {
namespace {

/// Sums in double precision cannot tell a smaller variance of values around this: where all values
/// are the same, it stands for the 0 that they miss by a hair to either side.
double at_least_rounding(double variance, double value) {
  return std::max(variance, 1e-14 * value * value);
}

}  // namespace

NormalEstimate ratio_of(const UnitSums& units) {
  const double ratio = units.sum_y() / units.sum_x();
  const double spread =
      units.variance_y() - 2 * ratio * units.covariance() + ratio * ratio * units.variance_x();
  return {ratio, at_least_rounding(spread, units.mean_y()) /
                     (units.count() * units.mean_x() * units.mean_x())};
}

NormalEstimate mean_of(const UnitSums& units) {
  return {units.mean_y(), at_least_rounding(units.variance_y(), units.mean_y()) / units.count()};
}

Cuped cuped(const UnitSums& first, const UnitSums& second) {
  const auto pooled = [&](double one, double other) {
    return one * (first.count() - 1) + other * (second.count() - 1);
  };
  const double of_x = pooled(first.variance_x(), second.variance_x());
  const double theta = of_x > 0 ? pooled(first.covariance(), second.covariance()) / of_x : 0;
  const auto variance = [&](const UnitSums& units) {
    return (units.variance_y() - 2 * theta * units.covariance() +
            theta * theta * units.variance_x()) /
           units.count();
  };
  Cuped result{};
  result.theta = theta;
  result.difference.value =
      (second.mean_y() - first.mean_y()) - theta * (second.mean_x() - first.mean_x());
  result.difference.variance = variance(first) + variance(second);
  result.variance_reduction =
      1 - result.difference.variance / (mean_of(first).variance + mean_of(second).variance);
  return result;
}

}  // namespace stampede
