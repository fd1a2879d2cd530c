#include "components/cache_world.hpp"

namespace stampede {
namespace test {
namespace {

Request fill(std::uint64_t key, std::uint32_t size, DataStamp stamp = {}) {
  Request request;
  request.key = key;
  request.size = size;
  request.stamp = stamp;
  request.operation = Operation::write;
  return request;
}

/// In front of the store "db", which takes 10 ms.
struct ReadThrough : CacheWorld {
  explicit ReadThrough(const std::string& more = "{}") {
    Json json = Json::parse(more);
    json["origin"] = "db";
    if (!json.contains("capacity") && !json.contains("max_entries") &&
        !json.contains("hit_ratio")) {
      json["max_entries"] = 1000;
    }
    db.treatments = {{10_ms}};
    add_cache(json.dump());
    start();
  }
};

struct LookedAside : CacheWorld {
  explicit LookedAside(const std::string& settings) {
    add_cache(settings);
    start();
  }
};

// ---- Looked aside -----------------------------------------------------------------------------

TEST_CASE("a cache without an origin tells what it does not hold, and is filled by others") {
  LookedAside world(R"({"max_entries": 10})");
  world.read(1);
  world.write(1, 70);
  Question& second = world.read(1);
  CHECK(world.heard() == Texts{"miss@0", "ok@0", "ok@0"});
  CHECK(second.response.size == 70);
  CHECK(world.counted("reads") == 2);
  CHECK(world.counted("hits") == 1);
  CHECK(world.counted("fetches") == 0);
  CHECK(world.level("entries") == 1);
  CHECK(world.level("bytes") == 70);
  world.check_laws();
}

TEST_CASE("an item is fresh for its ttl and not a moment longer") {
  LookedAside world(R"({"max_entries": 10, "ttl": "10ms"})");
  world.write(1);
  world.run(Duration::nanoseconds(9'999'999));
  world.read(1);
  world.run(10_ms);
  CHECK(world.level("entries") == 1);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@9.999999", "miss@10"});
  CHECK(world.level("entries") == 0);  // it went when it was found to be old
  CHECK(world.level("bytes") == 0);
}

TEST_CASE("without a ttl an item is fresh for ever") {
  LookedAside world(R"({"max_entries": 10})");
  world.write(1);
  world.run(1000_s);
  world.read(1);
  CHECK(world.heard().back() == "ok@1000000");
}

TEST_CASE("a hit renews the ttl where it is told to") {
  LookedAside world(R"({"max_entries": 10, "ttl": "10ms", "renew_on_hit": true})");
  world.write(1);
  world.run(8_ms);
  world.read(1);
  world.run(16_ms);
  world.read(1);
  world.run(26_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@8", "ok@16", "miss@26"});
}

TEST_CASE("jitter makes each ttl shorter by a random part of its share") {
  LookedAside world(R"({"max_entries": 1000, "ttl": "100ms", "ttl_jitter": "20%"})");
  const auto hits_at = [&](Duration when) {
    world.run(when);
    const std::int64_t before = world.counted("hits");
    for (std::uint64_t key = 0; key < 1000; ++key) {
      world.read(key);
    }
    return world.counted("hits") - before;
  };
  for (std::uint64_t key = 0; key < 1000; ++key) {
    world.write(key);
  }
  CHECK(hits_at(80_ms) == 1000);
  const std::int64_t halfway = hits_at(90_ms);  // binomial: 500, deviation 16
  CHECK(halfway > 420);
  CHECK(halfway < 580);
  CHECK(hits_at(100_ms) == 0);
}

TEST_CASE("capacity in bytes counts sizes; what is larger than everything stays outside") {
  LookedAside world(R"({"capacity": "250B"})");
  world.write(1, 100);
  world.write(2, 100);
  CHECK(world.level("bytes") == 200);
  world.write(3, 120);  // the least recently used goes
  CHECK(world.level("entries") == 2);
  CHECK(world.level("bytes") == 220);
  world.write(4, 251);
  CHECK(world.level("bytes") == 220);
  world.write(2, 50);  // another size
  CHECK(world.level("entries") == 2);
  CHECK(world.level("bytes") == 170);
  world.heard();
  for (std::uint64_t key = 1; key <= 4; ++key) {
    world.read(key);
  }
  CHECK(world.heard() == Texts{"miss@0", "ok@0", "ok@0", "miss@0"});
}

TEST_CASE("max_entries counts items of whatever size") {
  LookedAside world(R"({"max_entries": 2})");
  world.write(1, 1'000'000);
  world.write(2, 1);
  world.write(3, 500);
  CHECK(world.level("entries") == 2);
  CHECK(world.level("bytes") == 501);
}

TEST_CASE("what was read before the beginning is there, as the eviction policy left it") {
  LookedAside world(
      R"({"max_entries": 10, "earlier_reads": [{"reads": 500, "keys": {"kind": "uniform", "count": 3}}]})");
  CHECK(world.level("entries") == 3);
  for (const std::uint64_t key : {0, 1, 2, 3}) {
    world.read(key);
  }
  CHECK(world.heard() == Texts{"ok@0", "ok@0", "ok@0", "miss@0"});
  CHECK(world.counted("reads") == 4);  // those before are no part of the run

  LookedAside full(
      R"({"max_entries": 10, "earlier_reads": [{"reads": 50, "keys": {"kind": "sequential", "count": 1000}}]})");
  CHECK(full.level("entries") == 10);
  for (const std::uint64_t key : {39, 40, 49}) {  // the last ten of keys 0 to 49
    full.read(key);
  }
  CHECK(full.heard() == Texts{"miss@0", "ok@0", "ok@0"});
}

TEST_CASE("what was read before the beginning expires within one ttl, bit by bit") {
  LookedAside world(
      R"({"max_entries": 2000, "ttl": "100s",
          "earlier_reads": [{"reads": 20000, "keys": {"kind": "uniform", "count": 1000}}]})");
  world.run(50_s);
  for (std::uint64_t key = 0; key < 1000; ++key) {
    world.read(key);
  }
  CHECK(world.counted("hits") > 450);  // 500 are expected, with a standard deviation of 16
  CHECK(world.counted("hits") < 550);
}

TEST_CASE("a removal takes the item out") {
  LookedAside world(R"({"max_entries": 10})");
  world.write(1);
  world.invalidate(1);
  world.invalidate(2);  // not there
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@0", "ok@0", "miss@0"});
  CHECK(world.level("entries") == 0);
}

TEST_CASE("a crash empties a cache, unless it is persistent") {
  const bool persistent = GENERATE(false, true);
  LookedAside world(Json{{"max_entries", 10}, {"persistent", persistent}}.dump());
  world.write(1);
  auto down = world.instance().hold_down(KilledWork::answers_broken);
  world.read(1);
  down.release();
  world.run(1_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "unreachable@0", persistent ? "ok@1" : "miss@1"});
  CHECK(world.level("entries") == (persistent ? 1 : 0));
}

TEST_CASE("an access is work on the node's CPU") {
  LookedAside world(R"({"max_entries": 10, "access": "2ms", "cpu": 1})");
  world.write(1);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@2", "ok@4"});
  CHECK(world.observer().ends == Texts{"ok@2", "ok@4 cpu 2"});
  world.check_laws();
}

TEST_CASE("a failing node answers with errors and keeps nothing") {
  LookedAside world(R"({"max_entries": 10})");
  auto failing = world.instance().error_rate().hold(1);
  world.write(1);
  world.read(1);
  failing.release();
  world.read(1);
  CHECK(world.heard() == Texts{"error@0", "error@0", "miss@0"});
}

TEST_CASE("a hit is stale when the store was written since, and only the observer knows") {
  LookedAside world(R"({"max_entries": 10})");
  const DataStamp first = world.truth.latest(1, 1);
  world.send(fill(1, 100, first));
  world.read(1);
  world.db.write(2);  // another key
  world.read(1);
  world.db.write(1);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@0", "ok@0", "ok stale@0"});
  CHECK(world.counted("stale_hits") == 1);
}

TEST_CASE("settings that only work with an origin to fetch from are doubtful without one") {
  const std::string settings =
      R"({"max_entries": 10, "ttl": "1s", "grace": "1s", "request_collapsing": true})";
  CHECK(ReadThrough(settings).warnings.empty());
  CHECK(LookedAside(settings).warnings.size() == 2);
}

// ---- Leases -----------------------------------------------------------------------------------

struct Leased : LookedAside {
  Leased() : LookedAside(R"({"max_entries": 10})") {}

