#include "stampede/stats/usl.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace stampede {
namespace {

// Sun SPARCcenter 2000 under SPEC SDM91, October 1994: users and scripts an hour (Gunther:
// Guerrilla Capacity Planning, 2007; data set `specsdm91` of the R package usl).
const std::vector<ScalePoint> sdm91{{1, 64.9},     {18, 995.9},   {36, 1652.4}, {72, 1853.2},
                                    {108, 1828.9}, {144, 1775.0}, {216, 1702.2}};

}  // namespace

TEST_CASE("the Universal Scalability Law fits SPEC SDM91 as R's usl does") {
  // usl 3.0: alpha 0.0277285 ± 0.0091217, beta 0.0001044 ± 0.0000199, gamma 89.9952330 ± 14.2134894
  // (standard errors), four degrees of freedom; peak at √((1 - α)/β).
  const std::optional<UslFit> fit = fit_usl(sdm91);
  REQUIRE(fit);
  CHECK(fit->contention.estimate == Approx(0.0277285).epsilon(1e-5));
  CHECK(fit->coherency.estimate == Approx(0.0001044).epsilon(5e-4));
  CHECK(fit->unit.estimate == Approx(89.9952330).epsilon(1e-6));
  const double t = t_critical(0.95, 4);
  CHECK(fit->contention.high - fit->contention.estimate == Approx(t * 0.0091217).epsilon(1e-4));
  CHECK(fit->coherency.high - fit->coherency.estimate == Approx(t * 0.0000199).epsilon(5e-3));
  CHECK(fit->unit.high - fit->unit.estimate == Approx(t * 14.2134894).epsilon(1e-5));
  REQUIRE(fit->peak_size);
  CHECK(fit->peak_size->estimate == Approx(96.5).epsilon(1e-3));
  CHECK(fit->peak_size->low < 96.5);
  CHECK(*fit->peak_throughput == Approx(fit->throughput(fit->peak_size->estimate)));
}

TEST_CASE("the law is found again in points that lie on it") {
  std::vector<ScalePoint> points;
  for (const double size : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    points.push_back({size, 100 * size / (1 + 0.05 * (size - 1) + 0.001 * size * (size - 1))});
  }
  const std::optional<UslFit> fit = fit_usl(points);
  REQUIRE(fit);
  CHECK(fit->contention.estimate == Approx(0.05).epsilon(1e-6));
  CHECK(fit->coherency.estimate == Approx(0.001).epsilon(1e-6));
  CHECK(fit->unit.estimate == Approx(100).epsilon(1e-6));
  CHECK(fit->r_squared == Approx(1));
}

TEST_CASE("what scales better than linearly in part has no negative coefficients") {
  const std::vector<ScalePoint> linear{{1, 10}, {2, 20.4}, {4, 40.1}, {8, 80.9}, {16, 160.2}};
  const std::optional<UslFit> fit = fit_usl(linear);
  REQUIRE(fit);
  CHECK(fit->contention.estimate >= 0);
  CHECK(fit->coherency.estimate >= 0);
  CHECK(fit->unit.estimate == Approx(10).epsilon(0.02));
}

TEST_CASE("without a price of agreement throughput approaches a limit and has no peak") {
  std::vector<ScalePoint> points;
  for (const double size : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    const double noise = size == 4.0 ? 1.002 : size == 32.0 ? 1.001 : 1;
    points.push_back({size, noise * 100 * size / (1 + 0.1 * (size - 1))});
  }
  const std::optional<UslFit> fit = fit_usl(points);
  REQUIRE(fit);
  CHECK(fit->coherency.estimate == 0);
  CHECK_FALSE(fit->peak_size);
  CHECK(*fit->peak_throughput == Approx(1000).epsilon(0.02));
}

TEST_CASE("three sizes do not tell three coefficients") {
  CHECK_FALSE(fit_usl(std::vector<ScalePoint>{{1, 1}, {2, 2}, {3, 3}, {3, 3.1}}));
  CHECK_FALSE(fit_usl(std::vector<ScalePoint>{{1, 0}, {2, 0}, {3, 0}, {4, 0}}));
}

}  // namespace stampede
