#include "stampede/stats/mann_whitney.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "stampede/stats/kayenta.hpp"
#include "stats/test_random.hpp"
#include "stats/tests_reference.hpp"

namespace stampede {
namespace {

// R's data set mtcars: miles per gallon of cars with automatic and with manual transmission.
const std::vector<double> automatic{21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3,
                                    15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2};
const std::vector<double> manual{21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3,
                                 26.0, 30.4, 15.8, 19.7, 15.0, 21.4};

std::vector<double> normals(TestRandom& random, std::size_t count, double mean) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = mean + random.normal();
  }
  return values;
}

}  // namespace

TEST_CASE("Mann and Whitney's test gives R's wilcox.test, its interval included") {
  // wilcox.test(mpg ~ am, data = mtcars, conf.int = TRUE) prints: W = 42, p-value = 0.001871,
  // 95 percent confidence interval -11.699942 -2.900042, difference in location -6.799963.
  const MannWhitney test = mann_whitney(automatic, manual, 0.95);
  CHECK(test.statistic == 42);
  CHECK(test.p_value == Approx(0.001871).margin(5e-7));
  CHECK(test.low == Approx(-11.699942).margin(5e-7));
  CHECK(test.high == Approx(-2.900042).margin(5e-7));
  CHECK(test.estimate == Approx(-6.799963).margin(5e-7));
}

TEST_CASE("Mann and Whitney's p-value is SciPy's") {
  for (const scipy::Samples& one : scipy::samples) {
    const MannWhitney test = mann_whitney(one.second, one.first, 0.95);
    CHECK(test.statistic == Approx(one.u));
    CHECK(test.p_value == Approx(one.u_p));
  }
}

TEST_CASE("two constants are as far apart as they are") {
  const MannWhitney test =
      mann_whitney(std::vector<double>{3, 3, 3}, std::vector<double>{1, 1}, 0.95);
  CHECK(test.estimate == 2);
  CHECK(test.low == 2);
}

TEST_CASE("the interval of the shift holds it in 95 % of cases") {
  TestRandom random(4);
  constexpr int studies = 1000;
  int covered = 0;
  for (int study = 0; study < studies; ++study) {
    const MannWhitney test = mann_whitney(normals(random, 20, 1), normals(random, 25, 0), 0.95);
    covered += test.low <= 1 && test.high >= 1 ? 1 : 0;
  }
  CHECK(covered > 0.92 * studies);
  CHECK(covered < 0.98 * studies);
}