  /// What the n-th user asks of key 1.
  Question& of_user(std::uint64_t id, Operation operation) {
    Request request;
    request.key = 1;
    request.id = id;
    request.luck = combine(id, asked.size());
    request.size = 100;
    request.operation = operation;
    request.lease_ms = 1000;
    return asked.emplace_back(simulation, instance().call(request));
  }
};

TEST_CASE("the first reader that misses has the lease, the others are told to wait") {
  Leased world;
  world.of_user(1, Operation::read);
  world.of_user(2, Operation::read);
  world.of_user(1, Operation::read);  // its own lease
  world.of_user(1, Operation::write);
  world.of_user(2, Operation::read);
  CHECK(world.heard() == Texts{"miss@0", "leased out@0", "miss@0", "ok@0", "ok@0"});
}

TEST_CASE("a fill without the lease is refused") {
  Leased world;
  world.of_user(1, Operation::read);
  world.of_user(2, Operation::write);
  CHECK(world.level("entries") == 0);
  world.of_user(1, Operation::write);
  CHECK(world.level("entries") == 1);
}

TEST_CASE("a removal and a write of others make a lease void") {
  const bool removal = GENERATE(true, false);
  Leased world;
  world.of_user(1, Operation::read);
  removal ? world.invalidate(1) : world.write(1, 40);
  world.of_user(1, Operation::write);
  CHECK(world.level("bytes") == (removal ? 0 : 40));
}

TEST_CASE("an overdue lease goes to the next reader, and a late fill is refused then") {
  Leased world;
  world.of_user(1, Operation::read);
  world.run(999_ms);
  world.of_user(2, Operation::read);
  world.run(1_s);
  world.of_user(2, Operation::read);
  world.of_user(1, Operation::write);
  CHECK(world.level("entries") == 0);
  world.of_user(2, Operation::write);
  CHECK(world.level("entries") == 1);
  CHECK(world.heard() == Texts{"miss@0", "leased out@999", "miss@1000", "ok@1000", "ok@1000"});
}

TEST_CASE("a crash ends all leases") {
  Leased world;
  world.of_user(1, Operation::read);
  world.instance().hold_down(KilledWork::answers_broken).release();
  world.run(1_ms);
  world.of_user(2, Operation::read);
  world.of_user(1, Operation::write);
  CHECK(world.heard() == Texts{"miss@0", "miss@1", "ok@1"});
  CHECK(world.level("entries") == 0);
}

// ---- Reading through --------------------------------------------------------------------------

TEST_CASE("a miss is fetched from the origin and kept") {
  ReadThrough world;
  world.read(1);
  world.run(20_ms);
  Question& hit = world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  CHECK(hit.response.size == 100);
  CHECK(world.db.log == Texts{"read 1@0"});
  CHECK(world.counted("fetches") == 1);
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("the work of an access comes before the fetch") {
  ReadThrough world(R"({"access": "2ms"})");
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@12"});
  CHECK(world.db.log == Texts{"read 1@2"});
}

TEST_CASE("without collapsing every miss is a fetch") {
  ReadThrough world;
  world.read(1);
  world.run(5_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@15"});
  CHECK(world.db.log.size() == 2);
  CHECK(world.counted("collapsed") == 0);
}

TEST_CASE("with collapsing one fetch serves all who wait for the item") {
  ReadThrough world(R"({"request_collapsing": true})");
  world.read(1);
  world.read(2);
  world.run(5_ms);
  world.read(1);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@10", "ok@10"});
  CHECK(world.db.log == Texts{"read 1@0", "read 2@0"});
  CHECK(world.counted("collapsed") == 2);
  CHECK(world.counted("hits") == 0);
  CHECK(world.counted("fetches") == 2);
}

TEST_CASE("a failure is shared like any other answer") {
  ReadThrough world(R"({"request_collapsing": true})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.read(1);
  world.read(1);
  world.run(10_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10", "error@10", "ok@20"});
}

TEST_CASE("a fetch that others may wait for does not leave a line with the user who caused it") {
  const bool collapsing = GENERATE(true, false);
  ReadThrough world(Json{{"request_collapsing", collapsing}}.dump());
  Request request;
  request.patience = at(5_ms);
  world.send(request);
  CHECK(world.db.requests.at(0).patience == (collapsing ? Time::never() : at(5_ms)));
}

TEST_CASE("who has waited for another's fetch for too long fetches, and newcomers wait for that") {
  ReadThrough world(R"({"request_collapsing": true, "collapse_timeout": "4ms"})");
  world.db.treatments = {{100_ms}, {10_ms}};
  world.read(1);
  world.read(1);
  world.run(11_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@100", "ok@14", "ok@14"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@4"});
  CHECK(world.counted("collapsed") == 1);
}

TEST_CASE("a fetch that is never answered holds up those who wait without a timeout") {
  ReadThrough world(R"({"request_collapsing": true})");
  world.db.treatments = {{10_ms, Outcome::ok, true}, {10_ms}};
  world.read(1);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"nothing", "nothing"});
  CHECK(world.observer().in_flight == 2);
}

TEST_CASE("a fetch that is never answered is overtaken by who does not wait so long") {
  ReadThrough world(R"({"request_collapsing": true, "collapse_timeout": "4ms"})");
  world.db.treatments = {{10_ms, Outcome::ok, true}, {10_ms}};
  world.read(1);
  world.read(1);
  world.run(20_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"nothing", "ok@14", "ok@20"});
}

TEST_CASE("a node that dies forgets its fetches") {
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  ReadThrough world(R"({"request_collapsing": true})");
  world.read(1);
  world.read(1);
  world.run(5_ms);
  world.instance().hold_down(how).release();
  world.run(6_ms);
  world.read(1);
  world.run(1_s);
  const std::string killed = how == KilledWork::answers_broken ? "reset@5" : "lost@5";
  CHECK(world.heard() == Texts{killed, killed, "ok@16"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@6"});
  CHECK(world.observer().is_idle());
  world.check_laws();
}

TEST_CASE("a call to the origin has a timeout and retries of its own") {
  ReadThrough world(R"({"timeout": "30ms", "retry": {"num_retries": 1, "retry_on": ["5xx"],
                        "retry_back_off": {"base_interval": "5ms", "jitter": "none"}}})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}, {100_ms}};
  world.read(1);
  world.run(30_ms);
  world.read(2);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@25", "timeout@60"});
  CHECK(world.counted("fetches") == 2);
}

