#include "components/service_world.hpp"

#include <atomic>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

Request patient_until(Duration since_start) {
  Request request;
  request.patience = at(since_start);
  return request;
}

Request of_priority(int priority) {
  Request request;
  request.priority = static_cast<std::uint8_t>(priority);
  return request;
}

/// Settings of one worker, of which there is one, with this queue; the handler is yet to come.
Json one_worker(const std::string& kind, const Json& queue) {
  return {{"concurrency", {{"kind", kind}, {"workers", 1}, {"queue", queue}}}};
}

std::string threads(int workers, const std::string& handler) {
  Json json{{"concurrency", {{"kind", "threads"}, {"workers", workers}}}};
  json["handler"] = Json::parse(handler);
  return json.dump();
}
std::string async(int workers, const std::string& handler) {
  Json json{{"concurrency", {{"kind", "async"}, {"workers", workers}}}};
  json["handler"] = Json::parse(handler);
  return json.dump();
}
/// A service without limits.
std::string unlimited(const std::string& handler) {
  return Json{{"handler", Json::parse(handler)}}.dump();
}

// ---- Workers ----------------------------------------------------------------------------------

TEST_CASE("a thread holds its worker from start to end, calls included") {
  ServiceWorld world(threads(1, R"([{"compute": "10ms"}, {"call": "db"}])"));
  world.db.treatments = {{20_ms}};
  world.send_many(2);
  world.run(15_ms);
  CHECK(world.observer().busy_workers == 1);
  CHECK(world.observer().busy_cores == 0);  // without cores there are none to tell of
  CHECK(world.observer().queue == 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@30", "ok@60"});
  CHECK(world.observer().ends == Texts{"ok@30", "ok@60 waited 30"});
  CHECK(world.db.began == Ms{10, 40});
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("async holds a worker only while it computes") {
  ServiceWorld world(async(1, R"([{"compute": "10ms"}, {"call": "db"}])"));
  world.db.treatments = {{20_ms}};
  world.send_many(2);
  CHECK(world.observer().busy_workers == 1);
  CHECK(world.observer().queue == 1);
  world.run(25_ms);
  CHECK(world.observer().busy_workers == 0);
  CHECK(world.observer().in_flight == 2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@30", "ok@40"});
  CHECK(world.observer().ends == Texts{"ok@30", "ok@40 waited 10"});
  CHECK(world.db.began == Ms{10, 20});
  world.check_laws();
}

TEST_CASE("under async a request has started when it first holds a worker, not before") {
  ServiceWorld world(async(1, R"([{"compute": "10ms"}, {"compute": "10ms"}])"));
  world.send();
  world.send(patient_until(7_ms));   // never gets a worker
  world.send(patient_until(25_ms));  // gets one, but waits in vain for the second time
  world.run(1_s);
  const std::vector<Visit>& visits = world.observer().visits;
  REQUIRE(visits.size() == 3);
  CHECK_FALSE(visits[0].started);
  CHECK(visits[0].outcome == Outcome::abandoned);
  CHECK(visits[1].started);
  CHECK(visits[1].outcome == Outcome::abandoned);
  CHECK(visits[2].started);
  CHECK(visits[2].outcome == Outcome::ok);
}

TEST_CASE("async waits in line for every compute, and the waits add up") {
  ServiceWorld world(async(1, R"([{"compute": "10ms"}, {"compute": "10ms"}])"));
  world.send_many(2);
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@30 waited 10", "ok@40 waited 20"});
  world.check_laws();
}

TEST_CASE("as many requests as workers are served at once") {
  ServiceWorld world(threads(3, R"([{"compute": "10ms"}])"));
  CHECK(world.observer().workers == 3);
  world.send_many(5);
  CHECK(world.observer().busy_workers == 3);
  CHECK(world.observer().queue == 2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@10", "ok@20", "ok@20"});
}

TEST_CASE("without a limit nobody waits") {
  ServiceWorld world(unlimited(R"([{"compute": "10ms"}])"));
  CHECK(world.observer().workers == 0);
  CHECK(world.observer().cores == 0);
  CHECK(world.observer().instances == 1);
  world.send_many(1000);
  CHECK(world.observer().in_flight == 1000);
  world.run(10_ms);
  CHECK(world.observer().count(Outcome::ok) == 1000);
  CHECK(world.observer().is_idle());
}

TEST_CASE("every instance has workers of its own, and visits name it") {
  Json json = Json::parse(threads(1, R"([{"compute": "10ms"}])"));
  json["replicas"] = 2;
  ServiceWorld world(json.dump());
  CHECK(world.observer().workers == 2);
  CHECK(world.observer().instances == 2);
  const Request request;
  const Reply first = world.instance("app", 0).call(request);
  const Reply second = world.instance("app", 1).call(request);
  world.run(10_ms);
  CHECK(first.done());
  CHECK(second.done());
  REQUIRE(world.observer().visits.size() == 2);
  CHECK(world.observer().visits[0].instance == 0);
  CHECK(world.observer().visits[1].instance == 1);
}

// ---- The queue --------------------------------------------------------------------------------

TEST_CASE("a full queue rejects the newcomer at once") {
  const std::string kind = GENERATE(std::string("threads"), std::string("async"));
  Json settings = one_worker(kind, 2);
  settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  world.send_many(4);
  CHECK(world.sent[3].heard == "rejected.queue_full@0");
  REQUIRE(world.observer().visits.size() == 1);
  CHECK_FALSE(world.observer().visits[0].started);
  world.run(10_ms);
  world.send();  // into the place of the one that is served now
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@30", "rejected.queue_full@0", "ok@40",
                               "rejected.queue_full@10"});
  CHECK(world.observer().is_idle());
  CHECK(world.observer().arrivals == 6);
  world.check_laws();
}

TEST_CASE("a queue of capacity 0 takes whom a worker can serve at once") {
  Json settings = one_worker("threads", 0);
  settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  world.send_many(2);
  world.run(10_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "rejected.queue_full@0", "ok@20"});
}

TEST_CASE("an unbounded queue rejects nobody") {
  Json settings = one_worker("threads", "unbounded");
  settings["handler"] = Json::parse(R"([{"compute": "1ms"}])");
  ServiceWorld world(settings.dump());
  world.send_many(5000);
  CHECK(world.observer().queue == 4999);
  world.run(5_s);
  CHECK(world.observer().count(Outcome::ok) == 5000);
  CHECK(world.observer().ends.back() == "ok@5000 waited 4999");
}

TEST_CASE("whoever is inside is not turned away when it wants a worker again") {
  // The door is where requests are rejected: under async the line may grow beyond its capacity.
  Json settings = one_worker("async", 0);
  settings["handler"] = Json::parse(R"([{"wait": "5ms"}, {"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  world.send_many(2);
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@15", "ok@25 waited 10"});
}

TEST_CASE("the discipline of the queue says who goes next") {
  const auto order = [](const std::string& discipline) {
    Json settings = one_worker("threads", {{"capacity", 10}, {"discipline", discipline}});
    settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
    ServiceWorld world(settings.dump());
    for (const int priority : {9, 5, 0, 5, 9}) {
      world.send(of_priority(priority));
    }
    world.run(1_s);
    return world.heard();
  };
  CHECK(order("fifo") == Texts{"ok@10", "ok@20", "ok@30", "ok@40", "ok@50"});
  CHECK(order("lifo") == Texts{"ok@10", "ok@50", "ok@40", "ok@30", "ok@20"});
  CHECK(order("priority") == Texts{"ok@10", "ok@30", "ok@20", "ok@40", "ok@50"});
}

TEST_CASE("priorities count in the line of async too") {
  Json settings = one_worker("async", {{"capacity", 10}, {"discipline", "priority"}});
  settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  for (const int priority : {0, 9, 1}) {
    world.send(of_priority(priority));
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@20"});
}

// ---- Patience ---------------------------------------------------------------------------------

TEST_CASE("who loses patience in the line leaves it at that moment") {
  const std::string kind = GENERATE(std::string("threads"), std::string("async"));
  Json settings = one_worker(kind, 100);
  settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  world.send();
  world.send(patient_until(7_ms));
  world.send();
  world.run(7_ms);
  CHECK(world.observer().queue == 1);
  CHECK(world.observer().ends == Texts{"abandoned@7 waited 7"});
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "abandoned@7", "ok@20"});
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("who lost patience in the line of threads never started") {
  ServiceWorld world(threads(1, R"([{"compute": "10ms"}])"));
  world.send();
  world.send(patient_until(7_ms));
  world.run(1_s);
  REQUIRE(world.observer().visits.size() == 2);
  CHECK_FALSE(world.observer().visits[0].started);
  CHECK(world.observer().visits[1].started);
}

TEST_CASE("who has a worker is served to the end, however long it takes") {
  ServiceWorld world(threads(1, R"([{"compute": "10ms"}, {"wait": "10ms"}])"));
  world.send(patient_until(1_ms));
  world.send(patient_until(21_ms));
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@20", "ok@40"});
}

TEST_CASE(
    "when patience ends at the instant that a worker is free, what was scheduled first wins") {
  SECTION("the end of the work") {
    ServiceWorld world(threads(1, R"([{"wait": "10ms"}])"));
    world.send();
    world.send(patient_until(10_ms));
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  }
  SECTION("the end of patience") {
    ServiceWorld world(threads(1, R"([{"wait": "5ms"}, {"wait": "5ms"}])"));
    world.send();
    world.send(patient_until(10_ms));
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@10", "abandoned@10"});
  }
}

TEST_CASE("who comes without patience is served by a free worker, and leaves at once otherwise") {
  const std::string kind = GENERATE(std::string("threads"), std::string("async"));
  Json settings = one_worker(kind, 100);
  settings["handler"] = Json::parse(R"([{"compute": "10ms"}])");
  ServiceWorld world(settings.dump());
  world.run(5_ms);
  world.send(patient_until(3_ms));
  world.send(patient_until(3_ms));
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15", "abandoned@5"});
}

TEST_CASE("under async patience may end in any line, that of a later compute too") {
  ServiceWorld world(async(1, R"([{"compute": "10ms"}, {"wait": "1ms"}, {"compute": "10ms"}])"));
  world.send(patient_until(15_ms));
  world.send();
  world.run(1_s);
  REQUIRE(world.observer().ends == Texts{"abandoned@15 waited 4", "ok@31 waited 10"});
  CHECK(world.observer().visits[0].started);
}

// ---- Cores ------------------------------------------------------------------------------------

TEST_CASE("who computes waits for a core, and the wait is told apart from that for a worker") {
  ServiceWorld world(R"({"cpu": 1, "concurrency": {"kind": "threads", "workers": 2},
                         "handler": [{"compute": "10ms"}]})");
  CHECK(world.observer().cores == 1);
  world.send_many(3);
  CHECK(world.observer().busy_workers == 2);
  CHECK(world.observer().busy_cores == 1);
  CHECK(world.observer().queue == 1);
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@10", "ok@20 cpu 10", "ok@30 waited 10 cpu 10"});
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("waits for a core add up over the steps of a request") {
  ServiceWorld world(R"({"cpu": 1, "handler": [{"compute": "10ms"}, {"compute": "10ms"}]})");
  world.send_many(2);
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@30 cpu 10", "ok@40 cpu 20"});
}

TEST_CASE("cores that are shared let all work advance at once") {
  ServiceWorld world(R"({"cpu": {"cores": 1, "scheduling": "processor_sharing"},
                         "handler": [{"compute": "10ms"}]})");
  SECTION("equal work that began at once ends at once") {
    world.send_many(3);
    CHECK(world.observer().busy_cores == 1);
    world.run(1_s);
    CHECK(world.observer().ends == Texts{"ok@30 cpu 20", "ok@30 cpu 20", "ok@30 cpu 20"});
  }
  SECTION("a latecomer shares what is left") {
    world.send();
    world.run(5_ms);
    world.send();
    world.run(1_s);
    CHECK(world.observer().ends == Texts{"ok@15 cpu 5", "ok@20 cpu 5"});
  }
  world.check_laws();
}

TEST_CASE("under async as well, a worker may have to wait for a core") {
  ServiceWorld world(R"({"cpu": 1, "concurrency": {"kind": "async", "workers": 2},
                         "handler": [{"compute": "10ms"}]})");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@10", "ok@20 cpu 10", "ok@30 waited 10 cpu 10"});
}

