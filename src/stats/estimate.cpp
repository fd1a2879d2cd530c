#include "stampede/stats/estimate.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

constexpr double confidence = 0.95;

// A report asks for the same few values thousands of times; each costs microseconds.
double cached_t(std::int64_t degrees_of_freedom) {
  constexpr std::int64_t kept = 1000;
  if (degrees_of_freedom > kept) {
    return t_critical(confidence, degrees_of_freedom);
  }
  thread_local std::vector<double> cache(kept + 1, 0.0);
  double& value = cache[static_cast<std::size_t>(degrees_of_freedom)];
  if (value == 0) {
    value = t_critical(confidence, degrees_of_freedom);
  }
  return value;
}

double normal_critical() {
  return boost::math::quantile(boost::math::normal(), (1 + confidence) / 2);
}

// centre ± t · √(squares / (n(n-1))) / scale, where there are replications enough.
Estimate around(double centre, double squares, std::int64_t n, double scale = 1) {
  Estimate result;
  result.estimate = centre;
  result.n = n;
  if (n >= 2) {
    const auto r = static_cast<double>(n);
    const double margin = cached_t(n - 1) * std::sqrt(squares / (r * (r - 1))) / scale;
    result.low = centre - margin;
    result.high = centre + margin;
  }
  return result;
}

// The interval around `centre` of the replications that have a value.
Estimate around(double centre, std::span<const double> replications) {
  double squares = 0;
  std::int64_t n = 0;
  for (const double value : replications) {
    if (!std::isnan(value)) {
      squares += (value - centre) * (value - centre);
      ++n;
    }
  }
  return around(centre, squares, n);
}

Fraction pooled(std::span<const Fraction> replications) {
  Fraction sum;
  for (const Fraction& one : replications) {
    sum.numerator += one.numerator;
    sum.denominator += one.denominator;
  }
  return sum;
}

// Σ(yᵢ-r·xᵢ)²
double squared_residuals(std::span<const Fraction> replications, double ratio) {
  double squares = 0;
  for (const Fraction& one : replications) {
    const double residual = one.numerator - ratio * one.denominator;
    squares += residual * residual;
  }
  return squares;
}

// How many independent requests tell as much about the share p as these do.
double effective_count(std::span<const Fraction> replications, const Fraction& sum, double p) {
  const auto r = static_cast<double>(replications.size());
  const double independent = p * (1 - p) * sum.denominator;
  // Both are variances of the numerator's sum.
  const double observed = squared_residuals(replications, p) * r / (r - 1);
  const double design_effect = independent > 0 ? std::max(1.0, observed / independent) : 1.0;
  // The variance is itself an estimate, of R-1 degrees of freedom.
  const auto n = static_cast<std::int64_t>(replications.size());
  const double shrink = normal_critical() / cached_t(n - 1);
  return sum.denominator / design_effect * shrink * shrink;
}

constexpr double enough_beyond = 10;

// Expected beyond the q-quantile on its shorter side.
double samples_beyond(double q, std::int64_t count) {
  require(q >= 0 && q <= 1, "a quantile is between 0 and 1");
  return std::min(q, 1 - q) * static_cast<double>(count);
}

struct Limits {
  double low;
  double high;
};

// Clopper and Pearson's limits for `hits` in `trials`, at most half of them; neither need be whole.
Limits binomial_limits(double hits, double trials) {
  // Boost's series gives up on astronomical counts. There the normal law's limits differ by less
  // than a thousandth of the margin.
  if (hits > 1e8) {
    const double p = hits / trials;
    const double margin = normal_critical() * std::sqrt(p * (1 - p) / trials);
    return {p - margin, p + margin};
  }
  using Beta = boost::math::beta_distribution<>;
  const double misses = trials - hits;
  const double low =
      hits > 0 ? boost::math::quantile(Beta(hits, misses + 1), (1 - confidence) / 2) : 0;
  const double high = boost::math::quantile(Beta(hits + 1, misses), (1 + confidence) / 2);
  return {low, high};
}

}  // namespace

