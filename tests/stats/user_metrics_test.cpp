#include "stampede/stats/user_metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "stampede/stats/proportions.hpp"
#include "stats/test_random.hpp"

namespace stampede {
namespace {

/// A group of users who send up to nine requests each and buy at a rate of their own.
struct Shoppers {
  UnitSums users;  ///< x: requests, y: requests that bought
  Successes requests;

  Shoppers(TestRandom& random, int count, double lift = 1) {
    for (int user = 0; user < count; ++user) {
      const double own_rate = 0.3 * random.uniform() * random.uniform() * 4 / 1.2 * lift;
      const int sent = 1 + static_cast<int>(9 * random.uniform());
      int bought = 0;
      for (int i = 0; i < sent; ++i) {
        bought += random.uniform() < own_rate ? 1 : 0;
      }
      users.add(sent, bought);
      requests.yes += bought;
      requests.trials += sent;
    }
  }
};

double z_of(const NormalEstimate& first, const NormalEstimate& second) {
  return (second.value - first.value) / std::sqrt(first.variance + second.variance);
}

}  // namespace

TEST_CASE("sums over units give their moments, whatever came and went") {
  UnitSums units;
  units.add(1, 2);
  units.add(9, 9);
  units.add(3, 5);
  units.add(5, 11);
  units.remove(9, 9);
  CHECK(units.count() == 3);
  CHECK(units.mean_x() == 3);
  CHECK(units.mean_y() == 6);
  CHECK(units.variance_x() == Approx(4));
  CHECK(units.variance_y() == Approx(21));
  CHECK(units.covariance() == Approx(9));
  // (21 - 2·2·9 + 4·4)/(3·9)
  CHECK(ratio_of(units).value == 2);
  CHECK(ratio_of(units).variance == Approx(1.0 / 27));
  CHECK(mean_of(units).variance == Approx(7));
}

TEST_CASE("the ratio metric of users keeps its level; counting their requests does not") {
  TestRandom random(21);
  constexpr int studies = 1500;
  int by_user = 0;
  int by_request = 0;
  for (int study = 0; study < studies; ++study) {
    const Shoppers first(random, 200);
    const Shoppers second(random, 200);
    by_user += std::abs(z_of(ratio_of(first.users), ratio_of(second.users))) > 1.96 ? 1 : 0;
    by_request += two_proportion_z(first.requests, second.requests).p_value < 0.05 ? 1 : 0;
  }
  CHECK(by_user / double{studies} == Approx(0.05).margin(0.02));
  CHECK(by_request > 1.8 * by_user);
}

TEST_CASE("CUPED takes away what was known before, and nothing of the effect") {
  TestRandom random(22);
  constexpr int studies = 300;
  double sum = 0;
  double squares = 0;
  double plain_squares = 0;
  double variance = 0;
  for (int study = 0; study < studies; ++study) {
    UnitSums groups[2];
    for (int group = 0; group < 2; ++group) {
      for (int user = 0; user < 200; ++user) {
        const double before = random.normal();
        groups[group].add(before, 0.8 * before + 0.6 * random.normal() + 0.1 * group);
      }
    }
    const Cuped adjusted = cuped(groups[0], groups[1]);
    const double plain = groups[1].mean_y() - groups[0].mean_y();
    sum += adjusted.difference.value;
    squares += (adjusted.difference.value - 0.1) * (adjusted.difference.value - 0.1);
    plain_squares += (plain - 0.1) * (plain - 0.1);
    variance += adjusted.difference.variance;
    CHECK(adjusted.variance_reduction == Approx(0.64).margin(0.12));
  }
  CHECK(sum / studies == Approx(0.1).margin(0.014));
  CHECK(squares == Approx(variance).epsilon(0.35));
  // Corr² = 0.64: a third of the variance is left.
  CHECK(plain_squares > 2 * squares);
}

TEST_CASE("a covariate that says nothing changes nothing") {
  UnitSums first;
  UnitSums second;
  for (int i = 0; i < 10; ++i) {
    first.add(1, i);
    second.add(1, i + 2);
  }
  const Cuped adjusted = cuped(first, second);
  CHECK(adjusted.theta == 0);
  CHECK(adjusted.difference.value == Approx(2));
  CHECK(adjusted.variance_reduction == Approx(0).margin(1e-12));
}

TEST_CASE("groups of equal values differ only where their values do") {
  UnitSums first;
  UnitSums same;
  UnitSums other;
  for (int i = 0; i < 1000; ++i) {
    first.add(3, 3 * 0.001);
    same.add(3, 3 * 0.001);
    other.add(3, 3 * 0.002);
  }
  CHECK(std::abs(z_of(ratio_of(first), ratio_of(same))) < 0.01);
  CHECK(z_of(ratio_of(first), ratio_of(other)) > 1000);
  CHECK(std::abs(z_of(mean_of(first), mean_of(same))) < 0.01);
}

}  // namespace stampede
