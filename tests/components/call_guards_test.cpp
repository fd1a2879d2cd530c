#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

/// A service with guards in front of the target "db", which takes 10 ms.
struct Guarded : ServiceWorld {
  explicit Guarded(const std::string& use, const std::string& steps = R"([{"call": "db"}])",
                   const std::string& more = "{}")
      : ServiceWorld(settings_of(use, steps, more)) {
    db.treatments = {{10_ms}};
  }
  static std::string settings_of(const std::string& use, const std::string& steps,
                                 const std::string& more) {
    Json json = Json::parse(more);
    json["guards"] = Json::array({{{"target", "db"}, {"use", Json::parse(use)}}});
    json["handler"] = Json::parse(steps);
    return json.dump();
  }
  std::int64_t counted(const std::string& what) { return observer().counted(what); }
  std::int64_t level(const std::string& what) { return observer().level(what); }
};

const std::string breaker_of_two = R"([{"kind": "circuit_breaker", "sliding_window_size": 2,
    "permitted_number_of_calls_in_half_open_state": 1, "wait_duration_in_open_state": "1s"}])";

TEST_CASE("behind an open breaker nobody is called, and the handler fails at once") {
  Guarded world(breaker_of_two);
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send_many(2);
  world.run(20_ms);
  CHECK(world.level("breakers_open") == 1);
  world.send();
  world.run(500_ms);
  CHECK(world.heard() == Texts{"error@10", "error@10", "error@20"});
  CHECK(world.db.requests.size() == 2);
  CHECK(world.counted("rejected_calls") == 1);
  CHECK(world.counted("breaker_openings") == 1);
  world.check_laws();
}

TEST_CASE("after the wait a breaker tries, and closes") {
  Guarded world(breaker_of_two);
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms, Outcome::error}, {10_ms}};
  world.send_many(2);
  world.run(1'010_ms);
  world.send_many(2);  // one trial, the other is turned away
  world.run(1'030_ms);
  world.send_many(2);
  world.run(2_s);
  CHECK(world.heard() ==
        Texts{"error@10", "error@10", "ok@1020", "error@1010", "ok@1040", "ok@1040"});
  CHECK(world.level("breakers_open") == 0);
}

TEST_CASE("a breaker takes the caller's own timeouts for failures") {
  Guarded world(breaker_of_two, R"([{"call": {"target": "db", "timeout": "5ms"}}])");
  world.send_many(2);
  world.run(6_ms);
  CHECK(world.level("breakers_open") == 1);
  CHECK(world.heard() == Texts{"error@5", "error@5"});
}

TEST_CASE("every try of a call passes the guards, those of all steps the same ones") {
  Guarded world(breaker_of_two, R"([{"call": {"target": "db", "retry": {"num_retries": 3,
      "retry_back_off": {"base_interval": "1ms", "jitter": "none"}}}, "on_failure": "continue"},
      {"call": "db"}])");
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.db.requests.size() == 2);  // then it opened
  CHECK(world.counted("rejected_calls") == 3);
}

TEST_CASE("a caller that crashes forgets the state of its breakers") {
  Guarded world(breaker_of_two);
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send_many(2);
  world.run(20_ms);
  CHECK(world.level("breakers_open") == 1);
  Knob::Hold crash = world.instance().hold_down(KilledWork::answers_broken);
  world.run(30_ms);
  CHECK(world.level("breakers_open") == 0);
}

TEST_CASE("a bulkhead turns away at once who finds it full") {
  Guarded world(R"([{"bulkhead": 2}])");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "error@0"});
  CHECK(world.counted("rejected_calls") == 1);
}

TEST_CASE("a bulkhead lets others wait for as long as it says") {
  Guarded world(R"([{"bulkhead": {"max_concurrent_calls": 1, "max_wait_duration": "15ms"}}])");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "error@15"});
}

TEST_CASE("who waits at a bulkhead gives up when the call does") {
  Guarded world(R"([{"bulkhead": {"max_concurrent_calls": 1, "max_wait_duration": "15ms"}}])",
                R"([{"call": {"target": "db", "timeout": "12ms"}}])");
  world.send_many(2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "error@12"});
  CHECK(world.counted("rejected_calls") == 0);
  world.send();
  world.run(2_s);
  CHECK(world.heard().back() == "ok@1010");
}