double t_critical(double level, std::int64_t degrees_of_freedom) {
  require(level > 0 && level < 1, "a confidence is between 0 and 1");
  require(degrees_of_freedom >= 1, "Student's t needs a degree of freedom");
  const boost::math::students_t law(static_cast<double>(degrees_of_freedom));
  return boost::math::quantile(boost::math::complement(law, (1 - level) / 2));
}

Estimate mean_estimate(std::span<const double> replications) {
  double sum = 0;
  std::int64_t n = 0;
  for (const double value : replications) {
    if (!std::isnan(value)) {
      sum += value;
      ++n;
    }
  }
  if (n == 0) {
    return {};
  }
  return around(sum / static_cast<double>(n), replications);
}

Estimate ratio_estimate(std::span<const Fraction> replications) {
  const Fraction sum = pooled(replications);
  const auto n = static_cast<std::int64_t>(replications.size());
  if (!(sum.denominator > 0)) {
    Estimate none;
    none.n = n;
    return none;
  }
  const double ratio = sum.numerator / sum.denominator;
  return around(ratio, squared_residuals(replications, ratio), n,
                sum.denominator / static_cast<double>(n));
}

Estimate quantile_estimate(double merged, std::span<const double> replications) {
  return around(merged, replications);
}

Estimate proportion_estimate(std::span<const Fraction> replications) {
  for (const Fraction& one : replications) {
    require(one.numerator >= 0 && one.numerator <= one.denominator,
            "a part is not larger than its whole");
  }
  Estimate result = ratio_estimate(replications);
  if (std::isnan(result.low)) {
    return result;
  }
  const Fraction sum = pooled(replications);
  const double trials = effective_count(replications, sum, result.estimate);
  // In terms of the rarer side, so that shares close to 1 keep their digits.
  const bool mostly_yes = result.estimate > 0.5;
  const double rare = mostly_yes ? sum.denominator - sum.numerator : sum.numerator;
  const double hits = rare / sum.denominator * trials;
  const Limits limits = binomial_limits(hits, trials);
  result.low = std::min(result.estimate, mostly_yes ? 1 - limits.high : limits.low);
  result.high = std::max(result.estimate, mostly_yes ? 1 - limits.low : limits.high);
  return result;
}

std::vector<double> mean_deviations(std::span<const double> replications) {
  return quantile_deviations(mean_estimate(replications).estimate, replications);
}

std::vector<double> ratio_deviations(std::span<const Fraction> replications) {
  const Fraction sum = pooled(replications);
  const double ratio = sum.numerator / sum.denominator;
  const double mean = sum.denominator / static_cast<double>(replications.size());
  std::vector<double> deviations;
  for (const Fraction& one : replications) {
    deviations.push_back(sum.denominator > 0 ? (one.numerator - ratio * one.denominator) / mean
                                             : std::numeric_limits<double>::quiet_NaN());
  }
  return deviations;
}

std::vector<double> quantile_deviations(double merged, std::span<const double> replications) {
  std::vector<double> deviations;
  for (const double value : replications) {
    deviations.push_back(value - merged);
  }
  return deviations;
}

Estimate interval_of(double estimate, std::span<const double> deviations, double level) {
  Estimate result;
  result.estimate = estimate;
  double squares = 0;
  for (const double deviation : deviations) {
    if (!std::isnan(deviation)) {
      squares += deviation * deviation;
      ++result.n;
    }
  }
  if (result.n >= 2) {
    const auto n = static_cast<double>(result.n);
    const double margin = t_critical(level, result.n - 1) * std::sqrt(squares / (n * (n - 1)));
    result.low = estimate - margin;
    result.high = estimate + margin;
  }
  return result;
}

bool supported(double q, std::int64_t count) {
  // 100 · (1 - 0.9) is a hair below ten.
  return samples_beyond(q, count) >= enough_beyond - 1e-6;
}

double times_the_samples(double q, std::int64_t count) {
  return count == 0 ? std::numeric_limits<double>::quiet_NaN()
                    : std::max(1.0, enough_beyond / samples_beyond(q, count));
}

}  // namespace stampede
