#include "components/cache_world.hpp"

namespace stampede {
namespace test {
namespace {

/// Users behind browsers; the origin takes 10 ms, and answers are kept for 100 ms.
struct BrowserWorld : CacheWorld {
  explicit BrowserWorld(const std::string& settings = R"({"max_entries": 2})") {
    db.treatments = {{10_ms}};
    Json json = Json::parse(settings);
    json["origin"] = "db";
    json["ttl"] = "100ms";
    page = types.add("page");
    account = types.add("account");
    add("browser", json.dump(), "browser");
    start();
  }

  Question& ask(std::uint64_t user, std::uint64_t key, Operation operation = Operation::read) {
    Request request;
    request.user = user;
    request.key = key;
    request.type = type;
    request.operation = operation;
    request.response_size = 100;
    return send(request, "browser");
  }

  RequestTypeId page = 0;
  RequestTypeId account = 0;
  RequestTypeId type = 0;
};

TEST_CASE("a user finds what the same user was shown before, and nobody else does") {
  BrowserWorld world;
  world.ask(1, 7);
  world.run(20_ms);
  world.ask(1, 7);
  world.ask(2, 7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@30"});
  CHECK(world.asked[1].response.size == 100);
  CHECK(world.db.log == Texts{"read 7@0", "read 7@20"});
  CHECK(world.observer("browser").counted("reads") == 3);
  CHECK(world.observer("browser").counted("hits") == 1);
  CHECK(world.observer("browser").level("entries") == 2);
}

TEST_CASE("what a browser keeps is fresh for the ttl") {
  BrowserWorld world;
  world.ask(1, 7);
  world.run(109_ms);
  world.ask(1, 7);
  world.run(110_ms);
  world.ask(1, 7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@109", "ok@120"});
  CHECK(world.observer("browser").level("entries") == 1);
}

TEST_CASE("a browser shows what it holds, however stale, and the result knows") {
  BrowserWorld world;
  world.ask(1, 7);
  world.run(20_ms);
  world.db.write(7);
  world.ask(1, 7);
  CHECK(world.asked[1].heard == "ok stale@20");
  CHECK(world.observer("browser").counted("stale_hits") == 1);
}

TEST_CASE("each user's cache has its own room") {
  BrowserWorld world;
  for (const std::uint64_t key : {1, 2, 3}) {
    world.ask(1, key);
  }
  world.ask(2, 1);
  world.run(20_ms);
  CHECK(world.observer("browser").level("entries") == 3);  // the first user's oldest one went
  world.ask(1, 1);
  world.ask(1, 3);
  world.ask(2, 1);
  world.run(25_ms);
  CHECK(world.asked[4].heard == "nothing");
  CHECK(world.asked[5].heard == "ok@20");
  CHECK(world.asked[6].heard == "ok@20");
}

TEST_CASE("a user who writes does not see the old answer again") {
  BrowserWorld world;
  world.ask(1, 7);
  world.run(20_ms);
  world.ask(1, 7, Operation::write);
  world.run(40_ms);
  world.ask(1, 7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@50"});
}

TEST_CASE("a write of one type makes answers of all types invalid") {
  BrowserWorld world(R"({"max_entries": 10, "cacheable": ["page"]})");
  world.ask(1, 7);
  world.run(20_ms);
  world.type = world.account;
  world.ask(1, 7, Operation::write);
  world.run(40_ms);
  world.type = world.page;
  world.ask(1, 7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@50"});
  CHECK(world.observer("browser").level("entries") == 1);
}

TEST_CASE("only types that are cacheable are kept, and failures never") {
  BrowserWorld world(R"({"capacity": "1KB", "cacheable": ["page"]})");
  world.type = world.account;
  world.ask(1, 7);
  world.run(20_ms);
  world.ask(1, 7);
  world.run(40_ms);
  world.type = world.page;
  world.db.treatments = {{10_ms, Outcome::error}};
  world.ask(1, 8);
  world.run(60_ms);
  world.ask(1, 8);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "error@50", "error@70"});
  CHECK(world.observer("browser").counted("reads") == 2);
}

TEST_CASE("a request whose answer is lost on the way behind the browser has no answer") {
  BrowserWorld world;
  FakeStore::Treatment lost{10_ms};
  lost.is_silent = true;
  world.db.treatments = {lost};
  world.ask(1, 7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"lost@10"});
  CHECK(world.observer("browser").in_flight == 0);
}

}  // namespace
}  // namespace test
}  // namespace stampede
