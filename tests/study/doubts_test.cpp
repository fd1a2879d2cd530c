#include "stampede/study/doubts.hpp"

#include <catch2/catch.hpp>

#include "stampede/study/study.hpp"

using namespace stampede;

namespace {

using Catch::Matchers::Contains;

std::vector<std::string> warnings_of(const std::string& run, const std::string& traffic,
                                     const std::string& components, const std::string& rest = "") {
  const std::string text = "stampede: 1\nname: doubtful\nrun: {" + run + "}\ntraffic:\n" + traffic +
                           "components:\n" + components + rest;
  const ReadScenario read = read_scenario(text, "doubtful.yaml");
  for (const Problem& problem : read.problems) {
    UNSCOPED_INFO(problem.what);
  }
  REQUIRE(read.scenario);
  return run_study(*read.scenario, {}).warnings;
}

std::string users(const std::string& arrivals, const std::string& target = "app") {
  return "  users: {arrivals: {" + arrivals + "}, target: " + target + "}\n";
}

std::string app(const std::string& mean, const std::string& more = "") {
  return "  app:\n    kind: service\n" + more +
         "    concurrency: {kind: threads, workers: 1, queue: unbounded}\n"
         "    handler: [{compute: {exponential: {mean: " +
         mean + "}}}]\n";
}

const std::string run = "duration: 100s, warmup: 10s, replications: 5";

}  // namespace

TEST_CASE("a healthy scenario has no warnings") {
  CHECK(warnings_of(run, users("kind: poisson, rate: 70/s"), app("10ms")).empty());
  CHECK(
      warnings_of("duration: 1000s, warmup: 100s", users("kind: poisson, rate: 50/s"), app("10ms"))
          .empty());
  CHECK(warnings_of(run, users("kind: closed, users: 5, think_time: {exponential: {mean: 100ms}}"),
                    app("10ms"))
            .empty());
}

TEST_CASE("requests that pile up are warned about, however little there is too much of them") {
  for (const char* rate : {"105/s", "200/s"}) {
    const auto warnings =
        warnings_of(run, users(std::string("kind: poisson, rate: ") + rate), app("10ms"));
    REQUIRE_FALSE(warnings.empty());
    const bool is_told = std::any_of(warnings.begin(), warnings.end(), [](const auto& warning) {
      return warning.find("requests pile up in app all along") == 0;
    });
    CHECK(is_told);
  }
}

TEST_CASE("a busy queue that keeps up is no pile") {
  CHECK(warnings_of("duration: 1000s, warmup: 100s, replications: 5",
                    users("kind: poisson, rate: 90/s"), app("10ms"))
            .empty());
}

TEST_CASE("few requests are said to be few") {
  const auto warnings = warnings_of("duration: 100s, warmup: 10s, replications: 3",
                                    users("kind: poisson, rate: 0.2/s"), app("10ms"));
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("of users ended after the warm-up: too few"));
}

TEST_CASE("batches that are alike are warned about") {
  // A load that swings slowly, in a run of a few swings.
  const auto warnings = warnings_of(
      "duration: 100s, warmup: 0s",
      users("kind: poisson, rate: {diurnal: {mean: 60/s, amplitude: 58%, period: 50s}}"),
      app("10ms"));
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("much alike from one batch of the run to the next"));
}

TEST_CASE("closed users that hide a freeze are told with what they hide") {
  const auto warnings = warnings_of(
      "duration: 60s, warmup: 0s, replications: 3",
      users("kind: closed, users: 20, think_time: {exponential: {mean: 45ms}}"), app("1ms"),
      "faults:\n  - {at: 20s, for: 5s, kind: pause, target: {component: app}}\n");
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("users wait for their answers and so hardly meet what is slow"));
  CHECK_THAT(warnings[0], Contains("latency.p99 would be about 4"));
}

TEST_CASE("who takes turns and still gives unequal shares is asked why") {
  const std::string balancer =
      "  balancer:\n    kind: load_balancer\n    backends: app\n"
      "    health_check: {interval: 1s, timeout: 100ms, unhealthy_threshold: 2, healthy_threshold: "
      "2}\n";
  const std::string fleet = balancer + app("1ms", "    replicas: 4\n");
  const std::string traffic = users("kind: poisson, rate: 100/s", "balancer");
  CHECK(warnings_of(run, traffic, fleet).empty());
  // A frozen server is up, but no answer comes from it.
  const auto warnings = warnings_of(
      run, traffic, fleet,
      "faults:\n  - {at: 20s, for: 60s, kind: pause, target: {component: app, count: 1}}\n");
  const bool is_told = std::any_of(warnings.begin(), warnings.end(), [](const auto& warning) {
    return warning.find("the instances of app take turns and were all up") == 0;
  });
  CHECK(is_told);
}
