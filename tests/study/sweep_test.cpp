#include "stampede/study/sweep.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "stampede/base/files.hpp"
#include "stampede/base/json.hpp"
#include "stampede/stats/regression.hpp"
#include "stampede/study/sensitivity.hpp"
#include "stampede/study/sweep_folder.hpp"

using namespace stampede;

namespace {

using Texts = std::vector<std::string>;

Parameter parameter(const std::string& text) {
  Problems problems;
  Reader reader(problems);
  Parameter parameter;
  reader.read(Value::scalar(text), parameter, "parameters");
  INFO(text);
  REQUIRE(problems.empty());
  return parameter;
}

std::string mistake_of(const std::string& text) {
  Problems problems;
  Reader reader(problems);
  Parameter parameter;
  reader.read(Value::scalar(text), parameter, "parameters");
  return problems.empty() ? "" : problems.front().expected;
}

SweepSettings settings_of(const Texts& parameters, Design design = Design::grid, int points = 0) {
  SweepSettings settings;
  for (const std::string& text : parameters) {
    settings.parameters.push_back(parameter(text));
  }
  settings.design = design;
  settings.points = points;
  return settings;
}

std::vector<Texts> points(const SweepSettings& settings) {
  Problems problems;
  std::vector<Texts> points = points_of(settings, problems);
  for (const Problem& problem : problems) {
    UNSCOPED_INFO(problem.what);
  }
  REQUIRE(problems.empty());
  return points;
}

constexpr const char* scenario_text = R"(
stampede: 1
run: {duration: 10s, warmup: 1s, replications: 2}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 10/s}
    target: app
components:
  app:
    kind: service
    concurrency: {kind: threads, workers: 2}
    handler: [{compute: {exponential: {mean: 10ms}}}]
)";

SweepPlan plan_of(const SweepSettings& settings) {
  SweepPlan plan;
  plan.version = STAMPEDE_VERSION;
  plan.file = "a.yaml";
  plan.text = scenario_text;
  plan.design = settings.design;
  plan.points = points(settings);
  for (const Parameter& one : settings.parameters) {
    plan.paths.push_back(one.path);
    plan.is_log.push_back(one.range && one.range->is_log);
  }
  return plan;
}

}  // namespace

// ---- Parameters ---------------------------------------------------------------------------------

TEST_CASE("the values of a parameter are a list, or a range with steps in any unit") {
  CHECK(parameter("app.replicas=[4, 8,12]").values == Texts{"4", "8", "12"});
  CHECK(parameter("app.replicas = 4..10..2").values == Texts{"4", "6", "8", "10"});
  CHECK(parameter("app.replicas=4..11..2").values == Texts{"4", "6", "8", "10"});
  CHECK(parameter("app.replicas=9..3..-3").values == Texts{"9", "6", "3"});
  CHECK(parameter("rate=500/s..2k/s..500/s").values ==
        Texts{"500/s", "1000/s", "1500/s", "2000/s"});
  CHECK(parameter("ttl=0..1s..250ms").values == Texts{"0s", "250ms", "500ms", "750ms", "1s"});
  CHECK(parameter("share=10%..30%..10%").values == Texts{"10%", "20%", "30%"});
  CHECK(parameter("x=0.1..0.5..0.1").values == Texts{"0.1", "0.2", "0.3", "0.4", "0.5"});
  CHECK(parameter("workers=4..64..x2").values == Texts{"4", "8", "16", "32", "64"});
  CHECK(parameter("ttl=1s..1ms..x0.1").values == Texts{"1s", "100ms", "10ms", "1ms"});
  CHECK(parameter("size=1MiB..4MiB..x2").values == Texts{"1MiB", "2MiB", "4MiB"});
  CHECK(parameter("policy=random").values == Texts{"random"});
}

TEST_CASE("a list may hold maps and lists, which are not taken apart") {
  CHECK(parameter("app.handler=[[{compute: 1ms}, {wait: 2ms}], [{compute: {erlang: {mean: 1ms}}}]]")
            .values ==
        Texts{"[{compute: 1ms}, {wait: 2ms}]", "[{compute: {erlang: {mean: 1ms}}}]"});
  CHECK(parameter("x=['a, b', \"c\"]").values == Texts{"'a, b'", "\"c\""});
}