// ---- Old items --------------------------------------------------------------------------------

TEST_CASE("in its grace an item is served while one request fetches it anew") {
  ReadThrough world(R"({"ttl": "100ms", "grace": "50ms"})");
  world.read(1);
  world.run(11_ms);
  world.db.write(1);
  world.run(112_ms);  // fresh until 110
  world.read(1);
  world.read(1);
  world.run(115_ms);
  world.read(1);
  world.run(122_ms);
  world.read(1);
  world.run(1_s);
  world.read(1);  // after the grace: everybody waits
  world.run(2_s);
  CHECK(world.heard() ==
        Texts{"ok@10", "ok stale@112", "ok stale@112", "ok stale@115", "ok@122", "ok@1010"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@112", "read 1@1000"});
  CHECK(world.counted("hits") == 4);
  CHECK(world.counted("overdue_hits") == 3);
  CHECK(world.counted("stale_hits") == 3);
}

TEST_CASE("a refresh at the same instant changes nothing for the request that caused it") {
  ReadThrough world(R"({"ttl": "100ms", "grace": "50ms"})");
  world.db.treatments = {{}};
  world.read(1);
  world.db.write(1);
  world.run(100_ms);
  Request large;
  large.key = 1;
  large.response_size = 5000;
  Question& old = world.send(large);
  Question& next = world.send(large);
  CHECK(world.heard() == Texts{"ok@0", "ok stale@100", "ok@100"});
  CHECK(old.response.size == 100);
  CHECK(next.response.size == 5000);
}

TEST_CASE("a background fetch has the patience of nobody") {
  ReadThrough world(R"({"ttl": "100ms", "grace": "50ms"})");
  world.read(1);
  world.run(120_ms);
  Request request;
  request.key = 1;
  request.response_size = 100;
  request.patience = at(121_ms);
  world.send(request);
  CHECK(world.db.requests.at(1).patience == Time::never());
}

TEST_CASE("an item that is fresh for ever can stand in for a fetch that failed") {
  ReadThrough world(R"({"stale_if_error": "1s"})");
  world.db.treatments = {{20_ms, Outcome::error}, {10_ms}};
  world.read(1);
  world.run(5_ms);
  world.read(1);  // comes back first, with the item
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@20", "ok@15"});
  CHECK(world.counted("overdue_hits") == 0);
}

TEST_CASE("an old item is served for a while when it cannot be fetched") {
  ReadThrough world(R"({"ttl": "100ms", "stale_if_error": "1s"})");
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  world.read(1);
  world.read(2);  // never seen: nothing to serve
  world.run(500_ms);
  world.read(1);
  world.run(1099_ms);
  world.read(1);  // the failure comes at 1109, its time is over at 1110
  world.run(1101_ms);
  world.read(1);
  world.run(2_s);
  CHECK(world.heard() == Texts{"ok@10", "error@10", "ok@510", "ok@1109", "error@1111"});
  CHECK(world.counted("overdue_hits") == 2);
}

TEST_CASE("a refresh that fails leaves the item for the rest of its grace, and is no read") {
  ReadThrough world(R"({"ttl": "100ms", "grace": "50ms", "stale_if_error": "1s",
                        "negative_ttl": "1s", "request_collapsing": true})");
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  world.read(1);
  world.run(120_ms);
  world.read(1);
  world.run(140_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@120", "ok@140"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@120", "read 1@140"});
  CHECK(world.counted("reads") == 3);
  CHECK(world.counted("hits") == 2);
}