namespace kayenta {
namespace {

MetricResult result(const char* name, Label label, std::vector<std::string> groups,
                    bool critical = false) {
  return {name, label, 1, critical, std::move(groups), false};
}

const std::vector<double> hundred{99, 101, 100, 98, 102, 100.5, 99.5, 101.5, 98.5, 100};
const std::vector<double> more{119, 121, 120, 118, 122, 120.5, 119.5, 121.5, 118.5, 120};
const std::vector<double> slightly_more{99.2,  101.1, 100.3, 98.2, 102.3,
                                        100.4, 99.9,  101.7, 98.6, 100};

}  // namespace

TEST_CASE("a metric that rose is high, one that fell low") {
  CHECK(classify({}, hundred, more).label == Label::high);
  CHECK(classify({}, more, hundred).label == Label::low);
  CHECK(classify({}, hundred, more).deviation == Approx(1.2));
  CHECK(classify({}, hundred, slightly_more).label == Label::pass);
}

TEST_CASE("only moves in the direction that was given count") {
  MetricConfig errors;
  errors.direction = Direction::increase;
  CHECK(classify(errors, hundred, more).label == Label::high);
  CHECK(classify(errors, more, hundred).label == Label::pass);
  errors.direction = Direction::decrease;
  CHECK(classify(errors, hundred, more).label == Label::pass);
}

TEST_CASE("effects smaller than allowed pass, whatever their significance") {
  MetricConfig latency;
  latency.effect_size.allowed_increase = 1.25;
  CHECK(classify(latency, hundred, more).label == Label::pass);
  latency.effect_size.allowed_increase = 1.15;
  CHECK(classify(latency, hundred, more).label == Label::high);
  latency.effect_size = {.measure = EffectMeasure::cles};
  CHECK(classify(latency, hundred, more).deviation == 1);
}

TEST_CASE("equal samples pass, and so do samples of the same single value") {
  CHECK(classify({}, hundred, hundred).label == Label::pass);
  CHECK(classify({}, std::vector<double>{0, 0}, std::vector<double>{0, 0, 0}).label == Label::pass);
  CHECK(classify({}, std::vector<double>{1, 1}, std::vector<double>{2, 2, 2}).label == Label::high);
}

TEST_CASE("a metric without data says so, and fails only where it must have some") {
  MetricConfig metric;
  CHECK(classify(metric, hundred, {}).label == Label::nodata);
  CHECK(classify(metric, hundred, std::vector<double>{NAN}).label == Label::nodata);
  metric.must_have_data = true;
  CHECK(classify(metric, hundred, {}).label == Label::nodata_fail_metric);
  metric.critical = true;
  CHECK(classify(metric, hundred, {}).label == Label::nodata);
  CHECK(classify(metric, hundred, {}).critical);
  metric.nan_strategy = NanStrategy::replace;
  CHECK(classify(metric, hundred, {}).label == Label::pass);
}

TEST_CASE("outliers are those beyond three interquartile ranges") {
  std::vector<double> values(200, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(i % 10);
  }
  values.push_back(1000);
  CHECK(without_outliers(values, 3).size() == 200);
  CHECK(without_outliers(std::vector<double>{}, 3).empty());
}

TEST_CASE("a score is the weighted share of the metrics that passed") {
  const std::vector<MetricResult> metrics{
      result("errors", Label::pass, {"errors"}), result("timeouts", Label::high, {"errors"}),
      result("p99", Label::pass, {"latency"}), result("mean", Label::nodata, {"latency"})};
  const Score even = score(metrics, {}, {});
  CHECK(even.groups.at("errors") == 50);
  CHECK(even.groups.at("latency") == 100);
  CHECK(even.score == 75);
  CHECK(even.label == ScoreLabel::pass);
  CHECK(score(metrics, {{"errors", 80}}, {}).score == Approx(60));
  CHECK(score(metrics, {{"errors", 80}}, {}).label == ScoreLabel::marginal);
  CHECK(score(metrics, {{"errors", 80}}, {.pass = 95, .marginal = 75}).label == ScoreLabel::fail);
}

TEST_CASE("a critical failure makes the score 0") {
  const std::vector<MetricResult> metrics{result("a", Label::pass, {"g"}),
                                          result("b", Label::high, {"g"}, true)};
  CHECK(score(metrics, {}, {}).score == 0);
  CHECK(score(metrics, {}, {}).label == ScoreLabel::fail);
}

TEST_CASE(
    "half of the metrics without data is no verdict, and data that must be there is a failure") {
  const std::vector<MetricResult> metrics{result("a", Label::pass, {"g"}),
                                          result("b", Label::nodata, {"g"})};
  CHECK(score(metrics, {}, {}).label == ScoreLabel::nodata);
  CHECK(score({}, {}, {}).label == ScoreLabel::nodata);
  const std::vector<MetricResult> missing{result("a", Label::pass, {"g"}),
                                          result("b", Label::nodata_fail_metric, {"g"})};
  CHECK(score(missing, {}, {}).score == 50);
}

TEST_CASE("what is muted does not count") {
  std::vector<MetricResult> metrics{result("a", Label::pass, {"g"}),
                                    result("b", Label::high, {"g"}, true)};
  metrics[1].muted = true;
  CHECK(score(metrics, {}, {}).score == 100);
}

TEST_CASE("the judge calls about 2 % of equal canaries different, on each metric") {
  TestRandom random(5);
  constexpr int studies = 2000;
  int wrong = 0;
  for (int study = 0; study < studies; ++study) {
    wrong += classify({}, normals(random, 30, 100), normals(random, 30, 100)).label == Label::pass
                 ? 0
                 : 1;
  }
  CHECK(wrong > 0);
  CHECK(wrong < 0.035 * studies);
}

}  // namespace kayenta
}  // namespace stampede
