#include "world/rollout_world.hpp"

#include <cmath>

// What rollouts do with a fleet, instant by instant.

namespace stampede::test {
namespace {

using namespace literals;
using Texts = std::vector<std::string>;

// ---- recreate and rolling ---------------------------------------------------------------------

TEST_CASE("recreate stops everybody, and in between there is nobody") {
  const Ran run(Shop{.rollout = "kind: recreate"}.text());
  CHECK(run.steps() == Texts{"10 stops all 4", "10 starts 4", "12 promoted"});
  CHECK(run.rollout().capacity_min == 0);
  CHECK(run.between("users.availability", 11_s, 12_s) == 0);
  CHECK(run.between("users.availability", 13_s, 100_s) == 1);
  CHECK(run.between("app.replicas", 20_s, 100_s) == 4);
  CHECK(run["app.versions.stable.outcomes.error"] == 0);
}

TEST_CASE("a rolling update keeps what surge and availability promise") {
  struct Case {
    const char* settings;
    double capacity_min;
    double extra;  ///< instance-seconds besides the four
  };
  const Case given = GENERATE(Case{"max_surge: 1, max_unavailable: 0", 1, 0},
                              Case{"max_surge: 0, max_unavailable: 1", 0.75, 0},
                              Case{"max_surge: 25%, max_unavailable: 25%", 0.75, 0},
                              Case{"max_surge: 100%, max_unavailable: 0", 1, 8});
  INFO(given.settings);
  const Ran run(Shop{.rollout = std::string("kind: rolling, ") + given.settings}.text());
  CHECK(run.verdict() == "promoted");
  CHECK(run.rollout().capacity_min == given.capacity_min);
  if (given.extra > 0) {
    CHECK(run.rollout().extra_instance_hours * 3600 == Approx(given.extra).margin(0.1));
  }
  CHECK(run["users.availability"] == 1);
  CHECK(run.between("app.replicas", 40_s, 100_s) == 4);
  CHECK(run.between("app.versions.v2.share", 40_s, 100_s) == 1);
}

TEST_CASE("a rolling update goes one by one where only one may be missing") {
  const Ran run(
      Shop{.replicas = 3, .rollout = "kind: rolling, max_surge: 1, max_unavailable: 0"}.text());
  CHECK(run.steps() == Texts{"10 starts 1", "12 stops 1", "12 starts 1", "14 stops 1",
                             "14 starts 1", "16 stops 1", "16 promoted"});
}

TEST_CASE("min_ready holds every step up until the new instance has proved itself") {
  const Ran run(Shop{.replicas = 2,
                     .rollout = "kind: rolling, max_surge: 1, max_unavailable: 0, min_ready: 5s"}
                    .text());
  CHECK(run.steps() ==
        Texts{"10 starts 1", "17 stops 1", "17 starts 1", "24 stops 1", "24 promoted"});
}

TEST_CASE("a version that never becomes ready stalls a rolling update, or is taken back") {
  const std::string app = "versions: {v2: {boot_time: 1h}}";
  const std::string rollout =
      "kind: rolling, max_surge: 1, max_unavailable: 1, progress_deadline: "
      "20s, ";
  const Ran stalled(Shop{.app = app, .rollout = rollout + "roll_back: false"}.text());
  CHECK(stalled.verdict() == "stalled");
  CHECK(stalled.between("app.replicas", 50_s, 100_s) == 3);
  CHECK(stalled["users.availability"] == 1);

  const Ran back(Shop{.app = app, .rollout = rollout + "roll_back: true"}.text());
  CHECK(back.verdict() == "rolled_back");
  CHECK(back.between("app.replicas", 50_s, 100_s) == 4);
  CHECK(back["app.versions.v2.requests"] == 0);
}

TEST_CASE("an instance that is told to leave finishes what it has, and takes who has not heard") {
  // Balancers hear of it a second late: whoever is sent there meanwhile is turned away, unless the
  // instance waits for that before it stops.
  const std::string balancer = "{kind: load_balancer, backends: app, discovery: {delay: 1s}}";
  const std::string rollout = "kind: rolling, max_surge: 4, max_unavailable: 0";
  const Ran hasty(
      Shop{.app = "pre_stop: 0s, versions: {v2: {}}", .rollout = rollout, .balancer = balancer}
          .text());
  CHECK(hasty["users.outcomes.unreachable"] > 0);
  const Ran patient(
      Shop{.app = "pre_stop: 2s, versions: {v2: {}}", .rollout = rollout, .balancer = balancer}
          .text());
  CHECK(patient["users.availability"] == 1);
}

TEST_CASE("what is left after the grace period dies with the instance") {
  const auto resets = [](const std::string& grace) {
    return Ran(
        Shop{.arrivals = "{kind: constant, rate: 1/s}",
             .app = "versions: {v2: {handler: [{wait: 1ms}]}}, termination_grace_period: " + grace,
             .rollout = "kind: recreate",
             .handler = "[{wait: 8s}]"}
            .text())["users.outcomes.reset"];
  };
  CHECK(resets("8s") == 0);
  CHECK(resets("5s") == 3);  // those of the last three seconds
}

TEST_CASE("callers without a balancer find the new instances, and forget the old ones") {
  std::string text = Shop{.rollout = "kind: rolling, max_surge: 1, max_unavailable: 0"}.text();
  text.replace(text.find("target: balancer"), 16, "target: app");
  text.erase(text.find("  balancer:"), text.find("  app:") - text.find("  balancer:"));
  const Ran run(text);
  CHECK(run.verdict() == "promoted");
  CHECK(run["users.availability"] == 1);
  CHECK(run.between("app.versions.v2.share", 40_s, 100_s) == 1);
}

TEST_CASE("only the instances of a zone are replaced, and the next stage waits for that") {
  const Ran run(
      "stampede: 1\n"
      "run: {duration: 60s, slice: 1s}\n"
      "regions: {eu: {zones: [eu-a]}, us: {zones: [us-a]}}\n"
      "traffic: {users: {arrivals: {kind: constant, rate: 20/s}, target: balancer}}\n"
      "components:\n"
      "  balancer: {kind: load_balancer, backends: app}\n"
      "  app: {kind: service, replicas: 4, handler: [{wait: 1ms}], boot_time: 2s, versions: {v2: "
      "{}}}\n"
      "rollouts:\n"
      "  first: {kind: rolling, target: app, to: v2, at: 5s, zone: eu}\n"
      "  second: {kind: rolling, target: app, to: v2, after: first, at: 20s, zone: us}\n");
  CHECK(run.verdict(0) == "promoted");
  CHECK(run.verdict(1) == "promoted");
  CHECK(run.rollout(1).began_s == run.rollout(0).decided_s + 20);
  CHECK(run.between("app.versions.v2.share", 15_s, 25_s) == Approx(0.5));
  CHECK(run.between("app.versions.v2.share", 45_s, 60_s) == 1);
}

TEST_CASE("a release may wait until the errors of the last window are few") {
  const Ran run(Shop{.arrivals = "{kind: constant, rate: 100/s}",
                     .rollout = "kind: recreate, when: app.error_rate < 1%",
                     .more = "faults: [{kind: error_burst, at: 5s, for: 20s, target: app}]"}
                    .text());
  CHECK(run.verdict() == "promoted");
  CHECK(run.rollout().began_s == 35);  // ten seconds of window after the last of the errors
}

TEST_CASE("a stage after one that failed never begins") {
  std::string text = Shop{.app = "versions: {v2: {boot_time: 1h}}",
                          .rollout = "kind: rolling, progress_deadline: 10s"}
                         .text();
  text += "  next: {kind: rolling, target: app, to: v2, after: release}\n";
  const Ran run(text);
  CHECK(run.verdict(0) == "stalled");
  CHECK(run.verdict(1) == "pending");
}

TEST_CASE("consumers of instances that leave finish, say how far they came, and repeat nothing") {
  const auto world = [](const std::string& source, const std::string& consume) {
    return Ran(
        "stampede: 1\n"
        "run: {duration: 60s, slice: 1s}\n"
        "network: {within_zone: 1ms}\n"
        "traffic: {users: {arrivals: {kind: constant, rate: 40/s}, target: source, keys: "
        "1000}}\n"
        "components:\n"
        "  source: {" +
        source +
        "}\n"
        "  worker: {kind: service, replicas: 3, handler: [{wait: 20ms}], boot_time: 2s, "
        "versions: {v2: {}}, consume: {" +
        consume +
        "}}\n"
        "rollouts: {release: {kind: rolling, target: worker, to: v2, at: 20s}}\n");
  };
  const Ran queue = world("kind: queue", "queue: source, consumers: 2");
  CHECK(queue["worker.versions.v2.requests"] > 1000);
  CHECK(queue["source.duplicates"] == 0);
  const Ran log = world("kind: log, partitions: 6, brokers: 1, replicas: 1, append: 1ms",
                        "log: source, consumers: 1, idempotent: true, session_timeout: 30s, "
                        "rebalance_pause: 100ms");
  CHECK(log["worker.versions.v2.requests"] > 1000);
  CHECK(log["worker.suppressed_duplicates"] == 0);
  // without a goodbye, nobody would read their partitions before the session_timeout
  CHECK(log.between("worker.throughput", 30_s, 45_s) == Approx(40).margin(1));
}

// ---- canary -----------------------------------------------------------------------------------

const char* const canary = "kind: canary, scale_down_delay: 5s, abort_scale_down_delay: 5s, ";

TEST_CASE("a canary goes through its steps, with as many instances as its weight needs") {
  const Ran run(Shop{.rollout = std::string(canary) +
                                "steps: [{set_weight: 20%}, {pause: 10s}, {set_weight: 50%}, "
                                "{pause: 10s}]"}
                    .text());
  CHECK(run.steps() == Texts{"10 scales the canary to 1", "12 set_weight 20%",
                             "22 scales the canary to 2", "24 set_weight 50%",
                             "34 scales the canary to 4", "36 promoted"});
  CHECK(run["users.availability"] == 1);
  CHECK(run.rollout().capacity_min == 1);
  CHECK(run.between("app.replicas", 50_s, 100_s) == 4);
  CHECK(run.between("app.versions.v2.share", 50_s, 100_s) == 1);
}

// The share of the traffic is exact whatever the number of instances: within four standard
// deviations of the binomial law.
TEST_CASE("one percent is one percent on fleets of any size") {
  const int replicas = GENERATE(3, 10, 200);
  const double weight = GENERATE(0.01, 0.05, 0.5);
  const bool is_by_user = GENERATE(false, true);
  Shop shop{.replicas = replicas,
            .arrivals = "{kind: poisson, rate: 1000/s}",
            .app = "versions: {v2: {}}",
            .rollout = fmt::format("{}stickiness: {}, steps: [{{set_weight: {}%}}, {{pause: 30s}}]",
                                   canary, is_by_user ? "user" : "request", weight * 100)};
  shop.duration = "42s";
  const Ran run(shop.text());
  const double n = 30'000;  // without identities, every request is of a user of its own
  INFO(replicas << " replicas, " << weight);
  CHECK(run.between("app.versions.v2.share", 12_s, 42_s) ==
        Approx(weight).margin(4 * std::sqrt(weight * (1 - weight) / n)));
}

TEST_CASE("a user keeps the version while shares stay, and a growing share takes nobody back") {
  TrafficSplit split(2);
  const auto version_of = [&](std::uint64_t user) {
    Request request;
    request.user = user;
    request.luck = user * 7919;
    return split.version_for(request);
  };
  std::vector<bool> was_in(10'000, false);
  for (const double weight : {0.0, 0.01, 0.05, 0.2, 0.5, 1.0}) {
    split.set(0, 1, weight, Stickiness::user, hash_bytes("release"));
    double in = 0;
    for (std::uint64_t user = 0; user < was_in.size(); ++user) {
      const bool is_in = version_of(user) == 1;
      CHECK((is_in || !was_in[user]));
      was_in[user] = is_in;
      in += is_in ? 1 : 0;
    }
    CHECK(in / 10'000 == Approx(weight).margin(4 * std::sqrt(weight * (1 - weight) / 10'000)));
  }
}

TEST_CASE("splits with salts of their own are independent") {
  TrafficSplit one(2);
  TrafficSplit other(2);
  one.set(0, 1, 0.3, Stickiness::user, hash_bytes("one"));
  other.set(0, 1, 0.5, Stickiness::user, hash_bytes("other"));
  double both = 0;
  for (std::uint64_t user = 0; user < 100'000; ++user) {
    Request request;
    request.user = user;
    both += one.version_for(request) == 1 && other.version_for(request) == 1 ? 1 : 0;
  }
  CHECK(both / 100'000 == Approx(0.15).margin(4 * std::sqrt(0.15 * 0.85 / 100'000)));
}

