#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "stampede/measure/metrics.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"

// Rollouts as a world runs them.
namespace stampede::test {

inline Scenario scenario_of(const std::string& text) {
  ReadScenario read = read_scenario(text, "rollout.yaml");
  for (const Problem& problem : read.problems) {
    if (problem.severity == Severity::error) {
      FAIL("line " << problem.place.line << ": " << problem.what << ", expected "
                   << problem.expected);
    }
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

/// What is wrong with a scenario, one text for each error.
inline std::vector<std::string> errors_of(const std::string& text) {
  std::vector<std::string> errors;
  for (const Problem& problem : read_scenario(text, "rollout.yaml").problems) {
    if (problem.severity == Severity::error) {
      errors.push_back(fmt::format("{}: {}", problem.place.line, problem.what));
    }
  }
  return errors;
}

/// One run of a scenario.
class Ran {
 public:
  explicit Ran(const std::string& text, std::uint64_t replication = 0)
      : scenario_(scenario_of(text)), record_(World(scenario_, replication).run()) {
    CHECK(record_.broken_law == "");
    REQUIRE(record_.complete);
    const Recording* recording = record_.recording.get();
    result_ = summarize(std::span(&recording, 1), {Duration()});
  }

  const RolloutRecord& rollout(std::size_t i = 0) const { return record_.rollouts.at(i); }
  /// "10 stops 3", one text for each step.
  std::vector<std::string> steps(std::size_t i = 0) const {
    std::vector<std::string> texts;
    for (const RolloutStep& step : rollout(i).steps) {
      texts.push_back(fmt::format("{:g} {}", step.at_s, step.what));
    }
    return texts;
  }
  std::string verdict(std::size_t i = 0) const { return std::string(name_of(rollout(i).verdict)); }

  /// A number of the result; NaN if there is none.
  double operator[](const std::string& path) const {
    const std::optional<Metric> metric = find_metric(result_, path);
    INFO(path);
    REQUIRE(metric);
    return metric->value.estimate;
  }
  /// The same in a window of the run.
  double between(const std::string& path, Duration from, Duration to) const {
    const Recording* recording = record_.recording.get();
    const std::optional<Result> result =
        summarize_between(std::span(&recording, 1), Time::from_start(from), Time::from_start(to));
    REQUIRE(result);
    const std::optional<Metric> metric = find_metric(*result, path);
    INFO(path);
    REQUIRE(metric);
    return metric->value.estimate;
  }
  std::uint64_t fingerprint() const { return record_.recording->fingerprint(); }

 private:
  Scenario scenario_;
  WorldRecord record_;
  Result result_;
};

/// Servers behind a balancer, each request 10 ms of work; `app` and `rollout` are added as they
/// are.
struct Shop {
  int replicas = 4;
  std::string duration = "100s";
  std::string arrivals = "{kind: constant, rate: 20/s}";
  std::string app = "versions: {v2: {}}";
  std::string rollout = {};
  std::string handler = "[{wait: 10ms}]";
  std::string balancer = "{kind: load_balancer, backends: app}";
  std::string more = {};
  std::string users = {};

  std::string text() const {
    return fmt::format(
        "stampede: 1\n"
        "run: {{duration: {}, slice: 1s}}\n"
        "monitoring: {{scrape_interval: 1s, window: 10s}}\n"
        "traffic: {{users: {{arrivals: {}, {}target: balancer}}}}\n"
        "components:\n"
        "  balancer: {}\n"
        "  app: {{kind: service, replicas: {}, handler: {}, boot_time: 2s, {}}}\n"
        "rollouts:\n"
        "  release: {{target: app, to: v2, at: 10s, {}}}\n"
        "{}",
        duration, arrivals, users, balancer, replicas, handler, app, rollout, more);
  }
};

}  // namespace stampede::test
