#include "stampede/analysis/predict.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "stampede/analysis/redundancy.hpp"

using namespace stampede;

namespace {

Scenario scenario_of(const std::string& rest) {
  const ReadScenario read =
      read_scenario("stampede: 1\nrun: {duration: 100s}\n" + rest, "test.yaml");
  for (const Problem& problem : read.problems) {
    INFO(problem.what);
    CHECK(problem.severity != Severity::error);
  }
  REQUIRE(read.scenario);
  return *read.scenario;
}

Prediction prediction_of(const std::string& rest) { return predict(scenario_of(rest)); }

const Prediction::ComponentPart& component(const Prediction& prediction, const std::string& name) {
  const Prediction::ComponentPart* found = prediction.component(name);
  REQUIRE(found != nullptr);
  INFO(found->unknown);
  return *found;
}

double latency(const Prediction& prediction, const std::string& name) {
  const Prediction::PopulationPart* found = prediction.population(name);
  REQUIRE(found != nullptr);
  INFO(found->unknown);
  REQUIRE(found->latency);
  return *found->latency;
}

const std::string users = R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 80/s}, target: app}
)";

std::string worker(const std::string& name, int workers, const std::string& mean) {
  return "  " + name +
         ":\n    kind: service\n    concurrency: {workers: " + std::to_string(workers) +
         ", queue: unbounded}\n    handler: [{compute: {exponential: {mean: " + mean + "}}}]\n";
}

}  // namespace

TEST_CASE("a single server is predicted as M/M/1, and how far its load may grow") {
  const Prediction prediction = prediction_of(users + "components:\n" + worker("app", 1, "10ms"));
  const auto& app = component(prediction, "app");
  CHECK(app.rate == Approx(80));
  CHECK(*app.utilization == Approx(0.8));
  CHECK(*app.wait == Approx(0.04));
  CHECK(*app.response == Approx(0.05));
  CHECK(latency(prediction, "users") == Approx(0.05));
  REQUIRE(prediction.bottleneck);
  CHECK(prediction.components[*prediction.bottleneck].name == "app");
  CHECK(app.resource == "workers");
  CHECK(*prediction.saturation == Approx(1.25).epsilon(1e-3));
}

TEST_CASE("beyond its capacity a station waits without end, and says so") {
  const Prediction prediction = prediction_of(users + "components:\n" + worker("app", 1, "20ms"));
  CHECK(std::isinf(*component(prediction, "app").wait));
  CHECK(component(prediction, "app").is_saturated());
  CHECK(*prediction.saturation == Approx(0.625).epsilon(1e-3));
}

TEST_CASE("a Jackson network with feedback is solved by its traffic equations") {
  // Q-JACKSON-3 of the known answers: Jackson 1957.
  const Prediction prediction = prediction_of(R"(
traffic:
  jobs: {arrivals: {kind: poisson, rate: 0.7/s}, target: entry}
components:
  entry:
    kind: service
    handler:
      - choose:
          - {probability: 0.714285714285714, steps: {call: first}}
          - {probability: 0.285714285714286, steps: {call: second}}
  first:
    kind: service
    concurrency: {kind: async, workers: 1, queue: unbounded}
    handler:
      - compute: {exponential: {mean: 0.833333333333333s}}
      - choose:
          - {probability: 0.6, steps: {call: second}}
          - {probability: 0.3, steps: {call: third}}
  second:
    kind: service
    concurrency: {kind: async, workers: 1, queue: unbounded}
    handler:
      - compute: {exponential: {mean: 1s}}
      - choose: [{probability: 0.5, steps: {call: third}}]
  third:
    kind: service
    concurrency: {kind: async, workers: 1, queue: unbounded}
    handler:
      - compute: {exponential: {mean: 1.111111111111111s}}
      - choose: [{probability: 0.2, steps: {call: first}}]
)");
  CHECK(component(prediction, "first").rate == Approx(0.590909090909));
  CHECK(component(prediction, "second").rate == Approx(0.554545454545));
  CHECK(component(prediction, "third").rate == Approx(0.454545454545));
  CHECK(*component(prediction, "second").utilization == Approx(0.554545454545));
  CHECK(*component(prediction, "first").wait == Approx(0.808457711447));
  CHECK(*component(prediction, "third").wait == Approx(1.13378684807));
  CHECK(latency(prediction, "jobs") == Approx(4.62207910883));
  CHECK(prediction.components[*prediction.bottleneck].name == "second");
  CHECK(*prediction.saturation == Approx(1 / 0.554545454545).epsilon(1e-3));
}

TEST_CASE("calls that go round without an end have no steady state") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 1/s}, target: app}
components:
  app: {kind: service, handler: [{compute: 1ms}, {call: db}]}
  db: {kind: service, handler: [{compute: 1ms}, {call: app}]}
)");
  CHECK(prediction.populations[0].unknown == "calls go round without an end");
  CHECK_FALSE(prediction.populations[0].latency);
}