TEST_CASE("who waits for a fetch that fails gets the old item as well") {
  ReadThrough world(R"({"ttl": "100ms", "stale_if_error": "1s", "request_collapsing": true})");
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  world.read(1);
  world.run(120_ms);
  world.read(1);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@130", "ok@130"});
  CHECK(world.db.log.size() == 2);
}

TEST_CASE("a failure is remembered for the negative ttl and no longer") {
  ReadThrough world(
      R"({"negative_ttl": "50ms", "ttl": "1s", "grace": "1s", "renew_on_hit": true})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.read(1);
  world.run(40_ms);
  world.read(1);
  world.run(60_ms);
  world.read(1);  // neither renewed by the hit nor served in a grace
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10", "error@40", "ok@70"});
  CHECK(world.counted("failure_hits") == 1);
  CHECK(world.db.log == Texts{"read 1@0", "read 1@60"});
  CHECK(world.level("bytes") == 100);
}

TEST_CASE("that a user has left a line is no answer to remember") {
  ReadThrough world(R"({"negative_ttl": "50ms"})");
  world.db.treatments = {{10_ms, Outcome::abandoned}, {10_ms}};
  world.read(1);
  world.run(20_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"abandoned@10", "ok@30"});
}

TEST_CASE("an early refresh is as likely as its authors say") {
  // 1000 items are fetched in 10 ms each and fresh until 110. At 95, with beta 1, a request fetches
  // with the chance exp(-15/10) = 22.3 %: 223 of them, deviation 13.
  ReadThrough world(R"({"ttl": "100ms", "early_refresh": 1})");
  for (std::uint64_t key = 0; key < 1000; ++key) {
    world.read(key);
  }
  world.run(95_ms);
  for (std::uint64_t key = 0; key < 1000; ++key) {
    world.read(key);
  }
  const std::int64_t early = world.counted("fetches") - 1000;
  CHECK(early > 170);
  CHECK(early < 276);
  CHECK(world.counted("hits") == 1000 - early);
}

TEST_CASE("persistent: what was there before the crash is there after it") {
  ReadThrough world(R"({"persistent": true})");
  world.read(1);
  world.run(20_ms);
  world.instance().hold_down(KilledWork::answers_broken).release();
  world.run(30_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@30"});
}

TEST_CASE("a restarted node is not there before its boot time is over") {
  ReadThrough world(R"({"boot_time": "40ms"})");
  world.instance().hold_down(KilledWork::answers_broken).release();
  world.run(30_ms);
  world.read(1);
  world.run(50_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"unreachable@30", "ok@60"});
}

// ---- Admission --------------------------------------------------------------------------------