// ---- Steps ------------------------------------------------------------------------------------

TEST_CASE("the steps of a handler come one after the other") {
  ServiceWorld world(unlimited(R"([{"compute": "5ms"}, {"wait": "10ms"}, {"call": "db"},
                                   {"compute": "1ms"}, {"call": "cache"}])"));
  world.db.treatments = {{20_ms}};
  world.send();
  world.run(1_s);
  CHECK(world.db.began == Ms{15});
  CHECK(world.cache.began == Ms{36});
  CHECK(world.heard() == Texts{"ok@36"});
}

TEST_CASE("a wait needs no core") {
  ServiceWorld world(R"({"cpu": 1, "handler": [{"wait": "10ms"}]})");
  world.send_many(5);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@10", "ok@10", "ok@10"});
}

TEST_CASE("an empty handler answers at once") {
  const std::string concurrency =
      GENERATE(std::string("null"), std::string(R"({"kind": "threads", "workers": 1})"),
               std::string(R"({"kind": "async", "workers": 1})"));
  ServiceWorld world(R"({"handler": [], "concurrency": )" + concurrency + "}");
  world.send_many(2);
  CHECK(world.heard() == Texts{"ok@0", "ok@0"});
  CHECK(world.observer().ends == Texts{"ok@0", "ok@0"});
  CHECK(world.observer().is_idle());
  CHECK(world.simulation.event_count() == 0);
}