TEST_CASE("closed users are predicted by mean value analysis") {
  // Q-CLOSED-20: think 5 s, one server of 0.25 s; the knee is at 21 users.
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: closed, users: 20, think_time: {exponential: {mean: 5s}}}, target: app}
components:
)" + worker("app", 1, "250ms"));
  CHECK(*prediction.populations[0].rate == Approx(3.36443215383));
  CHECK(latency(prediction, "users") == Approx(0.944539549481));
  CHECK(*component(prediction, "app").utilization == Approx(0.841108038458));
  CHECK(*component(prediction, "app").wait == Approx(0.694539549481));
  CHECK(*prediction.saturation_users == Approx(21));
}

TEST_CASE("closed users of a chain wait at each of its stations") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: closed, users: 10, think_time: {exponential: {mean: 1s}}}, target: front}
components:
  front: {kind: service, handler: [{call: first}, {call: second}]}
)" + worker("first", 1, "50ms") + worker("second", 2, "120ms"));
  const std::vector<ClosedClass> classes{{10, 1, {0.05, 0.12}}};
  const ClosedNetwork exact = exact_mva(classes, std::vector<ClosedStation>{{1}, {2}});
  CHECK(*prediction.populations[0].rate == Approx(exact.throughput[0]).epsilon(1e-6));
  CHECK(latency(prediction, "users") == Approx(exact.response(0)).epsilon(1e-6));
}

TEST_CASE("those who wait and leave follow Erlang A") {
  const Prediction prediction = prediction_of(R"(
traffic:
  callers: {arrivals: {kind: poisson, rate: 0.8/s}, patience: {exponential: {mean: 120s}}, target: agents}
components:
)" + worker("agents", 50, "60s"));
  CHECK(component(prediction, "agents").lost == Approx(0.0309122491622));
  CHECK(*component(prediction, "agents").wait == Approx(3.70946989946));
}

TEST_CASE("a worker is held while others are called, and saturates with them") {
  const std::string tiers = R"(
  app:
    kind: service
    concurrency: {workers: 4, queue: unbounded}
    handler: [{compute: 10ms}, {call: db}]
)" + worker("db", 1, "10ms");
  const Prediction prediction = prediction_of(users + "components:" + tiers);
  // db answers in 50 ms at 80 % load: each request holds a worker for 60 ms.
  CHECK(*component(prediction, "db").response == Approx(0.05));
  CHECK(component(prediction, "app").pressure == Approx(80 * 0.06 / 4));
  CHECK(component(prediction, "app").is_saturated());
  // Four workers are 0.8 f (1 + 1 / (1 - 0.8 f)) of them: 0.8 f = 3 - √5.
  CHECK(*prediction.saturation == Approx((3 - std::sqrt(5.0)) / 0.8).epsilon(1e-3));
  CHECK(prediction.components[*prediction.bottleneck].name == "app");
}

TEST_CASE("what misses in a cache goes on to the store, and fills it") {
  const std::string shop = R"(
traffic:
  users:
    arrivals: {kind: poisson, rate: 1000/s}
    keys: {kind: zipf, count: 1000, exponent: 0.8}
    target: app
components:
  app: {kind: service, handler: [{look_aside: {cache: cache, store: db}}]}
  cache: {kind: cache, max_entries: 100, eviction: EVICTION, access: 0.1ms, cpu: 1}
  db: {kind: database, read: 1ms, concurrency: 4}
)";
  const auto with = [&](const std::string& eviction) {
    std::string text = shop;
    text.replace(text.find("EVICTION"), 8, eviction);
    return prediction_of(text);
  };
  const Prediction lru = with("lru");
  CHECK(*component(lru, "cache").hit_ratio == Approx(0.3778).epsilon(2e-3));
  CHECK(component(lru, "db").rate == Approx(1000 * (1 - 0.3778)).epsilon(2e-3));
  CHECK(component(lru, "cache").rate == Approx(1000 * (2 - 0.3778)).epsilon(2e-3));
  CHECK(*component(lru, "db").utilization == Approx(0.6222 / 4).epsilon(2e-3));
  CHECK(*component(with("fifo"), "cache").hit_ratio == Approx(0.3337).epsilon(2e-3));
  CHECK(*component(with("perfect_lfu"), "cache").hit_ratio == Approx(0.5258).epsilon(2e-3));
  const Prediction unknown = with("arc");
  CHECK(component(unknown, "cache").unknown == "no theory of eviction by arc");
  CHECK_FALSE(component(unknown, "cache").hit_ratio);
}

