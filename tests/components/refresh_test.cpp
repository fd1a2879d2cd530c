#include <set>

#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

/// A service "app" over a source and a view, both of them stores.
struct ViewWorld : ComponentWorld {
  explicit ViewWorld(const std::string& handler) {
    for (const char* type : {"look", "change", "notice"}) {
      types.add(type);
    }
    add("source", "database", R"({"read": "2ms", "write": "3ms"})");
    add("view", "database", R"({"read": "1ms"})");
    add("app", "service",
        R"({"handlers": {"look": [{"read": "view"}],
                                           "change": [{"write": "source"}],
                                           "notice": )" +
            handler + "}}");
  }
  Sent& ask(const std::string& type, std::uint64_t key) {
    Request request;
    request.type = types.add(type);
    request.key = key;
    return send(request);
  }
};

TEST_CASE("refresh brings what the source holds into the view") {
  ViewWorld world(R"([{"refresh": {"view": "view", "source": "source"}}])");
  world.ask("notice", 1);
  world.run(1_s);
  world.ask("change", 7);
  world.run(2_s);
  Sent& before = world.ask("look", 7);
  world.run(3_s);
  Sent& refresh = world.ask("notice", 7);
  world.run(4_s);
  Sent& after = world.ask("look", 7);
  world.run(5_s);
  CHECK(refresh.heard == "ok@3003");
  CHECK_FALSE(refresh.reply.answer().stamp.is_data());
  CHECK(before.reply.answer().stale);
  CHECK_FALSE(after.reply.answer().stale);
}

TEST_CASE("refresh fails with the source or the view, and writes nothing then") {
  for (const char* dead : {"source", "view"}) {
    ViewWorld world(R"([{"refresh": {"view": "view", "source": "source"}}])");
    const Knob::Hold down = world.instance(dead).hold_down(KilledWork::answers_broken);
    world.ask("notice", 7);
    world.run(1_s);
    CHECK(world.sent[0].reply.answer().outcome == Outcome::error);
    CHECK(world.observer("view").counted("writes") == 0);
  }
}

TEST_CASE("refresh works on a view that is a cache") {
  ComponentWorld world;
  world.add("source", "database", R"({"read": "2ms"})");
  world.add("view", "cache", R"({"max_entries": 100})");
  world.add(
      "app", "service",
      R"({"handler": [{"refresh": {"view": "view", "source": "source"}}, {"read": "view"}]})");
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@2"});
  CHECK(world.sent[0].reply.answer().stamp.is_data());
}

TEST_CASE("reads and writes can be about other keys, another one in each round and branch") {
  for (const char* steps :
       {R"([{"repeat": {"times": 50, "steps": [{"read": {"target": "db", "keys": 1000}}]}}])",
        R"([{"repeat": {"times": 25, "steps": [{"parallel": [
               {"write": {"store": "db", "keys": 1000}},
               {"write": {"store": "db", "keys": 1000}}]}]}}])"}) {
    ServiceWorld world(std::string(R"({"handler": )") + steps + "}");
    Request request;
    request.key = 123'456;
    world.send(request);
    world.run(1_s);
    std::set<std::uint64_t> keys;
    for (const Request& one : world.db.requests) {
      keys.insert(one.key);
    }
    CHECK(world.db.requests.size() == 50);
    CHECK(keys.size() > 40);
    CHECK(*keys.rbegin() < 1000);
  }
}

TEST_CASE("the cache is told of the key that was written") {
  ServiceWorld world(
      R"({"handler": [{"write": {"store": "db", "cache": "cache", "keys": 1000}}]})");
  world.send();
  world.run(1_s);
  REQUIRE(world.cache.requests.size() == 1);
  CHECK(world.cache.requests[0].key == world.db.requests[0].key);
}

}  // namespace
}  // namespace test
}  // namespace stampede
