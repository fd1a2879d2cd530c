#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stampede/measure/summarize.hpp"
#include "stampede/model/fault.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"
#include "support/own_measures.hpp"

// Faults as a world runs them: when they strike, whom, and that nothing is left of them.

namespace stampede {
namespace {

Scenario scenario_of(const std::string& text) {
  ReadScenario read = read_scenario(text, "faults.yaml");
  for (const Problem& problem : read.problems) {
    if (problem.severity == Severity::error) {
      FAIL("line " << problem.place.line << ": " << problem.what << ", expected "
                   << problem.expected);
    }
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

WorldRecord ran(const Scenario& scenario, std::uint64_t replication = 0) {
  WorldRecord record = World(scenario, replication).run();
  CHECK(record.broken_law == "");
  return record;
}

/// Six servers in three zones, and hardly any traffic.
std::string world_with(const std::string& faults, const std::string& duration = "100s") {
  return "stampede: 1\nrun: {duration: " + duration +
         "}\n"
         "regions: {eu: {zones: [a, b, c]}}\n"
         "traffic:\n"
         "  users: {arrivals: {poisson: 1/s}, target: app, timeout: 1s}\n"
         "components:\n"
         "  app: {kind: service, replicas: 6, cpu: 2, handler: [{compute: 1ms}]}\n"
         "faults:\n" +
         faults;
}

using Texts = std::vector<std::string>;

/// The timeline of a run, as "10 crash app-0 begins"; of some kinds only, if they are given.
Texts timeline(const std::string& text, std::uint64_t replication = 0) {
  Texts lines;
  for (const FaultEvent& event : ran(scenario_of(text), replication).faults) {
    lines.push_back(fmt::format("{} {} {} {}", event.at_s, event.kind, event.target,
                                event.begins ? "begins" : "ends"));
  }
  return lines;
}

Texts only(const Texts& lines, const std::string& word) {
  Texts some;
  for (const std::string& line : lines) {
    if (line.find(word) != std::string::npos) {
      some.push_back(line);
    }
  }
  return some;
}

// ---- When -------------------------------------------------------------------------------------

TEST_CASE("a fault with `every` strikes again and again, counted from beginning to beginning") {
  const Texts lines = timeline(world_with(
      "  - {at: 10s, for: 5s, every: 40s, kind: pause, target: {component: app, count: 1}}\n"));
  CHECK(lines == Texts{"10 pause app-0 begins", "15 pause app-0 ends", "50 pause app-0 begins",
                       "55 pause app-0 ends", "90 pause app-0 begins", "95 pause app-0 ends"});
}

TEST_CASE("under mtbf and mttr every instance breaks down at times of its own") {
  const std::string law = "mtbf: {exponential: {mean: 20s}}, mttr: {exponential: {mean: 2s}}";
  const Texts lines = timeline(world_with("  - {kind: crash, " + law + ", target: app}\n"));
  Texts firsts;
  for (int i = 0; i < 6; ++i) {
    const Texts own = only(lines, fmt::format("app-{} ", i));
    REQUIRE(own.size() > 1);
    firsts.push_back(own.front().substr(0, own.front().find(' ')));
    for (std::size_t n = 0; n < own.size(); ++n) {
      CHECK(own[n].ends_with(n % 2 == 0 ? "begins" : "ends"));
    }
  }
  std::sort(firsts.begin(), firsts.end());
  CHECK(std::unique(firsts.begin(), firsts.end()) == firsts.end());

  SECTION("which are others in each replication") {
    CHECK(timeline(world_with("  - {kind: crash, " + law + ", target: app}\n"), 1) != lines);
  }
  SECTION("and stay the same whatever other faults there are") {
    const Texts beside =
        timeline(world_with("  - {kind: crash, " + law + ", target: app}\n  - {kind: pause, " +
                            law + ", target: app}\n"));
    CHECK(only(beside, "crash") == lines);
  }
  SECTION("or only those of the target") {
    const Texts some = timeline(
        world_with("  - {kind: crash, " + law + ", target: {component: app, count: 2}}\n"));
    Texts expected = only(lines, "app-0 ");
    const Texts other = only(lines, "app-1 ");
    expected.insert(expected.end(), other.begin(), other.end());
    CHECK(some.size() == expected.size());
    for (const std::string& line : expected) {
      CHECK(std::find(some.begin(), some.end(), line) != some.end());
    }
  }
}

TEST_CASE("what fails as one fails at one instant") {
  const std::string law = "mtbf: {exponential: {mean: 20s}}, mttr: 2s, ";
  const Texts by_zone =
      timeline(world_with("  - {kind: crash, " + law + "each: zone, target: app}\n"));
  REQUIRE_FALSE(by_zone.empty());
  for (const std::string& line : by_zone) {
    CHECK((line.find("app-0 app-3") != std::string::npos ||
           line.find("app-1 app-4") != std::string::npos ||
           line.find("app-2 app-5") != std::string::npos));
  }
  const Texts all = timeline(world_with("  - {kind: crash, " + law + "each: all, target: app}\n"));
  REQUIRE_FALSE(all.empty());
  CHECK(only(all, "app-0 app-1 app-2 app-3 app-4 app-5") == all);
}

// AV-RENEWAL: Cox, Renewal Theory, 1962. The share of time up over T has the mean a / (a + b) and,
// for long T, the variance 2 a^2 b^2 / (a + b)^3 / T.
TEST_CASE("the share of time up is that of an alternating renewal process, and varies like it") {
  constexpr double up = 1000;
  constexpr double down = 4;
  constexpr double length = 100'000;
  constexpr int replicas = 200;
  constexpr int worlds = 10;
  const Scenario scenario = scenario_of(fmt::format(
      "stampede: 1\n"
      "run: {{duration: {}s}}\n"
      "traffic: {{users: {{arrivals: {{poisson: 0.001/s}}, target: app}}}}\n"
      "components: {{app: {{kind: service, replicas: {}, handler: [{{wait: 1ms}}]}}}}\n"
      "faults:\n"
      "  - {{kind: crash, mtbf: {{exponential: {{mean: {}s}}}}, mttr: {{exponential: {{mean: "
      "{}s}}}}, target: app}}\n",
      length, replicas, up, down));
  double sum = 0;
  double squares = 0;
  for (int world = 0; world < worlds; ++world) {
    std::map<std::string, double> downtime;
    for (const FaultEvent& event : ran(scenario, static_cast<std::uint64_t>(world)).faults) {
      // Down from its beginning to its end, or to that of the run.
      downtime[event.target] += event.begins ? length - event.at_s : event.at_s - length;
    }
    REQUIRE(downtime.size() == replicas);
    for (const auto& [instance, seconds] : downtime) {
      const double share = 1 - seconds / length;
      sum += share;
      squares += share * share;
    }
  }
  constexpr double n = replicas * worlds;
  const double mean = sum / n;
  const double deviation = std::sqrt((squares - n * mean * mean) / (n - 1));
  const double expected_deviation =
      std::sqrt(2 * up * up * down * down / std::pow(up + down, 3) / length);
  CHECK(expected_deviation == Approx(0.000562308204));
  CHECK(mean == Approx(up / (up + down)).margin(4 * expected_deviation / std::sqrt(n)));
  CHECK(deviation == Approx(expected_deviation).epsilon(4 / std::sqrt(2 * n)));
}

// ---- Whom -------------------------------------------------------------------------------------

TEST_CASE("who is picked at random is another one at each strike, in the same number") {
  const Texts lines = timeline(world_with(
      "  - {at: 1s, for: 1s, every: 2s, kind: pause, target: {component: app, share: 50%, pick: "
      "random}}\n"));
  std::map<std::string, int> struck;
  for (const std::string& line : only(lines, "begins")) {
    int count = 0;
    for (int i = 0; i < 6; ++i) {
      const std::string name = fmt::format("app-{}", i);
      if (line.find(name) != std::string::npos) {
        ++struck[name];
        ++count;
      }
    }
    CHECK(count == 3);
  }
  REQUIRE(struck.size() == 6);
  for (const auto& [name, count] : struck) {
    CHECK(count > 12);  // 25 of 50, with a standard deviation of 3.5
    CHECK(count < 38);
  }
}

TEST_CASE("a zone outage takes all of the zone, of every component") {
  const Texts lines = timeline(world_with("  - {at: 10s, for: 5s, kind: zone_outage, zone: b}\n"));
  CHECK(lines == Texts{"10 zone_outage app-1 app-4 begins", "15 zone_outage app-1 app-4 ends"});
}

TEST_CASE("the timeline names the links and the traffic that a fault disturbs") {
  const Texts lines = timeline(world_with(
      "  - {at: 1s, for: 1s, kind: network_partition, between: [a], and: [b, c], direction: to}\n"
      "  - {at: 3s, for: 1s, kind: network_loss, rate: 10%, between: [a]}\n"
      "  - {at: 5s, for: 1s, kind: network_delay, latency: 1ms}\n"
      "  - {at: 7s, kind: herd, traffic: users, requests: 10}\n"));
  CHECK(lines == Texts{"1 network_partition a -> b c begins", "2 network_partition a -> b c ends",
                       "3 network_loss a <-> everybody else begins",
                       "4 network_loss a <-> everybody else ends",
                       "5 network_delay all links begins", "6 network_delay all links ends",
                       "7 herd users begins"});
}

// ---- How much ---------------------------------------------------------------------------------

/// A metric of a subject of a run, or of one of its parts: "users", or "users.pay".
double metric(const std::string& text, const std::string& subject, const std::string& name) {
  const Scenario scenario = scenario_of(text);
  const WorldRecord record = ran(scenario);
  const Recording* recording = record.recording.get();
  const Result result = summarize(std::span(&recording, 1), WarmupChoice{Duration()});
  const auto look = [&](const Subject& at, const std::string& path) -> const Metric* {
    for (const Metric& one : at.metrics) {
      if (path == subject && one.name == name) {
        return &one;
      }
    }
    return nullptr;
  };
  for (const auto* subjects : {&result.traffic, &result.components}) {
    for (const Subject& at : *subjects) {
      if (const Metric* found = look(at, at.name)) {
        return found->value.estimate;
      }
      for (const Subject& part : at.parts) {
        if (const Metric* found = look(part, at.name + "." + part.name)) {
          return found->value.estimate;
        }
      }
    }
  }
  FAIL("no " << name << " of " << subject);
  return 0;
}

/// One server that is hardly busy, with two types of request.
std::string shop_with(const std::string& faults) {
  return "stampede: 1\nrun: {duration: 1000s}\n"
         "traffic:\n"
         "  users:\n"
         "    arrivals: {poisson: 50/s}\n"
         "    users: {count: 2000}\n"
         "    keys: 1000\n"
         "    target: app\n"
         "    requests: {browse: {share: 50%}, pay: {}}\n"
         "components:\n"
         "  app: {kind: service, cpu: {cores: 64, scheduling: processor_sharing}, handler: "
         "[{compute: 10ms}]}\n" +
         (faults.empty() ? "" : "faults:\n" + faults);
}

TEST_CASE("an error burst touches the requests that it names, in its share") {
  const std::string text = shop_with(
      "  - {at: 0s, kind: error_burst, error_rate: 40%, only: {requests: [pay]}, target: app}\n"
      "  - {at: 500s, kind: error_burst, error_rate: 50%, only: {requests: [pay]}, target: app}\n");
  CHECK(metric(text, "users.browse", "availability") == 1);
  // 0.6 in one half, 0.6 times 0.5 in the other: they are independent.
  CHECK(metric(text, "users.pay", "availability") == Approx(0.45).margin(0.015));
}

TEST_CASE("a share of the users is always the same ones") {
  const std::string whole = shop_with(
      "  - {at: 0s, kind: error_burst, only: {users: 20%}, target: app}\n"
      "  - {at: 0s, kind: slow_down, latency: 1s, toxicity: 50%, target: app}\n");
  CHECK(metric(whole, "users", "availability") == Approx(0.8).margin(0.04));
  CHECK(metric(whole, "users", "latency_s.mean") == Approx(0.51).margin(0.01));
}

TEST_CASE("added latency holds no worker") {
  const std::string text = shop_with(
      "  - {at: 0s, kind: slow_down, latency: {uniform: {low: 1s, high: 3s}}, target: "
      "app}\n");
  CHECK(metric(text, "users", "latency_s.mean") == Approx(2.01).margin(0.02));
  CHECK(metric(text, "app", "response_s.mean") == Approx(0.01));
}

TEST_CASE("a surge multiplies the rate, an attack adds to it, a herd adds its number") {
  CHECK(metric(shop_with(""), "users", "throughput_per_s") == Approx(50).margin(1));
  CHECK(metric(shop_with("  - {at: 500s, kind: surge, traffic: users, factor: 3}\n"), "users",
               "throughput_per_s") == Approx(100).margin(1.5));
  const std::string attack = shop_with(
      "  - {at: 500s, for: 250s, kind: attack, traffic: users, rate: 200/s, type: pay, "
      "users: 10}\n");
  CHECK(metric(attack, "users.pay", "throughput_per_s") == Approx(75).margin(1.5));
  CHECK(metric(attack, "users.browse", "throughput_per_s") == Approx(25).margin(1));
  const std::string herd =
      shop_with("  - {at: 50s, every: 100s, kind: herd, traffic: users, requests: 1000}\n");
  CHECK(metric(herd, "users", "throughput_per_s") == Approx(60).margin(1));
}

TEST_CASE("who is injected leaves the luck of all others alone") {
  // Nobody waits for anybody, so that all keep their latency; attackers are of the other type.
  const std::string quiet = shop_with("");
  const std::string attacked = shop_with(
      "  - {at: 100s, kind: attack, traffic: users, rate: 20/s, type: pay}\n"
      "  - {at: 100s, kind: herd, traffic: users, requests: 10, type: pay}\n");
  for (const char* name : {"throughput_per_s", "latency_s.mean"}) {
    CHECK(metric(attacked, "users.browse", name) == metric(quiet, "users.browse", name));
  }
  CHECK(metric(attacked, "users.pay", "throughput_per_s") > 40);
}

TEST_CASE("a hot key makes requests meet") {
  const auto hits = [](const std::string& faults) {
    return metric(
        "stampede: 1\nrun: {duration: 200s}\n"
        "traffic: {users: {arrivals: {poisson: 100/s}, keys: 100k, target: memo}}\n"
        "components:\n"
        "  memo: {kind: cache, max_entries: 10, origin: store, request_collapsing: true}\n"
        "  store: {kind: database, read: 1ms}\n" +
            faults,
        "memo", "hit_ratio");
  };
  CHECK(hits("") < 0.001);
  CHECK(hits("faults: [{at: 0s, kind: hot_key, traffic: users, share: 40%, key: 7}]\n") ==
        Approx(0.4).margin(0.015));
}

TEST_CASE("whoever leaks is killed whenever its memory is full, and boots again") {
  const auto uptime = [](const std::string& leak) {
    return metric(shop_with("  - {at: 0s, kind: memory_leak, target: app, restart_delay: 10s, " +
                            leak + "}\n"),
                  "app", "uptime");
  };
  // 90 s until it is full, 10 s until it is back.
  CHECK(uptime("memory: 90MB, per_second: 1MB") == Approx(0.9));
  // 40 s of 50 requests per second, 10 s until it is back.
  CHECK(uptime("memory: 2000MB, per_request: 1MB") == Approx(0.8).margin(0.01));
}

TEST_CASE("collections stop computing, and the longer the more is inside") {
  const std::string plain =
      shop_with("  - {at: 0s, kind: gc_pauses, interval: 900ms, pause: 100ms, target: app}\n");
  // A tenth of the requests come in a pause and wait for half of it; a piece of work is cut by one
  // with the probability 10 ms / 900 ms of the rest.
  CHECK(metric(plain, "users", "latency_s.mean") == Approx(0.0161).margin(0.0005));
  const std::string looking = shop_with(
      "  - {at: 0s, kind: gc_pauses, interval: 900ms, pause: 100ms, "
      "pause_per_request: 20ms, target: app}\n");
  CHECK(metric(looking, "users", "latency_s.mean") > metric(plain, "users", "latency_s.mean"));
}

TEST_CASE("while a certificate has expired nothing gets in, and probes see nothing of it") {
  const std::string expired =
      shop_with("  - {at: 0s, for: 250s, kind: certificate_expiry, target: app}\n");
  CHECK(metric(expired, "users", "availability") == Approx(0.75).margin(0.005));
  CHECK(metric(expired, "app", "uptime") == 1);
}

TEST_CASE("a leak takes one connection after the other, and mending it gives all of them back") {
  const auto pool = [](const std::string& faults) {
    return "stampede: 1\nrun: {duration: 1000s}\n"
           "traffic: {users: {arrivals: {poisson: 20/s}, target: app, timeout: 1s}}\n"
           "components:\n"
           "  app:\n"
           "    kind: service\n"
           "    connection_pools: [{target: store, max_size: 10, connection_timeout: 500ms}]\n"
           "    handler: [{call: store}]\n"
           "  store: {kind: service, handler: [{compute: 1ms}]}\n" +
           faults;
  };
  const std::string leak = "kind: connection_leak, share: 1%, target: app";
  // Ten of a hundred calls each, 20 of them per second: dry after 50 s.
  const std::string mended = pool("faults: [{at: 100s, for: 500s, " + leak + "}]\n");
  CHECK(metric(mended, "users", "availability") == Approx(0.55).margin(0.03));
  const std::string restarted =
      pool("faults: [{at: 0s, " + leak + "}, {at: 500s, for: 1s, kind: crash, target: app}]\n");
  CHECK(metric(restarted, "users", "availability") == Approx(0.1).margin(0.04));
  CHECK(metric(pool(""), "users", "availability") == 1);
}

TEST_CASE("a poison message fails wherever it is tried, and nothing else does") {
  const std::string text =
      "stampede: 1\nrun: {duration: 1000s}\n"
      "traffic: {users: {arrivals: {poisson: 5/s}, target: line, timeout: 1s}}\n"
      "components:\n"
      "  line: {kind: queue, max_receive_count: 3, dead_letter_queue: aside}\n"
      "  aside: {kind: queue}\n"
      "  workers: {kind: service, replicas: 2, concurrency: {workers: 4}, consume: {queue: line, "
      "redelivery_delay: 1s}, handler: [{compute: 10ms}]}\n"
      "faults: [{at: 100s, kind: poison_message, traffic: users, messages: 7, target: workers}]\n";
  const double processed = metric(text, "line", "processed_ratio");
  CHECK(processed < 1 - 6.0 / 5500);
  CHECK(processed > 1 - 8.0 / 4500);
}

// ---- Whoever leads ----------------------------------------------------------------------------

TEST_CASE("the loss of the primary strikes whoever is the primary by then") {
  const Texts lines = timeline(
      "stampede: 1\nrun: {duration: 100s}\n"
      "traffic: {users: {arrivals: {poisson: 1/s}, target: db, timeout: 1s}}\n"
      "components: {db: {kind: database, replicas: 3, replication: semi_sync, read: 1ms, "
      "failover: {detection: 2s, promotion: 1s}}}\n"
      "faults: [{at: 10s, for: 5s, every: 40s, kind: primary_loss, target: db}]\n");
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "10 primary_loss db-0 begins");
  CHECK(lines[1] == "15 primary_loss db-0 ends");
  CHECK(lines[2] != "50 primary_loss db-0 begins");
  CHECK(lines[2].starts_with("50 primary_loss db-"));
  CHECK(lines[4].substr(3) != lines[2].substr(3));
}

TEST_CASE("the loss of a broker strikes the one that leads most") {
  const std::string log =
      "stampede: 1\nrun: {duration: 100s}\n"
      "traffic: {users: {arrivals: {poisson: 1/s}, target: log, timeout: 1s}}\n"
      "components: {log: {kind: log, brokers: 3, partitions: 4, replicas: 3, append: 1ms, "
      "failover: {detection: 1s}}}\n"
      "faults:\n";
  // Four partitions over three brokers: the first one leads two.
  CHECK(timeline(log + "  - {at: 10s, kind: broker_loss, target: log}\n") ==
        Texts{"10 broker_loss log-0 begins"});
  const Texts two =
      timeline(log +
               "  - {at: 10s, kind: crash, target: {component: log, count: 1}}\n"
               "  - {at: 20s, kind: broker_loss, target: {component: log, count: 3}}\n");
  REQUIRE(two.size() == 2);
  CHECK(two[1].find("log-0") == std::string::npos);  // it leads nothing any more
  CHECK(two[1].find("log-1") != std::string::npos);
  CHECK(two[1].find("log-2") != std::string::npos);
}

TEST_CASE("a copy that is cut off from the others answers with old data until it has caught up") {
  const auto stale = [](const std::string& replication, const std::string& faults) {
    return metric(
        "stampede: 1\nrun: {duration: 1000s}\n"
        "traffic:\n"
        "  users:\n"
        "    arrivals: {poisson: 50/s}\n"
        "    target: db\n"
        "    timeout: 1s\n"
        "    keys: {kind: uniform, count: 10}\n"
        "    requests: {read: {}, write: {share: 50%, operation: write}}\n"
        "components: {db: {kind: database, replicas: 3, replication: " +
            replication + ", read_from: replica, read: 1ms}}\n" + faults,
        "db", "stale_ratio");
  };
  const std::string cut =
      "faults: [{at: 0s, for: 500s, kind: replication_break, target: {component: db, share: "
      "100%}}]\n";
  CHECK(stale("async", "") < 0.01);
  CHECK(stale("async", cut) == Approx(0.5).margin(0.02));
}

// ---- Nothing is left of a fault ---------------------------------------------------------------

/// Sees nothing.
struct Blind final : KeepsOwnMeasures {
  void arrived(Time) override {}
  void queue_changed(Time, std::int64_t) override {}
  void busy_workers_changed(Time, std::uint32_t, std::int64_t) override {}
  void busy_cores_changed(Time, std::int64_t) override {}
  void ended(Time, const Visit&) override {}
  void fleet_changed(Time, std::int64_t) override {}
  void capacity_changed(Time, std::int64_t, std::int64_t, std::int64_t) override {}
};

/// Users who would send if anybody asked them to.
class Lookers final : public Population {
 public:
  explicit Lookers(Simulation& simulation) : scope_(simulation) {}
  Scope& scope() override { return scope_; }
  Stream stream(std::string_view purpose) const override { return {1, 0, "users", purpose}; }
  std::uint64_t user_count() const override { return 0; }
  std::optional<RequestTypeId> type(std::string_view) const override { return 0; }
  Reply send(const Ask&) override { return Response(); }
  bool are_undisturbed() const { return !has_key_changes(); }

 private:
  Scope scope_;
};

TEST_CASE("faults of all kinds that overlap at random restore every control to the very bits") {
  const Scenario scenario = scenario_of(
      "stampede: 1\n"
      "run: {duration: 10s}\n"
      "regions: {eu: {zones: [a, b]}}\n"
      "network: {between_zones: {latency: 1ms, loss: 3%, bandwidth: 1Mbps}}\n"
      "traffic: {users: {arrivals: {poisson: 1/s}, target: app, timeout: 1s}}\n"
      "components: {app: {kind: service, replicas: 4, cpu: 2, error_rate: 7%, boot_time: 1s, "
      "connection_pools: [{target: other}], handler: [{compute: 1ms}, {call: other}]}, "
      "other: {kind: service, handler: [{compute: 1ms}]}}\n"
      "faults:\n"
      "  - {at: 0s, kind: crash, target: app}\n"
      "  - {at: 0s, kind: cold_restart, target: app}\n"
      "  - {at: 0s, kind: pause, target: app}\n"
      "  - {at: 0s, kind: slow_down, factor: 3, latency: 7ms, toxicity: 10%, target: app}\n"
      "  - {at: 0s, kind: slow_down, factor: 1.7, target: app}\n"
      "  - {at: 0s, kind: error_burst, error_rate: 13%, target: app}\n"
      "  - {at: 0s, kind: stress_cpu, cores: 1, target: app}\n"
      "  - {at: 0s, kind: memory_leak, memory: 1MB, per_second: 900KB, restart_delay: 200ms, "
      "target: app}\n"
      "  - {at: 0s, kind: certificate_expiry, target: app}\n"
      "  - {at: 0s, kind: connection_leak, share: 20%, target: app}\n"
      "  - {at: 0s, kind: gc_pauses, interval: 300ms, pause: 50ms, pause_per_request: 1ms, target: "
      "app}\n"
      "  - {at: 0s, kind: network_loss, rate: 11%}\n"
      "  - {at: 0s, kind: network_loss, rate: 17%, between: [a]}\n"
      "  - {at: 0s, kind: network_delay, latency: 3ms, jitter: 1ms, between: [b]}\n"
      "  - {at: 0s, kind: network_bandwidth, bandwidth: 300kbps}\n"
      "  - {at: 0s, kind: network_partition, between: [a], and: [b]}\n"
      "  - {at: 0s, kind: zone_outage, zone: a}\n"
      "  - {at: 0s, kind: hot_key, share: 30%, traffic: users}\n"
      "  - {at: 0s, kind: surge, factor: 3, traffic: users}\n"
      "  - {at: 0s, kind: attack, rate: 9/s, traffic: users}\n"
      "  - {at: 0s, kind: herd, requests: 5, traffic: users}\n");

  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Simulation simulation;
    const Geography geography(scenario.regions);
    Network network(simulation, geography, scenario.network, 1, 0);
    RequestTypes types;
    types.add("request");
    Truth truth;
    Blind observer;
    Lookers lookers(simulation);
    const std::vector<DisturbedTraffic> traffic{
        {.name = "users",
         .index = 0,
         .population = lookers,
         .arrivals = scenario.traffic[0].value.arrivals.theory()}};
    const std::unique_ptr<Component> app =
        scenario.components[0].value.make({.name = "app",
                                           .simulation = simulation,
                                           .network = network,
                                           .request_types = types,
                                           .observer = observer,
                                           .truth = truth,
                                           .seed = 1,
                                           .replication = 0});
    std::vector<std::unique_ptr<Fault>> faults;
    for (const Choice<Fault>& fault : scenario.faults) {
      faults.push_back(fault.make({.name = fmt::format("faults.{}", faults.size()),
                                   .simulation = simulation,
                                   .network = network,
                                   .request_types = types,
                                   .traffic = traffic,
                                   .seed = seed,
                                   .replication = 0}));
    }
    std::vector<Instance*> instances;
    for (std::size_t i = 0; i < app->fleet().size(); ++i) {
      instances.push_back(&app->fleet()[i]);
    }

    const double errors_before = instances.front()->error_rate().value();

    // Begin and end in any order, several at a time, also of the same kind.
    Draw draw(seed, 1);
    std::vector<std::unique_ptr<Disturbance>> at_work;
    const auto pass = [&](Duration length) { simulation.run(simulation.now() + length); };
    for (std::uint64_t step = 0; step < 60; ++step) {
      if (at_work.empty() || draw.chance(0.6)) {
        std::vector<Instance*> targets;
        for (Instance* instance : instances) {
          if (draw.chance(0.6)) {
            targets.push_back(instance);
          }
        }
        const std::size_t which = draw.below(faults.size());
        at_work.push_back(faults[which]->strike({.targets = targets, .luck = step}));
      } else {
        at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(draw.below(at_work.size())));
      }
      pass(Duration::nanoseconds(static_cast<std::int64_t>(draw.below(400'000'000))));
    }
    while (!at_work.empty()) {
      at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(draw.below(at_work.size())));
    }
    pass(Duration::nanoseconds(2'000'000'000));

    INFO("seed " << seed);
    for (Instance* instance : instances) {
      CHECK(instance->state() == InstanceState::ready);
      CHECK(instance->speed().value() == 1);
      CHECK(instance->error_rate().value() == errors_before);
      CHECK(instance->cores_taken().value() == 0);
      CHECK(instance->connection_leak().value() == 0);
      CHECK_FALSE(instance->is_cut_from_copies());
      Request request;
      request.from = instance->place();
      const Reply served = instance->call(request);
      CHECK(instance->met_in_flight() == 0);  // nobody has met it
      CHECK(instance->broken_law().empty());
    }
    for (PlaceId from = 0; from < geography.places().size(); ++from) {
      for (PlaceId to = 0; to < geography.places().size(); ++to) {
        CHECK_FALSE(network.controls(from, to).is_disturbed());
        CHECK(network.is_instant(from, to) == (from == to || from > 1 || to > 1));
        const Cpu* line = network.transit(from, to, 100, 1).line;
        CHECK((line == nullptr || line->speed() == 1));
      }
    }
    CHECK(lookers.are_undisturbed());
  }
}

}  // namespace
}  // namespace stampede
