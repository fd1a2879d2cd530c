#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <string>

#include "stampede/measure/metrics.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"

// Feature flags and A/B tests as a world runs them.

namespace stampede {
namespace {

Scenario scenario_of(const std::string& text) {
  ReadScenario read = read_scenario(text, "flags.yaml");
  for (const Problem& problem : read.problems) {
    if (problem.severity == Severity::error) {
      FAIL("line " << problem.place.line << ": " << problem.what << ", expected "
                   << problem.expected);
    }
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

struct Ran {
  Result result;
  std::vector<FaultEvent> events;

  double number(const std::string& path) const {
    const std::optional<Metric> metric = find_metric(result, path);
    INFO(path);
    REQUIRE(metric.has_value());
    return metric->value.estimate;
  }
};

Ran ran(const std::string& text, std::uint64_t replication = 0) {
  const Scenario scenario = scenario_of(text);
  const WorldRecord record = World(scenario, replication).run();
  CHECK(record.broken_law == "");
  const Recording* recording = record.recording.get();
  return {summarize({&recording, 1}, {scenario.run.warmup.length}), record.faults};
}

/// A service of which those with the treatment visit `new`, others `old`.
std::string world_with(const std::string& flag, const std::string& rest = "",
                       const std::string& users = "{count: 500}") {
  return fmt::format(R"(stampede: 1
run: {{duration: 20s, warmup: 0s}}
traffic:
  shoppers: {{arrivals: {{poisson: 200/s}}, users: {}, target: app}}
components:
  app:
    kind: service
    handler:
      - flag: checkout
        variants: {{treatment: [{{call: new}}], control: [{{call: old}}]}}
  new: {{kind: service, handler: [{{wait: 2ms}}]}}
  old: {{kind: service, handler: [{{wait: 1ms}}]}}
flags:
  checkout: {{{}}}
{})",
                     users, flag, rest);
}

double share_of_new(const Ran& run) {
  const double on = run.number("new.requests");
  return on / (on + run.number("old.requests"));
}

const std::string test_of_values = R"(ab_tests:
  pays:
    flag: checkout
    metric: {variants: {control: {probability: 20%}, treatment: {probability: 80%}}}
    users: 400
    looks: 4
    analyses: {once: fixed_horizon, sequential: group_sequential, always: msprt, bayes: bayesian}
)";

// ---- Flags ------------------------------------------------------------------------------------

TEST_CASE("a flag gives each variant its share of users, and others the default") {
  CHECK(share_of_new(ran(world_with("variants: {control: 1, treatment: 1}"))) ==
        Approx(0.5).margin(0.09));
  CHECK(share_of_new(ran(world_with("variants: {control: 0, treatment: 1}, rollout: 20%"))) ==
        Approx(0.2).margin(0.075));
  CHECK(share_of_new(ran(world_with("variants: {control: 0, treatment: 1}, rollout: 20%, "
                                    "default: treatment"))) == 1);
}

TEST_CASE("all requests of a user get the same variant") {
  // One user, 4000 requests: all or nothing, however many flags are tried.
  for (const char* salt : {"a", "b", "c", "d"}) {
    const double share = share_of_new(ran(world_with(
        fmt::format("variants: {{control: 1, treatment: 1}}, salt: {}", salt), "", "{count: 1}")));
    CHECK((share == 0 || share == 1));
  }
}

TEST_CASE("a flag that sticks to requests divides those of one user") {
  CHECK(share_of_new(ran(world_with("variants: {control: 1, treatment: 1}, stickiness: request", "",
                                    "{count: 1}"))) == Approx(0.5).margin(0.04));
}

TEST_CASE("a flag for a segment reaches nobody else") {
  const std::string users = "{count: 2000, segments: {free: 75%, premium: 25%}}";
  const Ran run =
      ran(world_with("variants: {control: 0, treatment: 1}, segments: [premium]", "", users));
  CHECK(run.number("new.requests") == run.number("shoppers.segments.premium.requests"));
}

TEST_CASE("a schedule changes the rollout, and moves nobody out") {
  const std::string flag = "variants: {control: 0, treatment: 1}, rollout: 0%, ";
  CHECK(share_of_new(ran(world_with(flag + "schedule: [{at: 10s, rollout: 100%}]"))) ==
        Approx(0.5).margin(0.03));
  CHECK(share_of_new(ran(
            world_with(flag + "schedule: [{at: 5s, rollout: 40%}, {at: 10s, rollout: 100%}]"))) ==
        Approx(0.6).margin(0.05));
}

TEST_CASE("a kill switch gives everybody the default, at an instant and for a while") {
  const std::string flag = "variants: {control: 0, treatment: 1}, ";
  const Ran good = ran(world_with(flag + "kill_switch: 5s"));
  CHECK(share_of_new(good) == Approx(0.25).margin(0.03));
  REQUIRE(good.events.size() == 1);
  CHECK(good.events[0].at_s == 5);
  CHECK(good.events[0].kind == "kill_switch");
  CHECK(good.events[0].target == "checkout");
  CHECK(share_of_new(ran(world_with(flag + "kill_switch: {at: 5s, for: 5s}"))) ==
        Approx(0.75).margin(0.03));
}

TEST_CASE("a kill switch is thrown when monitoring sees the condition") {
  const Ran run = ran(world_with(
      "variants: {control: 0, treatment: 1}, kill_switch: {at: 7s, when: new.throughput > 50/s}",
      "monitoring: {scrape_interval: 2s, window: 4s}\n"));
  REQUIRE(run.events.size() == 1);
  // What was scraped at 6 s is known at 7 s.
  CHECK(run.events[0].at_s == 7);
  const Ran never = ran(world_with(
      "variants: {control: 0, treatment: 1}, kill_switch: {when: new.throughput > 5000/s}",
      "monitoring: {scrape_interval: 2s, window: 4s}\n"));
  CHECK(never.events.empty());
}

TEST_CASE("two tests of one population look at the same users independently") {
  const Ran run = ran(world_with("variants: {control: 1, treatment: 1}", R"(  search:
    variants: {control: 1, treatment: 1}
ab_tests:
  of_checkout: {flag: checkout, metric: latency, users: 300, analyses: {once: fixed_horizon}}
  of_search: {flag: search, metric: latency, users: 300, analyses: {once: fixed_horizon}}
)"));
  CHECK(run.number("of_checkout.once.found_higher") == 1);
  CHECK(run.number("of_search.treatment.level") == Approx(0.0015).margin(0.0002));
}

// ---- A/B tests --------------------------------------------------------------------------------

TEST_CASE("an A/B test finds a difference, and no more users take part than were planned") {
  const Ran run = ran(world_with("variants: {control: 1, treatment: 1}", test_of_values));
  CHECK(run.number("pays.users") == 400);
  CHECK(run.number("pays.complete") == 1);
  CHECK(run.number("pays.difference") == Approx(0.6).margin(0.16));
  CHECK(run.number("pays.control.level") == Approx(0.2).margin(0.115));
  for (const char* analysis : {"once", "sequential", "always", "bayes"}) {
    CHECK(run.number(fmt::format("pays.{}.found_higher", analysis)) == 1);
    CHECK(run.number(fmt::format("pays.analyses.{}.found_lower", analysis)) == 0);
  }
  CHECK(run.number("pays.once.users") == 400);
  CHECK(run.number("pays.sequential.users") < 400);
  CHECK(run.number("pays.sample_ratio_mismatch") == 0);
}

TEST_CASE("a test of too few users finds nothing and says so") {
  const Ran run =
      ran(world_with("variants: {control: 1, treatment: 1}", test_of_values, "{count: 90}"));
  CHECK(run.number("pays.complete") == 0);
  CHECK(run.number("pays.once.found") == 0);
  CHECK(run.result.warnings.size() == 1);
}

TEST_CASE("only those who are rolled out to take part in a test") {
  const Ran run =
      ran(world_with("variants: {control: 1, treatment: 1}, rollout: 30%", test_of_values));
  CHECK(run.number("pays.users") == Approx(150).margin(42));
  const Ran killed =
      ran(world_with("variants: {control: 1, treatment: 1}, kill_switch: 0s", test_of_values));
  CHECK(killed.number("pays.users") == 0);
  CHECK(killed.number("pays.once.found") == 0);
}

TEST_CASE("the metric of a test may be measured") {
  const Ran run = ran(world_with("variants: {control: 1, treatment: 1}", R"(ab_tests:
  faster:
    flag: checkout
    metric: latency
    users: 400
    analyses: {once: fixed_horizon}
)"));
  CHECK(run.number("faster.control.level") == Approx(0.001));
  CHECK(run.number("faster.treatment.level") == Approx(0.002));
  CHECK(run.number("faster.difference") == Approx(0.001));
  CHECK(run.number("faster.once.found_higher") == 1);
}

TEST_CASE("who counts when answered is missing when the treatment fails") {
  const std::string failing = R"(faults:
  - {kind: error_burst, at: 0s, target: {component: new}, error_rate: 100%}
ab_tests:
  page: {flag: checkout, exposure: answered, metric: failures, users: 400, analyses: {once: fixed_horizon}}
  door: {flag: checkout, metric: failures, users: 400, analyses: {once: fixed_horizon}}
)";
  const Ran run = ran(world_with("variants: {control: 1, treatment: 1}", failing));
  CHECK(run.number("page.treatment.users") == 0);
  CHECK(run.number("page.sample_ratio_mismatch") == 1);
  CHECK(run.number("door.treatment.failure_share") == 1);
  CHECK(run.number("door.control.failure_share") == 0);
  CHECK(run.number("door.sample_ratio_mismatch") == 0);
}

TEST_CASE("a breached guardrail turns the flag off, where it shall") {
  const std::string guarded = R"(ab_tests:
  guarded:
    flag: checkout
    metric: {variants: {control: {probability: 20%}, treatment: {probability: 20%}}}
    users: 400
    looks: 10
    analyses: {once: fixed_horizon}
    guardrails: {slower: {metric: latency, worse_by: WORSE}}
    on_harm: HARM
)";
  const auto with = [&](const std::string& worse_by, const std::string& on_harm) {
    std::string text = guarded;
    text.replace(text.find("WORSE"), 5, worse_by);
    text.replace(text.find("HARM"), 4, on_harm);
    return ran(world_with("variants: {control: 1, treatment: 1}", text));
  };
  const Ran killed = with("50%", "kill");
  CHECK(killed.number("guarded.slower.breached") == 1);
  CHECK(killed.number("guarded.users") == 40);
  CHECK(killed.events.size() == 1);
  CHECK(share_of_new(killed) < 0.05);
  const Ran seen = with("50%", "continue");
  CHECK(seen.number("guarded.slower.breached") == 1);
  CHECK(seen.number("guarded.users") == 400);
  CHECK(seen.events.empty());
  CHECK(with("100%", "kill").number("guarded.slower.breached") == 0);
}

TEST_CASE("a test changes nothing for those who take part in it") {
  const std::string flag = "variants: {control: 1, treatment: 1}";
  const Ran without = ran(world_with(flag));
  const Ran with = ran(world_with(flag, test_of_values));
  CHECK(with.result.fingerprint == without.result.fingerprint);
}

TEST_CASE("users whose values come from prospects only have the same mean") {
  const Ran run = ran(world_with("variants: {control: 1, treatment: 1}", R"(ab_tests:
  spends:
    flag: checkout
    metric:
      per: request
      prospects: 50%
      variants:
        control: {probability: 25%, amount: 10}
        treatment: {probability: 25%, amount: {lognormal: {mean: 20, cv: 1}}}
    users: 480
    analyses: {once: fixed_horizon}
)"));
  CHECK(run.number("spends.control.level") == Approx(2.5).margin(0.7));
  CHECK(run.number("spends.treatment.level") == Approx(5).margin(1.6));
}

}  // namespace
}  // namespace stampede