TEST_CASE("what is no parameter is refused with what would be one") {
  CHECK_THAT(mistake_of("app.replicas"), Catch::Contains("a path of a setting, '=' and values"));
  CHECK_THAT(mistake_of("app.replicas="), Catch::Contains("values after the '='"));
  CHECK_THAT(mistake_of("app.replicas=[]"), Catch::Contains("at least one value"));
  CHECK_THAT(mistake_of("ttl=1s..10"), Catch::Contains("written in one unit"));
  CHECK_THAT(mistake_of("ttl=1..2..3..4"), Catch::Contains("a range such as"));
  CHECK_THAT(mistake_of("n=1..10..-1"), Catch::Contains("leads from one end to the other"));
  CHECK_THAT(mistake_of("n=1..10..0"), Catch::Contains("leads from one end to the other"));
  CHECK_THAT(mistake_of("n=1..10..x0.5"), Catch::Contains("leads from one end to the other"));
  CHECK_THAT(mistake_of("n=0..10..x2"), Catch::Contains("positive ends"));
  CHECK_THAT(mistake_of("n=0..10 log"), Catch::Contains("positive ends"));
  CHECK_THAT(mistake_of("n=10..1"), Catch::Contains("from a smaller to a larger"));
  CHECK_THAT(mistake_of("n=0..1000000..1"), Catch::Contains("at most 10000 values"));
}

// ---- Designs ------------------------------------------------------------------------------------

TEST_CASE("a grid combines each value with each, the last parameter changing fastest") {
  CHECK(points(settings_of({"a=[1, 2]", "b=3..5"})) ==
        std::vector<Texts>{{"1", "3"}, {"1", "4"}, {"1", "5"}, {"2", "3"}, {"2", "4"}, {"2", "5"}});
}

TEST_CASE("zip takes first values with first values, and as many of each") {
  CHECK(points(settings_of({"a=[1, 2]", "b=[x, y]"}, Design::zip)) ==
        std::vector<Texts>{{"1", "x"}, {"2", "y"}});
  Problems problems;
  points_of(settings_of({"a=[1, 2]", "b=[x]"}, Design::zip), problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "a has 2 values and b has 1; zip takes as many of each");
}

TEST_CASE("a grid over everything between two ends needs steps, and has its limit") {
  Problems problems;
  points_of(settings_of({"ttl=1s..2s"}), problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "the range of ttl needs steps");
  problems.clear();
  points_of(settings_of({"a=1..1000", "b=1..1000"}), problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0].what, Catch::Contains("has 1000000 points"));
}

TEST_CASE("a parameter is given once") {
  Problems problems;
  points_of(settings_of({"a=1..2", "a=3..4"}), problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "a is given twice");
}

TEST_CASE("a latin hypercube has one point in each stratum of each parameter") {
  const int count = 40;
  const auto sampled =
      points(settings_of({"x=0.0..1.0", "n=1..40", "ttl=1s..10000s log", "kind=[a, b]"},
                         Design::latin_hypercube, count));
  REQUIRE(sampled.size() == 40);
  std::set<int> strata_of_x;
  std::set<int> strata_of_ttl;
  std::set<std::string> numbers;
  int kind_a = 0;
  for (const Texts& point : sampled) {
    strata_of_x.insert(static_cast<int>(std::stod(point[0]) * count));
    numbers.insert(point[1]);
    const double seconds = static_cast<double>((*as_numbers({point[2]}, false))[0]) * 1e-9;
    strata_of_ttl.insert(static_cast<int>(std::log10(seconds) / 4 * count));
    kind_a += point[3] == "a" ? 1 : 0;
  }
  CHECK(strata_of_x.size() == 40);
  CHECK(strata_of_ttl.size() == 40);
  CHECK(numbers.size() == 40);  // every whole number once
  CHECK(kind_a == 20);
}

TEST_CASE("a sample depends on its seed, and another parameter leaves the others alone") {
  for (const Design design : {Design::random, Design::latin_hypercube}) {
    SweepSettings one = settings_of({"x=0.0..1.0"}, design, 20);
    const SweepSettings two = settings_of({"x=0.0..1.0", "y=0.0..1.0"}, design, 20);
    const auto first = points(one);
    CHECK(first == points(one));
    for (std::size_t i = 0; i < first.size(); ++i) {
      CHECK(points(two)[i][0] == first[i][0]);
      CHECK(points(two)[i][0] != points(two)[i][1]);
    }
    one.sample_seed = 2;
    CHECK(points(one) != first);
  }
}

// ---- Plans --------------------------------------------------------------------------------------