TEST_CASE("limits let requests wait for a connection, up to a number of them") {
  Guarded world(R"([{"limits": {"max_connections": 1, "max_pending_requests": 1}}])");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "error@0"});
}

TEST_CASE("a breaker counts what a bulkhead further in turns away, as resilience4j does") {
  Guarded world(R"([{"kind": "circuit_breaker", "sliding_window_size": 2}, {"bulkhead": 1}])");
  world.send_many(3);
  CHECK(world.level("breakers_open") == 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "error@0", "error@0"});
}

TEST_CASE("a bulkhead further out waits first, then the breaker decides") {
  Guarded world(R"([{"bulkhead": {"max_concurrent_calls": 1, "max_wait_duration": "1s"}},
                    {"kind": "circuit_breaker", "sliding_window_size": 1}])");
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send_many(2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10", "error@10"});
  CHECK(world.db.requests.size() == 1);
}

TEST_CASE("a retry budget counts the retries of all steps, waits before them included") {
  Guarded world(R"([{"retry_budget": {"budget_percent": "0%", "min_retry_concurrency": 2}}])",
                R"([{"call": {"target": "db", "retry": {"num_retries": 1,
                    "retry_back_off": {"base_interval": "5ms", "jitter": "none"}}}}])");
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send_many(5);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@25", "error@25", "error@10", "error@10", "error@10"});
  CHECK(world.db.requests.size() == 7);
  CHECK(world.counted("refused_retries") == 3);
  world.send();
  world.run(2_s);
  CHECK(world.heard().back() == "error@1025");  // the budget is free again
}

TEST_CASE("a balancer has guards in front of each backend, at which nobody waits") {
  ComponentWorld world;
  world.add("app", "service", R"({"replicas": 2, "handler": [{"wait": "10ms"}]})");
  world.add("lb", "load_balancer", R"({"backends": "app", "guards":
      [{"bulkhead": {"max_concurrent_calls": 1, "max_wait_duration": "1s"}}]})");
  for (int i = 0; i < 3; ++i) {
    world.send({}, "lb");
  }
  world.run(20_ms);
  world.send({}, "lb");
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "rejected.limit@0", "ok@30"});
  CHECK(world.observer("lb").counted("rejected_calls") == 1);
  world.check_laws();
}

TEST_CASE("a balancer's breaker stops one backend, and others go on") {
  ComponentWorld world;
  world.add("app", "service", R"({"replicas": 2, "handler": [{"wait": "10ms"}]})");
  world.add("lb", "load_balancer", R"({"backends": "app", "guards":
      [{"circuit_breaker": {"sliding_window_size": 1}}]})");
  Knob::Hold errors = world.instance("app", 0).error_rate().hold(1);
  for (int i = 0; i < 4; ++i) {
    world.send({}, "lb");
    world.run(20_ms * (i + 1));
  }
  CHECK(world.heard() == Texts{"ok@10", "error@30", "ok@50", "rejected.breaker_open@60"});
  CHECK(world.observer("lb").level("breakers_open") == 1);
}

// ---- Hedges -----------------------------------------------------------------------------------

TEST_CASE("a late request is sent once more, and the first good answer counts") {
  ServiceWorld world(R"({"handler": [{"call": {"target": "db", "hedge": "20ms"}}]})");
  world.db.treatments = {{100_ms}, {10_ms}, {15_ms}};
  world.send();
  world.run(50_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@30", "ok@65"});
  CHECK(world.db.began == std::vector<double>{0, 20, 50});
  CHECK(world.db.finished == std::vector<double>{30, 65, 100});  // a target that goes on
  CHECK(world.db.requests[0].luck != world.db.requests[1].luck);
}

TEST_CASE("a hedge that fails does not end the wait, the failure of all does") {
  ServiceWorld world(R"({"handler": [{"call": {"target": "db",
                         "hedge": {"delay": "20ms", "max_hedges": 2}}}]})");
  world.db.treatments = {{70_ms},
                         {1_ms, Outcome::error},
                         {100_ms},
                         {50_ms, Outcome::error},
                         {40_ms, Outcome::error},
                         {30_ms, Outcome::error}};
  world.send();
  world.run(200_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@70", "error@270"});
}

