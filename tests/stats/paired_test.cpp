#include "stampede/stats/paired.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "stats/test_random.hpp"

namespace stampede {

TEST_CASE("pairs that differ by the same are told apart exactly") {
  const std::vector<double> first{3, 5, 4, 8};
  const std::vector<double> second{4, 6, 5, 9};
  const PairedDifference difference =
      paired_difference(5, mean_deviations(first), 6, mean_deviations(second), 0.95);
  CHECK(difference.value.estimate == 1);
  CHECK(difference.value.low == 1);
  CHECK(difference.value.high == 1);
  CHECK(difference.value.n == 4);
  CHECK(std::isinf(difference.variance_reduction));
}

TEST_CASE("of means it is the paired t interval") {
  // Differences 1, 3, 2, 2: mean 2, standard error √(2/3)/2.
  const std::vector<double> first{3, 5, 4, 8};
  const std::vector<double> second{4, 8, 6, 10};
  const PairedDifference difference =
      paired_difference(5, mean_deviations(first), 7, mean_deviations(second), 0.95);
  CHECK(difference.value.estimate == 2);
  CHECK(difference.value.high - 2 == Approx(t_critical(0.95, 3) * std::sqrt(2.0 / 3) / 2));
  // Σa² = 14, Σb² = 20, Σ(b-a)² = 2.
  CHECK(difference.variance_reduction == Approx(17));
}

TEST_CASE("a pair of which one has no data is left out") {
  const std::vector<double> first{1, NAN, -1, 0};
  const std::vector<double> second{2, 5, -2, 0};
  CHECK(paired_difference(0, first, 0, second, 0.95).value.n == 3);
}

TEST_CASE("without a second pair there is no interval") {
  const std::vector<double> one{0};
  const PairedDifference difference = paired_difference(1, one, 3, one, 0.95);
  CHECK(difference.value.estimate == 2);
  CHECK(std::isnan(difference.value.low));
  CHECK(std::isnan(difference.variance_reduction));
}

TEST_CASE("twice the half-width takes four times the replications") {
  CHECK(replications_for(2, 10, 1) == 40);
  CHECK(replications_for(1, 10, 2) == 3);
}

TEST_CASE("simultaneous intervals hold together") {
  TestRandom random(7);
  int covered = 0;
  constexpr int studies = 2000;
  for (int study = 0; study < studies; ++study) {
    bool all = true;
    for (int interval = 0; interval < 5; ++interval) {
      std::vector<double> apart(10);
      for (double& value : apart) {
        value = random.normal();
      }
      const double mean = mean_estimate(apart).estimate;
      const Estimate found = interval_of(mean, mean_deviations(apart), simultaneous(0.95, 5));
      all = all && found.low <= 0 && found.high >= 0;
    }
    covered += all ? 1 : 0;
  }
  CHECK(covered > 0.935 * studies);
  CHECK(covered < 0.97 * studies);
}

TEST_CASE("deviations give the intervals of their estimates") {
  const std::vector<double> values{1, 2, 4, 9};
  const Estimate mean = mean_estimate(values);
  const Estimate from_mean = interval_of(mean.estimate, mean_deviations(values));
  CHECK(from_mean.low == Approx(mean.low));
  CHECK(from_mean.high == Approx(mean.high));

  const std::vector<Fraction> parts{{1, 10}, {3, 12}, {2, 30}};
  const Estimate ratio = ratio_estimate(parts);
  const Estimate from_ratio = interval_of(ratio.estimate, ratio_deviations(parts));
  CHECK(from_ratio.low == Approx(ratio.low));
  CHECK(from_ratio.high == Approx(ratio.high));

  const Estimate quantile = quantile_estimate(3, values);
  const Estimate from_quantile = interval_of(3, quantile_deviations(3, values));
  CHECK(from_quantile.low == Approx(quantile.low));
  CHECK(from_quantile.n == 4);
}

}  // namespace stampede
