#include "stampede/study/compare.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace stampede;

namespace {

Scenario shop(const std::string& mean, const std::string& users = "users") {
  const std::string text =
      "stampede: 1\n"
      "name: shop\n"
      "run: {duration: 20s, warmup: 4s, replications: 6, seed: 1}\n"
      "traffic:\n"
      "  " +
      users +
      ": {arrivals: {kind: poisson, rate: 100/s}, target: app}\n"
      "components:\n"
      "  app:\n"
      "    kind: service\n"
      "    concurrency: {kind: threads, workers: 2, queue: unbounded}\n"
      "    handler: [{compute: {exponential: {mean: " +
      mean + "}}}]\n";
  ReadScenario read = read_scenario(text, "shop.yaml");
  REQUIRE(read.scenario);
  return *read.scenario;
}

ScenarioComparison compared(std::vector<Scenario> scenarios,
                            const ComparisonOptions& options = {}) {
  std::vector<Alternative> alternatives;
  for (Scenario& scenario : scenarios) {
    const char label = static_cast<char>('A' + alternatives.size());
    alternatives.push_back({std::string(1, label), "shop.yaml", std::move(scenario)});
  }
  return compare(alternatives, options, {});
}

const ComparedMetric& metric_of(const ScenarioComparison& comparison, const std::string& path) {
  for (const ComparedMetric& metric : comparison.metrics) {
    if (metric.path == path) {
      return metric;
    }
  }
  FAIL("no " + path);
  return comparison.metrics.front();
}

}  // namespace

TEST_CASE("the same scenario with the same luck does not differ at all") {
  const ScenarioComparison comparison = compared({shop("10ms"), shop("10ms")});
  REQUIRE(comparison.metrics.size() == 5);
  CHECK(comparison.intervals == 5);
  for (const ComparedMetric& metric : comparison.metrics) {
    CAPTURE(metric.path);
    CHECK(metric.pairs.at(0).verdict == Difference::none);
    CHECK(metric.pairs.at(0).difference.estimate == 0);
    CHECK(metric.ranking.empty());
  }
  CHECK(comparison.warnings.empty());
}

TEST_CASE("a slower service is worse, and pairing shows it with fewer replications") {
  const ScenarioComparison comparison = compared({shop("10ms"), shop("10.5ms")});
  const ComparedPair& mean = metric_of(comparison, "users.latency.mean").pairs.at(0);
  CHECK(mean.verdict == Difference::worse);
  CHECK(mean.difference.low > 0);
  CHECK(mean.difference.n == 6);
  CHECK(mean.variance_reduction > 5);
  const ScenarioComparison other_way = compared({shop("10.5ms"), shop("10ms")});
  CHECK(metric_of(other_way, "users.latency.mean").pairs.at(0).verdict == Difference::better);
}

TEST_CASE("where neither way is better, a number is higher or lower") {
  ComparisonOptions options;
  options.metrics = {"app.utilization"};
  const ScenarioComparison comparison = compared({shop("10ms"), shop("11ms")}, options);
  CHECK(comparison.metrics.at(0).pairs.at(0).verdict == Difference::higher);
}

TEST_CASE("a wide margin makes a small difference none that matters") {
  ComparisonOptions options;
  options.metrics = {"users.latency.mean"};
  options.margin = 0.5;
  const ScenarioComparison comparison = compared({shop("10ms"), shop("10.2ms")}, options);
  CHECK(comparison.metrics.at(0).pairs.at(0).verdict == Difference::none);
}

TEST_CASE("what cannot be told says how many replications would") {
  Scenario few = shop("10ms");
  few.run.replications = 2;
  Scenario slower = shop("10.05ms");
  slower.run.replications = 2;
  ComparisonOptions options;
  options.metrics = {"users.latency.mean"};
  options.margin = 0;
  const ScenarioComparison comparison = compared({few, slower}, options);
  const ComparedPair& pair = comparison.metrics.at(0).pairs.at(0);
  CHECK(pair.verdict == Difference::unclear);
  REQUIRE(pair.more_replications);
  CHECK(*pair.more_replications >= 1);
}

TEST_CASE("of three scenarios the best is found, and those that cannot be told from it") {
  const ScenarioComparison comparison = compared({shop("12ms"), shop("8ms"), shop("8ms")});
  const ComparedMetric& mean = metric_of(comparison, "users.latency.mean");
  CHECK(mean.ranking == std::vector<std::size_t>{1, 2, 0});
  CHECK(mean.perhaps_best == std::vector<std::size_t>{1, 2});
}

TEST_CASE("all have the luck and the replications of the first") {
  Scenario other = shop("10ms");
  other.run.seed = 7;
  other.run.replications = 3;
  const ScenarioComparison comparison = compared({shop("10ms"), other});
  CHECK(comparison.replications == 6);
  CHECK(comparison.metrics.at(0).pairs.at(0).difference.estimate == 0);
  REQUIRE(comparison.warnings.size() == 1);
  CHECK(comparison.warnings[0] ==
        "B asks for 3 replications with seed 7; all have 6 with seed 1, as A");
}

TEST_CASE("scenarios without a population in common cannot be compared") {
  CHECK_THROWS_WITH(compared({shop("10ms", "users"), shop("10ms", "guests")}),
                    "the scenarios have no population of traffic in common: A has users; B has "
                    "guests");
}

TEST_CASE("a number that nobody has is a mistake, one that some lack is listed") {
  ComparisonOptions options;
  options.metrics = {"users.latency.p999"};
  CHECK_THROWS_AS(compared({shop("10ms"), shop("10ms")}, options), NotComparable);
  options.metrics = {"app.utilization", "guests.availability"};
  const ScenarioComparison comparison =
      compared({shop("10ms", "users"), shop("10ms", "guests")}, options);
  REQUIRE(comparison.only_in.size() == 1);
  CHECK(comparison.only_in[0].first == "guests.availability");
  CHECK(comparison.only_in[0].second == "B");
}

TEST_CASE("a single replication is compared over batches") {
  Scenario one = shop("10ms");
  one.run.replications = 1;
  Scenario slower = shop("12ms");
  slower.run.replications = 1;
  const ScenarioComparison comparison = compared({one, slower});
  CHECK(comparison.scenarios.at(0).result.batches > 0);
  CHECK(metric_of(comparison, "users.latency.mean").pairs.at(0).verdict == Difference::worse);
}

TEST_CASE("what is interrupted before the first pair has no verdicts") {
  std::atomic<bool> stop = true;
  ReplicationOptions run;
  run.stop = &stop;
  Scenario endless = shop("10ms");
  endless.run.duration = Duration::from_seconds(1e8);
  const std::vector<Alternative> alternatives{{"A", "a", endless}, {"B", "b", endless}};
  const ScenarioComparison comparison = compare(alternatives, {}, run);
  CHECK(comparison.is_partial());
  CHECK(comparison.metrics.at(0).pairs.at(0).verdict == Difference::no_data);
}