TEST_CASE("a call carries on what belongs to the request, and says who calls") {
  ServiceWorld world(R"({"zones": ["b"], "handler": [{"call": {"target": "db", "type": "query",
                         "request_size": "2KB", "response_size": "3MB"}}, {"call": "cache"}]})",
                     R"(["a", "b"])");
  Request request;
  request.key = 1;
  request.user = 2;
  request.sent = at(0_ms);
  request.deadline = at(3_ms);
  request.patience = at(4_ms);
  request.size = 5;
  request.response_size = 6;
  request.type = world.types.add("page");
  request.population = 7;
  request.attempt = 8;
  request.priority = 9;
  request.hops = 10;
  request.luck = 11;
  world.send(request);
  REQUIRE(world.db.requests.size() == 1);
  const Request& call = world.db.requests[0];
  CHECK(call.id == 1);
  CHECK(call.key == 1);
  CHECK(call.user == 2);
  CHECK(call.deadline == at(3_ms));
  CHECK(call.patience == at(4_ms));
  CHECK(call.population == 7);
  CHECK(call.priority == 9);
  CHECK(call.from == 1);
  CHECK(call.hops == 11);
  CHECK(call.attempt == 0);  // the first one of this call
  CHECK(call.luck != 11);
  CHECK(call.size == 2000);
  CHECK(call.response_size == 3'000'000);
  CHECK(world.types.name(call.type) == "query");
  // Unless the step says otherwise, a call is of the type of its request and empty.
  REQUIRE(world.cache.requests.size() == 1);
  CHECK(world.cache.requests[0].type == request.type);
  CHECK(world.cache.requests[0].size == 0);
  CHECK(world.cache.requests[0].response_size == 0);
  CHECK(world.cache.requests[0].luck != call.luck);
}

TEST_CASE("a call with a timeout gives up, the callee goes on") {
  ServiceWorld world(
      unlimited(R"([{"call": {"target": "db", "timeout": "10ms"}}, {"call": "cache"}])"));
  world.db.treatments = {{30_ms}, {5_ms}};
  world.send_many(2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10", "ok@5"});
  CHECK(world.db.finished == Ms{5, 30});
  CHECK(world.cache.began == Ms{5});  // what comes after a failed call is not done
}

TEST_CASE("a call is tried again as its retry policy says") {
  ServiceWorld world(unlimited(
      R"([{"call": {"target": "db", "retry": {"num_retries": 2, "retry_on": ["5xx"],
          "retry_back_off": {"base_interval": "5ms", "jitter": "none"}}}}])"));
  SECTION("until it goes well") {
    world.db.treatments = {{10_ms, Outcome::error}, {10_ms, Outcome::error}, {10_ms}};
    world.send();
    world.run(1_s);
    CHECK(world.db.began == Ms{0, 15, 35});
    CHECK(world.heard() == Texts{"ok@45"});
    std::set<std::uint64_t> lucks;
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(world.db.requests[i].attempt == i);
      CHECK(world.db.requests[i].hops == 1);
      lucks.insert(world.db.requests[i].luck);
    }
    CHECK(lucks.size() == 3);
  }
  SECTION("or there are no tries left") {
    world.db.treatments = {{10_ms, Outcome::error}};
    world.send();
    world.run(1_s);
    CHECK(world.db.began == Ms{0, 15, 35});
    CHECK(world.heard() == Texts{"error@45"});
  }
}

TEST_CASE("each try of a call may have a time limit, within that of the whole") {
  ServiceWorld world(unlimited(
      R"([{"call": {"target": "db", "timeout": "20ms", "retry": {"num_retries": 5,
          "per_try_timeout": "10ms",
          "retry_back_off": {"base_interval": "5ms", "jitter": "none"}}}}])"));
  world.db.treatments = {{30_ms}, {2_ms}, {30_ms}};
  world.send();
  world.run(50_ms);
  world.send();
  world.run(1_s);
  CHECK(world.db.began == Ms{0, 15, 50, 65});
  CHECK(world.heard() == Texts{"ok@17", "error@70"});
}