TEST_CASE("an admission filter is asked once for each item that was missed and fetched") {
  ReadThrough world(R"({"admission": {"kind": "min_uses", "uses": 2}, "ttl": "100ms"})");
  world.read(1);
  world.run(20_ms);
  CHECK(world.level("entries") == 0);
  world.read(1);
  world.run(40_ms);
  CHECK(world.level("entries") == 1);
  world.read(1);
  world.run(1_s);
  world.read(1);  // expired, and there: nobody asks
  world.run(2_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@40", "ok@1010"});
  CHECK(world.db.log.size() == 3);
}

TEST_CASE("what is filled in from outside is admitted or not like what was fetched") {
  LookedAside world(R"({"capacity": "1KB", "admission": {"kind": "max_size", "limit": "100B"}})");
  world.write(1, 100);
  world.write(2, 101);
  CHECK(world.level("bytes") == 100);
}

// ---- Writing through a cache ------------------------------------------------------------------

TEST_CASE("around: a write is passed on, and only then the copy goes") {
  ReadThrough world;
  world.read(1);
  world.run(20_ms);
  world.write(1);
  world.run(25_ms);
  world.read(1);  // the old one is still there
  world.run(30_ms);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@30", "ok@25", "ok@40"});
  CHECK(world.db.log == Texts{"read 1@0", "write 1@20", "read 1@30"});
  CHECK(world.counted("stale_hits") == 0);
}

TEST_CASE("around: a fetch that began before the write may bring the old item back") {
  ReadThrough world;
  world.db.treatments = {{10_ms}, {2_ms}};
  world.read(1);
  world.write(1);
  world.run(20_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@2", "ok stale@20"});
}

TEST_CASE("through: a write is passed on and kept") {
  ReadThrough world(R"({"writes": "through"})");
  world.write(1, 70);
  world.run(20_ms);
  Question& hit = world.read(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  CHECK(hit.response.size == 70);
  CHECK(hit.response.stamp.is_data());
  CHECK(world.db.log == Texts{"write 1@0"});
  world.db.write(1);
  world.read(1);
  CHECK(world.heard() == Texts{"ok stale@20"});
}

TEST_CASE("through: after a failed write nobody knows what the origin holds, and the copy goes") {
  ReadThrough world(R"({"writes": "through"})");
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}};
  world.read(1);
  world.run(20_ms);
  world.write(1);
  world.run(40_ms);
  CHECK(world.heard() == Texts{"ok@10", "error@30"});
  CHECK(world.level("entries") == 0);
}

TEST_CASE("through: a fetch that began before the write does not bring the old item back") {
  ReadThrough world(R"({"writes": "through"})");
  world.db.treatments = {{10_ms}, {2_ms}};
  world.read(1);
  world.write(1);
  world.run(20_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@2", "ok@20"});
}

TEST_CASE("back: a write is answered at once, read at once, and reaches the origin later") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.write(1, 70);
  Question& hit = world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@0"});
  CHECK(hit.response.size == 70);
  CHECK(world.level("dirty") == 1);
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50"});
  CHECK(world.level("dirty") == 0);
  CHECK(world.counted("written_back") == 1);
  CHECK(world.counted("lost_writes") == 0);
  Question& later = world.read(1);
  CHECK(later.response.stamp.write() == 1);  // now it is known as what the store holds
  world.check_laws();
}

TEST_CASE("back: writes of one item within the delay reach the origin as one") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.write(1, 70);
  world.run(30_ms);
  world.write(1, 80);
  world.run(55_ms);
  world.write(1, 90);  // while the others are on their way
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50", "write 1@110"});
  CHECK(world.db.requests.at(0).size == 80);
  CHECK(world.db.requests.at(1).size == 90);
  CHECK(world.level("dirty") == 0);
}

TEST_CASE(
    "back: an item that has to leave is written at once, and read from the buffer until then") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "1s", "max_entries": 1})");
  world.write(1);
  world.run(5_ms);
  world.write(2);
  CHECK(world.db.log == Texts{"write 1@5"});
  world.read(1);
  CHECK(world.heard() == Texts{"ok@0", "ok@5", "ok@5"});
  CHECK(world.level("dirty") == 2);
  world.run(20_ms);
  CHECK(world.level("dirty") == 1);
  world.run(2_s);
  CHECK(world.db.log == Texts{"write 1@5", "write 2@1005"});
}

TEST_CASE("back: an item that does not fit at all is written at once") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "1s", "capacity": "100B"})");
  world.write(1, 101);
  CHECK(world.heard() == Texts{"ok@0"});
  CHECK(world.db.log == Texts{"write 1@0"});
  CHECK(world.level("entries") == 0);
  world.run(10_ms);
  CHECK(world.level("dirty") == 0);
}

TEST_CASE("back: a crash loses what was not sent") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.write(1);
  world.run(30_ms);
  world.write(2);
  world.write(3);
  world.run(55_ms);  // 1 is on its way
  world.instance().hold_down(KilledWork::answers_broken).release();
  CHECK(world.level("dirty") == 0);
  CHECK(world.counted("lost_writes") == 2);
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50"});
  world.check_laws();
}

TEST_CASE("back: a persistent cache writes after the crash what it had not written before") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms", "persistent": true})");
  world.write(1);
  world.run(30_ms);
  world.write(2);
  world.run(55_ms);
  world.instance().hold_down(KilledWork::answers_broken).release();
  CHECK(world.level("dirty") == 2);
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50", "write 1@105", "write 2@105"});
  CHECK(world.level("dirty") == 0);
  CHECK(world.counted("lost_writes") == 0);
}

TEST_CASE("back: what the origin does not take is tried again") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.write(1);
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50", "write 1@110"});
  CHECK(world.counted("written_back") == 1);
}

TEST_CASE("back: a fetch that began before the write does not replace what was written") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.read(1);
  world.run(5_ms);
  world.write(1, 70);
  world.run(20_ms);
  Question& hit = world.read(1);
  CHECK(hit.response.size == 70);
  CHECK(world.heard() == Texts{"ok@10", "ok@5", "ok@20"});
}

TEST_CASE("back: a removal does not take back what was written") {
  ReadThrough world(R"({"writes": "back", "write_back_delay": "50ms"})");
  world.write(1);
  world.invalidate(1);
  CHECK(world.level("entries") == 0);
  world.run(1_s);
  CHECK(world.db.log == Texts{"write 1@50"});
}

TEST_CASE("a removal is no business of the store behind a cache") {
  ReadThrough world;
  world.read(1);
  world.run(20_ms);
  world.invalidate(1);
  CHECK(world.heard() == Texts{"ok@10", "ok@20"});
  CHECK(world.level("entries") == 0);
  CHECK(world.db.log == Texts{"read 1@0"});
}

