#include "stampede/stats/sequential.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "stampede/stats/always_valid.hpp"
#include "stats/test_random.hpp"

namespace stampede {
namespace {

const double z95 = 1.959963984540054;
const double z80 = 0.8416212335729143;
const double z90 = 1.2815515655446004;

/// How many times the users of a single look the plan needs at most.
double inflation(const std::vector<double>& information, const std::vector<double>& bounds,
                 double power, double z_power) {
  const double drift = drift_for_power(information, bounds, power, Sides::two);
  const double single = z95 + z_power;
  return drift * drift / (single * single);
}

/// The share of simulated experiments without a difference that `rejects` at some look; it is
/// shown the look and its z.
template <class Rejects>
double simulated_error(int studies, int looks, Rejects rejects) {
  TestRandom random(11);
  int found = 0;
  for (int study = 0; study < studies; ++study) {
    double sum = 0;
    bool rejected = false;
    for (int look = 1; look <= looks; ++look) {
      sum += random.normal();
      rejected = rejected || rejects(look, sum / std::sqrt(look));
    }
    found += rejected ? 1 : 0;
  }
  return static_cast<double>(found) / studies;
}

}  // namespace

TEST_CASE("looking five times at 5 % is wrong in 14.2 % of cases") {
  // Validation case AB-PEEK-5: Armitage, McPherson, Rowe (1969), table 2.
  const std::vector<double> expected{0.0499999999462, 0.0831178032694, 0.107256374533,
                                     0.12616901238, 0.141689332456};
  for (int looks = 1; looks <= 5; ++looks) {
    CHECK(error_of_peeking(equal_looks(looks), 0.05, Sides::two) ==
          Approx(expected[static_cast<std::size_t>(looks - 1)]).epsilon(1e-8));
  }
  // And on: 10 looks 0.193, 20 looks 0.248, 100 looks 0.374 (ibid.; 50 looks 0.320).
  CHECK(error_of_peeking(equal_looks(10), 0.05, Sides::two) == Approx(0.193).margin(0.0005));
  CHECK(error_of_peeking(equal_looks(20), 0.05, Sides::two) == Approx(0.248).margin(0.0005));
  CHECK(error_of_peeking(equal_looks(50), 0.05, Sides::two) == Approx(0.320).margin(0.0005));
}

TEST_CASE("simulated peeking is wrong as often") {
  const double error = simulated_error(20'000, 5, [](int, double z) { return std::abs(z) > z95; });
  CHECK(error == Approx(0.14169).margin(0.01));
}

TEST_CASE("Pocock's constants are those of the table") {
  // Jennison and Turnbull (2000), table 2.1, alpha 0.05 two-sided.
  const std::vector<std::pair<int, double>> table{
      {2, 2.178}, {3, 2.289}, {4, 2.361}, {5, 2.413}, {10, 2.555}};
  for (const auto& [looks, constant] : table) {
    const std::vector<double> bounds = pocock_bounds(equal_looks(looks), 0.05, Sides::two);
    CHECK(bounds.front() == Approx(constant).margin(0.0005));
    CHECK(bounds.back() == bounds.front());
  }
}

TEST_CASE("O'Brien and Fleming's constants are those of the table") {
  // Jennison and Turnbull (2000), table 2.3, alpha 0.05 two-sided.
  const std::vector<std::pair<int, double>> table{
      {2, 1.977}, {3, 2.004}, {4, 2.024}, {5, 2.040}, {10, 2.087}};
  for (const auto& [looks, constant] : table) {
    const std::vector<double> bounds = obrien_fleming_bounds(equal_looks(looks), 0.05, Sides::two);
    CHECK(bounds.back() == Approx(constant).margin(0.0005));
    CHECK(bounds.front() == Approx(constant * std::sqrt(looks)).margin(0.002));
  }
}

TEST_CASE("Lan and DeMets' bounds are the published ones") {
  // Five equal looks, alpha 0.05 two-sided, as the R package ldbounds gives them.
  const std::vector<double> obrien_fleming{4.8769, 3.3569, 2.6803, 2.2898, 2.0310};
  const std::vector<double> pocock{2.4380, 2.4268, 2.4101, 2.3966, 2.3859};
  const std::vector<double> looks = equal_looks(5);
  const std::vector<double> first =
      spending_bounds(looks, 0.05, Spending::obrien_fleming, Sides::two);
  const std::vector<double> second = spending_bounds(looks, 0.05, Spending::pocock, Sides::two);
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(first[k] == Approx(obrien_fleming[k]).margin(0.0002));
    CHECK(second[k] == Approx(pocock[k]).margin(0.0002));
  }
}

TEST_CASE("alpha is spent, all of it, whenever one looks") {
  const std::vector<double> information{0.07, 0.3, 0.35, 0.8, 1};
  for (const Spending rule : {Spending::obrien_fleming, Spending::pocock}) {
    for (const Sides sides : {Sides::one, Sides::two}) {
      const std::vector<double> bounds = spending_bounds(information, 0.05, rule, sides);
      const std::vector<double> crossed = crossing_probabilities(information, bounds, 0, sides);
      double sum = 0;
      for (std::size_t k = 0; k < crossed.size(); ++k) {
        sum += crossed[k];
        CHECK(sum == Approx(spent(rule, 0.05, information[k], sides)).margin(1e-10));
      }
      CHECK(sum == Approx(0.05));
    }
  }
}

TEST_CASE("a plan with five looks needs little more than a single look") {
  // Jennison and Turnbull (2000), tables 2.2 and 2.4: the inflation factors of five looks.
  const std::vector<double> looks = equal_looks(5);
  const std::vector<double> pocock = pocock_bounds(looks, 0.05, Sides::two);
  const std::vector<double> obrien_fleming = obrien_fleming_bounds(looks, 0.05, Sides::two);
  CHECK(inflation(looks, pocock, 0.8, z80) == Approx(1.228).margin(0.0006));
  CHECK(inflation(looks, pocock, 0.9, z90) == Approx(1.207).margin(0.0006));
  CHECK(inflation(looks, obrien_fleming, 0.8, z80) == Approx(1.028).margin(0.0006));
  CHECK(inflation(looks, obrien_fleming, 0.9, z90) == Approx(1.026).margin(0.0006));
}

TEST_CASE("a simulated group-sequential test keeps its level and has its power") {
  const std::vector<double> looks = equal_looks(5);
  const std::vector<double> bounds = obrien_fleming_bounds(looks, 0.05, Sides::two);
  const auto rejects = [&](double shift) {
    return [&bounds, shift](int look, double z) {
      return std::abs(z + shift * std::sqrt(look)) > bounds[static_cast<std::size_t>(look - 1)];
    };
  };
  CHECK(simulated_error(20'000, 5, rejects(0)) == Approx(0.05).margin(0.0065));
  const double drift = drift_for_power(looks, bounds, 0.8, Sides::two);
  CHECK(simulated_error(10'000, 5, rejects(drift / std::sqrt(5))) == Approx(0.8).margin(0.016));
}

TEST_CASE("an always-valid p-value may be looked at all the time") {
  // 400 looks at a mean of n standard normal values, whose variance is 1/n.
  constexpr double tau = 0.2;
  constexpr int looks = 400;
  const auto rejects = [](int look, double z) {
    const double variance = 1.0 / look;
    return always_valid_p({z * std::sqrt(variance), variance}, tau, 1) <= 0.05;
  };
  const double error = simulated_error(3000, looks, rejects);
  CHECK(error < 0.05);
  CHECK(error > 0.005);
  const double peeking =
      simulated_error(1000, looks, [](int, double z) { return std::abs(z) > z95; });
  CHECK(peeking > 0.4);
}

TEST_CASE("the confidence sequence leaves 0 out when the p-value crosses alpha") {
  const double variance = 0.01;
  const double tau = 0.3;
  const double margin = always_valid_margin(variance, tau, 0.05);
  CHECK(always_valid_p({margin, variance}, tau, 1) == Approx(0.05));
  CHECK(margin > z95 * 0.1);
  CHECK(always_valid_p({0, variance}, tau, 0.3) == 0.3);
}

}  // namespace stampede