TEST_CASE("a plan written and read again is the same plan") {
  SweepPlan plan = plan_of(settings_of({"app.concurrency.workers=1..3", "run.seed=[1, 2]"}));
  const CheckedPlan checked = check_plan(plan);
  CHECK(checked.problems.empty());
  REQUIRE(checked.points.size() == 6);
  CHECK(checked.points[0].replications == 2);
  CHECK(plan.metrics == Texts{"shoppers.availability", "shoppers.latency.p99"});
  SweepPlan again = plan_from_json(Json::parse(plan_json(plan).dump()));
  again.text = plan.text;
  CHECK(again.hash() == plan.hash());
  again.file = "/elsewhere/a.yaml";
  CHECK(again.hash() == plan.hash());
  again.text += "\n";
  CHECK(again.hash() != plan.hash());
}

TEST_CASE("a point that the scenario refuses is found before anything runs, and told once") {
  SweepPlan plan = plan_of(settings_of({"app.concurrency.workers=[0, 1]", "run.seed=1..5"}));
  const CheckedPlan checked = check_plan(plan);
  REQUIRE(checked.problems.size() == 1);
  CHECK(checked.problems[0].what ==
        "components.app.concurrency.workers is '0' (at app.concurrency.workers=0, run.seed=1 and 4 "
        "more points)");
}

TEST_CASE("a metric that a point does not have is found before anything runs") {
  SweepPlan plan = plan_of(settings_of({"run.seed=1..2"}));
  plan.metrics = {"shoppers.latncy.p99", "nobody.latency.p99"};
  const CheckedPlan checked = check_plan(plan);
  REQUIRE(checked.problems.size() == 2);
  CHECK(checked.problems[0].hint == "did you mean 'latency.p99'?");
  CHECK(checked.problems[1].what == "there is no traffic or component 'nobody'");
}

// ---- Points -------------------------------------------------------------------------------------

TEST_CASE("points are the same whatever the number of threads, and as their files say") {
  SweepPlan plan = plan_of(settings_of({"app.concurrency.workers=1..3"}));
  const CheckedPlan checked = check_plan(plan);
  std::vector<std::string> before;
  for (const int jobs : {1, 3}) {
    ReplicationOptions options;
    options.jobs = jobs;
    std::vector<std::string> texts(3);
    const auto failed = run_points(plan, checked.points, options, [&](const PointResult& result) {
      const Json json = point_json(result, plan.hash());
      texts[result.point] = json.dump();
      const PointResult again = point_from_json(Json::parse(json.dump()), plan.hash());
      CHECK(point_json(again, plan.hash()).dump() == json.dump());
      CHECK(again.chosen[1].by_replication.size() == 2);
      CHECK(again.chosen[1].unit == MetricUnit::seconds);
      CHECK_THROWS_AS(point_from_json(json, plan.hash() + 1), FileError);
    });
    CHECK(failed.empty());
    CHECK(texts[0] != texts[1]);
    CHECK((before.empty() || before == texts));
    before = texts;
  }
}

TEST_CASE("all points have the same luck") {
  // A setting that changes nothing of what happens.
  SweepPlan plan = plan_of(settings_of({"app.concurrency.queue=[1000, 2000]"}));
  const CheckedPlan checked = check_plan(plan);
  std::set<std::uint64_t> fingerprints;
  run_points(plan, checked.points, {},
             [&](const PointResult& result) { fingerprints.insert(result.fingerprint); });
  CHECK(fingerprints.size() == 1);
}

TEST_CASE("what keeping a point throws ends the sweep") {
  SweepPlan plan = plan_of(settings_of({"app.concurrency.workers=1..3"}));
  const CheckedPlan checked = check_plan(plan);
  CHECK_THROWS_WITH(run_points(plan, checked.points, {},
                               [](const PointResult&) { throw FileError("the disk is full"); }),
                    "the disk is full");
}

// ---- Sensitivity --------------------------------------------------------------------------------

TEST_CASE("a linear model is recovered, and refused where it cannot be told") {
  const std::vector<std::vector<double>> x{{1, 2, 3, 4, 5}, {2, 1, 4, 3, 0}};
  std::vector<double> y;
  for (std::size_t i = 0; i < 5; ++i) {
    y.push_back(7 + 2 * x[0][i] - 3e9 * x[1][i]);
  }
  const auto fit = fit_linear(x, y);
  REQUIRE(fit);
  CHECK(fit->intercept == Approx(7).margin(1e-3));
  CHECK(fit->slopes[0] == Approx(2).margin(1e-4));
  CHECK(fit->slopes[1] == Approx(-3e9));
  CHECK(fit->explained == Approx(1));
  CHECK_FALSE(fit_linear({{1, 2, 3, 4, 5}, {2, 4, 6, 8, 10}}, y));
  CHECK_FALSE(fit_linear({{1, 1, 1, 1, 1}}, y));
  CHECK_FALSE(fit_linear({{1, 2}}, {1, 2}));
}

