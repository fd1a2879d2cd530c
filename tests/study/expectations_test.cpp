#include "stampede/study/expectations.hpp"

#include <catch2/catch.hpp>

#include "stampede/study/study.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

constexpr const char* scenario_text = R"(
stampede: 1
run: {duration: 10s}
regions:
  eu: {zones: [eu-a]}
  us: {zones: [us-a]}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 10/s}
    users: {regions: {eu: 50%, us: 50%}}
    target: app
    requests:
      product_page: {share: 90%}
      checkout: {share: 10%}
components:
  app:
    kind: service
    handlers:
      default:
        - compute: 1ms
)";

std::vector<std::string> mistakes_of(const std::vector<std::string>& lines) {
  std::string text = scenario_text;
  text += "expect:\n";
  for (const std::string& line : lines) {
    text += "  - " + line + "\n";
  }
  const ReadScenario read = read_scenario(text, "a.yaml");
  for (const Problem& problem : read.problems) {
    UNSCOPED_INFO(problem.what);
  }
  REQUIRE(read.scenario);
  std::vector<std::string> mistakes;
  for (const Problem& problem : check_expectations(*read.scenario)) {
    mistakes.push_back(problem.what + (problem.hint.empty() ? "" : "; " + problem.hint));
  }
  return mistakes;
}

using Mistakes = std::vector<std::string>;

}  // namespace

TEST_CASE("expectations may be about traffic, its parts, components and instances") {
  CHECK(mistakes_of({"shoppers.availability >= 99.5%", "shoppers.latency.p99.9 < 250ms",
                     "shoppers.product_page.latency.mean < 1s", "shoppers.eu.availability > 0.9",
                     "shoppers.regions.us.availability > 0.9", "shoppers.outcomes.timeout == 0",
                     "app.utilization ~ 0.8 within 1%", "app.wait.mean ~ 4s",
                     "app.instances.app-0.utilization < 100%", "shoppers.throughput > 9/s"}) ==
        Mistakes{});
}

TEST_CASE("a wrong name in an expectation is found before the run, with the way out") {
  CHECK(mistakes_of({"shoppers.latncy.p99 < 1s"}) ==
        Mistakes{"'shoppers' has no number 'latncy.p99'; did you mean 'latency.p99'?"});
  CHECK(mistakes_of({"shoppers.product_page.availabilty > 0"}) ==
        Mistakes{"'shoppers' has no number 'availabilty'; did you mean 'availability'?"});
}

TEST_CASE("the value of an expectation has the unit of its number") {
  CHECK(mistakes_of({"shoppers.latency.p99 < 250"}) ==
        Mistakes{"shoppers.latency.p99 is a length of time"});
  CHECK(mistakes_of({"shoppers.latency.p99 > 0"}) == Mistakes{});
  CHECK(mistakes_of({"shoppers.availability > 9/s"}) ==
        Mistakes{"shoppers.availability is a share"});
  CHECK(mistakes_of({"app.queue_length < 5ms"}) == Mistakes{"app.queue_length is a plain number"});
}

TEST_CASE("an expectation without data does not pass") {
  Expectation expectation;
  expectation.text = "shoppers.availability > 0";
  expectation.subject = "shoppers";
  expectation.metric = "availability";
  expectation.relation = Relation::more;
  const auto checked = judge_expectations({expectation}, Result{}, true);
  REQUIRE(checked.size() == 1);
  CHECK(checked[0].verdict.kind == Verdict::Kind::no_data);
  CHECK_FALSE(checked[0].observed.has_value());
}

TEST_CASE("a shortened run does not ask for narrow intervals") {
  Result result;
  result.replications = 20;
  Subject queue;
  queue.name = "queue";
  queue.kind = "service";
  queue.metrics.push_back({"wait_s.mean", Estimate{4, 3, 5, 20}});
  result.components.push_back(queue);
  Expectation expectation;
  expectation.text = "queue.wait.mean ~ 4s within 1%";
  expectation.subject = "queue";
  expectation.metric = "wait.mean";
  expectation.relation = Relation::agrees;
  expectation.value = 4;
  expectation.unit = "s";
  expectation.within = 0.01;
  CHECK(judge_expectations({expectation}, result, true)[0].verdict.kind == Verdict::Kind::fail);
  CHECK(judge_expectations({expectation}, result, false)[0].verdict.kind == Verdict::Kind::pass);
}

TEST_CASE("an expectation may compare two numbers of one kind") {
  CHECK(mistakes_of({"shoppers.product_page.latency.p99 < shoppers.checkout.latency.p99",
                     "shoppers.latency.p99 >= 2 * app.response.p99",
                     "app.utilization > 50% * shoppers.availability"}) == Mistakes{});
  CHECK(mistakes_of({"shoppers.latency.p99 < shoppers.checkout.latncy.p99"}) ==
        Mistakes{"'shoppers' has no number 'latncy.p99'; did you mean 'latency.p99'?"});
  CHECK(mistakes_of({"shoppers.latency.p99 < app.utilization"}) ==
        Mistakes{"shoppers.latency.p99 is a length of time and app.utilization a share"});
}

TEST_CASE("the names on both sides of an expectation must be known") {
  const ReadScenario read = read_scenario(
      std::string(scenario_text) + "expect: ['app.response.p99 < shopers.latency.p99']\n",
      "a.yaml");
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].what ==
        "there is no traffic or component 'shopers' to expect something of");
  CHECK(read.problems[0].hint == "did you mean 'shoppers'?");
}