TEST_CASE("a removal goes on to a cache behind a cache") {
  CacheWorld world;
  world.add_cache(R"({"max_entries": 10, "origin": "db"})", "far");
  world.add_cache(R"({"max_entries": 10, "origin": "far"})", "near");
  world.start();
  world.read(1, "near");
  CHECK(world.level("entries", "far") == 1);
  world.invalidate(1, "near");
  CHECK(world.level("entries", "near") == 0);
  CHECK(world.level("entries", "far") == 0);
  CHECK(world.db.log == Texts{"read 1@0"});
}

// ---- A constant hit ratio ---------------------------------------------------------------------

TEST_CASE("a constant hit ratio is drawn, keeps nothing, and says so") {
  ReadThrough world(R"({"hit_ratio": "80%"})");
  REQUIRE(world.warnings.size() == 1);
  CHECK(world.warnings[0].find("is a constant") != std::string::npos);
  for (int i = 0; i < 1000; ++i) {
    world.read(1);
  }
  world.run(1_s);
  const std::int64_t hits = world.counted("hits");  // binomial: 800, deviation 12.6
  CHECK(hits > 740);
  CHECK(hits < 860);
  CHECK(world.counted("drawn_hits") == hits);
  CHECK(world.counted("fetches") == 1000 - hits);
  CHECK(world.level("entries") == 0);
  CHECK(world.asked.at(0).response.size == 100);
}

TEST_CASE("a cache that is looked aside may have a constant hit ratio") {
  LookedAside world(R"({"hit_ratio": "50%"})");
  world.write(1);
  for (int i = 0; i < 1000; ++i) {
    world.read(static_cast<std::uint64_t>(i));
  }
  CHECK(world.counted("hits") > 420);
  CHECK(world.counted("hits") < 580);
  CHECK(world.level("entries") == 0);
}

// ---- In process -------------------------------------------------------------------------------

struct InProcess : CacheWorld {
  explicit InProcess(const std::string& more = "{}") {
    db.treatments = {{10_ms}};
    Json json = Json::parse(more);
    json.update({{"in_process", "app"}, {"max_entries", 10}, {"origin", "db"}});
    add_cache(json.dump(), "local");
    add_app(R"({"replicas": 2, "handler": [{"read": "local"}]})");
    start();
  }
};

