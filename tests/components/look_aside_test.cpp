#include "components/cache_world.hpp"

namespace stampede {
namespace test {
namespace {

/// An app that looks aside: "app" reads and "writer" writes. The store takes 10 ms.
struct LookAsideWorld : CacheWorld {
  explicit LookAsideWorld(const std::string& look_aside = "{}", const std::string& write = "{}",
                          const std::string& cache = "{}", const std::string& zones = "[]",
                          const std::string& network = "{}")
      : CacheWorld(zones, network) {
    db.treatments = {{10_ms}};
    Json keep = Json::parse(cache);
    if (!keep.contains("max_entries")) {
      keep["max_entries"] = 100;
    }
    add_cache(keep.dump());
    Json look = Json::parse(look_aside);
    look.update({{"store", "db"}});
    look.emplace("cache", "cache");
    add_app(Json{{"replicas", 2}, {"handler", {{{"look_aside", look}}}}}.dump());
    Json put = Json::parse(write);
    put.update({{"store", "db"}});
    put.emplace("cache", "cache");
    add_app(Json{{"handler", {{{"write", put}}}}}.dump(), "writer");
    start();
  }
  Question& ask(std::uint64_t key, std::uint32_t replica = 0) { return read(key, "app", replica); }
  Question& change(std::uint64_t key, std::uint32_t size = 100) {
    return write(key, size, "writer");
  }
};

TEST_CASE("look_aside reads the store on a miss, fills the cache, and finds the item there") {
  LookAsideWorld world;
  world.ask(1);
  world.run(20_ms);
  Question& hit = world.ask(1, 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  CHECK(hit.response.stamp.is_data());
  CHECK(world.db.log == Texts{"read 1@0"});
  CHECK(world.counted("reads") == 2);
  CHECK(world.counted("hits") == 1);
  CHECK(world.level("bytes") == 100);
  world.check_laws();
}

TEST_CASE("a cache that is down is a miss, and is not asked to keep what was read") {
  LookAsideWorld world;
  auto down = world.instance().hold_down(KilledWork::answers_broken);
  const int before = world.observer().arrivals;
  world.ask(1);
  world.run(5_ms);
  down.release();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10"});
  CHECK(world.observer().arrivals == before);
  CHECK(world.level("entries") == 0);
}

TEST_CASE("a silent cache is a miss when its timeout is over") {
  LookAsideWorld world(R"({"cache": {"target": "cache", "timeout": "5ms"}})");
  auto down = world.instance().hold_down(KilledWork::stays_silent);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15"});
}

TEST_CASE("a store that fails is an error, and nothing is filled in") {
  LookAsideWorld world;
  world.db.treatments = {{10_ms, Outcome::timeout}};
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10"});
  CHECK(world.level("entries") == 0);
}

TEST_CASE("a write removes the cached copy when the store has confirmed it") {
  LookAsideWorld world;
  world.ask(1);
  world.run(20_ms);
  world.change(1);
  world.run(25_ms);
  world.ask(1);
  world.run(31_ms);
  CHECK(world.level("entries") == 0);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@25", "ok@41"});
  CHECK(world.db.log == Texts{"read 1@0", "write 1@20", "read 1@31"});
}

TEST_CASE("a write updates the cached copy where it is told to") {
  LookAsideWorld world("{}", R"({"cached": "update"})");
  world.change(1, 70);
  world.run(20_ms);
  world.ask(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  CHECK(world.level("bytes") == 70);
  CHECK(world.db.log == Texts{"write 1@0"});
}

TEST_CASE("a write that fails leaves the cached copy alone") {
  LookAsideWorld world;
  world.db.treatments = {{10_ms}, {10_ms, Outcome::reset}};
  world.ask(1);
  world.run(20_ms);
  world.change(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "error@30"});
  CHECK(world.level("entries") == 1);
}

TEST_CASE("a write without a cache tells none") {
  CacheWorld world;
  world.add_app(R"({"handler": [{"write": "db"}]})");
  world.start();
  Question& done = world.write(1, 100, "app");
  CHECK(world.heard() == Texts{"ok@0"});
  CHECK_FALSE(done.response.stamp.is_data());  // it shows nothing
}

TEST_CASE("a cache that does not hear of a write goes on with the old item") {
  LookAsideWorld world("{}", R"({"cache": {"target": "cache", "timeout": "1ms"}})",
                       R"({"persistent": true})");
  world.ask(1);
  world.run(20_ms);
  auto down = world.instance().hold_down(KilledWork::stays_silent);
  world.change(1);
  world.run(50_ms);
  down.release();
  world.run(51_ms);
  world.ask(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@31", "ok stale@51"});
}

/// The race of Nishtala et al. (3.2.1): what was read before a write is filled in after it.
Texts heard_of_a_race(const std::string& look_aside) {
  LookAsideWorld world(look_aside);
  world.db.treatments = {{10_ms}, {2_ms}};
  world.ask(1);
  world.change(1);  // committed and told of at 2, while the read is on its way back
  world.run(20_ms);
  world.ask(1);
  world.run(1_s);
  world.ask(1);
  return world.heard();
}

TEST_CASE("a fill that was read before a write stays in the cache after it") {
  CHECK(heard_of_a_race("{}") == Texts{"ok@10", "ok@2", "ok stale@20", "ok stale@1000"});
}

TEST_CASE("with leases a fill that was read before a write is refused") {
  CHECK(heard_of_a_race(R"({"lease": {}})") == Texts{"ok@10", "ok@2", "ok@22", "ok@1000"});
}

TEST_CASE("with leases one reader at a time fills in an item, the others ask again") {
  LookAsideWorld world(R"({"lease": {"timeout": "1s", "wait": "3ms"}})");
  world.ask(1, 0);
  world.ask(1, 0);
  world.ask(1, 1);
  world.ask(2, 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@12", "ok@12", "ok@10"});
  CHECK(world.db.log == Texts{"read 1@0", "read 2@0"});
}

TEST_CASE("with leases nobody waits for longer than the lease, and the next one takes it") {
  LookAsideWorld world(R"({"lease": {"timeout": "20ms", "wait": "5ms"}})");
  world.db.treatments = {{10_ms, Outcome::ok, true}, {10_ms}};
  world.ask(1);
  world.run(1_ms);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"nothing", "ok@31"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@21"});
}

TEST_CASE("without leases or collapsing everybody who misses reads the store") {
  LookAsideWorld world;
  world.ask(1);
  world.ask(1);
  world.run(1_s);
  CHECK(world.db.log == Texts{"read 1@0", "read 1@0"});
}

TEST_CASE("collapse: within one instance one read of the store serves all who missed") {
  LookAsideWorld world(R"({"collapse": true})");
  world.ask(1, 0);
  world.run(4_ms);
  world.ask(1, 0);
  world.ask(2, 0);
  world.ask(1, 1);  // another instance
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@14", "ok@14"});
  CHECK(world.db.log == Texts{"read 1@0", "read 2@4", "read 1@4"});
  world.ask(1, 0);
  CHECK(world.heard() == Texts{"ok@1000"});
}

TEST_CASE("collapse: a failure is shared, and the next one tries again") {
  LookAsideWorld world(R"({"collapse": true})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.ask(1);
  world.ask(1);
  world.run(10_ms);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10", "error@10", "ok@20"});
}

TEST_CASE("collapse: an instance that dies forgets what it was reading") {
  LookAsideWorld world(R"({"collapse": true})");
  world.ask(1);
  world.ask(1);
  world.run(5_ms);
  world.instance("app").hold_down(KilledWork::answers_broken).release();
  world.run(6_ms);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@5", "reset@5", "ok@16"});
  CHECK(world.observer("app").is_idle());
}

TEST_CASE("the cache and the store are reached over the network") {
  LookAsideWorld world("{}", "{}", "{}", R"(["a"])", R"({"within_zone": "1ms"})");
  world.ask(1);
  world.run(100_ms);
  world.ask(1);
  world.run(1_s);
  // The user's way in and out, the cache's; the fake store is next door; and the fill.
  CHECK(world.heard() == Texts{"ok@16", "ok@104"});
}

}  // namespace
}  // namespace test
}  // namespace stampede
