#include "stampede/stats/estimate.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "scipy_reference.hpp"
#include "test_random.hpp"

namespace stampede {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// How often an interval holds the truth, in `studies` of which each makes one interval.
template <class Study>
double coverage(int studies, double truth, Study study) {
  int covered = 0;
  for (int i = 0; i < studies; ++i) {
    const Estimate estimate = study();
    covered += estimate.low <= truth && truth <= estimate.high ? 1 : 0;
  }
  return static_cast<double>(covered) / studies;
}

}  // namespace

TEST_CASE("Student's t agrees with SciPy") {
  // SciPy 1.10 is right to nine digits: 2.1318467813 instead of 2.1318467863 for 90 %, df 4.
  for (const scipy::Critical& known : scipy::criticals) {
    INFO(known.confidence << " " << known.df);
    CHECK(t_critical(known.confidence, known.df) == Approx(known.t).epsilon(5e-9));
  }
}

TEST_CASE("Student's t has its closed forms for one and two degrees of freedom") {
  constexpr double pi = 3.14159265358979323846;
  CHECK(t_critical(0.95, 1) == Approx(std::tan(pi / 2 * 0.95)).epsilon(1e-13));
  CHECK(t_critical(0.95, 2) == Approx(0.95 * std::sqrt(2 / (1 - 0.95 * 0.95))).epsilon(1e-13));
}

TEST_CASE("the interval of a mean agrees with SciPy") {
  for (const scipy::Mean& known : scipy::means) {
    const Estimate estimate = mean_estimate(known.values);
    CHECK(estimate.estimate == Approx(known.mean).epsilon(1e-12));
    CHECK(estimate.low == Approx(known.low).epsilon(1e-9));
    CHECK(estimate.high == Approx(known.high).epsilon(1e-9));
    CHECK(estimate.n == static_cast<std::int64_t>(known.values.size()));
  }
}

TEST_CASE("the interval of a ratio agrees with SciPy") {
  for (const scipy::Ratio& known : scipy::ratios) {
    const Estimate estimate = ratio_estimate(known.parts);
    CHECK(estimate.estimate == Approx(known.ratio).epsilon(1e-12));
    CHECK(estimate.low == Approx(known.low).epsilon(1e-9));
    CHECK(estimate.high == Approx(known.high).epsilon(1e-9));
    CHECK(estimate.n == static_cast<std::int64_t>(known.parts.size()));
  }
}

TEST_CASE("the interval of a proportion agrees with SciPy") {
  for (const scipy::Ratio& known : scipy::proportions) {
    const Estimate estimate = proportion_estimate(known.parts);
    INFO(known.ratio << " in " << known.low << " " << known.high);
    CHECK(estimate.estimate == Approx(known.ratio).epsilon(1e-15));
    CHECK(estimate.low == Approx(known.low).epsilon(1e-9).margin(1e-100));
    CHECK(estimate.high == Approx(known.high).epsilon(1e-9));
    CHECK(0 <= estimate.low);
    CHECK(estimate.low <= estimate.estimate);
    CHECK(estimate.estimate <= estimate.high);
    CHECK(estimate.high <= 1);
    // The digits that matter near 1 are those of the failures; 1 itself has 16.
    CHECK(1 - estimate.low == Approx(1 - known.low).epsilon(1e-7).margin(1e-15));
    CHECK(1 - estimate.high == Approx(1 - known.high).epsilon(1e-7).margin(1e-15));
  }
}

TEST_CASE("one replication has a point and no interval") {
  const std::vector<double> value = {4.0};
  const std::vector<Fraction> part = {{3, 4}};
  for (const Estimate& estimate : {mean_estimate(value), quantile_estimate(4.0, value),
                                   ratio_estimate(part), proportion_estimate(part)}) {
    CHECK(estimate.n == 1);
    CHECK_FALSE(std::isnan(estimate.estimate));
    CHECK(std::isnan(estimate.low));
    CHECK(std::isnan(estimate.high));
  }
}

TEST_CASE("no data is not a number") {
  const std::vector<double> missing = {nan, nan};
  const std::vector<Fraction> nothing = {{0, 0}, {0, 0}};
  for (const Estimate& estimate :
       {mean_estimate({}), mean_estimate(missing), quantile_estimate(nan, missing),
        ratio_estimate({}), ratio_estimate(nothing), proportion_estimate(nothing)}) {
    CHECK(std::isnan(estimate.estimate));
    CHECK(std::isnan(estimate.low));
    CHECK(std::isnan(estimate.high));
  }
}

TEST_CASE("a replication without data is left out of a mean") {
  const std::vector<double> with_gap = {1, nan, 2};
  const std::vector<double> without = {1, 2};
  CHECK(mean_estimate(with_gap).n == 2);
  CHECK(mean_estimate(with_gap).estimate == 1.5);
  CHECK(mean_estimate(with_gap).high == mean_estimate(without).high);
}