TEST_CASE("a cache in process has a node in each replica, which nobody else sees") {
  InProcess world;
  world.read(1, "app", 0);
  world.run(20_ms);
  world.read(1, "app", 0);
  world.read(1, "app", 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@30"});
  CHECK(world.db.log == Texts{"read 1@0", "read 1@20"});
  CHECK(world.level("entries", "local") == 2);
  CHECK(world.directory.component({"local", {}}).fleet().size() == 2);
  CHECK(world.instance("local", 1).place() == world.instance("app", 1).place());
}

TEST_CASE("what is in a process dies with it") {
  const bool persistent = GENERATE(false, true);
  InProcess world(Json{{"persistent", persistent}}.dump());
  world.read(1, "app", 0);
  world.read(1, "app", 1);
  world.run(20_ms);
  world.instance("app", 0).hold_down(KilledWork::answers_broken).release();
  world.run(30_ms);
  world.read(1, "app", 0);
  world.read(1, "app", 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", persistent ? "ok@30" : "ok@40", "ok@30"});
}

TEST_CASE("a fetch under way dies with the process, and fills nothing after it") {
  InProcess world;
  world.read(1, "app", 0);
  world.run(5_ms);
  auto down = world.instance("app", 0).hold_down(KilledWork::answers_broken);
  CHECK_FALSE(world.instance("local", 0).is_up());
  CHECK(world.instance("local", 1).is_up());
  world.run(20_ms);
  CHECK(world.level("entries", "local") == 0);
  down.release();
  world.run(21_ms);
  CHECK(world.instance("local", 0).is_up());
  CHECK(world.heard() == Texts{"reset@5"});
  CHECK(world.observer("local").is_idle());
}

TEST_CASE("a node that comes up again may begin with what a peer holds") {
  InProcess world(R"({"warm_from": "peer", "ttl": "1s"})");
  world.read(1, "app", 0);
  world.read(2, "app", 1);
  world.run(20_ms);
  world.instance("app", 0).hold_down(KilledWork::answers_broken).release();
  world.run(30_ms);
  CHECK(world.level("entries", "local") == 2);
  world.read(2, "app", 0);
  world.read(1, "app", 0);
  world.run(1020_ms);
  world.read(2, "app", 0);  // as old as it was there
  world.run(2_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@30", "ok@40", "ok@1030"});
  world.check_laws();
}

TEST_CASE("without a peer that is up a node comes up cold") {
  InProcess world(R"({"warm_from": "peer"})");
  world.read(1, "app", 1);
  world.run(20_ms);
  auto first = world.instance("app", 0).hold_down(KilledWork::answers_broken);
  auto second = world.instance("app", 1).hold_down(KilledWork::answers_broken);
  first.release();
  world.run(30_ms);
  CHECK(world.instance("local", 0).is_up());
  CHECK(world.level("entries", "local") == 0);
}

// ---- Several nodes ----------------------------------------------------------------------------

struct Cluster : CacheWorld {
  explicit Cluster(const std::string& more = "{}", const std::string& zones = "[]",
                   const std::string& network = "{}")
      : CacheWorld(zones, network) {
    Json json = Json::parse(more);
    json["max_entries"] = 1000;
    if (!json.contains("replicas")) {
      json["replicas"] = 3;
    }
    add_cache(json.dump());
    start();
  }
  /// The node that a read of this key goes to.
  std::size_t node_of(std::uint64_t key, std::uint32_t caller = 0) {
    const std::size_t before = observer().visits.size();
    read(key, "cache", caller);
    return observer().visits.at(before).instance;
  }
};

TEST_CASE("each key has its node, for all who ask, and each node its share") {
  Cluster world;
  std::map<std::size_t, int> keys;
  for (std::uint64_t key = 0; key < 300; ++key) {
    const std::size_t node = world.node_of(key, 0);
    ++keys[node];
    CHECK(world.node_of(key, 1) == node);
  }
  REQUIRE(keys.size() == 3);
  for (const auto& [node, count] : keys) {
    CHECK(count > 50);
  }
}

TEST_CASE("a dead node takes its keys with it; the other nodes know nothing of it") {
  Cluster world;
  const std::size_t node = world.node_of(1);
  std::uint64_t elsewhere = 2;
  while (world.node_of(elsewhere) == node) {
    ++elsewhere;
  }
  world.write(1);
  world.write(elsewhere);
  auto down = world.instance("cache", node).hold_down(KilledWork::answers_broken);
  world.heard();
  world.read(1);
  world.read(elsewhere);
  CHECK(world.heard() == Texts{"unreachable@0", "ok@0"});
}

TEST_CASE("auto_eject: after so many failures in a row the others take over, for a while") {
  Cluster world(R"({"auto_eject": {"failure_limit": 2, "retry_timeout": "1s"}})");
  const std::size_t node = world.node_of(1);
  auto down = world.instance("cache", node).hold_down(KilledWork::answers_broken);
  world.heard();
  world.read(1);
  world.read(1);
  world.read(1);
  CHECK(world.heard() == Texts{"unreachable@0", "unreachable@0", "miss@0"});
  CHECK(world.node_of(1) != node);
  world.run(1_s);
  world.heard();
  world.read(1);  // it is asked again; one failure will do now
  world.read(1);
  CHECK(world.heard() == Texts{"unreachable@1000", "miss@1000"});
  down.release();
  world.run(2_s);
  CHECK(world.node_of(1) == node);
  auto again = world.instance("cache", node).hold_down(KilledWork::answers_broken);
  world.heard();
  world.read(1);  // an answer in between: the count begins anew
  world.read(1);
  world.read(1);
  CHECK(world.heard() == Texts{"unreachable@2000", "unreachable@2000", "miss@2000"});
}

TEST_CASE("auto_eject: an error is an answer") {
  Cluster world(R"({"auto_eject": {"failure_limit": 1}})");
  const std::size_t node = world.node_of(1);
  auto failing = world.instance("cache", node).error_rate().hold(1);
  world.heard();
  world.read(1);
  world.read(1);
  CHECK(world.heard() == Texts{"error@0", "error@0"});
}

TEST_CASE("auto_eject: each client has a view of its own") {
  Cluster world(R"({"auto_eject": {"failure_limit": 1}})");
  const std::size_t node = world.node_of(1);
  auto down = world.instance("cache", node).hold_down(KilledWork::answers_broken);
  world.heard();
  world.read(1, "cache", 0);
  world.read(1, "cache", 0);
  world.read(1, "cache", 1);
  CHECK(world.heard() == Texts{"unreachable@0", "miss@0", "unreachable@0"});
}

TEST_CASE("auto_eject: silence is a failure after the timeout") {
  Cluster world(R"({"auto_eject": {"failure_limit": 1, "timeout": "20ms"}})");
  const std::size_t node = world.node_of(1);
  auto down = world.instance("cache", node).hold_down(KilledWork::stays_silent);
  world.heard();
  world.read(1);
  world.run(30_ms);
  world.read(1);
  CHECK(world.heard() == Texts{"timeout@20", "miss@30"});
}

// ---- Another number of nodes ------------------------------------------------------------------

/// Keys from 0 on whose reads are hits, of those that were filled in before.
std::set<std::uint64_t> keys_that_hit(CacheWorld& world, std::uint64_t keys = 300) {
  std::set<std::uint64_t> hits;
  for (std::uint64_t key = 0; key < keys; ++key) {
    if (world.read(key).response.found) {
      hits.insert(key);
    }
  }
  return hits;
}
void fill_all(CacheWorld& world, std::uint64_t keys = 300) {
  for (std::uint64_t key = 0; key < keys; ++key) {
    world.write(key);
  }
}

TEST_CASE("a new node takes its share of the keys, and has nothing of them") {
  Cluster world(R"({"resize": [{"at": "1s", "replicas": 4}], "boot_time": "10ms"})");
  fill_all(world);
  world.run(1005_ms);
  CHECK(keys_that_hit(world).size() == 300);  // it boots
  world.run(1010_ms);
  const std::size_t hits = keys_that_hit(world).size();
  CHECK(hits < 260);  // a quarter moves to the new node, and a few more, as the ring is Envoy's
  CHECK(hits > 150);
  for (std::uint64_t key = 0; key < 300; ++key) {
    world.write(key);
  }
  CHECK(keys_that_hit(world).size() == 300);
  world.check_laws();
}

TEST_CASE("modulo moves nearly all keys when there is one more node") {
  Cluster world(R"({"resize": [{"at": "1s", "replicas": 4}], "routing": "modulo"})");
  fill_all(world);
  world.run(1_s);
  const std::size_t hits = keys_that_hit(world).size();  // 3 of 12 remainders stay what they are
  CHECK(hits > 50);
  CHECK(hits < 105);
}

TEST_CASE("a node that leaves takes what it holds with it, and the others keep theirs") {
  Cluster world(
      R"({"resize": [{"at": "1s", "replicas": 2}], "routing": {"kind": "ring_hash",
          "minimum_ring_size": 1}, "persistent": true})");
  fill_all(world);
  const std::size_t held = static_cast<std::size_t>(world.level("entries"));
  REQUIRE(held == 300);
  world.run(1_s);
  CHECK(world.instance("cache", 2).state() == InstanceState::gone);
  CHECK(static_cast<std::size_t>(world.level("entries")) == keys_that_hit(world).size());
  CHECK(world.level("entries") < 300);
  world.heard();
  world.read(1000);
  CHECK(world.heard() == Texts{"miss@1000"});
}

TEST_CASE("who has not heard of a resize yet goes on asking the nodes that were there before") {
  Cluster world(
      R"({"resize": [{"at": "1s", "replicas": 2}, {"at": "2s", "replicas": 3}],
          "discovery": "100ms", "routing": "modulo"})");
  std::uint64_t key = 0;
  while (world.node_of(key) != 2) {
    ++key;
  }
  world.heard();
  world.run(1050_ms);
  world.read(key);
  world.run(1100_ms);
  world.write(key);
  world.run(2050_ms);
  world.read(key);
  world.run(2100_ms);
  world.read(key);
  CHECK(world.heard() == Texts{"unreachable@1050", "ok@1100", "ok@2050", "miss@2100"});
}