TEST_CASE("an expectation of two numbers is judged by both") {
  const ReadScenario read = read_scenario(
      std::string(scenario_text) + "expect: ['fast.wait.mean < 50% * slow.wait.mean']\n", "a.yaml");
  // Names that the scenario does not have: only the result matters here.
  CHECK_FALSE(read.scenario);
  Expectation expectation;
  expectation.text = "fast.wait.mean < 50% * slow.wait.mean";
  expectation.subject = "fast";
  expectation.metric = "wait.mean";
  expectation.relation = Relation::less;
  expectation.other = ScaledPath{0.5, {"slow", "wait.mean"}};
  Result result;
  result.replications = 20;
  for (const auto& [name, mean] : {std::pair{"fast", 1.0}, std::pair{"slow", 4.0}}) {
    Subject subject;
    subject.name = name;
    subject.kind = "service";
    subject.metrics.push_back({"wait_s.mean", Estimate{mean, mean - 0.1, mean + 0.1, 20}});
    result.components.push_back(subject);
  }
  CheckedExpectation checked = judge_expectations({expectation}, result, true)[0];
  CHECK(checked.verdict.kind == Verdict::Kind::pass);
  CHECK(checked.verdict.doubt.empty());
  CHECK(checked.unit == "s");
  CHECK(checked.other->value.estimate == 4);
  expectation.other->factor = 0.2;
  CHECK(judge_expectations({expectation}, result, true)[0].verdict.kind == Verdict::Kind::fail);
}

TEST_CASE("an expectation may be about a window of the run") {
  const std::string text = R"(
stampede: 1
run: {duration: 100s, warmup: 10s, slice: 1s, replications: 2, seed: 1}
traffic:
  users: {arrivals: {kind: constant, rate: 10/s}, target: app}
components:
  app: {kind: service, handler: [{compute: 5ms}]}
faults: [{at: 40s, for: 20s, kind: crash, target: app}]
expect:
  - users.availability == 100% from 10s to 40s
  - users.availability == 0% from 40s to 60s
  - users.availability == 100% from 60s
  - app.uptime == 0% from 45s to 50s
  - users.requests == 20 from 0s to 1s
  - users.availability == 100% from 60.2s to 60.8s
)";
  const auto verdicts_of = [&](int divisor) {
    const ReadScenario read = read_scenario(text, "windows.yaml", {}, divisor);
    REQUIRE(read.scenario);
    std::vector<Verdict::Kind> verdicts;
    for (const CheckedExpectation& checked : run_study(*read.scenario, {}, divisor).expectations) {
      verdicts.push_back(checked.verdict.kind);
    }
    return verdicts;
  };
  const auto pass = Verdict::Kind::pass;
  const auto fail = Verdict::Kind::fail;
  // The last one holds no whole slice.
  CHECK(verdicts_of(1) ==
        std::vector<Verdict::Kind>{pass, pass, pass, pass, pass, Verdict::Kind::no_data});
  CHECK(verdicts_of(2) ==
        std::vector<Verdict::Kind>{pass, pass, pass, pass, fail, Verdict::Kind::no_data});
}

TEST_CASE("shortening divides the times of the run and leaves those of the system") {
  const std::string text = R"(
stampede: 1
run: {duration: 600s, warmup: 60s, slice: 1s}
traffic:
  shoppers:
    arrivals:
      kind: poisson
      rate: {stages: [{target: 10/s, duration: 40s}, {target: 0/s, duration: 0s}]}
    target: app
    timeout: 2s
components:
  app:
    kind: service
    handler: [{compute: 20ms}]
faults:
  - {at: 100s, for: 20s, kind: pause, target: app}
  - {when: app.in_flight > 90, for: 40s, kind: pause, target: app}
)";
  const ReadScenario read = read_scenario(text, "a.yaml", {}, 20);
  REQUIRE(read.scenario);
  const Scenario& quick = *read.scenario;
  CHECK(quick.run.duration == 30_s);
  CHECK(quick.run.warmup.length == 3_s);
  CHECK(quick.run.slice == 50_ms);
  const Json all = resolved(quick);
  CHECK(all["faults"][0]["at"] == "5s");
  CHECK(all["faults"][0]["for"] == "1s");
  CHECK(all["faults"][1]["at"] == nullptr);
  CHECK(all["faults"][1]["for"] == "2s");
  const Json& shoppers = all["traffic"]["shoppers"];
  CHECK(shoppers["arrivals"]["rate"]["stages"][0]["duration"] == "2s");
  CHECK(shoppers["arrivals"]["rate"]["stages"][1]["duration"] == "0s");
  CHECK(shoppers["timeout"] == "2s");
  CHECK(all["components"]["app"].dump().find("20ms") != std::string::npos);
}

TEST_CASE("however short a run gets, it has a length and a warm-up within") {
  const ReadScenario read =
      read_scenario(std::string(scenario_text)
                        .replace(0, std::string(scenario_text).find("regions"),
                                 "stampede: 1\nrun: {duration: 10ns, warmup: 9ns}\n"),
                    "a.yaml", {}, 1000);
  REQUIRE(read.scenario);
  CHECK(read.scenario->run.duration == 1_ns);
  CHECK(read.scenario->run.warmup.length == Duration());
}