TEST_CASE("a parallel step goes on when all of its branches went well") {
  ServiceWorld world(unlimited(R"([{"parallel": [{"call": "db"}, {"call": "cache"},
                                    [{"compute": "5ms"}, {"wait": "1ms"}]]}, {"wait": "1ms"}])"));
  world.db.treatments = {{20_ms}};
  world.cache.treatments = {{30_ms}};
  SECTION("all do") {
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@31"});
  }
  SECTION("one does not: there is no need to wait for the others, which run on") {
    world.db.treatments = {{20_ms, Outcome::error}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"error@20"});
    CHECK(world.cache.finished == Ms{30});
  }
  SECTION("one is over on the spot") {
    world.db.treatments = {{}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@31"});
  }
  SECTION("one fails on the spot: the others have begun") {
    world.db.treatments = {{0_ms, Outcome::error}};
    world.send();
    CHECK(world.heard() == Texts{"error@0"});
    world.run(1_s);
    CHECK(world.cache.finished == Ms{30});
  }
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("branches have luck of their own") {
  ServiceWorld world(unlimited(R"([{"parallel": [{"call": "db"}, {"call": "db"}]}])"));
  world.send();
  REQUIRE(world.db.requests.size() == 2);
  CHECK(world.db.requests[0].luck != world.db.requests[1].luck);
}

TEST_CASE("branches that are all over on the spot make a parallel step no wait") {
  ServiceWorld world(unlimited(R"([{"parallel": [{"wait": "0ms"}, {"call": "db"}, []]}])"));
  world.send();
  CHECK(world.heard() == Texts{"ok@0"});
  CHECK(world.simulation.resumption_count() == 0);
}

TEST_CASE("a parallel step may go on after the first branches that went well") {
  const auto first = [](int needed) {
    return unlimited(R"([{"parallel": {"branches": [{"call": "db"}, {"call": "cache"},
                         {"wait": "20ms"}], "wait_for": )" +
                     std::to_string(needed) + "}}]");
  };
  SECTION("one") {
    ServiceWorld world(first(1));
    world.db.treatments = {{10_ms}};
    world.cache.treatments = {{30_ms}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@10"});
    CHECK(world.cache.finished == Ms{30});
  }
  SECTION("two, though another one failed") {
    ServiceWorld world(first(2));
    world.db.treatments = {{5_ms, Outcome::error}};
    world.cache.treatments = {{10_ms}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@20"});
  }
  SECTION("not two any more, when two failed") {
    ServiceWorld world(first(2));
    world.db.treatments = {{5_ms, Outcome::error}};
    world.cache.treatments = {{10_ms, Outcome::error}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"error@10"});
  }
  SECTION("one, until all have failed but the last") {
    ServiceWorld world(first(1));
    world.db.treatments = {{5_ms, Outcome::error}};
    world.cache.treatments = {{10_ms, Outcome::error}};
    world.send();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@20"});
  }
}

TEST_CASE("branches that are left over run to their ends, after their request's") {
  ServiceWorld world(R"({"cpu": 1, "handler": [{"parallel": {"branches": [{"wait": "10ms"},
                         [{"wait": "5ms"}, {"compute": "20ms"}, {"call": "db"}]],
                         "wait_for": 1}}]})");
  world.send();
  world.run(10_ms);
  CHECK(world.heard() == Texts{"ok@10"});
  CHECK(world.observer().in_flight == 0);
  CHECK(world.observer().busy_cores == 1);
  world.run(1_s);
  CHECK(world.db.began == Ms{25});
  CHECK(world.observer().is_idle());
  CHECK(world.observer().ends == Texts{"ok@10"});
  world.check_laws();
}

TEST_CASE("a parallel step of threads holds the one worker of its request, no more and no longer") {
  ServiceWorld world(threads(1, R"([{"parallel": {"branches": [{"wait": "10ms"},
                                     {"compute": "30ms"}], "wait_for": 1}}])"));
  world.send_many(2);
  CHECK(world.observer().busy_workers == 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
}

TEST_CASE("under async each branch that computes takes a worker, in line with everybody") {
  ServiceWorld world(async(1, R"([{"parallel": {"branches": [{"compute": "10ms"},
                                   {"compute": "20ms"}], "wait_for": 1}}])"));
  world.send_many(2);
  CHECK(world.observer().busy_workers == 1);
  CHECK(world.observer().queue == 3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@40"});  // 10 + 20 left over + 10
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("who loses patience in a branch abandons the whole") {
  ServiceWorld world(async(1, R"([{"parallel": [{"compute": "10ms"}, {"compute": "10ms"}]}])"));
  world.send(patient_until(4_ms));
  world.run(1_s);
  CHECK(world.heard() == Texts{"abandoned@4"});
  CHECK(world.observer().is_idle());
}

TEST_CASE("a choice takes one branch, or none in the remaining cases") {
  const auto choose = [](const std::string& probability) {
    return unlimited(R"([{"choose": [{"probability": ")" + probability +
                     R"(", "steps": [{"wait": "10ms"}, {"call": "db"}]}]}, {"wait": "1ms"}])");
  };
  SECTION("always") {
    ServiceWorld world(choose("100%"));
    world.send_many(100);
    world.run(1_s);
    CHECK(world.observer().ends == Texts(100, "ok@11"));
    CHECK(world.db.requests.size() == 100);
  }
  SECTION("never") {
    ServiceWorld world(choose("0%"));
    world.send_many(100);
    world.run(1_s);
    CHECK(world.observer().ends == Texts(100, "ok@1"));
  }
  SECTION("as often as its probability says") {
    ServiceWorld world(choose("30%"));
    constexpr int n = 10'000;
    world.send_many(n);
    world.run(1_s);
    const auto taken = static_cast<double>(world.db.requests.size());
    CHECK(std::abs(taken - 0.3 * n) < 4 * std::sqrt(0.21 * n));
  }
}

TEST_CASE("a choice takes one of its branches, and the same one under the same luck") {
  ServiceWorld world(unlimited(R"([{"choose": [{"probability": "50%", "steps": {"call": "db"}},
                                {"probability": "50%", "steps": {"call": "cache"}}]}])"));
  const auto choices = [&world] {
    std::string all;
    for (std::uint64_t luck = 1; luck <= 40; ++luck) {
      Request request;
      request.luck = luck;
      const std::size_t before = world.db.requests.size();
      world.send(request);
      all += world.db.requests.size() > before ? 'd' : 'c';
    }
    return all;
  };
  const std::string first = choices();
  CHECK(world.db.requests.size() + world.cache.requests.size() == 40);
  CHECK_FALSE(world.db.requests.empty());
  CHECK_FALSE(world.cache.requests.empty());
  CHECK(choices() == first);
}

