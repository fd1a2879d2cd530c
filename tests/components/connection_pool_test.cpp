#include <map>

#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

/// A service that reads the target "db", which takes 10 ms, over connections.
struct Pooled : ServiceWorld {
  explicit Pooled(const std::string& pool, const std::string& steps = R"([{"call": "db"}])",
                  const std::string& more = "{}")
      : ServiceWorld(settings_of(pool, steps, more)) {
    db.treatments = {{10_ms}};
  }
  static std::string settings_of(const std::string& pool, const std::string& steps,
                                 const std::string& more) {
    Json json = Json::parse(more);
    Json own = Json::parse(pool);
    own["target"] = "db";
    json["connection_pools"] = Json::array({own});
    json["handler"] = Json::parse(steps);
    return json.dump();
  }
  std::vector<double> waits() { return observer().times("connection_wait"); }
  std::int64_t counted(const std::string& what) { return observer().counted(what); }
  std::int64_t level(const std::string& what) { return observer().level(what); }
};

TEST_CASE("a call waits in line for a connection, and holds it until the answer is there") {
  Pooled world(R"({"max_size": 2})");
  world.send_many(5);
  CHECK(world.level("connections") == 2);
  CHECK(world.level("connections_in_use") == 2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@20", "ok@20", "ok@30"});
  CHECK(world.db.began == std::vector<double>{0, 0, 10, 10, 20});
  CHECK(world.waits() == std::vector<double>{0, 0, 10, 10, 20});
  CHECK(world.level("connections_in_use") == 0);
  CHECK(world.counted("connection_set_ups") == 0);
  world.check_laws();
}

TEST_CASE("who gets no connection in time is rejected, and the handler fails") {
  Pooled world(R"({"max_size": 1, "connection_timeout": "15ms"})");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "error@15"});
  CHECK(world.counted("connection_timeouts") == 1);
  CHECK(world.waits() == std::vector<double>{0, 10});
}

TEST_CASE(
    "a rejection for want of a connection is an outcome of the call that may be tried again") {
  Pooled world(R"({"max_size": 1, "connection_timeout": "5ms"})",
               R"([{"call": {"target": "db", "retry": {"num_retries": 2, "retry_on": ["5xx"],
                    "retry_back_off": {"base_interval": "2ms", "jitter": "none"}}}}])");
  world.send_many(2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});  // in line until 5, and again from 7 on
  CHECK(world.counted("connection_timeouts") == 1);
}

TEST_CASE("the timeout of a call covers the wait for its connection, and then it leaves the line") {
  Pooled world(R"({"max_size": 1})", R"([{"call": {"target": "db", "timeout": "12ms"}}])");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "error@12", "error@12"});
  CHECK(world.db.requests.size() == 2);
  CHECK(world.counted("connection_timeouts") == 0);
  CHECK(world.level("connections_in_use") == 0);
}

TEST_CASE("the patience of a user ends in the line for a connection as in any other") {
  Pooled world(R"({"max_size": 1})");
  world.send();
  Request hasty;
  hasty.patience = at(5_ms);
  world.send(hasty);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "abandoned@5"});
}

TEST_CASE(
    "a connection over which an answer is still owed is closed, and the next call opens one") {
  Pooled world(R"({"max_size": 1, "set_up": "3ms"})",
               R"([{"call": {"target": "db", "timeout": "20ms"}}])");
  world.db.treatments = {{50_ms}, {10_ms}};
  world.send();
  world.run(30_ms);
  world.send();
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@20", "ok@43", "error@50"});
  CHECK(world.db.began == std::vector<double>{0, 33, 43});
  CHECK(world.counted("connection_set_ups") == 1);
}

TEST_CASE("a connection that broke is set up again") {
  for (const auto& [outcome, set_ups] : std::map<Outcome, int>{
           {Outcome::reset, 1}, {Outcome::unreachable, 1}, {Outcome::error, 0}, {Outcome::ok, 0}}) {
    Pooled world(R"({"max_size": 1, "set_up": "3ms"})");
    world.db.treatments = {{10_ms, outcome}, {10_ms}};
    world.send();
    world.run(20_ms);
    world.send();
    world.run(1_s);
    CHECK(world.counted("connection_set_ups") == set_ups);
    CHECK(world.heard().back() == (set_ups == 1 ? "ok@33" : "ok@30"));
  }
}

TEST_CASE("without a timeout, a call that is never answered keeps its connection for ever") {
  Pooled world(R"({"max_size": 1, "connection_timeout": "1s"})");
  world.add_target("silent");
  world.db.treatments = {{1000_s}};
  world.send();
  world.send();
  world.run(10_s);
  CHECK(world.heard() == Texts{"nothing", "error@1000"});
  CHECK(world.level("connections_in_use") == 1);
}

TEST_CASE("a crash of the caller gives back all connections, to be set up again") {
  Pooled world(R"({"max_size": 1, "set_up": "3ms"})");
  world.send();
  world.send();
  world.run(5_ms);
  world.instance().hold_down(KilledWork::answers_broken).release();
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@5", "reset@5", "ok@18"});
  CHECK(world.level("connections_in_use") == 0);
  world.check_laws();
}

TEST_CASE("all steps of an instance share its connections to a target; each instance has its own") {
  Pooled world(R"({"max_size": 1})",
               R"([{"parallel": [{"call": "db"}, {"read": "db"}, {"call": "cache"}]}])",
               R"({"replicas": 2})");
  world.cache.treatments = {{10_ms}};
  CHECK(world.level("connections") == 2);
  world.send();
  world.send_to(world.instance("app", 1), Request());
  world.run(1_s);
  CHECK(world.db.began == std::vector<double>{0, 0, 10, 10});
  CHECK(world.cache.began == std::vector<double>{0, 0});
  CHECK(world.heard() == Texts{"ok@20", "ok@20"});
}

}  // namespace
}  // namespace test
}  // namespace stampede
