#include "stampede/stats/batches.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "stampede/stats/estimate.hpp"
#include "stats/test_random.hpp"

namespace stampede {
namespace {

/// An autoregressive series of order 1 around 0.
std::vector<double> ar1(TestRandom& random, std::size_t count, double rho) {
  std::vector<double> series;
  double value = random.normal() / std::sqrt(1 - rho * rho);
  for (std::size_t i = 0; i < count; ++i) {
    series.push_back(value);
    value = rho * value + random.normal();
  }
  return series;
}

}  // namespace

TEST_CASE("slices are cut into 20 to 30 batches, as even as can be") {
  CHECK(number_of_batches(19) == 0);
  CHECK(number_of_batches(20) == 20);
  CHECK(number_of_batches(23) == 23);
  CHECK(number_of_batches(100) == 25);
  CHECK(number_of_batches(90) == 30);
  CHECK(number_of_batches(80) == 20);
  CHECK(number_of_batches(88) == 22);  // 29 would leave one slice over
}

TEST_CASE("independent batches are rarely taken for alike, and those of a slow series mostly are") {
  TestRandom random(3);
  int false_alarms = 0;
  int alarms = 0;
  constexpr int runs = 1000;
  for (int run = 0; run < runs; ++run) {
    false_alarms += dependence_of(ar1(random, 25, 0)).significant ? 1 : 0;
    alarms += dependence_of(ar1(random, 25, 0.8)).significant ? 1 : 0;
  }
  CHECK(false_alarms < 0.03 * runs);
  CHECK(alarms > 0.8 * runs);
}

TEST_CASE("intervals over batches that are alike are widened") {
  TestRandom random(5);
  int covered = 0;
  int covered_bare = 0;
  constexpr int runs = 2000;
  for (int run = 0; run < runs; ++run) {
    const std::vector<double> batches = ar1(random, 25, 0.4);
    const Estimate bare = mean_estimate(batches);
    const double widening = dependence_of(mean_deviations(batches)).widening;
    CHECK(widening >= 1);
    covered_bare += bare.low <= 0 && 0 <= bare.high ? 1 : 0;
    covered += std::abs(bare.estimate) <= widening * (bare.high - bare.estimate) ? 1 : 0;
  }
  CHECK(covered_bare < 0.85 * runs);
  CHECK(covered > 0.89 * runs);
}

TEST_CASE("what does not vary is not alike") {
  const std::vector<double> constant(25, 0.0);
  CHECK(dependence_of(constant).widening == 1);
  CHECK_FALSE(dependence_of(constant).significant);
  CHECK(dependence_of(std::vector<double>(25, NAN)).widening == 1);
}

}  // namespace stampede