TEST_CASE("a repetition does its steps one time after the other, each with luck of its own") {
  ServiceWorld world(
      unlimited(R"([{"repeat": {"times": 3, "steps": [{"compute": "5ms"}, {"call": "db"}]}}])"));
  world.db.treatments = {{10_ms}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@45"});
  CHECK(world.db.began == Ms{5, 20, 35});
  std::set<std::uint64_t> lucks;
  for (const Request& call : world.db.requests) {
    lucks.insert(call.luck);
  }
  CHECK(lucks.size() == 3);
}

TEST_CASE("a repetition in which no time passes can be stopped") {
  ServiceWorld world(unlimited(R"([{"repeat": {"times": 2000000000, "steps": {"repeat": {
                                     "times": 2000000000, "steps": {"compute": "0s"}}}}}])"));
  world.send();
  const std::atomic<bool> stop = true;
  world.simulation.run(Time::from_start(1_s), &stop);
  CHECK(world.heard() == Texts{"nothing"});
  CHECK(world.simulation.now() == Time());
}

TEST_CASE("a repetition ends with the first failure") {
  ServiceWorld world(
      unlimited(R"([{"repeat": {"times": 5, "steps": {"call": "db"}}}, {"call": "cache"}])"));
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@20"});
  CHECK(world.db.requests.size() == 2);
  CHECK(world.cache.requests.empty());
}

TEST_CASE("no repetition is no step, and one is the step itself") {
  ServiceWorld world(unlimited(R"([{"repeat": {"times": 0, "steps": {"wait": "10ms"}}},
                                   {"repeat": {"times": 1, "steps": {"wait": "1ms"}}}])"));
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@1"});
}

TEST_CASE("steps may stand inside of each other") {
  ServiceWorld world(unlimited(R"([{"repeat": {"times": 2, "steps": {"parallel": [
                     {"choose": [{"probability": "100%", "steps": [{"wait": "2ms"},
                       {"repeat": {"times": 3, "steps": {"wait": "3ms"}}}]}]},
                     {"parallel": {"branches": [{"wait": "15ms"}, {"wait": "90ms"}],
                                   "wait_for": 1}}]}}}])"));
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@30"});
}

// ---- Handlers by type -------------------------------------------------------------------------

TEST_CASE("each type of request has its handler, and the others have the one for all") {
  ServiceWorld world(R"({"handler": [{"wait": "5ms"}],
                         "handlers": {"browse": [{"wait": "10ms"}], "checkout": [{"wait": "20ms"}],
                                      "ping": []}})");
  world.add_service("later", R"({"handlers": {"late": [{"wait": "1ms"}]}})");
  for (const char* type : {"browse", "checkout", "ping", "late", "unheard_of"}) {
    Request request;
    request.type = world.types.add(type);
    world.send(request);
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@0", "ok@5", "ok@5"});
}

TEST_CASE("without a handler for all, other types are answered at once") {
  ServiceWorld world(R"({"handlers": {"browse": [{"wait": "10ms"}]}})");
  Request request;
  request.type = world.types.add("browse");
  world.send(request);
  request.type = world.types.add("other");
  world.send(request);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@0"});
}

TEST_CASE("a call of another type is for the handler of that type") {
  ServiceWorld world(
      R"({"handlers": {"query": [{"wait": "10ms"}]}, "handler": [{"wait": "1ms"}]})");
  world.add_service("front", unlimited(R"([{"call": {"target": "app", "type": "query"}},
                                           {"call": "app"}])"));
  Request request;
  request.type = world.types.add("page");
  world.send(request, "front");
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@11"});
  CHECK(world.observer("app").ends == Texts{"ok@10", "ok@11"});
}

// ---- Failures ---------------------------------------------------------------------------------

TEST_CASE("error_rate lets that share of the requests fail after their work") {
  SECTION("all") {
    ServiceWorld world(R"({"error_rate": "100%", "handler": [{"compute": "10ms"}]})");
    world.send_many(10);
    world.run(1_s);
    CHECK(world.observer().ends == Texts(10, "error@10"));
  }
  SECTION("some") {
    ServiceWorld world(R"({"error_rate": "20%", "handler": []})");
    constexpr int n = 10'000;
    world.send_many(n);
    CHECK(std::abs(world.observer().count(Outcome::error) - 0.2 * n) < 4 * std::sqrt(0.16 * n));
  }
  SECTION("those of others on top") {
    ServiceWorld world(R"({"error_rate": "20%", "handler": []})");
    {
      const Knob::Hold hold = world.instance().error_rate().hold(1);
      world.send_many(10);
      CHECK(world.observer().ends == Texts(10, "error@0"));
    }
    CHECK(world.instance().error_rate().value() == Approx(0.2));
  }
}

TEST_CASE("whatever way a call fails, it makes an error of its handler") {
  const Outcome failure = GENERATE(Outcome::error, Outcome::timeout, Outcome::rejected_queue_full,
                                   Outcome::rejected_no_backend, Outcome::reset,
                                   Outcome::unreachable, Outcome::cancelled);
  ServiceWorld world(unlimited(R"([{"call": "db"}, {"call": "cache"}])"));
  world.db.treatments = {{10_ms, failure}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10"});
  CHECK(world.cache.requests.empty());
}

TEST_CASE("a call that the user abandoned leaves the handler abandoned") {
  ServiceWorld world(unlimited(R"([{"call": "db"}, {"call": "cache"}])"));
  world.db.treatments = {{10_ms, Outcome::abandoned}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"abandoned@10"});
  CHECK(world.cache.requests.empty());
}