TEST_CASE("a cache behind a cache sees what the first has missed, which is less popular") {
  const std::string two = R"(
traffic:
  users:
    arrivals: {kind: poisson, rate: 1000/s}
    keys: {kind: zipf, count: 1000, exponent: 0.8}
    target: first
components:
  first: {kind: cache, max_entries: 100, eviction: perfect_lfu, origin: balancer}
  balancer: {kind: load_balancer, backends: app}
  app: {kind: service, handler: [{read: second}]}
  second: {kind: cache, max_entries: 100, eviction: perfect_lfu, origin: db}
  db: {kind: database, read: 1ms}
)";
  // The first keeps the ranks up to 100, the second those up to 200: together as one of 200.
  const Prediction prediction = prediction_of(two);
  double total = 0;
  double best = 0;
  for (int rank = 1; rank <= 1000; ++rank) {
    total += std::pow(rank, -0.8);
    best += rank <= 200 ? std::pow(rank, -0.8) : 0;
  }
  CHECK(component(prediction, "db").rate == Approx(1000 * (1 - best / total)).epsilon(5e-3));
}

TEST_CASE("a constant hit ratio is taken at its word") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 100/s}, target: app}
components:
  app: {kind: service, handler: [{look_aside: {cache: cache, store: db}}]}
  cache: {kind: cache, hit_ratio: 90%}
  db: {kind: database, read: 1ms}
)");
  CHECK(component(prediction, "db").rate == Approx(10));
  CHECK(latency(prediction, "users") == Approx(0.0001));
}

TEST_CASE("parallel branches take as long as the last that is needed") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 1/s}, target: app}
components:
  app:
    kind: service
    handler:
      - parallel:
          branches: [{wait: {exponential: {mean: 1s}}}, {wait: {exponential: {mean: 1s}}}, {wait: {exponential: {mean: 1s}}}]
          wait_for: 2
)");
  CHECK(latency(prediction, "users") == Approx(0.833333333).epsilon(1e-4));
}

TEST_CASE("a balancer's policy decides how long its backends wait") {
  const std::string fleet = R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 90/s}, target: balancer}
components:
  balancer: {kind: load_balancer, policy: POLICY, backends: app}
  app:
    kind: service
    replicas: 100
    concurrency: {workers: 1, queue: unbounded}
    handler: [{compute: {exponential: {mean: 1s}}}]
)";
  const auto wait_with = [&](const std::string& policy) {
    std::string text = fleet;
    text.replace(text.find("POLICY"), 6, policy);
    return *component(prediction_of(text), "app").wait;
  };
  CHECK(wait_with("random") == Approx(9));
  // Mitzenmacher 2001; with 100 queues 2.6454.
  CHECK(wait_with("least_request") == Approx(1.614).epsilon(1e-3));
  // Turns make arrivals at each nearly constant: D/M/1 waits less than half as long.
  CHECK(wait_with("round_robin") == Approx(4.2).epsilon(0.05));
  CHECK(wait_with("{kind: least_request, selection: full_scan}") < 0.1);
}

TEST_CASE("a hot key makes a hot shard the bottleneck") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users:
    arrivals: {kind: poisson, rate: 1000/s}
    keys: {kind: hot_set, count: 1000, hot_keys: 1, hot_share: 50%}
    target: db
components:
  db: {kind: database, shards: 4, read: {exponential: {mean: 1ms}}, concurrency: {workers: 1, queue: unbounded}}
)");
  const auto& db = component(prediction, "db");
  CHECK(*db.utilization == Approx(0.25));
  CHECK(*db.pressure == Approx(0.625).epsilon(0.05));
  CHECK(*prediction.saturation == Approx(1.6).epsilon(0.05));
}

TEST_CASE("messages are handled by those who consume them, at their own pace") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 10/s}, target: app}
components:
  app: {kind: service, handler: [{compute: 1ms}, {publish: jobs}]}
  jobs: {kind: queue}
  worker:
    kind: service
    replicas: 2
    concurrency: {workers: 1}
    consume: jobs
    handler: [{compute: {exponential: {mean: 100ms}}}]
)");
  CHECK(component(prediction, "worker").rate == Approx(10));
  CHECK(*component(prediction, "worker").utilization == Approx(0.5));
  CHECK(latency(prediction, "users") == Approx(0.001));
  CHECK(component(prediction, "worker").resource == "consumers");
}

TEST_CASE("what has no theory is unknown, and so is what depends on it") {
  const Prediction prediction = prediction_of(R"(
traffic:
  users:
    arrivals:
      kind: mmpp
      states: [{rate: 10/s, mean_duration: 1s}, {rate: 100/s, mean_duration: 1s}]
      transitions: [[0%, 100%], [100%, 0%]]
    target: app
components:
)" + worker("app", 2, "1ms"));
  CHECK(prediction.populations[0].unknown == "no theory of arrivals of kind mmpp");
  CHECK_FALSE(prediction.populations[0].latency);
  CHECK(component(prediction, "app").unknown.starts_with("traffic: "));
  CHECK_FALSE(prediction.bottleneck);
}