// RO-CANARY-DETECT: 5 % of 1000 requests per second for 60 s see 2 % errors, the others 0.1 %.
TEST_CASE("a canary of five percent sees the sixty errors of a bad version, and is taken back") {
  Shop shop{.replicas = 10,
            .arrivals = "{kind: poisson, rate: 1000/s}",
            .app = "error_rate: 0.1%, versions: {v2: {error_rate: 2%}}",
            .rollout = std::string(canary) +
                       "steps: [{set_weight: 5%}, {pause: 60s}, {analysis: [{success_condition: "
                       "canary.error_rate < 3 * stable.error_rate, window: 60s}]}]"};
  const Ran run(shop.text());
  CHECK(run.verdict() == "rolled_back");
  CHECK(run.rollout().decided_s == 72);
  CHECK(run.rollout().requests == Approx(3000).margin(4 * std::sqrt(60'000 * 0.05 * 0.95)));
  CHECK(run.rollout().failed == Approx(60).margin(4 * std::sqrt(60.0)));
  CHECK(run.between("app.versions.stable.outcomes.error", 12_s, 72_s) ==
        Approx(57).margin(4 * std::sqrt(57.0)));
  CHECK(run.between("app.versions.v2.share", 80_s, 100_s) == 0);
  CHECK(run.between("app.replicas", 80_s, 100_s) == 10);
}

TEST_CASE("a good canary is promoted by the same analysis") {
  const Ran run(Shop{.arrivals = "{kind: poisson, rate: 1000/s}",
                     .app = "error_rate: 1%, versions: {v2: {}}",
                     .rollout = std::string(canary) +
                                "steps: [{set_weight: 20%}, {analysis: [{success_condition: "
                                "canary.error_rate < 2 * stable.error_rate, interval: 5s, count: "
                                "4}]}]"}
                    .text());
  CHECK(run.verdict() == "promoted");
}

TEST_CASE("a canary that saw no traffic has no verdict") {
  Shop shop{.arrivals = "{kind: constant, rate: 0.01/s}"};
  SECTION("whether somebody looks") {
    shop.rollout = std::string(canary) +
                   "steps: [{set_weight: 20%}, {analysis: [{success_condition: canary.error_rate < "
                   "1%, interval: 5s, count: 3}]}]";
  }
  SECTION("or nobody does") {
    shop.rollout = std::string(canary) + "steps: [{set_weight: 20%}, {pause: 20s}]";
  }
  const Ran run(shop.text());
  CHECK(run.verdict() == "no_verdict");
  CHECK(run.between("app.versions.stable.requests", 0_s, 10_s) >= 0);
  CHECK(run.rollout().requests == 0);
}

TEST_CASE("what is analysed in the background is taken back as soon as it fails") {
  const Ran run(Shop{.arrivals = "{kind: poisson, rate: 500/s}",
                     .app = "versions: {v2: {error_rate: 20%}}",
                     .rollout = std::string(canary) +
                                "analysis: {starting_step: 1, metrics: [{failure_condition: "
                                "canary.error_rate > 10%, interval: 5s}]}, "
                                "steps: [{set_weight: 20%}, {pause: 1h}]"}
                    .text());
  CHECK(run.verdict() == "rolled_back");
  CHECK(run.rollout().decided_s < 20);
}

TEST_CASE("what is neither good nor bad waits for somebody") {
  const Ran run(Shop{.arrivals = "{kind: poisson, rate: 500/s}",
                     .app = "versions: {v2: {error_rate: 5%}}",
                     .rollout = std::string(canary) +
                                "steps: [{set_weight: 50%}, {pause: 10s}, {analysis: "
                                "[{success_condition: canary.error_rate < 1%, failure_condition: "
                                "canary.error_rate > 20%}]}]"}
                    .text());
  CHECK(run.verdict() == "paused");
  CHECK(run.between("app.versions.v2.share", 40_s, 100_s) == Approx(0.5).margin(0.02));
}

TEST_CASE("a canary may have more instances than its share of the traffic needs") {
  const Ran run(Shop{.rollout = std::string(canary) +
                                "steps: [{set_canary_scale: {replicas: 3}}, {set_weight: 10%}, "
                                "{pause: 10s}, {set_canary_scale: {match_traffic_weight: true}}, "
                                "{pause: 10s}]"}
                    .text());
  CHECK(run.steps() == Texts{"10 scales the canary to 3", "12 set_weight 10%",
                             "22 scales the canary to 1", "32 scales the canary to 4",
                             "34 promoted"});
}

// ---- blue/green -------------------------------------------------------------------------------

const char* const blue_green =
    "kind: blue_green, scale_down_delay: 5s, abort_scale_down_delay: 5s, ";

TEST_CASE("blue/green has both fleets at once, and switches all traffic at one instant") {
  const Ran run(Shop{.rollout = std::string(blue_green) + "auto_promotion_delay: 8s"}.text());
  CHECK(run.steps() == Texts{"10 starts 4", "20 switches", "20 promoted"});
  CHECK(run.between("app.versions.v2.share", 12_s, 20_s) == 0);
  CHECK(run.between("app.versions.v2.share", 20_s, 100_s) == 1);
  CHECK(run.between("app.replicas", 12_s, 25_s) == 8);
  CHECK(run.between("app.replicas", 26_s, 100_s) == 4);
  // four instances for 15 s besides the four
  CHECK(run.rollout().extra_instance_hours * 3600 == Approx(60).margin(0.1));
  CHECK(run["users.availability"] == 1);
}

TEST_CASE("blue/green goes back at once when it is seen to be bad") {
  const Ran run(Shop{.arrivals = "{kind: poisson, rate: 500/s}",
                     .app = "versions: {v2: {error_rate: 20%}}",
                     .rollout = std::string(blue_green) +
                                "post_promotion_analysis: [{failure_condition: canary.error_rate > "
                                "5%, interval: 5s, count: 4, initial_delay: 5s}]"}
                    .text());
  CHECK(run.verdict() == "rolled_back");
  CHECK(run.rollout().decided_s == 17);
  CHECK(run.between("app.versions.v2.share", 18_s, 100_s) == 0);
  CHECK(run.between("app.replicas", 30_s, 100_s) == 4);
}

// ---- Versions ---------------------------------------------------------------------------------

TEST_CASE("a version says what is different, down to single settings, and inherits the rest") {
  const Ran run(Shop{.replicas = 1,
                     .app = "concurrency: {workers: 2, queue: 7}, "
                            "versions: {v2: {concurrency: {workers: 5}, boot_time: 0s}}",
                     .rollout = "kind: recreate"}
                    .text());
  const auto workers = [&](Duration from, Duration to) {
    return run.between("users.throughput", from, to) * 0.010 /
           run.between("app.utilization", from, to);
  };
  CHECK(workers(0_s, 10_s) == Approx(2));
  CHECK(workers(20_s, 100_s) == Approx(5));
}

TEST_CASE("the defects of a version are those of its instances alone") {
  Shop shop{.arrivals = "{kind: poisson, rate: 200/s}",
            .rollout = "kind: rolling, max_surge: 100%, max_unavailable: 0"};
  SECTION("errors of some requests") {
    shop.app = "versions: {v2: {defects: [{error_burst: {error_rate: 30%}}]}}";
    const Ran run(shop.text());
    CHECK(run["app.versions.stable.outcomes.error"] == 0);
    CHECK(run["app.versions.v2.outcome_share.error"] == Approx(0.3).margin(0.02));
  }
  SECTION("a leak, until each of them dies of it") {
    shop.app =
        "versions: {v2: {defects: [{memory_leak: {memory: 100KB, per_request: 1KB, restart_delay: "
        "1s}}]}}";
    const Ran run(shop.text());
    CHECK(run["app.versions.stable.outcomes.reset"] == 0);
    CHECK(run["app.uptime"] < 0.7);
  }
  SECTION("slowness of some") {
    shop.app = "versions: {v2: {defects: [{slow_down: {latency: 90ms}}]}}";
    const Ran run(shop.text());
    CHECK(run.between("users.latency.p50", 20_s, 100_s) == Approx(0.1).margin(0.01));
    CHECK(run.between("users.latency.p50", 0_s, 10_s) == Approx(0.01).margin(0.001));
  }
}

TEST_CASE("a bug that only a full instance shows") {
  const std::string bug =
      "versions: {v2: {defects: [{error_burst: {error_rate: 50%, above_in_flight: 4}}]}}";
  const auto errors = [&](const char* rate) {
    return Ran(Shop{.replicas = 1,
                    .arrivals = std::string("{kind: poisson, rate: ") + rate + "}",
                    .app = bug,
                    .rollout = "kind: recreate"}
                   .text())["app.versions.v2.outcome_share.error"];
  };
  CHECK(errors("20/s") < 0.001);
  CHECK(errors("1000/s") > 0.4);
}

TEST_CASE("a rollout that does nothing yet leaves everything as it was") {
  const std::string late = Shop{.rollout = "kind: rolling"}.text();
  std::string later = late;
  later.replace(later.find("at: 10s"), 7, "at: 99s");
  std::string without = late;
  without.erase(without.find("rollouts:"));
  CHECK(Ran(late).between("users.latency.mean", 0_s, 10_s) ==
        Ran(without).between("users.latency.mean", 0_s, 10_s));
  CHECK(Ran(later).fingerprint() == Ran(without).fingerprint());
}

// ---- In the middle of faults ------------------------------------------------------------------

TEST_CASE("instances that crash while they boot or drain do not hold a rollout up for ever") {
  const std::string kind =
      GENERATE("rolling, max_surge: 1, max_unavailable: 0", "recreate", "blue_green",
               "canary, steps: [{set_weight: 20%}, {pause: 5s}]");
  const int at = GENERATE(9, 11, 12, 13, 15);
  INFO(kind << " and a crash at " << at);
  const Ran run(
      Shop{.app = "termination_grace_period: 3s, pre_stop: 1s, versions: {v2: {}}",
           .rollout = "kind: " + kind,
           .more = fmt::format("faults: [{{kind: crash, at: {}s, for: 3s, target: app}}]", at)}
          .text());
  CHECK(run.verdict() == "promoted");
  CHECK(run.between("app.replicas", 80_s, 100_s) == 4);
  CHECK(run.between("app.versions.v2.share", 80_s, 100_s) == 1);
}

// ---- What is wrong with a scenario ------------------------------------------------------------

TEST_CASE("rollouts that cannot be are refused") {
  const auto error = [](const Shop& shop) { return errors_of(shop.text()); };
  CHECK(error({.app = "versions: {v3: {}}", .rollout = "kind: recreate"}) ==
        Texts{"9: rollouts.release is to bring 'v2', which is no version of its target"});
  CHECK(error({.app = "", .rollout = "kind: recreate"}) ==
        Texts{"9: rollouts.release has a target without versions: 'app' has only one"});
  CHECK(error({.rollout = "kind: recreate, after: nobody"}) ==
        Texts{"9: there is no rollout 'nobody' for rollouts.release.after"});
  CHECK(error({.rollout = "kind: recreate, after: release"}) ==
        Texts{"9: rollouts.release comes after itself, so none of the circle begins"});
  CHECK(error({.rollout = "kind: rolling, max_surge: 0, max_unavailable: 0"}).size() == 1);
  CHECK(error({.app = "versions: {v2: {handlr: []}}", .rollout = "kind: recreate"}).size() == 1);
  CHECK(error({.app = "versions: {v2: {defects: [{surge: {traffic: users, factor: 2}}]}}",
               .rollout = "kind: recreate"}) ==
        Texts{"7: components.app.versions.v2.defects.0 is a map"});
  CHECK(error({.app = "versions: {v2: {defects: [{error_burst: {at: 5s}}]}}",
               .rollout = "kind: recreate"}) ==
        Texts{"7: unknown key 'at' in components.app.versions.v2.defects.0 (error_burst)"});
  CHECK(error({.rollout = "kind: canary, zone: default, steps: [{set_weight: 10%}]"}).size() == 1);
}

TEST_CASE("a mistake in what versions inherit is told once") {
  CHECK(errors_of(Shop{.app = "concurrency: {workers: 0}, versions: {v2: {}, v3: {}}",
                       .rollout = "kind: recreate"}
                      .text())
            .size() == 1);
  CHECK(errors_of(Shop{.app = "cpu: 2, handlers: {request: [{call: nobody}]}, versions: {v2: {}}",
                       .rollout = "kind: recreate"}
                      .text())
            .size() == 1);
}

}  // namespace
}  // namespace stampede::test