TEST_CASE("a hedged call keeps to its timeout") {
  ServiceWorld world(
      R"({"handler": [{"call": {"target": "db", "hedge": "20ms", "timeout": "30ms"}}]})");
  world.db.treatments = {{100_ms}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@30"});
  CHECK(world.db.requests.size() == 2);
}

TEST_CASE("hedges at a percentile wait until enough answers were seen") {
  ServiceWorld world(
      R"({"handler": [{"call": {"target": "db", "hedge": {"percentile": "90%"}}}]})");
  world.db.treatments.clear();
  for (int i = 0; i < 100; ++i) {
    world.db.treatments.push_back({Duration::nanoseconds((i + 1) * 1'000'000)});
  }
  world.db.treatments.push_back({200_ms});
  world.db.treatments.push_back({5_ms});
  for (int i = 0; i < 100; ++i) {
    world.send();
    world.run(200_ms * (i + 1));
  }
  CHECK(world.db.requests.size() == 100);
  world.send();
  world.run(1000_s);
  CHECK(world.heard().back() == "ok@20095");  // 90 ms and 5
}

TEST_CASE("hedges pass the guards") {
  Guarded world(R"([{"bulkhead": 1}])", R"([{"call": {"target": "db", "hedge": "5ms"}}])");
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10"});
  CHECK(world.db.requests.size() == 1);
  CHECK(world.counted("rejected_calls") == 1);
}

// ---- Deadlines and cancelling -----------------------------------------------------------------

/// "front" calls "app", which has one worker and works for 10 ms, as its settings say.
struct TwoServices : ComponentWorld {
  explicit TwoServices(const std::string& call,
                       const std::string& steps = R"([{"compute": "10ms"}])") {
    add("app", "service",
        R"({"concurrency": {"workers": 1, "queue": "unbounded"}, "handler": )" + steps + "}");
    add("front", "service", R"({"handler": [{"call": )" + call + "}]}");
  }
};

TEST_CASE("work whose deadline has passed is dropped when its turn comes") {
  TwoServices world(R"({"target": "app", "timeout": "15ms", "propagate": {"deadline": true}})");
  for (int i = 0; i < 4; ++i) {
    world.send({}, "front");
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "error@15", "error@15", "error@15"});
  CHECK(world.observer("app").ends ==
        Texts{"ok@10", "ok@20 waited 10", "timeout@20 waited 20", "timeout@20 waited 20"});
}

TEST_CASE("without propagation a callee works for nobody") {
  TwoServices world(R"({"target": "app", "timeout": "15ms"})");
  for (int i = 0; i < 4; ++i) {
    world.send({}, "front");
  }
  world.run(1_s);
  CHECK(world.observer("app").ends ==
        Texts{"ok@10", "ok@20 waited 10", "ok@30 waited 20", "ok@40 waited 30"});
}

TEST_CASE("a call is not begun when the deadline has passed, and waits no longer than until then") {
  ServiceWorld world(R"({"handler": [{"wait": "5ms"},
      {"call": {"target": "db", "timeout": "50ms", "propagate": {"deadline": true}}}]})");
  world.db.treatments = {{30_ms}};
  Request request;
  request.deadline = at(20_ms);
  world.send(request);
  world.run(100_ms);
  request.deadline = at(103_ms);
  world.send(request);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@20", "error@105"});
  REQUIRE(world.db.requests.size() == 1);
  CHECK(world.db.requests[0].deadline == at(20_ms));
}

