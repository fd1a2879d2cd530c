#include "components/cache_world.hpp"

namespace stampede {
namespace test {
namespace {

/// Two regions; the origin is in the first one and takes 10 ms. Messages between users and data
/// centres take 5 ms, and between regions 40 ms on top.
struct CdnWorld : CacheWorld {
  static Named<RegionSettings> regions() {
    Named<RegionSettings> both;
    RegionSettings eu;
    eu.zones = {"eu-a"};
    RegionSettings us;
    us.zones = {"us-a"};
    both.add("eu", eu);
    both.add("us", us);
    return both;
  }

  explicit CdnWorld(const std::string& settings = "{}", const std::string& network = "{}")
      : CacheWorld(regions(), network) {
    db.treatments = {{10_ms}};
    Json json = Json::parse(settings);
    json["origin"] = "db";
    json.emplace("cache", Json{{"max_entries", 100}});
    page = types.add("page");
    checkout = types.add("checkout");
    add("cdn", json.dump(), "edge");
    start();
  }

  Question& ask(std::uint64_t key, std::size_t region = 0, RequestTypeId type = 0) {
    Request request;
    request.key = key;
    request.type = type;
    request.from = geography.users_of(region);
    request.size = 10;
    request.response_size = 100;
    return send(request, "edge");
  }

  RequestTypeId page = 0;
  RequestTypeId checkout = 0;
};

TEST_CASE("users reach the point of presence of their region, and each has its own cache") {
  CdnWorld world;
  world.ask(1, 0);
  world.ask(1, 1);
  world.run(20_ms);
  world.ask(1, 0);
  world.ask(1, 1);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@20", "ok@20"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@0"});
  CHECK(world.observer("edge").visits.at(0).instance == 0);
  CHECK(world.observer("edge").visits.at(1).instance == 1);
  CHECK(world.directory.component({"edge", {}}).fleet().size() == 2);
  world.check_laws();
}

TEST_CASE("where a region has no point of presence its users go to the first one") {
  CdnWorld world(R"({"regions": ["us"]})");
  CHECK(world.directory.component({"edge", {}}).fleet().size() == 1);
  world.ask(1, 0);
  world.ask(2, 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10"});
}

TEST_CASE("the way from users to their point of presence has a latency, both ways") {
  CdnWorld world(R"({"latency": "3ms"})", R"({"to_users": "50ms"})");
  world.ask(1);
  world.run(500_ms);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@16", "ok@506"});  // the fake origin is next door
}

TEST_CASE("only cacheable types are answered from the cache, everything else is passed on") {
  CdnWorld world(R"({"cacheable": ["page"]})");
  for (int round = 0; round < 2; ++round) {
    world.ask(1, 0, world.page);
    world.ask(1, 0, world.checkout);
    world.run(Duration::nanoseconds(20'000'000) * (round + 1));
  }
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@20", "ok@30"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@0", "read 1@20"});
  CHECK(world.counted("reads", "edge") == 2);
  CHECK(world.counted("served", "edge") == 4);
  CHECK(world.counted("offloaded", "edge") == 1);
}

TEST_CASE("one key is another item for each request type") {
  CdnWorld world;
  world.ask(1, 0, world.page);
  world.run(20_ms);
  world.ask(1, 0, world.checkout);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30"});
  CHECK(world.level("entries", "edge") == 2);
}

TEST_CASE("what was read before the beginning is at each point of presence, under its type") {
  CdnWorld world(R"({"cache": {"max_entries": 10, "earlier_reads": [
                       {"reads": 100, "request": "page", "keys": {"kind": "uniform", "count": 3}}]}})");
  world.ask(1, 0, world.page);
  world.ask(1, 1, world.page);
  world.ask(1, 0, world.checkout);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@0", "ok@0", "ok@10"});
}

TEST_CASE("egress is what users received, and the rest came from the origin") {
  CdnWorld world;
  world.ask(1);
  world.run(20_ms);
  world.ask(1);
  world.ask(1);
  CHECK(world.counted("egress_bytes", "edge") == 300);
  CHECK(world.counted("origin_bytes", "edge") == 100);
  CHECK(world.counted("served", "edge") == 3);
  CHECK(world.counted("offloaded", "edge") == 2);
}

TEST_CASE("a shield asks the origin once for all points of presence") {
  CdnWorld world(R"({"origin_shield": {"max_entries": 100}})");
  world.ask(1, 0);
  world.run(20_ms);
  world.ask(1, 1);
  world.run(40_ms);
  world.ask(1, 1);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@40"});
  CHECK(world.db.log == Texts{"read 1@0"});
  CHECK(world.counted("hits", "edge") == 1);
  CHECK(world.counted("shield_hits", "edge") == 1);
  CHECK(world.counted("shield_fetches", "edge") == 1);
  CHECK(world.counted("served", "edge") == 3);     // of users, not of other points
  CHECK(world.counted("offloaded", "edge") == 2);  // the origin saw one
  CHECK(world.counted("origin_bytes", "edge") == 100);
  CHECK(world.counted("egress_bytes", "edge") == 300);
}

TEST_CASE("collapsed requests are no load of the origin") {
  CdnWorld world(R"({"cache": {"max_entries": 10, "request_collapsing": true}})");
  world.ask(1);
  world.ask(1);
  world.run(1_s);
  CHECK(world.counted("offloaded", "edge") == 1);
  CHECK(world.counted("egress_bytes", "edge") == 200);
  CHECK(world.counted("origin_bytes", "edge") == 100);
}

TEST_CASE("a purge reaches all points of presence and the shield, and all types of the item") {
  CdnWorld world(R"({"origin_shield": {"max_entries": 100}})");
  world.ask(1, 0, world.page);
  world.ask(1, 1, world.checkout);
  world.run(20_ms);
  CHECK(world.level("entries", "edge") == 2);
  CHECK(world.level("shield_entries", "edge") == 2);
  world.invalidate(1, "edge");
  CHECK(world.level("entries", "edge") == 0);
  CHECK(world.level("shield_entries", "edge") == 0);
  CHECK(world.db.log.size() == 2);  // the origin does not hear of it
}

TEST_CASE("a purge takes its time, and old items are served until then") {
  CdnWorld world(R"({"purge_delay": "150ms"})");
  world.ask(1);
  world.run(20_ms);
  world.db.write(1);
  world.invalidate(1, "edge");
  world.run(169_ms);
  world.ask(1);
  world.run(171_ms);
  world.ask(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok stale@169", "ok@181"});
}

TEST_CASE("the users of a point of presence that is down hear of it as the crash says") {
  CdnWorld world;
  auto reset = world.instance("edge", 0).hold_down(KilledWork::answers_broken);
  auto silent = world.instance("edge", 1).hold_down(KilledWork::stays_silent);
  world.ask(1, 0);
  world.ask(1, 1);
  CHECK(world.heard() == Texts{"unreachable@0", "nothing"});
}

TEST_CASE("whoever writes the item of a key through a cdn makes its copies void") {
  CdnWorld world;
  world.ask(1, 0, world.page);
  world.run(20_ms);
  Request write;
  write.key = 1;
  write.type = world.checkout;
  write.from = world.geography.users_of(0);
  write.operation = Operation::write;
  world.send(write, "edge");
  world.run(1_s);
  CHECK(world.db.log == Texts{"read 1@0", "write 1@20"});
  CHECK(world.level("entries", "edge") == 0);
}

}  // namespace
}  // namespace test
}  // namespace stampede
