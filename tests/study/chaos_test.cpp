#include "stampede/study/chaos.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "stampede/measure/metrics.hpp"
#include "stampede/study/study.hpp"

using namespace stampede;

namespace {

Scenario scenario_of(const std::string& text) {
  ReadScenario read = read_scenario(text, "chaos.yaml");
  for (const Problem& problem : read.problems) {
    INFO(problem.what << ", expected " << problem.expected);
    CHECK(problem.severity != Severity::error);
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

/// A request each 100 ms, answered after 10 ms; the time between two of them is the only luck.
std::string world_with(const std::string& chaos, const std::string& more = "") {
  return "stampede: 1\nrun: {duration: 100s, warmup: 0s, slice: 1s, replications: 2}\n"
         "monitoring: {scrape_interval: 1s, window: 2s}\n"
         "traffic: {users: {arrivals: {constant: 10/s}, target: door, timeout: 500ms}}\n"
         "components:\n"
         "  door: {kind: service, concurrency: {kind: async, workers: 500}, handler: [{call: "
         "app}]}\n"
         "  app: {kind: service, handler: [{wait: 10ms}]}\n" +
         more + "chaos:\n  steady_state_hypothesis:\n    probes: [users.availability >= 99%]\n" +
         chaos;
}

StudyResult study_of_text(const std::string& text) {
  StudyResult study = run_study(scenario_of(text), ReplicationOptions());
  REQUIRE(study.chaos);
  return study;
}

double measure(const StudyResult& study, const std::string& path) {
  const auto metric = find_metric(study.result, "chaos." + path);
  REQUIRE(metric);
  return metric->value.estimate;
}

const std::string crash = "  method: [{pause: 40s}, {kind: crash, for: 10s, target: app}]\n";

}  // namespace

TEST_CASE("an experiment after which the system is steady again is completed") {
  const StudyResult study = study_of_text(world_with(crash));
  CHECK(study.chaos->verdict == ChaosVerdict::completed);
  CHECK_FALSE(study.has_failed_expectations());
  REQUIRE(study.chaos->windows.size() == 3);
  CHECK(study.chaos->windows[0].holds());
  CHECK_FALSE(study.chaos->windows[1].holds());
  CHECK(study.chaos->windows[2].holds());

  SECTION("and what it measures is when users were ill and how many of them") {
    CHECK(measure(study, "time_to_mitigate") == Approx(10));
    CHECK(measure(study, "time_to_recover") == Approx(10));
    CHECK(measure(study, "recovered") == 1);
    CHECK(measure(study, "blast_radius") == Approx(1));  // all of those ten seconds
    REQUIRE(study.chaos->components.size() == 1);        // nobody visits what is dead
    CHECK(study.chaos->components[0].name == "door");
    CHECK(study.chaos->components[0].disturbed.value.estimate == Approx(1));
  }
  SECTION("nobody noticed") {
    CHECK(measure(study, "detected") == 0);
    CHECK_FALSE(find_metric(study.result, "chaos.time_to_detect"));
  }
}

TEST_CASE("who asks for more than a good end gets another verdict") {
  const std::string strategy = "    strategy: continuously\n";
  const StudyResult study = study_of_text(world_with(strategy + crash));
  CHECK(study.chaos->verdict == ChaosVerdict::deviated);
  CHECK(study.has_failed_expectations());

  SECTION("which may be the one that is expected") {
    CHECK_FALSE(study_of_text(world_with(strategy + crash + "  expected_verdict: deviated\n"))
                    .has_failed_expectations());
  }
}

TEST_CASE("what is not steady before the method is not seen to become so") {
  const StudyResult study =
      study_of_text(world_with(crash, "faults: [{at: 0s, for: 20s, kind: crash, target: app}]\n"));
  CHECK(study.chaos->verdict == ChaosVerdict::deviated);
  CHECK_FALSE(study.chaos->was_steady_before);
}

TEST_CASE("a system that is not steady in the end has not recovered") {
  const StudyResult study =
      study_of_text(world_with(crash, "faults: [{at: 45s, for: 55s, kind: crash, target: app}]\n"));
  CHECK(study.chaos->verdict == ChaosVerdict::deviated);
  CHECK(measure(study, "recovered") == 0);
  const auto time = find_metric(study.result, "chaos.time_to_recover");
  REQUIRE(time);
  CHECK(time->value.estimate == Approx(60));
  CHECK(time->unfinished);  // at least so long
}

TEST_CASE("mitigated is the first time that it is steady again, recovered the last") {
  const StudyResult study = study_of_text(
      world_with("  method: [{pause: 20s}, {kind: crash, for: 5s, target: app}, {pause: 15s},\n"
                 "           {kind: crash, for: 5s, target: app}]\n"));
  CHECK(measure(study, "time_to_mitigate") == Approx(5));
  CHECK(measure(study, "time_to_recover") == Approx(25));
}

TEST_CASE("what never deviates takes no time to recover") {
  const StudyResult study = study_of_text(world_with(
      "  method: [{pause: 40s}, {kind: slow_down, factor: 1.5, for: 9s, target: app}]\n"));
  CHECK(measure(study, "time_to_recover") == 0);
  CHECK(measure(study, "blast_radius") == 0);
}

TEST_CASE("an answer that takes longer than a probe allows is harm") {
  std::string text = world_with(
      "  method: [{pause: 40s}, {kind: slow_down, latency: 200ms, for: 20s, target: app, toxicity: "
      "50%}]\n");
  const std::string probe = "users.availability >= 99%";
  text.replace(text.find(probe), probe.size(), probe + ", users.latency.p99 < 100ms");
  CHECK(measure(study_of_text(text), "blast_radius") == Approx(0.5).margin(0.1));
}

TEST_CASE("a stop condition makes the verdict, and is somebody who noticed") {
  const StudyResult study =
      study_of_text(world_with("  method: [{pause: 40s}, {kind: crash, for: 30s, target: app}]\n"
                               "  stop_conditions: [door.error_rate > 50%]\n"));
  CHECK(study.chaos->verdict == ChaosVerdict::aborted);
  CHECK(study.has_failed_expectations());
  CHECK(study.chaos->aborted() == 2);
  CHECK(measure(study, "aborted") == 1);
  CHECK(measure(study, "time_to_detect") < 4);
  CHECK(measure(study, "time_to_recover") < 5);
}

TEST_CASE("a circuit breaker that opens is somebody who noticed") {
  const StudyResult study = study_of_text(
      "stampede: 1\nrun: {duration: 100s, warmup: 0s, slice: 1s}\n"
      "traffic: {users: {arrivals: {constant: 10/s}, target: door, timeout: 500ms}}\n"
      "components:\n"
      "  door:\n"
      "    kind: service\n"
      "    concurrency: {kind: async, workers: 500}\n"
      "    handler: [{call: app}]\n"
      "    guards:\n"
      "      - {target: app, use: [{circuit_breaker: {sliding_window_size: 10,\n"
      "         minimum_number_of_calls: 10, wait_duration_in_open_state: 5s}}]}\n"
      "  app: {kind: service, handler: [{wait: 10ms}]}\n"
      "chaos:\n  steady_state_hypothesis:\n    probes: [users.availability >= 99%]\n"
      "  recovery_time_objective: 10s\n" +
      crash);
  CHECK(measure(study, "time_to_detect") == Approx(1));  // five failures of ten, to the slice
  REQUIRE_FALSE(study.chaos->detections.empty());
  CHECK(study.chaos->detections[0].detector == "circuit_breaker");
  CHECK(study.chaos->detections[0].component == "door");
}
