#include "stampede/stats/paired.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "stampede/base/require.hpp"

namespace stampede {

PairedDifference paired_difference(double first, std::span<const double> first_deviations,
                                   double second, std::span<const double> second_deviations,
                                   double confidence) {
  require(first_deviations.size() == second_deviations.size(), "pairs are of two");
  std::vector<double> differences;
  double apart = 0;
  double together = 0;
  for (std::size_t i = 0; i < first_deviations.size(); ++i) {
    const double a = first_deviations[i];
    const double b = second_deviations[i];
    differences.push_back(b - a);
    if (!std::isnan(b - a)) {
      apart += a * a + b * b;
      together += (b - a) * (b - a);
    }
  }
  PairedDifference result;
  result.value = interval_of(second - first, differences, confidence);
  result.variance_reduction =
      apart > 0 ? apart / together : std::numeric_limits<double>::quiet_NaN();
  return result;
}

double simultaneous(double confidence, std::int64_t count) {
  require(count >= 1, "there is an interval");
  return 1 - (1 - confidence) / static_cast<double>(count);
}

double replications_for(double half_width, std::int64_t n, double target) {
  const double ratio = half_width / target;
  return std::ceil(static_cast<double>(n) * ratio * ratio);
}

}  // namespace stampede