TEST_CASE("the handler goes on without a call that is not its own affair, however it ends") {
  const Outcome failure =
      GENERATE(Outcome::error, Outcome::abandoned, Outcome::unreachable, Outcome::reset);
  ServiceWorld world(
      unlimited(R"([{"call": {"target": "db", "on_failure": "continue"}}, {"call": "cache"}])"));
  world.db.treatments = {{10_ms, failure}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10"});
  CHECK(world.cache.began == Ms{10});
}

TEST_CASE("the handler goes on without a call that is not its own affair when its time is over") {
  ServiceWorld world(
      unlimited(R"([{"call": {"target": "db", "on_failure": "continue", "timeout": "5ms"}}])"));
  world.db.treatments = {{10_ms}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@5"});
}

// ---- Answers ----------------------------------------------------------------------------------

TEST_CASE("a good answer has the size that was asked for, any other is empty") {
  ServiceWorld world(threads(1, R"([{"call": "db"}])"));
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  Request request;
  request.response_size = 1234;
  world.send(request);
  world.send(request);
  request.patience = at(5_ms);
  world.send(request);
  world.run(1_s);
  REQUIRE(world.heard() == Texts{"ok@10", "error@20", "abandoned@5"});
  CHECK(world.sent[0].reply.answer().size == 1234);
  CHECK(world.sent[1].reply.answer().size == 0);
  CHECK(world.sent[2].reply.answer().size == 0);
}

TEST_CASE("answers name the version of the instance") {
  ServiceWorld world(unlimited(R"([])"));
  world.send();
  CHECK(world.sent[0].reply.answer().version == world.instance().version());
}

// ---- Crashes ----------------------------------------------------------------------------------

TEST_CASE("a crash ends what is served and what waits, and tells callers and observer") {
  const std::string concurrency =
      GENERATE(std::string(R"({"kind": "threads", "workers": 1})"),
               std::string(R"({"kind": "async", "workers": 1})"), std::string("null"));
  const std::string scheduling = GENERATE(std::string("fifo"), std::string("processor_sharing"));
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  const bool is_silent = how == KilledWork::stays_silent;
  CAPTURE(concurrency, scheduling, is_silent);
  ServiceWorld world(R"({"concurrency": )" + concurrency + R"(, "cpu": {"cores": 1,
                         "scheduling": ")" +
                     scheduling + R"("}, "handler": [{"compute": "10ms"}]})");
  const std::int64_t workers = concurrency == "null" ? 0 : 1;
  CHECK(world.observer().workers == workers);
  world.send_many(3);
  world.run(5_ms);
  std::optional<Knob::Hold> crash = world.instance().hold_down(how);
  CHECK(world.observer().instances == 0);
  CHECK(world.observer().workers == 0);
  CHECK(world.observer().cores == 0);
  CHECK(world.heard() == Texts(3, is_silent ? "lost@5" : "reset@5"));
  world.run(5_ms);
  CHECK(world.observer().is_idle());
  CHECK(world.observer().count(Outcome::reset) == 3);
  CHECK(world.observer().arrivals == 3);
  for (const Visit& visit : world.observer().visits) {
    CHECK(visit.arrived == at(0_ms));
  }
  world.send();
  CHECK(world.sent[3].heard == (is_silent ? "nothing" : "unreachable@5"));
  CHECK(world.sent[3].reply.work() == nullptr);
  CHECK(world.observer().arrivals == 3);  // nobody was there
  world.run(20_ms);
  CHECK(world.observer().count(Outcome::ok) == 0);

  crash.reset();
  CHECK(world.observer().instances == 1);
  CHECK(world.observer().workers == workers);
  CHECK(world.observer().cores == 1);
  world.send();
  world.run(1_s);
  CHECK(world.sent[4].heard == "ok@30");
  CHECK(world.observer().ends.back() == "ok@30");
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(world.sent[i].heard == (is_silent ? "lost@5" : "reset@5"));
  }
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("a crash ends visits with what they had waited until then") {
  ServiceWorld world(threads(1, R"([{"compute": "10ms"}])"));
  world.send();
  world.run(2_ms);
  world.send();
  world.run(5_ms);
  const Knob::Hold crash = world.instance().hold_down(KilledWork::answers_broken);
  world.run(6_ms);
  REQUIRE(world.observer().visits.size() == 2);
  for (const Visit& visit : world.observer().visits) {
    const bool is_first = visit.arrived == at(0_ms);
    CHECK(visit.outcome == Outcome::reset);
    CHECK(visit.started == is_first);
    CHECK(visit.waited == (is_first ? 0_ms : 3_ms));
  }
}

TEST_CASE("a crash lets no leftover branch go on") {
  ServiceWorld world(unlimited(R"([{"parallel": {"branches": [{"wait": "1ms"},
                                   [{"wait": "10ms"}, {"call": "db"}]], "wait_for": 1}}])"));
  world.send();
  world.run(5_ms);
  CHECK(world.heard() == Texts{"ok@1"});
  const Knob::Hold crash = world.instance().hold_down(KilledWork::answers_broken);
  world.run(1_s);
  CHECK(world.db.requests.empty());
  CHECK(world.heard() == Texts{"ok@1"});
}

TEST_CASE("a crash in the middle of a parallel step ends branches and request alike") {
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  ServiceWorld world(async(1, R"([{"parallel": [{"compute": "10ms"}, {"compute": "10ms"},
                                   [{"wait": "10ms"}, {"call": "db"}], {"call": "cache"}]}])"));
  world.cache.treatments = {{20_ms}};
  world.send_many(2);
  world.run(5_ms);
  {
    const Knob::Hold crash = world.instance().hold_down(how);
    world.run(7_ms);
  }
  world.run(1_s);
  CHECK(world.heard() == Texts(2, how == KilledWork::answers_broken ? "reset@5" : "lost@5"));
  CHECK(world.db.requests.empty());
  CHECK(world.cache.finished == Ms{20, 20});  // who was called does not know
  CHECK(world.observer().count(Outcome::reset) == 2);
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("a caller makes an error of its callee's crash, or waits for ever if that was silent") {
  ServiceWorld world(unlimited(R"([{"wait": "10ms"}])"));
  world.add_service("front", threads(1, R"([{"call": "app"}])"));
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  world.send({}, "front");
  world.run(5_ms);
  const Knob::Hold crash = world.instance("app").hold_down(how);
  world.run(1_s);
  if (how == KilledWork::answers_broken) {
    CHECK(world.heard() == Texts{"error@5"});
    CHECK(world.observer("front").is_idle());
  } else {
    CHECK(world.heard() == Texts{"nothing"});
    CHECK(world.observer("front").busy_workers == 1);
  }
}

