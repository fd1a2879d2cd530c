#pragma once

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "stampede/stats/proportions.hpp"

/// The standard normal law.

namespace stampede {

inline double normal_cdf(double z) { return std::erfc(-z / 1.4142135623730951) / 2; }
inline double normal_density(double z) { return 0.3989422804014327 * std::exp(-z * z / 2); }
inline double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }

/// What a standard normal statistic says against "no difference".
inline double p_of_z(double z, AlternativeHypothesis alternative) {
  switch (alternative) {
    case AlternativeHypothesis::two_sided:
      return 2 * normal_cdf(-std::abs(z));
    case AlternativeHypothesis::greater:
      return normal_cdf(-z);
    case AlternativeHypothesis::less:
      return normal_cdf(z);
  }
  return 1;
}

}  // namespace stampede
