#include "stampede/study/search.hpp"

#include <catch2/catch.hpp>

#include "stampede/measure/metrics.hpp"

using namespace stampede;

namespace {

using Texts = std::vector<std::string>;

Expectation expectation(Relation relation, double value) {
  Expectation expectation;
  expectation.text = "shoppers.latency.p99 ...";
  expectation.subject = "shoppers";
  expectation.metric = "latency.p99";
  expectation.relation = relation;
  expectation.value = value;
  return expectation;
}

/// A study in which the p99 is 100 ± 10 over 5 replications.
Decision decision_on(const std::vector<Expectation>& expectations, double error,
                     bool supported = true) {
  StudyResult study;
  study.result.replications = 5;
  Subject shoppers;
  shoppers.name = "shoppers";
  shoppers.kind = "traffic";
  Metric metric{"latency_s.p99", Estimate{100, 90, 110, 5}};
  metric.supported = supported;
  shoppers.metrics.push_back(metric);
  study.result.traffic.push_back(shoppers);
  study.expectations = judge_expectations(expectations, study.result, true);
  return decide(study, error).decision;
}

// Two servers of 10 ms, so that the load at which p99 crosses 60 ms is between the ends.
constexpr const char* scenario_text = R"(
stampede: 1
run: {duration: 100s, warmup: 5s, replications: 4}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 10/s}
    target: app
prices: {app: 0.5}
components:
  app:
    kind: service
    replicas: 1
    concurrency: {kind: threads, workers: 2, queue: 1000}
    handler: [{compute: {exponential: {mean: 10ms}}}]
expect:
  - shoppers.latency.p99 < 60ms
)";

SweepPlan plan_of(const Texts& paths, const std::vector<Texts>& points) {
  SweepPlan plan;
  plan.version = STAMPEDE_VERSION;
  plan.file = "a.yaml";
  plan.text = scenario_text;
  plan.paths = paths;
  plan.is_log.assign(paths.size(), false);
  plan.points = points;
  return plan;
}

ValueRange range_of(const std::string& text) {
  Problems problems;
  Reader reader(problems);
  Parameter parameter;
  reader.read(Value::scalar("x=" + text), parameter, "x");
  REQUIRE(problems.empty());
  return *parameter.range;
}

LimitFound limit(const std::string& path, const std::string& values, bool largest,
                 const SearchOptions& search, int jobs = 0) {
  const ValueRange range = range_of(values);
  SweepPlan plan = plan_of({path}, {{range.text(range.from)}, {range.text(range.to)}});
  if (path != "shoppers.arrivals.rate") {
    plan.settings = {"shoppers.arrivals.rate=100/s"};  // as much as one worker can do
  }
  REQUIRE_FALSE(has_errors(check_plan(plan).problems));
  ReplicationOptions options;
  options.jobs = jobs;
  return find_limit(plan, range, largest, search, options);
}

}  // namespace

TEST_CASE("what an expectation says is decided by a bound on the right side of its limit") {
  // 10 is t(0.975, 4) standard errors, so a standard error is 3.60.
  CHECK(decision_on({expectation(Relation::less, 111)}, 0.025) == Decision::meets);
  CHECK(decision_on({expectation(Relation::less, 109)}, 0.025) == Decision::cannot_tell);
  CHECK(decision_on({expectation(Relation::less, 91)}, 0.025) == Decision::cannot_tell);
  CHECK(decision_on({expectation(Relation::less, 89)}, 0.025) == Decision::fails);
  CHECK(decision_on({expectation(Relation::at_least, 89)}, 0.025) == Decision::meets);
  CHECK(decision_on({expectation(Relation::at_least, 111)}, 0.025) == Decision::fails);
}

TEST_CASE("a smaller error asks for more room") {
  // t(0.999, 4) = 7.173: the bound is at 125.8.
  CHECK(decision_on({expectation(Relation::less, 125)}, 0.001) == Decision::cannot_tell);
  CHECK(decision_on({expectation(Relation::less, 126.5)}, 0.001) == Decision::meets);
}

TEST_CASE("all expectations must be met, and one that fails decides") {
  const Expectation met = expectation(Relation::less, 500);
  const Expectation failing = expectation(Relation::less, 10);
  const Expectation close = expectation(Relation::less, 101);
  CHECK(decision_on({met, met}, 0.025) == Decision::meets);
  CHECK(decision_on({met, close}, 0.025) == Decision::cannot_tell);
  CHECK(decision_on({close, failing, met}, 0.025) == Decision::fails);
}

TEST_CASE("what is compared with another number is taken at its verdict") {
  Expectation twice = expectation(Relation::less, 0);
  twice.other = ScaledPath{2, {"shoppers", "latency.p99"}};
  CHECK(decision_on({twice}, 0.025) == Decision::meets);
  twice.other->factor = 0.5;
  CHECK(decision_on({twice}, 0.025) == Decision::fails);
}