TEST_CASE("a timeout ends the wait for a callee that died in silence") {
  ServiceWorld world(unlimited(R"([{"wait": "10ms"}])"));
  world.add_service("front", unlimited(R"([{"call": {"target": "app", "timeout": "50ms"}}])"));
  const Knob::Hold crash = world.instance("app").hold_down(KilledWork::stays_silent);
  world.send({}, "front");
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@50"});
}

TEST_CASE("when a caller crashes, its callee goes on and answers nobody") {
  ServiceWorld world(unlimited(R"([{"wait": "10ms"}])"));
  world.add_service("front", unlimited(R"([{"call": "app"}])"));
  world.send({}, "front");
  world.run(5_ms);
  const Knob::Hold crash = world.instance("front").hold_down(KilledWork::answers_broken);
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@5"});
  CHECK(world.observer("app").ends == Texts{"ok@10"});
}

TEST_CASE("an instance boots for its boot time before it takes requests again") {
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  const std::string nobody = how == KilledWork::answers_broken ? "unreachable@40" : "nothing";
  ServiceWorld world(R"({"boot_time": "30ms", "handler": [{"wait": "1ms"}]})");
  CHECK(world.instance().is_up());  // what is there in the beginning has booted before
  world.run(10_ms);
  { const Knob::Hold crash = world.instance().hold_down(how); }
  CHECK(world.instance().state() == InstanceState::boot);
  world.run(40_ms - 1_ns);
  CHECK(world.instance().state() == InstanceState::boot);
  CHECK(world.observer().instances == 0);
  world.send();
  CHECK(world.sent[0].heard.substr(0, 6) == nobody.substr(0, 6));  // as before the boot
  world.run(40_ms);
  CHECK(world.instance().state() == InstanceState::ready);
  CHECK(world.observer().instances == 1);
  world.send();
  world.run(1_s);
  CHECK(world.sent[1].heard == "ok@41");
}

TEST_CASE("a crash during boot makes that boot void") {
  ServiceWorld world(R"({"boot_time": "30ms", "handler": []})");
  { const Knob::Hold crash = world.instance().hold_down(KilledWork::answers_broken); }
  world.run(20_ms);
  std::optional<Knob::Hold> again = world.instance().hold_down(KilledWork::answers_broken);
  CHECK(world.instance().state() == InstanceState::down);
  world.run(25_ms);
  again.reset();
  world.run(55_ms - 1_ns);  // the first boot would have ended at 30
  CHECK(world.instance().state() == InstanceState::boot);
  CHECK(world.observer().instances == 0);
  world.run(55_ms);
  CHECK(world.instance().state() == InstanceState::ready);
  CHECK(world.observer().instances == 1);
  world.run(1_s);
  CHECK(world.observer().instances == 1);
  world.check_laws();
}

TEST_CASE("an instance that is held down twice boots once, after the last hold") {
  ServiceWorld world(R"({"boot_time": "30ms", "handler": []})");
  std::optional<Knob::Hold> first = world.instance().hold_down(KilledWork::answers_broken);
  world.run(10_ms);
  std::optional<Knob::Hold> second = world.instance().hold_down(KilledWork::answers_broken);
  CHECK(world.observer().instances == 0);
  world.run(20_ms);
  first.reset();
  world.run(100_ms);
  CHECK(world.instance().state() == InstanceState::down);
  second.reset();
  world.run(130_ms);
  CHECK(world.instance().is_up());
  CHECK(world.observer().instances == 1);
}

// ---- Speed ------------------------------------------------------------------------------------

TEST_CASE("a slow-down in mid-service stretches what is left of the work") {
  const std::string scheduling = GENERATE(std::string("fifo"), std::string("processor_sharing"));
  ServiceWorld world(R"({"cpu": {"cores": 1, "scheduling": ")" + scheduling +
                     R"("}, "handler": [{"compute": "10ms"}]})");
  world.send();
  world.run(4_ms);
  std::optional<Knob::Hold> slow = world.instance().speed().hold(0.5);
  SECTION("to its end") {
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@16"});
  }
  SECTION("or for a while") {
    world.run(8_ms);
    slow.reset();
    world.run(1_s);
    CHECK(world.heard() == Texts{"ok@12"});
  }
  world.check_laws();
}

TEST_CASE("a pause in mid-service loses no work") {
  const std::string scheduling = GENERATE(std::string("fifo"), std::string("processor_sharing"));
  const std::string concurrency = GENERATE(std::string(R"({"kind": "threads", "workers": 4})"),
                                           std::string(R"({"kind": "async", "workers": 4})"));
  ServiceWorld world(R"({"cpu": {"cores": 2, "scheduling": ")" + scheduling +
                     R"("}, "concurrency": )" + concurrency +
                     R"(, "handler": [{"compute": "10ms"}]})");
  world.send();
  world.run(4_ms);
  std::optional<Knob::Hold> pause = world.instance().speed().hold(0);
  world.run(20_ms);
  world.send();
  CHECK(world.observer().in_flight == 2);
  CHECK(world.observer().busy_workers == 2);
  pause.reset();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@26", "ok@30"});
  world.check_laws();
}

TEST_CASE("without cores as well, computing has the speed of the instance") {
  ServiceWorld world(unlimited(R"([{"compute": "10ms"}])"));
  world.send();
  world.run(4_ms);
  const Knob::Hold slow = world.instance().speed().hold(0.5);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@16", "ok@24"});
}

TEST_CASE("neither a wait nor a call takes longer on a slow instance") {
  ServiceWorld world(unlimited(R"([{"wait": "10ms"}, {"call": "db"}])"));
  world.db.treatments = {{10_ms}};
  const Knob::Hold pause = world.instance().speed().hold(0);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@20"});
}