TEST_CASE("every component of a fresh scenario is either predicted or unknown, never guessed") {
  const Prediction prediction = prediction_of(users + "components:\n" + worker("app", 1, "1ms"));
  for (const auto& part : prediction.components) {
    CHECK(part.unknown.empty() == part.response.has_value());
  }
}

TEST_CASE("what has one instance is a single point of failure, what has two is none") {
  const std::string shop = R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 10/s}, target: balancer, requests: {page: {share: 90%}, checkout: {share: 10%}}}
components:
  balancer: {kind: load_balancer, replicas: 2, backends: app}
  app:
    kind: service
    replicas: 3
    handlers:
      page: [{look_aside: {cache: cache, store: catalogue}}]
      checkout: [{call: orders}, {call: mail, on_failure: continue}]
  cache: {kind: cache, hit_ratio: 60%}
  catalogue: {kind: database, read: 1ms}
  orders: {kind: service, handler: [{compute: 1ms}]}
  mail: {kind: service, handler: [{compute: 1ms}]}
)";
  const Redundancy redundancy = redundancy_of(scenario_of(shop));
  REQUIRE(redundancy.single_points.size() == 2);
  CHECK(redundancy.single_points[0].what == "catalogue");
  REQUIRE(redundancy.single_points[0].harm.size() == 1);
  CHECK(redundancy.single_points[0].harm[0].type == "page");
  CHECK(redundancy.single_points[0].harm[0].share == Approx(0.4));
  CHECK(redundancy.single_points[1].what == "orders");
  CHECK(redundancy.single_points[1].harm[0].type == "checkout");
  CHECK(redundancy.single_points[1].harm[0].share == Approx(1));
}

TEST_CASE("a zone that holds all of something is a single point of failure") {
  const Redundancy redundancy = redundancy_of(scenario_of(R"(
regions: {eu: {zones: [eu-a, eu-b]}}
traffic:
  users: {arrivals: {kind: poisson, rate: 10/s}, target: app}
components:
  app: {kind: service, replicas: 4, handler: [{call: db}]}
  db: {kind: service, replicas: 2, zones: [eu-a], handler: [{compute: 1ms}]}
)"));
  REQUIRE(redundancy.single_points.size() == 1);
  CHECK(redundancy.single_points[0].what == "zone eu-a");
  CHECK(redundancy.single_points[0].why == "holds all of db");
}

TEST_CASE("k of n branches and majorities of copies survive what they can spare") {
  const std::string fans = R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 10/s}, target: app}
components:
  app: {kind: service, replicas: 2, handler: [{parallel: {branches: [{call: a}, {call: b}, {call: c}], wait_for: NEEDED}}]}
  a: {kind: service, handler: [{compute: 1ms}]}
  b: {kind: service, handler: [{compute: 1ms}]}
  c: {kind: database, replicas: 3, replication: quorum, read: 1ms}
)";
  const auto points_with = [&](const std::string& needed) {
    std::string text = fans;
    text.replace(text.find("NEEDED"), 6, needed);
    return redundancy_of(scenario_of(text)).single_points.size();
  };
  CHECK(points_with("2") == 0);
  CHECK(points_with("3") == 2);
}

TEST_CASE("availability follows the faults whose time is fixed through the structure") {
  const std::string pair = R"(
traffic:
  users: {arrivals: {kind: poisson, rate: 10/s}, timeout: 1s, target: app}
components:
  app: {kind: service, replicas: 2, handler: [{compute: 1ms}, {call: db}]}
  db: {kind: service, handler: [{compute: 1ms}]}
faults:
  - {at: 10s, for: 20s, kind: crash, target: {component: app, count: 1}}
  - {at: 50s, for: 10s, kind: crash, target: db}
)";
  const Redundancy apart = redundancy_of(scenario_of(pair));
  REQUIRE(apart.availability.size() == 1);
  CHECK(apart.availability[0].share == Approx(0.9));
  const Redundancy both =
      redundancy_of(scenario_of(pair + "  - {at: 20s, for: 20s, kind: crash, target: app}\n"));
  CHECK(both.availability[0].share == Approx(0.7));
  const std::string often =
      "  - {at: 65s, for: 1s, every: 10s, kind: crash, target: app}\n";  // four times
  CHECK(redundancy_of(scenario_of(pair + often)).availability[0].share == Approx(0.86));
  const std::string at_random = "  - {mtbf: 10s, mttr: 1s, kind: crash, target: app}\n";
  const Redundancy unknown = redundancy_of(scenario_of(pair + at_random));
  CHECK(unknown.availability[0].share == Approx(0.9));
  CHECK(unknown.remarks == std::vector<std::string>{"faults that strike at random are left out"});
}