TEST_CASE("a node that comes back has its old keys; copies that others kept may be stale then") {
  // Key by key: on the third node, then with a write of the store on the first two, then back.
  Cluster world(
      R"({"resize": [{"at": "1s", "replicas": 2}, {"at": "2s", "replicas": 3},
                     {"at": "3s", "replicas": 2}], "routing": "modulo"})");
  std::uint64_t key = 0;
  while (world.node_of(key) != 2) {
    ++key;
  }
  const auto fill_in = [&] {
    Request request = fill(key, 100, world.truth.latest(1, key));
    world.send(request);
  };
  world.run(1_s);
  fill_in();
  world.run(2_s);
  CHECK(world.node_of(key) == 3);  // the newcomer, in the place of the third
  world.db.write(key);
  world.invalidate(key);
  fill_in();
  world.heard();
  world.read(key);
  world.run(3_s);
  world.read(key);
  CHECK(world.heard() == Texts{"ok@2000", "ok stale@3000"});
  CHECK(world.counted("stale_hits") == 1);
}

TEST_CASE("a new node may begin with its items from those who had them") {
  Cluster world(
      R"({"resize": [{"at": "1s", "replicas": 4}], "warm_from": "owners", "boot_time": "10ms",
          "routing": "maglev"})");
  fill_all(world);
  world.run(1010_ms);
  CHECK(keys_that_hit(world).size() > 270);  // but for the few that changed from old to old
  CHECK(world.level("entries") > 350);       // the old owners keep theirs
  world.check_laws();
}

TEST_CASE("a new node that boots in no time begins with its items as well") {
  Cluster world(R"({"resize": [{"at": "1s", "replicas": 4}], "warm_from": "owners",
                    "routing": "maglev"})");
  fill_all(world);
  world.run(1_s);
  CHECK(keys_that_hit(world).size() > 270);
  world.check_laws();
}

TEST_CASE("one node may become several, and clients know of no others") {
  Cluster world(R"({"replicas": 1, "resize": [{"at": "1s", "replicas": 3}]})");
  CHECK(world.node_of(1) == 0);
  world.run(1_s);
  std::set<std::size_t> nodes;
  for (std::uint64_t key = 0; key < 100; ++key) {
    nodes.insert(world.node_of(key));
  }
  CHECK(nodes.size() == 3);
}

TEST_CASE("back: a node that leaves loses what it had not written, persistent or not") {
  CacheWorld world;
  world.add_cache(
      R"({"max_entries": 100, "replicas": 2, "origin": "db", "writes": "back", "persistent": true,
          "write_back_delay": "10s", "resize": [{"at": "1s", "replicas": 1}]})");
  world.start();
  fill_all(world, 50);
  CHECK(world.level("dirty") == 50);
  world.run(1_s);
  CHECK(world.counted("lost_writes") > 0);
  CHECK(world.counted("lost_writes") + world.level("dirty") == 50);
  world.check_laws();
}

TEST_CASE("settings of a resize that do nothing are doubtful") {
  Cluster same(R"({"resize": [{"at": "1s", "replicas": 3}]})");
  CHECK(same.warnings == Texts{"resize has no effect: there are as many nodes before"});
  Cluster waits(R"({"discovery": "1s"})");
  CHECK(waits.warnings == Texts{"discovery has no effect: the nodes are always the same"});
  Cluster ownerless(R"({"warm_from": "owners", "routing": "round_robin"})");
  CHECK(ownerless.warnings ==
        Texts{"warm_from asks for owners, and keys have none: any node may be asked for any key"});
}

TEST_CASE("auto_eject: with all nodes out there is nobody to ask") {
  Cluster world(R"({"auto_eject": {"failure_limit": 1, "retry_timeout": "1s"}})");
  std::vector<Knob::Hold> down;
  for (std::size_t i = 0; i < 3; ++i) {
    down.push_back(world.instance("cache", i).hold_down(KilledWork::answers_broken));
  }
  for (int i = 0; i < 4; ++i) {
    world.read(1);
  }
  CHECK(world.heard() ==
        Texts{"unreachable@0", "unreachable@0", "unreachable@0", "rejected.no_backend@0"});
  down.clear();
  world.run(1_s);
  world.read(1);
  CHECK(world.heard() == Texts{"miss@1000"});
}

}  // namespace
}  // namespace test
}  // namespace stampede