TEST_CASE("a quantile's interval lies around the merged quantile and knows its bias") {
  const std::vector<double> replications = {9, 10, 11};
  const Estimate centred = quantile_estimate(10, replications);
  CHECK(centred.estimate == 10);
  CHECK(centred.high == Approx(10 + t_critical(0.95, 2) * std::sqrt(2.0 / 6)));
  const Estimate biased = quantile_estimate(12, replications);
  CHECK(biased.estimate == 12);
  CHECK(biased.high - biased.low > centred.high - centred.low);
}

TEST_CASE("failures that come together count for less than failures that come singly") {
  std::vector<Fraction> single(10, Fraction{9'990, 10'000});
  std::vector<Fraction> together(10, Fraction{10'000, 10'000});
  together[4].numerator = 9'900;
  const Estimate of_single = proportion_estimate(single);
  const Estimate of_together = proportion_estimate(together);
  CHECK(of_single.estimate == of_together.estimate);
  CHECK(of_together.low < of_single.low - 0.001);
}

TEST_CASE("without any failure the interval still has a lower end") {
  const std::vector<Fraction> perfect(10, Fraction{1000, 1000});
  const Estimate estimate = proportion_estimate(perfect);
  CHECK(estimate.high == 1);
  CHECK(estimate.low < 1 - 3.0 / 10'000);  // the rule of three, widened for nine degrees of freedom
  CHECK(estimate.low > 0.999);
}

TEST_CASE("proportions of any size and clustering have an interval") {
  for (const double total : {1.0, 10.0, 1e3, 1e6, 1e9, 1e12}) {
    for (const double share : {0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.5}) {
      for (const double skew : {0.0, 0.5, 1.0}) {
        const double hits = total * share;
        const std::vector<Fraction> parts = {
            {hits * (1 - skew), total}, {hits, total}, {hits * (1 + skew), total}};
        const Estimate estimate = proportion_estimate(parts);
        INFO(total << " " << share << " " << skew);
        CHECK(0 <= estimate.low);
        CHECK(estimate.low <= estimate.estimate);
        CHECK(estimate.estimate <= estimate.high);
        CHECK(estimate.high <= 1);
      }
    }
  }
}

// The bounds are three standard errors of the number of studies below 95 %.
TEST_CASE("95 % intervals hold the truth about 95 times in a hundred") {
  constexpr int studies = 2000;
  TestRandom random(20'250'101);

  SECTION("means of a skewed law") {
    const double covered = coverage(studies, 1.0, [&] {
      std::vector<double> replications(20);
      for (double& mean : replications) {
        mean = 0;
        for (int i = 0; i < 20; ++i) {
          mean -= std::log(random.uniform()) / 20;
        }
      }
      return mean_estimate(replications);
    });
    CHECK(covered > 0.935);
    CHECK(covered < 0.965);
  }
  SECTION("ratios whose denominators differ") {
    const double covered = coverage(studies, 2.0, [&] {
      std::vector<Fraction> replications(20);
      for (Fraction& part : replications) {
        part.denominator = 100 * (1 + random.uniform());
        part.numerator = 2 * part.denominator + 5 * random.normal();
      }
      return ratio_estimate(replications);
    });
    CHECK(covered > 0.935);
    CHECK(covered < 0.965);
  }
  // Clopper and Pearson's intervals cover more than they promise, never less.
  SECTION("rare single failures") {
    const double covered = coverage(studies, 0.998, [&] {
      std::vector<Fraction> replications(10);
      for (Fraction& part : replications) {
        part = {100, 100};
        for (int i = 0; i < 100; ++i) {
          part.numerator -= random.uniform() < 0.002 ? 1 : 0;
        }
      }
      return proportion_estimate(replications);
    });
    CHECK(covered > 0.935);
  }
  SECTION("failures that share their luck within a replication") {
    const double covered = coverage(studies, 0.98, [&] {
      std::vector<Fraction> replications(20);
      for (Fraction& part : replications) {
        const double share = 0.04 * random.uniform();
        part = {100, 100};
        for (int i = 0; i < 100; ++i) {
          part.numerator -= random.uniform() < share ? 1 : 0;
        }
      }
      return proportion_estimate(replications);
    });
    CHECK(covered > 0.935);
  }
}

TEST_CASE("a percentile needs ten samples beyond it") {
  CHECK(supported(0.9, 100));
  CHECK_FALSE(supported(0.9, 99));
  CHECK(supported(0.99, 1000));
  CHECK(supported(0.999, 10'000));
  CHECK_FALSE(supported(0.999, 9'999));
  CHECK(supported(0.5, 20));
  CHECK_FALSE(supported(0.01, 999));
  CHECK_FALSE(supported(1, 1'000'000));
}

}  // namespace stampede