TEST_CASE("a number that the run cannot support never meets") {
  CHECK(decision_on({expectation(Relation::less, 500)}, 0.025, false) == Decision::cannot_tell);
}

TEST_CASE("the largest load that meets is next to one that does not") {
  SearchOptions search;
  search.precision = 0.05;
  search.most_replications = 16;
  const LimitFound found = limit("shoppers.arrivals.rate", "20/s..400/s", true, search);
  REQUIRE(found.best);
  REQUIRE(found.next);
  const auto numbers = as_numbers({*found.best, *found.next}, false);
  REQUIRE(numbers);
  CHECK((*numbers)[0] < (*numbers)[1]);
  CHECK((*numbers)[1] - (*numbers)[0] <= 0.05 * (*numbers)[1]);
  // M/M/2 at 100/s has a p99 of 51.0 ms, at 120/s of 58.8 ms, at 140/s of 74.4 ms.
  CHECK((*numbers)[0] > 90);
  CHECK((*numbers)[1] < 140);
  for (const Probe& probe : found.probes) {
    const double value = (*as_numbers({probe.value}, false))[0];
    CHECK((probe.decided.decision == Decision::meets) == (value <= (*numbers)[0]));
    CHECK(probe.replications >= 4);
    CHECK(probe.replications <= 16);
  }
}

TEST_CASE("the smallest number that meets is found exactly, whatever the number of threads") {
  std::vector<std::string> before;
  for (const int jobs : {1, 3}) {
    const LimitFound found =
        limit("app.concurrency.workers", "1..40", false, SearchOptions{}, jobs);
    CHECK(found.best == "2");
    CHECK(found.next == "1");
    std::vector<std::string> tried;
    for (const Probe& probe : found.probes) {
      tried.push_back(probe.value + ":" + std::to_string(probe.replications));
    }
    CHECK((before.empty() || before == tried));
    before = tried;
  }
}

TEST_CASE("a limit that is not in the range is said to lie beyond") {
  const LimitFound all = limit("shoppers.arrivals.rate", "1/s..20/s", true, SearchOptions{});
  CHECK(all.best == "20/s");
  CHECK_FALSE(all.next);
  const LimitFound none = limit("shoppers.arrivals.rate", "400/s..900/s", true, SearchOptions{});
  CHECK_FALSE(none.best);
  CHECK(none.next == "400/s");
  CHECK(none.probes.size() == 1);
}

TEST_CASE("the cheapest configuration that meets costs its instances at their prices") {
  SweepPlan plan = plan_of({"app.replicas", "app.concurrency.workers", "prices.app"},
                           {{"3", "2", "1"}, {"1", "1", "9"}, {"1", "2", "2"}, {"1", "3", "4"}});
  plan.text = std::string(scenario_text);
  plan.settings = {"shoppers.arrivals.rate=60/s"};
  const CheckedPlan checked = check_plan(plan);
  REQUIRE_FALSE(has_errors(checked.problems));
  const CheapestFound found = find_cheapest(plan, checked.points, 0.95, {});
  REQUIRE(found.candidates.size() == 4);
  REQUIRE(found.best);
  CHECK(found.candidates[*found.best].point == 2);
  CHECK(found.candidates[0].cost_per_h == Approx(2));
  CHECK(found.candidates[1].cost_per_h == Approx(3));
  CHECK(found.candidates[3].cost_per_h == Approx(9));
  CHECK(found.candidates[0].is_on_front);        // the cheapest
  CHECK_FALSE(found.candidates[3].is_on_front);  // dearer and slower than all others
  CHECK(found.candidates[3].decided.decision == Decision::fails);
}

TEST_CASE("a price is of a component that there is, and not negative") {
  for (const auto& [prices, what] : std::vector<std::pair<std::string, std::string>>{
           {"prices={ap: 1}", "there is no component 'ap' to have a price"},
           {"prices={app: -1}", "the price of 'app' is negative"}}) {
    const ReadScenario read = read_scenario(scenario_text, "a.yaml", {prices});
    REQUIRE(read.problems.size() == 1);
    CHECK(read.problems[0].what == what);
  }
}

TEST_CASE("costs are numbers of the result, to be expected and swept") {
  const ReadScenario read =
      read_scenario(scenario_text, "a.yaml", {"app.replicas=3", "expect=[app.cost_per_h == 1.5]"},
                    /*divisor=*/10);
  REQUIRE(read.scenario);
  CHECK(check_expectations(*read.scenario).empty());
  const StudyResult study = run_study(*read.scenario, {});
  CHECK_FALSE(study.has_failed_expectations());
}