TEST_CASE("a paused instance that crashes and comes back is paused still") {
  ServiceWorld world(unlimited(R"([{"compute": "10ms"}])"));
  std::optional<Knob::Hold> pause = world.instance().speed().hold(0);
  world.send();
  world.run(5_ms);
  { const Knob::Hold crash = world.instance().hold_down(KilledWork::answers_broken); }
  world.run(6_ms);
  world.send();
  world.run(50_ms);
  CHECK(world.heard() == Texts{"reset@5", "nothing"});
  pause.reset();
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@5", "ok@60"});
  world.check_laws();
}

// ---- On the way -------------------------------------------------------------------------------

TEST_CASE("the ways between users, services and back are charged, and are no part of visits") {
  ServiceWorld world(unlimited(R"([{"wait": "10ms"}])"), "[]", R"({"within_zone": "1ms"})");
  world.add_service("front", unlimited(R"([{"call": "app"}])"));
  world.send({}, "front");
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@14"});
  REQUIRE(world.observer("app").ends == Texts{"ok@12"});
  CHECK(world.observer("app").visits[0].arrived == at(2_ms));
  REQUIRE(world.observer("front").ends == Texts{"ok@13"});
  CHECK(world.observer("front").visits[0].arrived == at(1_ms));
}

TEST_CASE("a request that has made too many hops finds nobody") {
  ServiceWorld world(unlimited(R"([])"));
  Request request;
  request.hops = max_hops;
  world.send(request);
  ++request.hops;
  world.send(request);
  CHECK(world.heard() == Texts{"ok@0", "unreachable@0"});
  CHECK(world.observer().arrivals == 1);
}

TEST_CASE("services that call each other in circles come to an end") {
  ServiceWorld world(unlimited(R"([{"wait": "1ms"}, {"call": "app"}])"));
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@101"});
  CHECK(world.observer().ends == Texts(101, "error@101"));
}

// ---- Anything, in any order -------------------------------------------------------------------

TEST_CASE("whatever is killed, paused and slowed down in whatever order, the ledger balances") {
  const std::string kind = GENERATE(std::string("threads"), std::string("async"));
  const std::string scheduling = GENERATE(std::string("fifo"), std::string("processor_sharing"));
  const std::string latency = GENERATE(std::string("0ms"), std::string("1ms"));
  CAPTURE(kind, scheduling, latency);
  Json app = Json::parse(R"({
    "boot_time": "3ms", "error_rate": "1%", "cpu": {"cores": 2},
    "concurrency": {"workers": 3, "queue": {"capacity": 5, "discipline": "priority"}},
    "handler": [{"compute": "1ms"},
                {"parallel": {"branches": [{"call": {"target": "db", "timeout": "5ms"}},
                                           {"compute": "500us"},
                                           [{"wait": "1ms"}, {"call": "cache"}]],
                              "wait_for": 2}},
                {"repeat": {"times": 2, "steps": {"compute": "200us"}}}]})");
  app["concurrency"]["kind"] = kind;
  app["cpu"]["scheduling"] = scheduling;
  const std::string front =
      threads(8, R"([{"compute": "500us"}, {"call": {"target": "app", "timeout": "30ms",
             "retry": {"num_retries": 2, "per_try_timeout": "12ms"}}}])");
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    ServiceWorld world(app.dump(), "[]", R"({"within_zone": ")" + latency + R"("})");
    world.add_service("front", front);
    world.db.treatments = {{2_ms}, {7_ms}, {1_ms, Outcome::error}, {1_ms}};
    world.cache.treatments = {{500_us}};
    std::map<std::uint64_t, Knob::Hold> holds;
    Draw draw(seed, 1);
    for (int step = 1; step <= 1000; ++step) {
      const Duration now = 1_ms * step;
      const std::uint64_t what = draw.below(20);
      const std::uint64_t whom = draw.below(2);
      const bool silent = draw.below(2) == 0;
      Instance& victim = world.instance(whom == 0 ? "app" : "front");
      if (what == 0) {
        holds.insert_or_assign(
            whom, victim.hold_down(silent ? KilledWork::stays_silent : KilledWork::answers_broken));
      } else if (what == 1) {
        holds.insert_or_assign(whom, victim.speed().hold(silent ? 0 : 0.25));
      } else if (what <= 5) {
        holds.erase(whom);
      } else {
        Request request = of_priority(static_cast<int>(draw.below(10)));
        request.patience = at(now + 10_ms);
        world.send(request, what < 11 ? "app" : "front");
      }
      world.run(now);
      if (step % 50 == 0) {
        world.check_laws();
      }
    }
    holds.clear();
    world.run(10_s);
    world.check_laws();
    for (const char* name : {"app", "front"}) {
      INFO(name);
      const RecordingObserver& observer = world.observer(name);
      CHECK(observer.instances == 1);
      CHECK(observer.arrivals - observer.in_flight == static_cast<int>(observer.visits.size()));
      CHECK(observer.count(Outcome::ok) > 50);
      CHECK(observer.count(Outcome::reset) > 0);
    }
    CHECK(world.observer("app").is_idle());
    CHECK(world.observer("front").is_idle());  // its calls have time limits
    CHECK(world.observer().workers == 3);
    CHECK(world.observer().cores == 2);
  }
}

TEST_CASE("a world may end with requests everywhere") {
  ServiceWorld world(threads(2, R"([{"compute": "3ms"}, {"parallel": {"branches": [{"call": "db"},
                                     {"call": {"target": "cache", "timeout": "9ms"}},
                                     {"wait": "5ms"}], "wait_for": 1}}, {"wait": "9ms"}])"),
                     "[]", R"({"within_zone": "1ms"})");
  world.add_service("front", async(1, R"([{"compute": "1ms"}, {"call": "app"}])"));
  world.db.treatments = {{8_ms}};
  for (int i = 1; i <= 20; ++i) {
    world.send({}, "front");
    world.run(Duration::nanoseconds(1'000'000) * i);
  }
  CHECK(world.observer("front").in_flight > 0);
  CHECK(world.observer("front").queue == 0);
  CHECK(world.observer("app").queue > 0);
}

}  // namespace
}  // namespace test
}  // namespace stampede
