#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"

// The method of a chaos experiment as a world carries it out.

namespace stampede {
namespace {

using Texts = std::vector<std::string>;

Scenario scenario_of(const std::string& text, int divisor = 1) {
  ReadScenario read = read_scenario(text, "chaos.yaml", {}, divisor);
  for (const Problem& problem : read.problems) {
    INFO(problem.what << ", expected " << problem.expected);
    CHECK(problem.severity != Severity::error);
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

/// One server that can do 100 requests a second, and `rate` of them.
std::string world_with(const std::string& rest, const std::string& rate = "10/s") {
  return "stampede: 1\nrun: {duration: 200s, warmup: 0s, slice: 1s}\n"
         "monitoring: {scrape_interval: 5s, window: 5s}\n"
         "traffic: {users: {arrivals: {poisson: " +
         rate +
         "}, target: app, timeout: 1s}}\n"
         "components:\n"
         "  app: {kind: service, concurrency: {kind: threads, workers: 1, queue: 10},\n"
         "        handler: [{compute: 10ms}]}\n" +
         rest;
}

std::string experiment(const std::string& method, const std::string& more = "") {
  return "chaos:\n"
         "  steady_state_hypothesis: {probes: [users.availability > 90%]}\n"
         "  method:\n" +
         method + more;
}

WorldRecord ran(const Scenario& scenario) {
  WorldRecord record = World(scenario, 0).run();
  CHECK(record.broken_law == "");
  return record;
}

Texts timeline(const WorldRecord& record) {
  Texts lines;
  for (const FaultEvent& event : record.faults) {
    lines.push_back(
        fmt::format("{:g} {} {}", event.at_s, event.kind, event.begins ? "begins" : "ends"));
  }
  return lines;
}

TEST_CASE("each step of a method begins when the one before it has ended") {
  const std::string text =
      world_with(experiment("    - {pause: 20s}\n"
                            "    - {kind: pause, for: 5s, target: app}\n"
                            "    - {kind: crash, for: 10s, target: app}\n"
                            "    - {pause: 3s}\n"
                            "    - {herd: {traffic: users, requests: 2}}\n"
                            "    - {kind: slow_down, factor: 2, for: 4s, target: app}\n"));
  CHECK(timeline(ran(scenario_of(text))) ==
        Texts{"20 pause begins", "25 pause ends", "25 crash begins", "35 crash ends",
              "38 herd begins", "38 slow_down begins", "42 slow_down ends"});

  SECTION("also where the run is shortened") {
    CHECK(timeline(ran(scenario_of(text, 10))) ==
          Texts{"2 pause begins", "2.5 pause ends", "2.5 crash begins", "3.5 crash ends",
                "3.8 herd begins", "3.8 slow_down begins", "4.2 slow_down ends"});
  }
}

TEST_CASE("a fault in the background lets the next step begin at once") {
  const Scenario scenario = scenario_of(world_with(
      experiment("    - {pause: 20s}\n"
                 "    - {kind: slow_down, factor: 2, for: 30s, target: app, background: true}\n"
                 "    - {pause: 5s}\n"
                 "    - {kind: crash, for: 5s, target: app}\n")));
  CHECK(timeline(ran(scenario)) ==
        Texts{"20 slow_down begins", "25 crash begins", "30 crash ends", "50 slow_down ends"});
  CHECK(scenario.chaos->method.begins == Duration::from_seconds(20));
  CHECK(scenario.chaos->method.ends == Duration::from_seconds(50));
}

TEST_CASE("a fault of a method does what it does among the faults") {
  const std::string crash = "kind: crash, for: 10s, target: app}\n";
  const Scenario among_faults = scenario_of(world_with("faults:\n  - {at: 20s, " + crash));
  const Scenario in_a_method =
      scenario_of(world_with(experiment("    - {pause: 20s}\n    - {" + crash)));
  CHECK(ran(among_faults).recording->fingerprint() == ran(in_a_method).recording->fingerprint());
}

TEST_CASE("rollbacks begin when the method has ended") {
  const Scenario scenario =
      scenario_of(world_with(experiment("    - {pause: 20s}\n"
                                        "    - {kind: pause, for: 5s, target: app}\n",
                                        "  rollbacks:\n"
                                        "    - {kind: crash, for: 1s, target: app}\n"
                                        "    - {pause: 2s}\n"
                                        "    - {kind: crash, for: 1s, target: app}\n")));
  CHECK(timeline(ran(scenario)) == Texts{"20 pause begins", "25 pause ends", "25 crash begins",
                                         "26 crash ends", "28 crash begins", "29 crash ends"});
}

TEST_CASE("a stop condition ends all faults of the method at once, and begins the rollbacks") {
  // The server is twenty times slower from 24 s on: the window that the scrape at 30 s looks back
  // on is full of requests that were turned away.
  const Scenario scenario = scenario_of(world_with(
      experiment("    - {pause: 24s}\n"
                 "    - {kind: slow_down, factor: 20, for: 100s, target: app, background: true}\n"
                 "    - {pause: 50s}\n"
                 "    - {kind: crash, for: 10s, target: app}\n",
                 "  stop_conditions: [app.error_rate > 50%]\n"
                 "  rollbacks: [{kind: crash, for: 2s, target: app}]\n"),
      "50/s"));
  const WorldRecord record = ran(scenario);
  REQUIRE(record.abort);
  CHECK(record.abort->condition == "app.error_rate > 50%");
  CHECK(record.abort->at_s == 30);
  CHECK(timeline(record) ==
        Texts{"24 slow_down begins", "30 slow_down ends", "30 crash begins", "32 crash ends"});
}

TEST_CASE("a stop condition that is met before the method or after it stops nothing") {
  const WorldRecord record = ran(
      scenario_of("stampede: 1\nrun: {duration: 200s, warmup: 0s, slice: 1s}\n"
                  "monitoring: {scrape_interval: 5s, window: 5s}\n"
                  "traffic: {users: {arrivals: {poisson: 50/s}, target: app, timeout: 1s}}\n"
                  "components:\n"
                  "  app: {kind: service, concurrency: {kind: threads, workers: 1, queue: 10},\n"
                  "        handler: [{compute: 10ms}]}\n"
                  "faults:\n"
                  "  - {at: 10s, for: 10s, kind: slow_down, factor: 20, target: app}\n"
                  "  - {at: 120s, for: 10s, kind: slow_down, factor: 20, target: app}\n" +
                  experiment("    - {pause: 60s}\n    - {kind: pause, for: 100ms, target: app}\n",
                             "  stop_conditions: [app.error_rate > 50%]\n")));
  CHECK_FALSE(record.abort);
}

}  // namespace
}  // namespace stampede
