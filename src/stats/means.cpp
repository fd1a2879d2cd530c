#include "stampede/stats/means.hpp"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

#include "normal_law.hpp"
#include "stampede/base/require.hpp"

namespace stampede {
namespace {

double p_of_t(double t, double degrees_of_freedom, AlternativeHypothesis alternative) {
  const boost::math::students_t law(degrees_of_freedom);
  switch (alternative) {
    case AlternativeHypothesis::two_sided:
      return 2 * boost::math::cdf(law, -std::abs(t));
    case AlternativeHypothesis::greater:
      return boost::math::cdf(law, -t);
    case AlternativeHypothesis::less:
      return boost::math::cdf(law, t);
  }
  return 1;
}

}  // namespace

GroupMoments moments_of(std::span<const double> values) {
  GroupMoments moments;
  moments.count = static_cast<double>(values.size());
  for (const double value : values) {
    moments.mean += value / moments.count;
  }
  for (const double value : values) {
    moments.variance += (value - moments.mean) * (value - moments.mean) / (moments.count - 1);
  }
  return moments;
}

WelchResult welch_t(const GroupMoments& first, const GroupMoments& second,
                    AlternativeHypothesis alternative, double confidence) {
  require(first.count >= 2 && second.count >= 2, "a variance takes two values");
  const double v1 = first.variance / first.count;
  const double v2 = second.variance / second.count;
  const double error = std::sqrt(v1 + v2);
  WelchResult test{};
  test.difference = second.mean - first.mean;
  if (!(error > 0)) {
    test.low = test.high = test.difference;
    test.degrees_of_freedom = first.count + second.count - 2;
    test.p_value = test.difference == 0 ? 1 : 0;
    return test;
  }
  test.statistic = test.difference / error;
  test.degrees_of_freedom =
      (v1 + v2) * (v1 + v2) / (v1 * v1 / (first.count - 1) + v2 * v2 / (second.count - 1));
  test.p_value = p_of_t(test.statistic, test.degrees_of_freedom, alternative);
  const boost::math::students_t law(test.degrees_of_freedom);
  const double margin =
      boost::math::quantile(boost::math::complement(law, (1 - confidence) / 2)) * error;
  test.low = test.difference - margin;
  test.high = test.difference + margin;
  return test;
}

double power_of_means(double delta, double sd, double n1, const TestPlan& plan) {
  const double n2 = plan.ratio * n1;
  const double freedom = n1 + n2 - 2;
  const double critical = boost::math::quantile(
      boost::math::complement(boost::math::students_t(freedom), plan.alpha / plan.sides));
  const double shift = std::abs(delta) / (sd * std::sqrt(1 / n1 + 1 / n2));
  // Beyond that the law is normal, and Boost's series slow.
  if (freedom > 1e6) {
    return normal_cdf(shift - critical);
  }
  return boost::math::cdf(
      boost::math::complement(boost::math::non_central_t(freedom, shift), critical));
}

double sample_size_of_means(double delta, double sd, double power, const TestPlan& plan) {
  require(delta != 0 && sd > 0, "a difference of 0 is never found");
  const double root =
      (normal_quantile(1 - plan.alpha / plan.sides) + normal_quantile(power)) * sd / delta;
  const double normal = root * root * (1 + 1 / plan.ratio);
  constexpr double fewest = 2;
  const auto lack = [&](double n) { return power_of_means(delta, sd, n, plan) - power; };
  if (lack(fewest) >= 0) {
    return fewest;
  }
  std::uintmax_t steps = 200;
  const auto bracket = boost::math::tools::toms748_solve(
      lack, fewest, 2 * normal + 20, boost::math::tools::eps_tolerance<double>(40), steps);
  return (bracket.first + bracket.second) / 2;
}

}  // namespace stampede