TEST_CASE("what its caller gave up is withdrawn: from the worker, and from the line") {
  TwoServices world(R"({"target": "app", "timeout": "5ms", "propagate": {"cancel": true}})");
  for (int i = 0; i < 2; ++i) {
    world.send({}, "front");
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@5", "error@5"});
  CHECK(world.observer("app").ends == Texts{"cancelled@5", "cancelled@5 waited 5"});
  CHECK(world.observer("app").is_idle());
  world.send({}, "app");
  world.run(2_s);
  CHECK(world.heard().back() == "ok@1010");
  world.check_laws();
}

TEST_CASE("cancelling goes on down the calls that propagate it") {
  ComponentWorld world;
  world.add("deep", "service", R"({"cpu": 1, "handler": [{"compute": "10ms"}]})");
  world.add("deaf", "service", R"({"cpu": 1, "handler": [{"compute": "10ms"}]})");
  world.add("app", "service", R"({"handler": [{"parallel": [
      [{"call": {"target": "deep", "propagate": {"cancel": true}}}], [{"call": "deaf"}]]}]})");
  world.add("front", "service", R"({"handler": [
      {"call": {"target": "app", "timeout": "4ms", "propagate": {"cancel": true}}}]})");
  world.send({}, "front");
  world.run(1_s);
  CHECK(world.observer("front").ends == Texts{"error@4"});
  CHECK(world.observer("app").ends == Texts{"cancelled@4"});
  CHECK(world.observer("deep").ends == Texts{"cancelled@4"});
  CHECK(world.observer("deaf").ends == Texts{"ok@10"});
  world.check_laws();
}

TEST_CASE("cancelling passes balancers and the network") {
  ComponentWorld world(R"(["a"])", R"({"within_zone": {"latency": "1ms"}})");
  world.add("app", "service", R"({"handler": [{"compute": "10ms"}]})");
  world.add("lb", "load_balancer", R"({"backends": "app", "processing": "1ms"})");
  world.add("front", "service", R"({"handler": [
      {"call": {"target": "lb", "timeout": "5ms", "propagate": {"cancel": true}}},
      {"call": "app"}]})");
  world.send({}, "front");
  world.send({}, "front");
  world.run(1_s);
  CHECK(world.observer("lb").is_idle());
  CHECK(world.observer("lb").count(Outcome::cancelled) == 2);
  CHECK(world.observer("app").count(Outcome::cancelled) == 2);
  world.check_laws();
}

TEST_CASE("the loser of a hedge is cancelled unless it is to go on") {
  for (const bool cancels : {true, false}) {
    ComponentWorld world;
    world.add("app", "service", R"({"handler": [{"compute": {"uniform":
        {"low": "10ms", "high": "20ms"}}}]})");
    world.add("front", "service",
              std::string(R"({"handler": [{"call": {"target": "app", "hedge": {"delay": "1ms",
                  "cancel": )") +
                  (cancels ? "true" : "false") + "}}}]}");
    world.send({}, "front");
    world.run(1_s);
    CHECK(world.observer("app").visits.size() == 2);
    CHECK(world.observer("app").count(Outcome::cancelled) == (cancels ? 1 : 0));
    CHECK(world.observer("app").is_idle());
  }
}

// ---- Fallbacks --------------------------------------------------------------------------------

TEST_CASE("a fallback answers instead of a call that failed, and says so") {
  ServiceWorld world(R"({"handler": [{"call": {"target": "db", "timeout": "5ms",
                         "fallback": [{"compute": "2ms"}]}}]})");
  world.db.treatments = {{1_ms}, {1_ms, Outcome::error}, {50_ms}};
  for (int i = 0; i < 3; ++i) {
    world.send();
    world.run(10_ms * (i + 1));
  }
  CHECK(world.heard() == Texts{"ok@1", "ok@13", "ok@27"});
  CHECK_FALSE(world.sent[0].reply.answer().degraded);
  CHECK(world.sent[1].reply.answer().degraded);
  CHECK(world.sent[2].reply.answer().degraded);
}

TEST_CASE("a fallback may ask somebody else, and fail too") {
  ServiceWorld world(
      R"({"handler": [{"call": {"target": "db", "fallback": [{"call": "cache"}]}}]})");
  world.db.treatments = {{1_ms, Outcome::error}};
  world.cache.treatments = {{2_ms}, {2_ms, Outcome::error}};
  world.send();
  world.run(10_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "error@13"});
}

}  // namespace
}  // namespace test
}  // namespace stampede
