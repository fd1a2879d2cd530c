#include "stampede/stats/sample_ratio.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <cstddef>

#include "stampede/base/require.hpp"

namespace stampede {

double sample_ratio_p(std::span<const std::int64_t> counts, std::span<const double> weights) {
  require(counts.size() == weights.size() && counts.size() >= 2, "each group has a weight");
  double drawn = 0;
  double total_weight = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    drawn += static_cast<double>(counts[i]);
    total_weight += weights[i];
  }
  if (drawn == 0) {
    return 1;
  }
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = drawn * weights[i] / total_weight;
    const double off = static_cast<double>(counts[i]) - expected;
    statistic += off * off / expected;
  }
  const boost::math::chi_squared law(static_cast<double>(counts.size() - 1));
  return boost::math::cdf(boost::math::complement(law, statistic));
}

}  // namespace stampede