namespace {

/// Points of a plan with one metric, which is a function of the values and of the replication.
template <class Value>
std::vector<PointResult> points_with(SweepPlan& plan, Value value) {
  plan.metrics = {"shoppers.latency.p99"};
  std::vector<PointResult> results;
  for (std::size_t point = 0; point < plan.points.size(); ++point) {
    PointResult result;
    result.point = point;
    PointResult::Chosen chosen;
    double sum = 0;
    for (int replication = 0; replication < 4; ++replication) {
      chosen.by_replication.push_back(value(plan.points[point], replication));
      sum += chosen.by_replication.back();
    }
    chosen.metric.value.estimate = sum / 4;
    result.chosen.push_back(std::move(chosen));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

TEST_CASE("main effects of a grid: the parameter that moves most comes first, with its interval") {
  SweepPlan plan = plan_of(settings_of({"a=[1, 2, 3]", "b=[small, large]"}));
  const auto value = [](const Texts& at, int replication) {
    // b moves by 10 ± 1 (sample deviation of -1, -1, 1, 1), a by 2 from 1 to 3.
    const double of_b = at[1] == "large" ? 10 + (replication < 2 ? -1 : 1) : 0;
    return 5 + std::stod(at[0]) + of_b;
  };
  const Sensitivity one = sensitivities(plan, points_with(plan, value)).front();
  CHECK(one.method == "main_effects");
  REQUIRE(one.effects.size() == 2);
  CHECK(one.effects[0].path == "b");
  CHECK(one.effects[0].from == "small");
  CHECK(one.effects[0].to == "large");
  CHECK(one.effects[0].change.estimate == Approx(10));
  // t(0.975, 3) · √(4/(4·3))
  CHECK(one.effects[0].change.high - 10 == Approx(3.182446 * std::sqrt(1.0 / 3)));
  CHECK(one.effects[1].change.estimate == Approx(2));
  CHECK(one.effects[1].change.low == Approx(2));  // the same in every replication
  // Variances of the level means: 25 and 2/3; additive, so that they make up all of it.
  CHECK(one.effects[0].share == Approx(25 / (25 + 2.0 / 3)));
  CHECK(one.explained == Approx(1));
}

TEST_CASE("an effect downwards is negative, in the order in which the values were given") {
  SweepPlan plan = plan_of(settings_of({"a=[1, 2, 3]"}));
  const auto value = [](const Texts& at, int) { return -std::stod(at[0]); };
  const Sensitivity one = sensitivities(plan, points_with(plan, value)).front();
  CHECK(one.effects[0].from == "1");
  CHECK(one.effects[0].to == "3");
  CHECK(one.effects[0].change.estimate == Approx(-2));
}

TEST_CASE("a sample is ranked by a linear model, on the scale that it was drawn on") {
  SweepPlan plan =
      plan_of(settings_of({"a=0.0..1.0", "b=1..1000 log"}, Design::latin_hypercube, 30));
  const auto value = [](const Texts& at, int) {
    return 3 * std::stod(at[0]) + 2 * std::log10(std::stod(at[1]));
  };
  const Sensitivity one = sensitivities(plan, points_with(plan, value)).front();
  CHECK(one.method == "regression");
  CHECK(one.explained == Approx(1));
  REQUIRE(one.effects.size() == 2);
  CHECK(one.effects[0].path == "b");
  CHECK(one.effects[0].change.estimate == Approx(2 * (std::log10(std::stod(one.effects[0].to)) -
                                                      std::log10(std::stod(one.effects[0].from)))));
}

TEST_CASE("what cannot be ranked says why") {
  const auto constant = [](const Texts&, int) { return 1.0; };
  SweepPlan zipped = plan_of(settings_of({"a=[1, 2]", "b=[1, 2]"}, Design::zip));
  CHECK_THAT(sensitivities(zipped, points_with(zipped, constant)).front().why_not,
             Catch::Contains("change together"));
  SweepPlan words = plan_of(settings_of({"a=[x, y]"}, Design::random, 10));
  CHECK_THAT(sensitivities(words, points_with(words, constant)).front().why_not,
             Catch::Contains("no numbers of one unit"));
  SweepPlan grid = plan_of(settings_of({"a=[1, 2]"}));
  CHECK_THAT(sensitivities(grid, points_with(grid,
                                             [](const Texts&, int) {
                                               return std::numeric_limits<double>::quiet_NaN();
                                             }))
                 .front()
                 .why_not,
             Catch::Contains("no data"));
  std::vector<PointResult> some = points_with(grid, constant);
  some.pop_back();
  CHECK(sensitivities(grid, some).front().why_not == "points are missing");
}
