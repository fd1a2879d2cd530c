#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "stampede/stats/means.hpp"
#include "stampede/stats/proportions.hpp"
#include "stampede/stats/sample_ratio.hpp"
#include "stats/test_random.hpp"
#include "stats/tests_reference.hpp"

namespace stampede {
namespace {

/// Yes among `trials` with probability p.
std::int64_t binomial(TestRandom& random, std::int64_t trials, double p) {
  std::int64_t yes = 0;
  for (std::int64_t i = 0; i < trials; ++i) {
    yes += random.uniform() < p ? 1 : 0;
  }
  return yes;
}

}  // namespace

TEST_CASE("Fisher's exact test gives SciPy's p-values") {
  for (const scipy::Table& table : scipy::tables) {
    const Successes first{table.yes1, table.trials1};
    const Successes second{table.yes2, table.trials2};
    CHECK(fisher_exact(first, second) == Approx(table.two_sided).epsilon(1e-9));
    CHECK(fisher_exact(first, second, AlternativeHypothesis::greater) ==
          Approx(table.greater).epsilon(1e-9));
    CHECK(fisher_exact(first, second, AlternativeHypothesis::less) ==
          Approx(table.less).epsilon(1e-9));
  }
}

TEST_CASE("Fisher's tea: three of four cups right happen by chance in 24 % of all guesses") {
  CHECK(fisher_exact({1, 4}, {3, 4}, AlternativeHypothesis::greater) == Approx(17.0 / 70));
  CHECK(fisher_exact({0, 4}, {4, 4}, AlternativeHypothesis::greater) == Approx(1.0 / 70));
}

TEST_CASE("the square of the two-proportion z is Pearson's chi-square") {
  for (const scipy::Table& table : scipy::tables) {
    const TestOfDifference test =
        two_proportion_z({table.yes1, table.trials1}, {table.yes2, table.trials2});
    CHECK(test.statistic * test.statistic == Approx(table.chi_squared).margin(1e-12));
    CHECK(test.p_value == Approx(table.chi_squared_p).epsilon(1e-9));
  }
}

TEST_CASE("where nobody says yes two shares do not differ") {
  const TestOfDifference test = two_proportion_z({0, 10}, {0, 20});
  CHECK(test.p_value == 1);
  CHECK(test.low == 0);
}

TEST_CASE("a canary of 3000 requests with 2 % of errors is found out") {
  // Validation case RO-CANARY-DETECT: 60 errors of 3000 beside 57 of 57000.
  CHECK(two_proportion_z({57, 57000}, {60, 3000}, AlternativeHypothesis::greater).p_value < 1e-60);
  CHECK(fisher_exact({57, 57000}, {60, 3000}, AlternativeHypothesis::greater) < 1e-40);
  CHECK(power_of_proportions(0.001, 0.02, 57000, {.alpha = 0.05, .sides = 1, .ratio = 1.0 / 19}) >
        0.9999);
  CHECK(std::pow(0.98, 3000) == Approx(4.7668016114e-27).epsilon(1e-9));
  CHECK(std::ceil(std::log(0.05) / std::log1p(-0.001)) == 2995);
}

TEST_CASE("power and sample size of shares are those of R's power.prop.test") {
  // The examples of its manual page: power.prop.test(n = 50, p1 = .50, p2 = .75) and
  // power.prop.test(p1 = .50, p2 = .75, power = .90).
  CHECK(power_of_proportions(0.5, 0.75, 50, {}) == Approx(0.7401659).margin(5e-8));
  CHECK(sample_size_of_proportions(0.5, 0.75, 0.9, {}) == Approx(76.7).margin(0.05));
}

TEST_CASE("the sample size of shares has the power it was made for") {
  const TestPlan plan{.alpha = 0.01, .sides = 1, .ratio = 3};
  const double n = sample_size_of_proportions(0.1, 0.12, 0.8, plan);
  CHECK(power_of_proportions(0.1, 0.12, n, plan) == Approx(0.8));
  CHECK(power_of_proportions(0.1, 0.12, 2 * n, plan) > 0.95);
}

TEST_CASE("power and sample size of means are those of R's power.t.test") {
  // The examples of its manual page: power.t.test(n = 20, delta = 1) and
  // power.t.test(power = .90, delta = 1).
  CHECK(power_of_means(1, 1, 20, {}) == Approx(0.8689528).margin(5e-8));
  CHECK(sample_size_of_means(1, 1, 0.9, {}) == Approx(22.02110).margin(5e-5));
  for (const scipy::Power& one : scipy::powers) {
    CHECK(power_of_means(one.delta, one.sd, one.n1,
                         {.alpha = one.alpha, .sides = one.sides, .ratio = one.ratio}) ==
          Approx(one.power).epsilon(1e-7));
  }
}

TEST_CASE("Welch's t test gives SciPy's numbers") {
  for (const scipy::Samples& one : scipy::samples) {
    const GroupMoments first = moments_of(one.first);
    const GroupMoments second = moments_of(one.second);
    const WelchResult test = welch_t(first, second);
    CHECK(test.statistic == Approx(one.t));
    CHECK(test.p_value == Approx(one.p));
    CHECK(test.degrees_of_freedom == Approx(one.df));
    CHECK(test.low == Approx(one.low));
    CHECK(test.high == Approx(one.high));
    CHECK(welch_t(first, second, AlternativeHypothesis::greater).p_value == Approx(one.p_greater));
  }
}

TEST_CASE("two constants differ or do not") {
  CHECK(welch_t({5, 2, 0}, {5, 2, 0}).p_value == 1);
  CHECK(welch_t({5, 2, 0}, {5, 3, 0}).p_value == 0);
}

TEST_CASE("the tests of two shares find a difference where there is none in 5 % of cases") {
  TestRandom random(1);
  constexpr int studies = 4000;
  int z = 0;
  int fisher = 0;
  for (int study = 0; study < studies; ++study) {
    const Successes first{binomial(random, 150, 0.3), 150};
    const Successes second{binomial(random, 150, 0.3), 150};
    z += two_proportion_z(first, second).p_value <= 0.05 ? 1 : 0;
    fisher += fisher_exact(first, second) <= 0.05 ? 1 : 0;
  }
  // ± 4 standard errors; Fisher's test keeps below.
  CHECK(z > 0.036 * studies);
  CHECK(z < 0.064 * studies);
  CHECK(fisher < 0.05 * studies);
  CHECK(fisher > 0.015 * studies);
}

TEST_CASE("the z test finds a difference as often as its power says") {
  TestRandom random(2);
  constexpr int studies = 2000;
  int found = 0;
  for (int study = 0; study < studies; ++study) {
    const Successes first{binomial(random, 300, 0.3), 300};
    const Successes second{binomial(random, 300, 0.4), 300};
    found += two_proportion_z(first, second).p_value <= 0.05 ? 1 : 0;
  }
  const double power = power_of_proportions(0.3, 0.4, 300, {});
  CHECK(found / double{studies} == Approx(power).margin(0.04));
}

TEST_CASE("Welch's test keeps its level with unequal variances, and its power") {
  TestRandom random(3);
  constexpr int studies = 4000;
  int wrong = 0;
  int right = 0;
  for (int study = 0; study < studies; ++study) {
    std::vector<double> first(10);
    std::vector<double> second(30);
    std::vector<double> third(30);
    std::vector<double> fourth(30);
    for (double& value : first) {
      value = 5 * random.normal();
    }
    for (std::size_t i = 0; i < 30; ++i) {
      second[i] = random.normal();
      third[i] = random.normal();
      fourth[i] = 0.7 + random.normal();
    }
    wrong += welch_t(moments_of(first), moments_of(second)).p_value <= 0.05 ? 1 : 0;
    right += welch_t(moments_of(third), moments_of(fourth)).p_value <= 0.05 ? 1 : 0;
  }
  CHECK(wrong / double{studies} == Approx(0.05).margin(0.014));
  CHECK(right / double{studies} == Approx(power_of_means(0.7, 1, 30, {})).margin(0.03));
}

TEST_CASE("the sample ratio test gives SciPy's p-values") {
  for (const scipy::Counts& one : scipy::counts) {
    CHECK(sample_ratio_p(one.counts, one.weights) == Approx(one.p));
  }
  // The example of Fabijan et al. (2019): 821,588 and 815,482 users for one half each.
  CHECK(sample_ratio_p(std::vector<std::int64_t>{821588, 815482}, std::vector<double>{1, 1}) <
        sample_ratio_alarm);
  CHECK(sample_ratio_p(std::vector<std::int64_t>{0, 0}, std::vector<double>{1, 1}) == 1);
}

}  // namespace stampede
