#include "stampede/stats/proportions.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstddef>
#include <vector>

#include "normal_law.hpp"
#include "stampede/base/require.hpp"

namespace stampede {
namespace {

/// The hypergeometric law of the second group's yes, relative to its largest probability: from
/// there by the ratio of neighbours, so that nothing overflows and what underflows did not matter.
struct Tables {
  std::int64_t least;
  std::vector<double> weights;  ///< of `least` and all that follow
};

Tables tables_of(const Successes& first, const Successes& second) {
  const std::int64_t yes = first.yes + second.yes;
  const std::int64_t least = std::max<std::int64_t>(0, yes - first.trials);
  const std::int64_t most = std::min(yes, second.trials);
  // P(k + 1)/P(k)
  const auto ratio = [&](std::int64_t k) {
    return static_cast<double>(yes - k) * static_cast<double>(second.trials - k) /
           (static_cast<double>(k + 1) * static_cast<double>(first.trials - yes + k + 1));
  };
  const double mode =
      std::floor(static_cast<double>(yes + 1) * static_cast<double>(second.trials + 1) /
                 static_cast<double>(first.trials + second.trials + 2));
  const std::int64_t start = std::clamp(static_cast<std::int64_t>(mode), least, most);
  Tables tables{least, std::vector<double>(static_cast<std::size_t>(most - least + 1), 0.0)};
  const auto weight = [&](std::int64_t k) -> double& {
    return tables.weights[static_cast<std::size_t>(k - least)];
  };
  weight(start) = 1;
  for (std::int64_t k = start; k < most && weight(k) > 0; ++k) {
    weight(k + 1) = weight(k) * ratio(k);
  }
  for (std::int64_t k = start; k > least && weight(k) > 0; --k) {
    weight(k - 1) = weight(k) / ratio(k - 1);
  }
  return tables;
}

/// What the two standard errors of the power formula have in common: times 1/√n₁ they are those
/// under "no difference" and under the difference.
struct Spread {
  double null;
  double alternative;
};
Spread spread_of(double p1, double p2, double ratio) {
  const double pooled = (p1 + ratio * p2) / (1 + ratio);
  return {std::sqrt(pooled * (1 - pooled) * (1 + 1 / ratio)),
          std::sqrt(p1 * (1 - p1) + p2 * (1 - p2) / ratio)};
}

}  // namespace

TestOfDifference two_proportion_z(const Successes& first, const Successes& second,
                                  AlternativeHypothesis alternative, double confidence) {
  require(first.trials > 0 && second.trials > 0, "both groups have trials");
  const double p1 = first.share();
  const double p2 = second.share();
  const auto n1 = static_cast<double>(first.trials);
  const auto n2 = static_cast<double>(second.trials);
  const double pooled = static_cast<double>(first.yes + second.yes) / (n1 + n2);
  const double null_error = std::sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  TestOfDifference test{};
  test.difference = p2 - p1;
  test.statistic = null_error > 0 ? test.difference / null_error : 0;
  test.p_value = p_of_z(test.statistic, alternative);
  const double margin =
      normal_quantile((1 + confidence) / 2) * std::sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2);
  test.low = test.difference - margin;
  test.high = test.difference + margin;
  return test;
}

double fisher_exact(const Successes& first, const Successes& second,
                    AlternativeHypothesis alternative) {
  require(
      0 <= first.yes && first.yes <= first.trials && 0 <= second.yes && second.yes <= second.trials,
      "a part is not larger than its whole");
  const Tables tables = tables_of(first, second);
  const auto seen = static_cast<std::size_t>(second.yes - tables.least);
  constexpr double rounding = 1 + 1e-7;
  double all = 0;
  double extreme = 0;
  for (std::size_t k = 0; k < tables.weights.size(); ++k) {
    const double weight = tables.weights[k];
    const bool counts = alternative == AlternativeHypothesis::greater ? k >= seen
                        : alternative == AlternativeHypothesis::less
                            ? k <= seen
                            : weight <= tables.weights[seen] * rounding;
    all += weight;
    extreme += counts ? weight : 0;
  }
  return std::min(1.0, extreme / all);
}

double power_of_proportions(double p1, double p2, double n1, const TestPlan& plan) {
  const Spread spread = spread_of(p1, p2, plan.ratio);
  const double critical = normal_quantile(1 - plan.alpha / plan.sides);
  return normal_cdf((std::abs(p2 - p1) * std::sqrt(n1) - critical * spread.null) /
                    spread.alternative);
}

double sample_size_of_proportions(double p1, double p2, double power, const TestPlan& plan) {
  require(p1 != p2, "a difference of 0 is never found");
  const Spread spread = spread_of(p1, p2, plan.ratio);
  const double root = normal_quantile(1 - plan.alpha / plan.sides) * spread.null +
                      normal_quantile(power) * spread.alternative;
  return root * root / ((p2 - p1) * (p2 - p1));
}

}  // namespace stampede
