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

TEST_CASE("what vanished from the source vanishes from the store behind a cache, too") {
  ComponentWorld world;
  world.add("source", "object_storage", R"({"hot": "1ms"})");
  world.add("store", "object_storage", R"({"hot": "1ms", "objects": 10})");
  for (const char* writes : {"around", "back"}) {
    const std::string name = writes;
    world.add(name, "cache",
              R"({"max_entries": 100, "origin": "store", "writes": ")" + name + R"("})");
    world.add("app of " + name, "service",
              R"({"handler": [{"refresh": {"view": ")" + name + R"(", "source": "source"}}]})");
  }
  Request request;
  request.key = 5;
  world.send(request, "app of around");
  request.key = 6;
  world.send(request, "app of back");
  world.run(5_s);
  for (const std::uint64_t key : {4, 5, 6}) {
    request.key = key;
    Sent& read = world.send(request, "store");
    world.run(Duration::nanoseconds(6'000'000'000 + static_cast<std::int64_t>(key) * 1'000'000));
    INFO(key);
    CHECK(read.reply.answer().found == (key == 4));
  }
}

TEST_CASE("a refresh tells a cache the size of the item, not of an answer") {
  ComponentWorld world;
  world.add("source", "object_storage",
            R"({"hot": "1ms", "objects": {"count": 10, "size": "10B"}})");
  world.add("view", "cache", R"({"max_entries": 100})");
  world.add("app", "service",
            R"({"handler": [{"refresh": {"view": "view", "source": "source"}}]})");
  Request request;
  request.response_size = 5000;
  world.send(request);
  world.run(1_s);
  CHECK(world.observer("view").level("bytes") == 10);
}

TEST_CASE("an object that came from elsewhere is stale when its source has moved on") {
  ComponentWorld world;
  world.types.add("request");
  world.add("source", "database", R"({"read": "1ms"})");
  world.add("view", "object_storage", R"({"hot": "1ms"})");
  world.add("refresh", "service",
            R"({"handler": [{"refresh": {"view": "view", "source": "source"}}]})");
  world.add("change", "service", R"({"handler": [{"write": "source"}]})");
  world.send(Request(), "refresh");
  world.run(1_s);
  Sent& fresh = world.send(Request(), "view");
  world.run(2_s);
  world.send(Request(), "change");
  world.run(3_s);
  Sent& late = world.send(Request(), "view");
  world.run(4_s);
  CHECK_FALSE(fresh.reply.answer().stale);
  CHECK(late.reply.answer().stale);
}

TEST_CASE("stores that are views of each other come to an end of what is behind their data") {
  Truth truth;
  const std::uint16_t one = truth.add_store();
  const std::uint16_t two = truth.add_store();
  const std::uint16_t three = truth.add_store();
  const DataStamp second = truth.begin_write(two, 0, DataStamp(one, 0));
  const DataStamp third = truth.begin_write(three, 0, second);
  const DataStamp first = truth.begin_write(one, 0, third);  // a beginning of its own
  truth.commit(second, 0);
  truth.commit(third, 0);
  CHECK_FALSE(truth.is_stale(third, 0));
  truth.commit(first, 0);
  CHECK_FALSE(truth.is_stale(first, 0));
  CHECK(truth.is_stale(third, 0));
  CHECK_FALSE(truth.is_stale(DataStamp(two, 0), 1));
}

TEST_CASE("what a lost write of a view had replaced shows its own source again") {
  Truth truth;
  const std::uint16_t source = truth.add_store();
  const std::uint16_t view = truth.add_store();
  const DataStamp old = truth.begin_write(view, 5, DataStamp(source, 0));
  truth.commit(old, 5);
  const DataStamp lost = truth.begin_write(view, 5, DataStamp(source, 0));
  const DataStamp source_of_old = truth.commit(lost, 5);
  CHECK_FALSE(truth.source_of(old, 5).is_data());  // forgotten: it is stale in any case
  CHECK(truth.is_stale(old, 5));
  truth.lose(lost, 5, old, source_of_old);
  CHECK(truth.is_stale(lost, 5));
  CHECK_FALSE(truth.is_stale(old, 5));
  truth.commit(truth.begin_write(source, 5), 5);
  CHECK(truth.is_stale(old, 5));
}

TEST_CASE("an answer about another key is no data of the key that was asked for") {
  ComponentWorld world;
  world.add("db", "database", R"({"read": "1ms"})");
  world.add("app", "service", R"({"handler": [{"read": {"target": "db", "keys": 1}}]})");
  world.add("writer", "service", R"({"handler": [{"write": {"store": "db", "keys": 1}}]})");
  Request request;
  request.key = 5;
  Sent& read = world.send(request);
  request.stamp = DataStamp(2, 0);  // of another store
  world.send(request, "writer");
  world.run(1_s);
  CHECK_FALSE(read.reply.answer().stamp.is_data());
  CHECK_FALSE(world.truth.source_of(world.truth.latest(1, 0), 0).is_data());
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
