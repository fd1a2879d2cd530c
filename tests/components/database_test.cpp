#include "components/database_world.hpp"

#include <rapidcheck/catch.h>

#include <array>
#include <set>

#include "../../src/components/database/write_log.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

constexpr const char* three_zones = R"(["a", "b", "c"])";
constexpr std::array<PlaceId, 3> all_three{0, 1, 2};
/// The third zone is far away from the first.
constexpr const char* links =
    R"({"between_zones": "2ms", "links": [{"between": ["a", "c"], "latency": "10ms"}]})";

/// Copies with a primary: a read takes 1 ms, a write 3 ms, its application 5 ms, all of them in
/// parallel; a write is sent on after 1 ms. More settings come on top, `null` takes one away.
std::string led(int copies, const std::string& replication, const std::string& more = "{}") {
  Json json{{"replicas", copies}, {"replication", replication}, {"read", "1ms"}, {"write", "3ms"},
            {"apply", "5ms"},     {"replication_lag", "1ms"}};
  json.merge_patch(Json::parse(more));
  return json.dump();
}
/// Three copies without a primary; a read takes 1 ms, a write 3 ms.
std::string leaderless(const std::string& more = "{}") {
  Json json{{"replicas", 3}, {"replication", "quorum"}, {"read", "1ms"}, {"write", "3ms"}};
  json.merge_patch(Json::parse(more));
  return json.dump();
}

/// How many requests each node has ended.
std::vector<int> visits_by_node(DatabaseWorld& world) {
  std::vector<int> counts(world.directory.components["db"]->fleet().size(), 0);
  for (const Visit& visit : world.seen().visits) {
    ++counts[visit.instance];
  }
  return counts;
}

// ---- Shards and nodes -------------------------------------------------------------------------

TEST_CASE("a key is served by the node of its shard") {
  DatabaseWorld world(
      R"({"shards": 4, "sharding": {"kind": "range", "keys": 100}, "read": "1ms"})");
  for (const std::uint64_t key : {0, 24, 25, 99, 1000}) {
    world.read(key);
  }
  world.run(1_s);
  CHECK(visits_by_node(world) == std::vector<int>{2, 1, 0, 2});
}

TEST_CASE("each shard has a primary and replicas of its own") {
  DatabaseWorld world(led(2, "async", R"({"shards": 2, "sharding":
      {"kind": "range", "keys": 100}, "read_from": "replica"})"));
  world.write(10);
  world.write(60);
  world.run(1_s);
  CHECK(visits_by_node(world) == std::vector<int>{1, 0, 1, 0});
  Sent& low = world.read(10);
  Sent& high = world.read(60);
  Sent& other = world.read(61);
  world.run(2_s);
  CHECK(shown(low) == 1);
  CHECK(shown(high) == 2);
  CHECK(shown(other) == 0);
  CHECK(visits_by_node(world) == std::vector<int>{1, 1, 1, 2});
}

TEST_CASE("reads and writes have their own work") {
  DatabaseWorld world(R"({"read": "1ms", "write": "4ms"})");
  world.read();
  world.write();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@1", "ok@4"});
  CHECK(world.counted("reads") == 1);
  CHECK(world.counted("writes") == 1);
}

TEST_CASE("a write is as much work as a read unless it says otherwise") {
  DatabaseWorld world(R"({"read": "1ms"})");
  world.write();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@1"});
}

TEST_CASE("a node serves as many requests at a time as it has workers, and turns away the rest") {
  DatabaseWorld world(R"({"read": "2ms", "concurrency": {"workers": 1, "queue": 1}})");
  for (int i = 0; i < 3; ++i) {
    world.read();
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@2", "ok@4", "rejected.queue_full@0"});
  CHECK(world.seen().ends == Texts{"rejected.queue_full@0", "ok@2", "ok@4 waited 2"});
  CHECK(world.seen().is_idle());
  world.check_laws();
}

TEST_CASE("work waits for the cores of a node") {
  DatabaseWorld world(R"({"read": "2ms", "cpu": 1})");
  world.read();
  world.read();
  world.run(1_s);
  CHECK(world.seen().ends == Texts{"ok@2", "ok@4 cpu 2"});
  world.check_laws();
}

TEST_CASE("a write holds its worker until it is committed") {
  DatabaseWorld world(led(3, "semi_sync", R"({"concurrency": 1})"), three_zones, links);
  world.write();
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@8", "ok@9"});
}

TEST_CASE("applying writes takes cores away from reads") {
  DatabaseWorld world(led(2, "async", R"({"cpu": 1, "read_from": "replica"})"));
  world.write();
  world.run(5_ms);  // the replica applies from 4 to 9 ms
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "ok@10"});
  world.check_laws();
}

TEST_CASE("requests that fail on their own write nothing") {
  DatabaseWorld world(R"({"read": "1ms", "error_rate": "100%"})");
  world.write();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@1"});
  CHECK(world.counted("writes") == 0);
}

// ---- The log ----------------------------------------------------------------------------------

TEST_CASE("the log of writes tells what a copy holds, wherever it stands") {
  struct Written {
    std::uint64_t key;
    std::uint64_t number;
  };
  rc::prop("against a history that keeps everything", [] {
    WriteLog log;
    std::vector<Written> history;
    std::uint64_t number = 0;
    std::uint64_t least = 0;
    const auto held = [&](std::uint64_t key, std::uint64_t position) {
      std::uint64_t last = 0;
      for (std::uint64_t i = 0; i < position; ++i) {
        last = history[i].key == key ? history[i].number : last;
      }
      return last;
    };
    const int steps = *rc::gen::inRange(0, 60);
    for (int step = 0; step < steps; ++step) {
      const int what = *rc::gen::inRange(0, 10);
      const std::uint64_t end = history.size();
      if (what < 7) {
        const std::uint64_t key = *rc::gen::inRange(0, 4);
        history.push_back({key, ++number});
        RC_ASSERT(log.append(key, DataStamp(1, number), DataStamp(1, 0), Time()) == end + 1);
      } else if (what < 9) {
        least = *rc::gen::inRange<std::uint64_t>(least, end + 1);
        log.forget_before(least);
      } else {
        const std::uint64_t position = *rc::gen::inRange<std::uint64_t>(least, end + 1);
        log.cut(position, [&](const WriteLog::Entry& entry) {
          const Written lost = history.back();
          RC_ASSERT(entry.key == lost.key);
          RC_ASSERT(entry.stamp.write() == lost.number);
          history.pop_back();
          RC_ASSERT(entry.before.write() == held(lost.key, history.size()));
        });
      }
      RC_ASSERT(log.end() == history.size());
      for (std::uint64_t position = least; position <= history.size(); ++position) {
        for (std::uint64_t key = 0; key < 4; ++key) {
          RC_ASSERT(log.seen(key, position, DataStamp(1, 0)).write() == held(key, position));
        }
      }
    }
  });
}

// ---- When a write is committed ----------------------------------------------------------------

Texts commit(const std::string& settings) {
  DatabaseWorld world(settings, three_zones, links);
  world.write();
  world.run(1_s);
  CHECK(world.counted("writes") == 1);
  return world.heard();
}

TEST_CASE("async commits when the primary has a write") {
  CHECK(commit(led(3, "async")) == Texts{"ok@3"});
}
TEST_CASE("semi_sync commits when the fastest replica has acknowledged a write") {
  CHECK(commit(led(3, "semi_sync")) == Texts{"ok@8"});  // 3 + 1 + 2 + 2
}
TEST_CASE("sync commits when the slowest replica has applied a write and said so") {
  CHECK(commit(led(3, "sync")) == Texts{"ok@29"});  // 3 + 1 + 10 + 5 + 10
  CHECK(commit(led(2, "sync", R"({"apply": "100us"})")) == Texts{"ok@8.1"});
}
TEST_CASE("consensus commits when a majority has a write") {
  CHECK(commit(led(3, "consensus")) == Texts{"ok@8"});
  CHECK(commit(led(4, "consensus")) == Texts{"ok@8"});  // zones a, b, c, a: 3 + 1 and 3 + 1 + 4
  CHECK(commit(led(2, "consensus")) == Texts{"ok@8"});
  CHECK(commit(led(3, "consensus", R"({"zones": ["a", "c"]})")) == Texts{"ok@4"});
  CHECK(commit(led(5, "consensus", R"({"zones": ["a", "c", "c", "b", "c"]})")) == Texts{"ok@24"});
}
TEST_CASE("with one copy there is nothing to wait for") {
  for (const char* kind : {"async", "semi_sync", "sync", "consensus"}) {
    CHECK(commit(led(1, kind)) == Texts{"ok@3"});
  }
}

TEST_CASE("nobody sees a write before it is committed") {
  DatabaseWorld world(led(3, "semi_sync"), three_zones, links);
  world.write();
  world.run(5_ms);
  Sent& before = world.read();  // read at 6 ms
  world.run(7500_us);
  Sent& after = world.read();  // at 8.5 ms
  world.run(1_s);
  CHECK(shown(before) == 0);
  CHECK_FALSE(is_stale(before));
  CHECK(shown(after) == 1);
}

TEST_CASE("the log arrives in order, whatever the lag of a message") {
  DatabaseWorld world(
      led(2, "async", R"({"replication_lag": {"exponential": {"mean": "20ms"}}, "apply": "0s",
                          "read_from": "replica"})"));
  world.write_every(1_ms, 200);
  std::uint64_t last = 0;
  for (int i = 1; i < 300; ++i) {
    world.run(Duration::nanoseconds(i * 1'000'000));
    Sent& read = world.read();
    world.run(Duration::nanoseconds(i * 1'000'000 + 1'000'001));
    REQUIRE(shown(read) >= last);
    last = shown(read);
  }
  CHECK(last > 100);
}

// ---- Reads ------------------------------------------------------------------------------------

TEST_CASE("a replica shows a write when it has applied it, and is stale until then") {
  DatabaseWorld world(led(2, "async", R"({"read_from": "replica"})"), three_zones, links);
  world.write();  // 3 + 1 + 2 + 5 = 11
  world.run(1_ms);
  Sent& uncommitted = world.read(0, 0, 1);
  world.run(9500_us);
  Sent& early = world.read(0, 0, 1);
  world.run(10500_us);
  Sent& late = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(shown(uncommitted) == 0);
  CHECK_FALSE(is_stale(uncommitted));
  CHECK(shown(early) == 0);
  CHECK(is_stale(early));
  CHECK(shown(late) == 1);
  CHECK_FALSE(is_stale(late));
  CHECK(world.counted("reads") == 3);
  CHECK(world.counted("stale_reads") == 1);
  CHECK(world.seen().times("lag") == Ms{8});
}

TEST_CASE(
    "a replica applies one write after the other, and falls behind when that takes too long") {
  DatabaseWorld world(led(2, "async", R"({"replication_lag": "0s"})"));
  world.write_every(4_ms, 3);  // committed at 3, 7 and 11 ms; applied at 8, 13 and 18 ms
  world.run(1_s);
  CHECK(world.seen().times("lag") == Ms{5, 6, 7});
}

std::vector<int> readers_of(const std::string& read_from, PlaceId place) {
  DatabaseWorld world(led(3, "async", Json{{"read_from", read_from}}.dump()), three_zones, links);
  for (int i = 0; i < 3000; ++i) {
    world.read(0, 0, place);
  }
  world.run(1_s);
  return visits_by_node(world);
}

TEST_CASE("reads go where they are sent") {
  CHECK(readers_of("primary", 2) == std::vector<int>{3000, 0, 0});
  CHECK(readers_of("nearest", 0) == std::vector<int>{3000, 0, 0});
  CHECK(readers_of("nearest", 2) == std::vector<int>{0, 0, 3000});
  const std::vector<int> replicas = readers_of("replica", 0);
  CHECK(replicas[0] == 0);
  CHECK(replicas[1] == Approx(1500).margin(110));  // four standard deviations
  const std::vector<int> any = readers_of("any", 0);
  for (const int node : any) {
    CHECK(node == Approx(1000).margin(104));
  }
}

TEST_CASE("under read_your_writes others may be shown old data, the writer never") {
  DatabaseWorld world(
      led(3, "async", R"({"read_from": "read_your_writes", "replication_lag": "1s"})"));
  world.write(0, 1);
  world.run(10_ms);
  int old_for_others = 0;
  Request namesake;  // in another population
  namesake.user = 1;
  namesake.population = 1;
  for (int i = 0; i < 30; ++i) {
    Sent& own = world.read(0, 1);
    Sent& other = i % 2 == 0 ? world.read(0, 2) : world.send_to(*world.client, namesake);
    world.run(Duration::nanoseconds(12'000'000 + 2'000'000 * i));
    CHECK(shown(own) == 1);
    old_for_others += shown(other) == 0 ? 1 : 0;
  }
  CHECK(old_for_others > 10);
  CHECK(old_for_others < 30);
}

TEST_CASE("an answer that comes late does not make a user's later write forgotten") {
  DatabaseWorld world(led(2, "async", R"({"read_from": "read_your_writes", "zones": ["a"],
                                          "replication_lag": "1s"})"),
                      three_zones, links);
  world.write(0, 1, 2);  // from far away: committed at 13 ms, answered at 23 ms
  world.run(11_ms);
  world.write(0, 1, 0);  // committed and answered at 14 ms
  world.run(1020_ms);    // the replica has applied the first since 1018, the second at 1023 ms
  std::vector<Sent*> reads;
  for (int i = 0; i < 20; ++i) {
    reads.push_back(&world.read(0, 1));
  }
  world.run(2_s);
  CHECK(world.sent[0].heard == "ok@23");
  CHECK(world.sent[1].heard == "ok@14");
  for (const Sent* read : reads) {
    CHECK(shown(*read) == 2);
  }
}

TEST_CASE("a user reads at least what the same user wrote") {
  struct Step {
    int pause_us;
    bool is_write;
    std::uint64_t user;
    std::uint64_t key;
    PlaceId from;
  };
  rc::prop("whatever users do and the network does", [] {
    DatabaseWorld world(led(3, "async", R"({"read_from": "read_your_writes", "shards": 2,
                            "write": {"exponential": {"mean": "1ms"}},
                            "apply": {"exponential": {"mean": "1ms"}},
                            "replication_lag": {"exponential": {"mean": "5ms"}}})"),
                        three_zones, R"({"between_zones": {"exponential": {"mean": "3ms"}}})");
    struct Reading {
      Sent* read;
      std::uint64_t at_least;
    };
    std::vector<Reading> readings;
    std::vector<std::pair<std::pair<std::uint64_t, std::uint64_t>, Sent*>> writes;
    Duration now;
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      now += Duration::nanoseconds(*rc::gen::inRange(0, 3000) * std::int64_t{1000});
      world.run(now);
      const std::uint64_t user = *rc::gen::inRange(0, 3);
      const std::uint64_t key = *rc::gen::inRange(0, 4);
      const auto from = static_cast<PlaceId>(*rc::gen::inRange(0, 3));
      if (*rc::gen::arbitrary<bool>()) {
        writes.push_back({{user, key}, &world.write(key, user, from)});
        continue;
      }
      std::uint64_t at_least = 0;
      for (const auto& [whose, write] : writes) {
        if (whose == std::pair(user, key) && write->reply.done()) {
          at_least = std::max(at_least, write->reply.answer().stamp.write());
        }
      }
      readings.push_back({&world.read(key, user, from), at_least});
    }
    world.run(now + 1_s);
    for (const Reading& reading : readings) {
      RC_ASSERT(reading.read->reply.done());
      RC_ASSERT(reading.read->reply.answer().stamp.write() >= reading.at_least);
    }
  });
}

// ---- Deaths without fail-over -----------------------------------------------------------------

TEST_CASE("a replica that comes back is sent what it missed, though nothing more is written") {
  DatabaseWorld world(led(2, "async", R"({"read_from": "replica"})"), three_zones, links);
  world.crash(1);
  world.write();
  world.run(100_ms);
  world.revive(1);  // has it at 100 + 1 + 2 + 5
  world.run(106500_us);
  Sent& early = world.read(0, 0, 1);
  world.run(107500_us);
  Sent& late = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(shown(early) == 0);
  CHECK(shown(late) == 1);
}

TEST_CASE("what a replica has received survives its crash") {
  DatabaseWorld world(led(2, "semi_sync", R"({"read_from": "replica"})"), three_zones, links);
  world.write();
  world.run(8500_us);  // received at 6, acknowledged at 8, not yet applied
  world.crash(1);
  world.crash(0);
  world.run(20_ms);
  world.revive(1);
  world.run(26_ms);
  Sent& read = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(world.sent[0].heard == "ok@8");
  CHECK(shown(read) == 1);
}

TEST_CASE("without fail-over a dead primary takes no writes, and loses none") {
  DatabaseWorld world(led(2, "async", R"({"replication_lag": "50ms", "read_from": "replica"})"));
  world.write();
  world.run(10_ms);
  world.crash(0);  // the write was not sent yet
  world.run(20_ms);
  world.write();
  world.run(100_ms);
  Sent& before = world.read();
  world.run(200_ms);
  world.revive(0);
  world.run(300_ms);  // sent again: at the replica after 250 and 255 ms
  Sent& after = world.read();
  world.write();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "unreachable@20", "ok@101", "ok@301", "ok@303"});
  CHECK(shown(before) == 0);
  CHECK(shown(after) == 1);
  CHECK(world.counted("lost_writes") == 0);
  CHECK(world.counted("failovers") == 0);
}

TEST_CASE("without fail-over a client goes on asking a dead replica") {
  DatabaseWorld world(led(3, "async", R"({"read_from": "replica"})"));
  world.crash(1);
  for (int i = 0; i < 100; ++i) {
    world.read();
  }
  world.run(1_s);
  int failed = 0;
  for (const std::string& heard : world.heard()) {
    failed += heard != "ok@1" ? 1 : 0;
  }
  CHECK(failed > 25);
  CHECK(failed < 75);
}

TEST_CASE("a write that waited for a dead primary's replicas is committed when it is back") {
  DatabaseWorld world(led(2, "semi_sync"), three_zones, links);
  world.write();
  world.run(7_ms);  // the replica has it, and its word is on the way
  world.crash(0);
  world.run(50_ms);
  CHECK(world.heard() == Texts{"reset@7"});
  CHECK(world.counted("writes") == 0);
  world.revive(0);
  world.run(1_s);
  CHECK(world.counted("writes") == 1);
  Sent& read = world.read();
  world.run(2_s);
  CHECK(shown(read) == 1);
}

TEST_CASE("a replica that comes back after its primary says what it has") {
  DatabaseWorld world(led(2, "semi_sync"), three_zones, links);
  world.write();
  world.run(7_ms);
  world.crash(0);
  world.crash(1);
  world.run(50_ms);
  world.revive(0);
  world.run(100_ms);
  CHECK(world.counted("writes") == 0);
  world.revive(1);
  world.run(1_s);
  CHECK(world.counted("writes") == 1);
}

TEST_CASE("under sync writes wait for a replica that is down") {
  DatabaseWorld world(led(2, "sync"), three_zones, links);
  world.crash(1);
  world.write();
  world.run(100_ms);
  CHECK(world.heard() == Texts{"nothing"});
  world.revive(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@110"});  // 1 + 2 + 5 + 2 after its return
}

TEST_CASE("a primary falls back to committing alone, until enough replicas have caught up") {
  for (const char* kind : {"semi_sync", "sync"}) {
    INFO(kind);
    DatabaseWorld world(led(2, kind, R"({"fallback": "1s"})"), three_zones, links);
    world.crash(1);
    world.write();  // waits from 3 ms on
    world.run(500_ms);
    world.write();
    world.run(2_s);
    CHECK(world.heard() == Texts{"ok@1003", "ok@1003"});
    CHECK(world.counted("fallbacks") == 1);
    world.write();
    world.run(3_s);
    CHECK(world.sent.back().heard == "ok@2003");
    world.revive(1);
    world.run(4_s);
    world.write();
    world.run(5_s);
    const bool is_sync = std::string(kind) == "sync";
    CHECK(world.sent.back().heard == (is_sync ? "ok@4013" : "ok@4008"));  // it waits again
    CHECK(world.counted("fallbacks") == 1);
  }
}

TEST_CASE("a write that its replicas take slowly makes the primary fall back as well") {
  DatabaseWorld world(led(2, "sync", R"({"fallback": "20ms", "apply": "100ms"})"), three_zones,
                      links);
  world.write();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@23"});
  world.write();
  world.run(2_s);
  CHECK(world.sent.back().heard == "ok@1023");
  CHECK(world.counted("fallbacks") == 2);
}

TEST_CASE("a replica has caught up when it is close behind, though writes never cease") {
  DatabaseWorld world(led(2, "semi_sync", R"({"fallback": "100ms"})"), three_zones, links);
  world.crash(1);
  world.write_every(1_ms, 4000);
  world.run(1_s);
  CHECK(world.counted("fallbacks") == 1);
  world.revive(1);
  world.run(1010_ms);
  CHECK(world.sent[900].heard == "ok@903");  // alone
  world.run(3_s);
  CHECK(world.counted("fallbacks") == 1);
  CHECK(world.sent[2000].heard == "ok@2008");  // 3 + 1 + 2 + 2
  world.run(5_s);
}

TEST_CASE("what a primary committed alone is lost with it") {
  DatabaseWorld world(led(2, "semi_sync", R"({"fallback": "100ms", "replication_lag": "1s",
                                              "failover": "1s"})"));
  world.write();
  world.run(500_ms);
  CHECK(world.heard() == Texts{"ok@103"});
  world.crash(0);
  world.run(3_s);
  CHECK(world.counted("lost_writes") == 1);
  CHECK(world.seen().times("data_loss") == Ms{497});
  world.write();  // the new primary waits for replicas again
  world.run(4_s);
  CHECK(world.sent.back().heard == "ok@3103");
  CHECK(world.counted("fallbacks") == 2);
}

// ---- Fail-over --------------------------------------------------------------------------------

constexpr const char* failover =
    R"({"failover": {"detection": "1s", "promotion": "500ms"}, "replication_lag": "100ms"})";

TEST_CASE("async loses what was not sent yet, and says how much and since when") {
  DatabaseWorld world(led(2, "async", failover));
  world.write_every(20_ms, 11);  // committed at 3, 23, ... 203 ms, received 100 ms later
  world.run(210_ms);
  world.crash(0);
  world.run(1709_ms);
  CHECK(world.counted("failovers") == 0);
  CHECK(world.truth.latest(1, 0).write() == 11);
  world.write();
  world.run(1711_ms);
  CHECK(world.sent.back().heard == "unreachable@1709");
  CHECK(world.counted("failovers") == 1);
  CHECK(world.seen().times("failover") == Ms{1500});
  CHECK(world.counted("lost_writes") == 5);  // those from 123 ms on
  CHECK(world.seen().times("data_loss") == Ms{210 - 123});
  CHECK(world.truth.latest(1, 0).write() == 6);
  CHECK(world.truth.is_stale(DataStamp(1, 11), 0));  // to whoever has seen it
  CHECK_FALSE(world.truth.is_stale(DataStamp(1, 6), 0));
  Sent& read = world.read();
  world.write();
  world.run(2_s);
  CHECK(shown(read) == 6);
  CHECK_FALSE(is_stale(read));
  CHECK(world.sent.back().heard == "ok@1714");
  CHECK(visits_by_node(world) == std::vector<int>{11, 2});
}

TEST_CASE("the old primary comes back as a replica and drops what was lost") {
  Json settings = Json::parse(failover);
  settings["read_from"] = "replica";
  DatabaseWorld world(led(2, "async", settings.dump()));
  world.write_every(20_ms, 11);
  world.run(210_ms);
  world.crash(0);
  world.run(2_s);
  world.revive(0);
  Sent& read = world.read();
  world.run(3_s);
  CHECK(shown(read) == 6);
  CHECK(world.seen().visits.back().instance == 0);
  world.write();
  world.run(4_s);
  CHECK(world.seen().visits.back().instance == 1);
  Sent& again = world.read();
  world.run(5_s);
  CHECK(shown(again) == 12);
  CHECK(world.seen().visits.back().instance == 0);
}

TEST_CASE("what others acknowledged is not lost with the primary") {
  for (const char* kind : {"semi_sync", "sync", "consensus"}) {
    DatabaseWorld world(led(3, kind, failover), three_zones, links);
    world.write_every(20_ms, 50);
    world.run(777_ms);
    world.crash(0);
    world.run(10_s);
    INFO(kind);
    std::uint64_t committed = 0;
    for (const Sent& write : world.sent) {
      const bool is_ok = write.reply.done() && write.reply.answer().ok();
      committed = std::max(committed, is_ok ? write.reply.answer().stamp.write() : 0);
    }
    CHECK(committed > 20);
    CHECK(world.counted("failovers") == 1);
    CHECK(world.counted("lost_writes") == 0);
    CHECK(world.seen().times("data_loss").empty());
    CHECK(world.seen().times("failover") == Ms{1500});
    CHECK(world.truth.latest(1, 0).write() >= committed);
    Sent& read = world.read();
    world.run(11_s);
    CHECK(shown(read) >= committed);
    world.check_laws();
  }
}

TEST_CASE("the replica that has received most becomes the primary, once it has applied that") {
  // The far replica has all writes too in the end, and applies them later: 100 ms each.
  DatabaseWorld world(led(3, "async", R"({"failover": {"detection": "10ms", "promotion": "0s"},
                                          "apply": "100ms", "zones": ["a", "c", "b"]})"),
                      three_zones,
                      R"({"between_zones": "2ms",
                          "links": [{"between": ["a", "c"], "latency": "50ms"}]})");
  world.write_every(4_ms, 3);  // the near one receives them at 6, 10 and 14 ms
  world.run(16_ms);
  world.crash(0);
  world.run(1_s);
  CHECK(world.seen().times("failover") == Ms{306 - 16});
  CHECK(world.counted("lost_writes") == 0);
  Sent& read = world.read();
  world.run(2_s);
  CHECK(shown(read) == 3);
  CHECK(world.seen().visits.back().instance == 2);
}

TEST_CASE("when the replica that was to take over dies as well, another one does") {
  DatabaseWorld world(led(3, "async", failover));
  world.write();
  world.run(500_ms);
  world.crash(0);
  world.run(1900_ms);  // found dead at 1.5 s, to be replaced at 2 s
  world.crash(1);
  world.run(2001_ms);
  world.write();
  world.run(3_s);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.counted("lost_writes") == 0);
  CHECK(world.sent.back().heard == "ok@2004");
  CHECK(world.seen().visits.back().instance == 2);
}

TEST_CASE("another one takes over at once when the one that was catching up dies") {
  DatabaseWorld world(led(3, "async", R"({"failover": {"detection": "100ms", "promotion": "100ms"},
                                          "apply": "1s"})"),
                      three_zones, R"({"links": [{"between": ["a", "c"], "latency": "10s"}]})");
  world.write();
  world.run(100_ms);
  world.crash(0);
  world.run(500_ms);
  CHECK(world.counted("failovers") == 0);
  world.crash(1);
  world.run(501_ms);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.seen().times("failover") == Ms{400});
  CHECK(world.counted("lost_writes") == 1);
}

TEST_CASE("with nobody left to take over, the first who comes back does") {
  DatabaseWorld world(led(3, "async", failover));
  world.write();
  world.run(500_ms);
  for (const std::size_t node : {0, 1, 2}) {
    world.crash(node);
  }
  world.run(5_s);
  CHECK(world.counted("failovers") == 0);
  world.revive(2);
  world.run(6_s);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.seen().times("failover") == Ms{5000});  // its promotion takes 500 ms
  CHECK(world.counted("lost_writes") == 0);
}

TEST_CASE("a primary that is back before its replacement stays the primary") {
  DatabaseWorld world(led(2, "async", failover));
  world.write();
  world.run(10_ms);
  world.crash(0);
  world.run(1400_ms);
  world.revive(0);
  world.run(3_s);
  CHECK(world.counted("failovers") == 0);
  CHECK(world.counted("lost_writes") == 0);
  world.write();
  world.run(4_s);
  CHECK(world.sent.back().heard == "ok@3003");
}

TEST_CASE("two primaries can die one after the other") {
  DatabaseWorld world(led(3, "semi_sync", failover));
  world.write();
  world.run(500_ms);
  world.crash(0);
  world.run(3_s);
  world.write();
  world.run(4_s);
  world.crash(1);
  world.run(7_s);
  CHECK(world.counted("failovers") == 2);
  CHECK(world.counted("lost_writes") == 0);
  Sent& read = world.read();
  world.run(8_s);
  CHECK(shown(read) == 2);
  CHECK(world.seen().visits.back().instance == 2);
}

TEST_CASE("clients stop asking a replica that was found dead") {
  DatabaseWorld world(led(3, "async", R"({"read_from": "replica",
                                          "failover": {"detection": "1s", "promotion": "0s"}})"));
  world.crash(1);
  world.run(2_s);
  for (int i = 0; i < 100; ++i) {
    world.read();
  }
  world.run(3_s);
  CHECK(world.heard() == Texts(100, "ok@2001"));
  CHECK(world.counted("failovers") == 0);
}

TEST_CASE("whoever dies and comes back, in the end all copies hold what the truth says") {
  rc::prop("and sync and consensus have lost nothing", [] {
    const std::string kind =
        *rc::gen::element<std::string>("async", "semi_sync", "sync", "consensus");
    Json more = Json::parse(R"({"write": {"exponential": {"mean": "2ms"}},
                                "apply": {"exponential": {"mean": "2ms"}},
                                "replication_lag": {"exponential": {"mean": "5ms"}}})");
    if (*rc::gen::arbitrary<bool>()) {
      more["failover"] = Json{{"detection", "10ms"}, {"promotion", "5ms"}};
    }
    DatabaseWorld world(led(*rc::gen::inRange(2, 6), kind, more.dump()), three_zones,
                        R"({"between_zones": {"exponential": {"mean": "2ms"}}})");
    const std::size_t copies = world.directory.components["db"]->fleet().size();
    Duration now;
    const int steps = *rc::gen::inRange(0, 100);
    for (int i = 0; i < steps; ++i) {
      now += Duration::nanoseconds(*rc::gen::inRange(0, 5000) * std::int64_t{1000});
      world.run(now);
      const int what = *rc::gen::inRange(0, 10);
      const auto node = *rc::gen::inRange<std::size_t>(0, copies);
      if (what < 6) {
        world.write(*rc::gen::inRange(0, 3));
      } else if (what < 8) {
        world.crash(node);
      } else {
        world.revive(node);
      }
    }
    world.downs.clear();
    world.run(now + 2_s);
    world.write(0);
    world.run(now + 10_s);
    RC_ASSERT(world.sent.back().reply.answer().ok());
    for (const Sent& one : world.sent) {
      RC_ASSERT(one.heard != "nothing");
    }
    RC_ASSERT(world.seen().is_idle());
    for (std::uint64_t key = 0; key < 3; ++key) {
      for (std::size_t node = 0; node < copies; ++node) {
        Request request;
        request.key = key;
        Sent& read = world.send_to(world.node(node), request);
        world.run(world.simulation.now() - Time() + 1_s);
        RC_ASSERT(read.reply.answer().stamp.write() == world.truth.latest(1, key).write());
      }
    }
    if (kind == "sync" || kind == "consensus") {
      RC_ASSERT(world.counted("lost_writes") == 0);
    }
  });
}

// ---- Consensus --------------------------------------------------------------------------------

TEST_CASE("writes wait for a majority, until the leader steps down") {
  DatabaseWorld world(led(3, "consensus", failover));
  world.crash(1);
  world.crash(2);
  world.write();
  world.run(999_ms);
  CHECK(world.heard() == Texts{"nothing"});
  world.run(2_s);
  CHECK(world.heard() == Texts{"error@1000"});
  world.write();
  world.run(3_s);
  CHECK(world.sent.back().heard == "error@2003");
  CHECK(world.counted("writes") == 0);
}

TEST_CASE("a majority that is back elects a leader, and commits what was left in the log") {
  DatabaseWorld world(led(3, "consensus", failover));
  world.crash(1);
  world.crash(2);
  world.write();
  world.run(2_s);
  world.revive(2);
  world.run(2400_ms);
  CHECK(world.counted("writes") == 1);
  world.write();
  world.run(2600_ms);  // the election takes 500 ms
  CHECK(world.sent.back().heard == "error@2403");
  world.write();
  world.run(3_s);
  CHECK(world.sent.back().heard == "ok@2703");
  CHECK(world.counted("failovers") == 0);
}

TEST_CASE("a leader whose majority is back in time has only been slow") {
  DatabaseWorld world(led(3, "consensus", failover));
  world.crash(1);
  world.crash(2);
  world.write();
  world.run(900_ms);
  world.revive(2);
  world.run(950_ms);
  world.crash(2);  // before it has received the write
  world.run(1500_ms);
  CHECK(world.heard() == Texts{"nothing"});
  world.revive(2);
  world.run(3_s);
  CHECK(world.heard() == Texts{"ok@1600"});
}

TEST_CASE("without fail-over a leader waits for its majority for ever") {
  DatabaseWorld world(led(3, "consensus"), three_zones, links);
  world.crash(1);
  world.crash(2);
  world.write();
  world.run(100_s);
  CHECK(world.heard() == Texts{"nothing"});
  world.revive(1);
  world.run(101_s);
  CHECK(world.heard() == Texts{"ok@100005"});  // 1 + 2 + 2 after its return
}

TEST_CASE("without a majority nobody is elected") {
  DatabaseWorld world(led(3, "consensus", failover));
  world.write();
  world.run(1_s);
  world.crash(2);
  world.crash(0);
  world.run(10_s);
  CHECK(world.counted("failovers") == 0);
  world.revive(2);
  world.run(11_s);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.counted("lost_writes") == 0);
}

TEST_CASE(
    "an election takes its time from when there is a majority, and begins again without one") {
  DatabaseWorld world(led(3, "consensus", failover));
  world.crash(0);
  world.crash(2);
  world.run(5_s);
  world.revive(2);
  world.run(5200_ms);
  world.crash(2);  // in the middle of the election
  world.run(5300_ms);
  world.revive(2);
  world.run(5799_ms);
  CHECK(world.counted("failovers") == 0);
  world.run(5801_ms);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.seen().times("failover") == Ms{5800});
}

TEST_CASE("what was on its way to a dead copy does not delay what it is sent when it is back") {
  constexpr int shards = 8;
  const auto lags = [](const char* kind, bool is_down_before) {
    DatabaseWorld world(led(2, kind, R"({"shards": 8, "failover": null,
                                         "replication_lag": {"exponential": {"mean": "100s"}}})"));
    const auto crash_all = [&] {
      for (std::size_t shard = 0; shard < shards; ++shard) {
        world.crash(2 * shard + 1);
      }
    };
    const auto write_all = [&] {
      for (std::uint64_t key = 0; key < shards; ++key) {
        Request request;
        request.operation = Operation::write;
        request.key = key;
        world.send_to(world.node(2 * key), request);
      }
    };
    if (is_down_before) {
      crash_all();
    }
    write_all();
    world.run(10_ms);
    if (!is_down_before) {
      crash_all();
    }
    write_all();
    world.run(1_s);
    world.downs.clear();
    world.run(3000_s);
    return world.seen().times("lag");
  };
  for (const char* kind : {"async", "multi_primary"}) {
    INFO(kind);
    const Ms times = lags(kind, true);
    CHECK(times.size() == 2 * shards);
    CHECK(times == lags(kind, false));
  }
}

TEST_CASE("what a majority has is not lost while a majority comes back") {
  // The near follower has the write on its disk and has not applied it; the far one hears of it too
  // late.
  DatabaseWorld world(led(3, "consensus", R"({"failover": {"detection": "1s", "promotion": "0s"},
                                              "apply": "1s"})"),
                      three_zones,
                      R"({"between_zones": "2ms",
                          "links": [{"between": ["a", "c"], "latency": "10s"}]})");
  world.write();
  world.run(20_ms);
  CHECK(world.heard() == Texts{"ok@8"});
  world.crash(0);
  world.crash(1);
  world.run(5_s);
  world.revive(1);
  world.run(20_s);
  CHECK(world.counted("failovers") == 1);
  CHECK(world.counted("lost_writes") == 0);
  Sent& read = world.read();
  world.run(21_s);
  CHECK(shown(read) == 1);
}

TEST_CASE("what no majority had may be dropped, and was never committed") {
  DatabaseWorld world(led(5, "consensus", failover), R"(["a", "b", "c", "d", "e"])",
                      R"({"between_zones": "50ms"})");
  world.write();
  world.run(50_ms);
  world.crash(0);  // nobody else has it
  world.run(5_s);
  CHECK(world.heard() == Texts{"reset@50"});
  CHECK(world.counted("failovers") == 1);
  CHECK(world.counted("writes") == 0);
  CHECK(world.counted("lost_writes") == 0);
}

// ---- Every copy a primary ---------------------------------------------------------------------

TEST_CASE("under multi_primary every copy takes writes, and answers at once") {
  DatabaseWorld world(led(3, "multi_primary"), three_zones, links);
  for (const PlaceId place : all_three) {
    world.write(place, 0, place);
  }
  world.run(1_s);
  CHECK(world.heard() == Texts(3, "ok@3"));
  CHECK(visits_by_node(world) == std::vector<int>{1, 1, 1});
  CHECK(world.counted("writes") == 3);
  CHECK(world.counted("conflicts") == 0);
  world.check_laws();
}

TEST_CASE("the other primaries show a write when they have applied it, and are stale until then") {
  DatabaseWorld world(led(3, "multi_primary"), three_zones, links);
  world.write();  // at b after 3 + 1 + 2 + 5, at c after 3 + 1 + 10 + 5
  world.run(3500_us);
  Sent& own = world.read(0, 0, 0);
  world.run(9500_us);
  Sent& early = world.read(0, 0, 1);
  world.run(10500_us);
  Sent& late = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(shown(own) == 1);
  CHECK(shown(early) == 0);
  CHECK(is_stale(early));
  CHECK(shown(late) == 1);
  CHECK_FALSE(is_stale(late));
  CHECK(world.counted("reads") == 3);
  CHECK(world.counted("stale_reads") == 1);
  CHECK(world.seen().times("lag") == Ms{8, 16});
  CHECK(world.seen().times("convergence") == Ms{16});
}

/// What the copies show of a key, each asked in its own zone.
std::set<std::uint64_t> held_by_all(DatabaseWorld& world, std::uint64_t key = 0) {
  std::set<std::uint64_t> held;
  for (const PlaceId place : all_three) {
    Sent& read = world.read(key, 0, place);
    world.run(world.simulation.now() - Time() + 100_ms);
    held.insert(shown(read));
  }
  return held;
}

TEST_CASE("of two writes at the same time the last one wins, and the other is lost") {
  DatabaseWorld world(led(3, "multi_primary"), three_zones, links);
  world.write(0, 0, 0);
  world.run(1_ms);
  world.write(0, 0, 1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "ok@4"});
  CHECK(world.counted("writes") == 2);
  CHECK(world.counted("conflicts") == 1);
  CHECK(world.counted("lost_writes") == 1);
  CHECK(held_by_all(world) == std::set<std::uint64_t>{2});
  CHECK(world.counted("stale_reads") == 0);
}

TEST_CASE("a write that saw the one before replaces it, and nothing is lost") {
  DatabaseWorld world(led(3, "multi_primary"), three_zones, links);
  world.write(0, 0, 0);  // at b since 11 ms; c has heard of neither when b writes
  world.run(9_ms);
  world.write(0, 0, 1);  // at c at 12 + 1 + 2 + 5 = 20, the first one at 19
  world.write(1, 0, 2);
  world.run(1_s);
  CHECK(world.counted("conflicts") == 0);
  CHECK(world.counted("lost_writes") == 0);
  CHECK(held_by_all(world) == std::set<std::uint64_t>{2});
}

TEST_CASE("a write that arrives after what replaced it changes nothing") {
  // From a to c it is so far that b's answer to a's write is there before it.
  DatabaseWorld world(led(3, "multi_primary"), three_zones,
                      R"({"between_zones": "2ms",
                          "links": [{"between": ["a", "c"], "latency": "200ms"}]})");
  world.write(0, 0, 0);
  world.run(20_ms);
  world.write(0, 0, 1);
  world.run(100_ms);
  Sent& read = world.read(0, 0, 2);
  world.run(1_s);
  CHECK(shown(read) == 2);
  CHECK(held_by_all(world) == std::set<std::uint64_t>{2});
  CHECK(world.counted("conflicts") == 0);
}

TEST_CASE("what its own writer replaced is not lost to others") {
  DatabaseWorld world(led(2, "multi_primary"), three_zones, links);
  world.write(0, 0, 0);
  world.write(0, 0, 0);
  world.run(1_ms);
  world.write(0, 0, 1);
  world.run(1_s);
  CHECK(world.counted("conflicts") == 1);  // of the second and the third
  CHECK(world.counted("lost_writes") == 1);
}

TEST_CASE("where clocks differ, a write that saw the one before may be lost to it") {
  DatabaseWorld world(led(2, "multi_primary", R"({"clock_skew": {"exponential": {"mean": "1h"}}})"),
                      three_zones, links);
  world.write(0, 0, 0);
  world.write(1, 0, 1);
  world.run(100_ms);
  world.write(0, 0, 1);  // one of these two comes from the clock that is behind
  world.write(1, 0, 0);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "ok@3", "ok@103", "ok@103"});
  CHECK(world.counted("conflicts") == 0);
  CHECK(world.counted("lost_writes") == 1);
  Sent& first = world.read(0);
  Sent& second = world.read(1);
  world.run(2_s);
  CHECK((shown(first) == 1) != (shown(second) == 2));
}

TEST_CASE("what a dead primary had not sent is late, and not lost") {
  DatabaseWorld world(led(2, "multi_primary", R"({"replication_lag": "50ms"})"), three_zones,
                      links);
  world.write();
  world.run(10_ms);
  world.crash(0);
  world.run(100_ms);
  world.revive(0);
  world.run(155_ms);  // at b after 100 + 50 + 2 + 5
  Sent& early = world.read(0, 0, 1);
  world.run(157_ms);
  Sent& late = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(shown(early) == 0);
  CHECK(is_stale(early));
  CHECK(shown(late) == 1);
  CHECK(world.counted("lost_writes") == 0);
  CHECK(world.seen().times("convergence") == Ms{154});
}

TEST_CASE("what was written elsewhere while a primary was dead wins over what it brings back") {
  DatabaseWorld world(led(3, "multi_primary", R"({"replication_lag": "50ms"})"), three_zones,
                      links);
  world.write(0, 0, 0);
  world.run(10_ms);
  world.crash(0);
  world.run(20_ms);
  world.write(0, 0, 1);
  world.run(500_ms);
  CHECK(world.counted("lost_writes") == 0);
  world.revive(0);
  world.run(1_s);
  CHECK(world.counted("lost_writes") == 1);
  CHECK(held_by_all(world) == std::set<std::uint64_t>{2});
}

TEST_CASE("what a primary has received survives its crash") {
  DatabaseWorld world(led(2, "multi_primary"), three_zones, links);
  world.write();
  world.run(8_ms);  // received at 6, applied at 11
  world.crash(1);
  world.crash(0);
  world.run(20_ms);
  world.revive(1);
  world.run(26_ms);
  Sent& read = world.read(0, 0, 1);
  world.run(1_s);
  CHECK(shown(read) == 1);
}

TEST_CASE("clients of a dead primary turn to the next once it was found dead") {
  DatabaseWorld world(led(2, "multi_primary", R"({"failover": "1s"})"), three_zones, links);
  world.crash(0);
  world.write();
  world.run(1_s);
  world.write();
  world.run(2_s);
  world.revive(0);
  world.write();
  world.run(3_s);
  CHECK(world.heard() == Texts{"unreachable@0", "ok@1007", "ok@2003"});
  CHECK(world.counted("failovers") == 1);
  CHECK(world.seen().times("failover") == Ms{1000});
}

TEST_CASE("where all primaries are dead nobody takes over") {
  DatabaseWorld world(led(2, "multi_primary", R"({"failover": "1s"})"), three_zones, links);
  world.crash(0);
  world.crash(1);
  world.run(2_s);
  CHECK(world.counted("failovers") == 0);
}

TEST_CASE("a write that a clock lets lose at once is stale to whoever has seen it") {
  DatabaseWorld world(led(2, "multi_primary", R"({"clock_skew": {"exponential": {"mean": "1h"}}})"),
                      three_zones, links);
  for (const PlaceId place : {PlaceId{0}, PlaceId{1}}) {
    world.write(place, 0, place);
  }
  world.run(100_ms);
  world.write(0, 0, 1);  // one of these two comes from the clock that is behind
  world.write(1, 0, 0);
  world.run(1_s);
  int stale = 0;
  for (const std::size_t i : {2, 3}) {
    stale += world.truth.is_stale(world.sent[i].reply.answer().stamp, i - 2) ? 1 : 0;
  }
  CHECK(stale == 1);
}

TEST_CASE("whoever dies and comes back, in the end all primaries agree with the truth") {
  rc::prop("whatever their clocks say", [] {
    Json more = Json::parse(R"({"write": {"exponential": {"mean": "2ms"}},
                                "apply": {"exponential": {"mean": "2ms"}},
                                "replication_lag": {"exponential": {"mean": "5ms"}}})");
    const bool has_skew = *rc::gen::arbitrary<bool>();
    if (has_skew) {
      more["clock_skew"] = Json{{"exponential", {{"mean", "10ms"}}}};
    }
    if (*rc::gen::arbitrary<bool>()) {
      more["failover"] = "10ms";
    }
    DatabaseWorld world(led(3, "multi_primary", more.dump()), three_zones,
                        R"({"between_zones": {"exponential": {"mean": "2ms"}}})");
    Duration now;
    const int steps = *rc::gen::inRange(0, 100);
    for (int i = 0; i < steps; ++i) {
      now += Duration::nanoseconds(*rc::gen::inRange(0, 5000) * std::int64_t{1000});
      world.run(now);
      const int what = *rc::gen::inRange(0, 10);
      const auto place = static_cast<PlaceId>(*rc::gen::inRange(0, 3));
      if (what < 7) {
        world.write(*rc::gen::inRange(0, 3), 0, place);
      } else if (what < 8) {
        world.crash(place);
      } else {
        world.revive(place);
      }
    }
    world.downs.clear();
    world.run(now + 2_s);
    RC_ASSERT(world.seen().is_idle());
    RC_ASSERT(world.seen().times("convergence").size() ==
              static_cast<std::size_t>(world.counted("writes")));
    RC_ASSERT(world.counted("conflicts") <= world.counted("lost_writes"));
    RC_ASSERT(has_skew || world.counted("conflicts") == world.counted("lost_writes"));
    for (std::uint64_t key = 0; key < 3; ++key) {
      for (std::size_t node = 0; node < 3; ++node) {
        Request request;
        request.key = key;
        Sent& read = world.send_to(world.node(node), request);
        world.run(world.simulation.now() - Time() + 1_s);
        RC_ASSERT(read.reply.answer().stamp.write() == world.truth.latest(1, key).write());
      }
    }
  });
}

// ---- Quorums ----------------------------------------------------------------------------------

std::string levels(const std::string& read, const std::string& write) {
  return Json{{"read_consistency", read}, {"write_consistency", write}}.dump();
}

TEST_CASE("a quorum is as fast as the last of those that must answer") {
  const auto heard = [](const std::string& level) {
    DatabaseWorld world(leaderless(levels(level, level)), three_zones, links);
    world.read();
    world.write();
    world.run(1_s);
    return world.heard();
  };
  CHECK(heard("one") == Texts{"ok@1", "ok@3"});
  CHECK(heard("two") == Texts{"ok@5", "ok@7"});
  CHECK(heard("quorum") == Texts{"ok@5", "ok@7"});
  CHECK(heard("three") == Texts{"ok@21", "ok@23"});
  CHECK(heard("all") == Texts{"ok@21", "ok@23"});
}

TEST_CASE("a quorum fails as soon as too few copies are left, and not before") {
  const auto heard = [](const std::string& level, std::size_t dead) {
    DatabaseWorld world(leaderless(levels(level, level)), three_zones, links);
    for (std::size_t node = 0; node < dead; ++node) {
      world.crash(node);
    }
    world.read(0, 0, 2);
    world.write(0, 0, 2);
    world.run(1_s);
    CHECK(world.counted("reads") + world.counted("writes") ==
          (world.heard()[0].substr(0, 2) == "ok" ? 2 : 0));
    return world.heard();
  };
  CHECK(heard("all", 1) == Texts{"error@20", "error@20"});
  CHECK(heard("quorum", 1) == Texts{"ok@5", "ok@7"});
  CHECK(heard("quorum", 2) == Texts{"error@20", "error@20"});
  CHECK(heard("one", 2) == Texts{"ok@1", "ok@3"});
  CHECK(heard("one", 3) == Texts{"error@20", "error@20"});
}

TEST_CASE("who asks a quorum that died in silence hears nothing") {
  DatabaseWorld world(leaderless());
  world.read();
  world.run(500_us);
  for (const std::size_t node : {0, 1}) {
    world.crash(node, KilledWork::stays_silent);
  }
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"lost@1", "lost@1.5"});
  CHECK(world.counted("reads") == 0);
}

TEST_CASE("the latest of the writes that are read wins") {
  DatabaseWorld world(leaderless(levels("all", "one")), three_zones, links);
  world.write(0, 0, 0);
  world.write(0, 0, 2);
  world.run(1_s);
  Sent& read = world.read();
  world.run(2_s);
  CHECK(shown(read) == 2);
}

TEST_CASE("with R + W up to N reads may be stale") {
  DatabaseWorld world(leaderless(levels("one", "one")), three_zones, links);
  world.write(0, 0, 0);  // at c after 10 and 13 ms
  world.run(4_ms);
  Sent& read = world.read(0, 0, 2);
  world.run(1_s);
  CHECK(shown(read) == 0);
  CHECK(is_stale(read));
  CHECK(world.counted("stale_reads") == 1);
}

TEST_CASE("with R + W above N no read is stale") {
  rc::prop("whatever is asked, and whoever dies", [] {
    const auto [r, w] = *rc::gen::element(std::pair("one", "all"), std::pair("quorum", "quorum"),
                                          std::pair("all", "one"), std::pair("two", "two"));
    Json more = Json::parse(levels(r, w));
    more["read"] = more["write"] = Json{{"exponential", {{"mean", "2ms"}}}};
    more["read_repair"] = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) {
      more["hinted_handoff"] = "20ms";
    }
    DatabaseWorld world(leaderless(more.dump()), three_zones,
                        R"({"between_zones": {"exponential": {"mean": "3ms"}}})");
    Duration now;
    const int steps = *rc::gen::inRange(0, 80);
    for (int i = 0; i < steps; ++i) {
      now += Duration::nanoseconds(*rc::gen::inRange(0, 2000) * std::int64_t{1000});
      world.run(now);
      const int what = *rc::gen::inRange(0, 10);
      const auto place = static_cast<PlaceId>(*rc::gen::inRange(0, 3));
      const std::uint64_t key = *rc::gen::inRange(0, 2);
      if (what < 4) {
        world.write(key, 0, place);
      } else if (what < 8) {
        world.read(key, 0, place);
      } else if (what == 8) {
        world.crash(place);
      } else {
        world.revive(place);
      }
    }
    world.downs.clear();
    world.run(now + 1_s);
    RC_ASSERT(world.counted("stale_reads") == 0);
    for (const Sent& one : world.sent) {
      RC_ASSERT(one.heard != "nothing");
    }
    RC_ASSERT(world.seen().is_idle());
  });
}

TEST_CASE("a copy is handed the writes that it missed while it was down") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "3h", "read_consistency": "one"})"),
                      three_zones, links);
  world.crash(2);
  world.write(0);
  world.write(1);
  world.run(1_s);
  CHECK(world.counted("hints") == 0);
  world.revive(2);
  world.run(1011_ms);  // each takes 10 ms on its way and 3 ms of work
  Sent& before = world.read(1, 0, 2);
  world.run(1014_ms);
  Sent& after = world.read(1, 0, 2);
  world.run(2_s);
  CHECK(world.counted("hints") == 2);
  CHECK(shown(before) == 0);
  CHECK(shown(after) == 2);
}

TEST_CASE("a copy that is back is handed a few hints at a time") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "3h", "read_consistency": "one"})"),
                      three_zones, links);
  world.crash(2);
  for (std::uint64_t key = 0; key < 9; ++key) {
    world.write(key);
  }
  world.run(1_s);
  world.revive(2);
  world.run(1024_ms);  // eight answers are there after 10 + 3 + 10 ms
  CHECK(world.counted("hints") == 8);
  world.run(1045_ms);
  CHECK(world.counted("hints") == 8);
  world.run(1047_ms);
  CHECK(world.counted("hints") == 9);
}

TEST_CASE("a copy that dies in silence with a hint in its hands is handed it again") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "3h", "read_consistency": "one"})"),
                      three_zones, links);
  world.crash(2);
  world.write();
  world.run(1_s);
  world.revive(2);
  world.run(1011_ms);
  world.crash(2, KilledWork::stays_silent);
  world.run(2_s);
  world.revive(2);
  world.run(20_s);
  Sent& read = world.read(0, 0, 2);
  world.run(21_s);
  CHECK(shown(read) == 1);
  CHECK(world.counted("hints") == 1);
}

TEST_CASE("a copy that has no room for a hint is handed it later") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "3h", "read_consistency": "one",
                                     "concurrency": {"workers": 1, "queue": 1}})"));
  world.crash(2);
  world.write();
  world.run(1_s);
  for (int i = 0; i < 2; ++i) {
    world.read(1);
  }
  world.revive(2);
  for (int i = 0; i < 2; ++i) {
    Request request;
    request.key = 1;
    world.send_to(world.node(2), request);
  }
  world.run(5_s);
  CHECK(world.counted("hints") == 0);
  world.run(20_s);
  CHECK(world.counted("hints") == 1);
}

TEST_CASE("hints are kept for their window and no longer") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "500ms", "read_consistency": "one"})"),
                      three_zones, links);
  world.crash(2);
  world.write(0);
  world.run(800_ms);
  world.write(1);
  world.run(1_s);
  world.revive(2);
  world.run(2_s);
  Sent& too_old = world.read(0, 0, 2);
  Sent& kept = world.read(1, 0, 2);
  world.run(3_s);
  CHECK(world.counted("hints") == 1);
  CHECK(shown(too_old) == 0);
  CHECK(shown(kept) == 2);
}

TEST_CASE("a copy that dies with a write in its hands is handed it too") {
  DatabaseWorld world(leaderless(R"({"hinted_handoff": "3h", "read_consistency": "one"})"),
                      three_zones, links);
  world.write(0, 0, 2);
  world.run(1_ms);
  world.crash(2);
  world.run(1_s);
  world.revive(2);
  world.run(1002_ms);
  world.crash(2);  // and again
  world.run(2_s);
  world.revive(2);
  world.run(3_s);
  Sent& read = world.read(0, 0, 2);
  world.run(4_s);
  CHECK(world.counted("hints") == 1);
  CHECK(shown(read) == 1);
}

TEST_CASE("a read mends the copies that it finds out of date") {
  DatabaseWorld world(leaderless(R"({"read_repair": true, "read_consistency": "all"})"));
  world.crash(2);
  world.write();
  world.run(1_s);
  world.revive(2);
  Sent& first = world.read();
  world.run(2_s);
  CHECK(shown(first) == 1);
  CHECK(world.counted("repairs") == 1);
  world.read();
  world.run(3_s);
  CHECK(world.counted("repairs") == 1);
}

TEST_CASE("a read that needs one answer mends those who answer later, or is late itself") {
  for (const PlaceId reader : {PlaceId{0}, PlaceId{2}}) {
    DatabaseWorld world(leaderless(R"({"read_repair": true, "read_consistency": "one"})"),
                        three_zones, links);
    world.crash(2);
    world.write();
    world.run(1_s);
    world.revive(2);
    Sent& first = world.read(0, 0, reader);
    world.run(2_s);
    CHECK(first.heard == "ok@1001");
    CHECK(shown(first) == (reader == 0 ? 1 : 0));
    CHECK(world.counted("repairs") == 1);
    Sent& second = world.read(0, 0, 2);
    world.run(3_s);
    CHECK(shown(second) == 1);
  }
}

TEST_CASE("without read repair a copy that missed a write stays out of date") {
  DatabaseWorld world(leaderless(R"({"read_consistency": "one"})"), three_zones, links);
  world.crash(2);
  world.write();
  world.run(1_s);
  world.revive(2);
  world.run(60_s);
  Sent& read = world.read(0, 0, 2);
  world.run(61_s);
  CHECK(is_stale(read));
}

// ---- Resharding -------------------------------------------------------------------------------

/// From two shards to three, by the hash of the key; 3000 items, of which two thirds move, are 30
/// KB and pass at 10 KB/s: 2 s from the first second on.
std::string resharded(const std::string& more = "{}") {
  Json json = Json::parse(R"({"shards": 2, "read": "1ms", "write": "3ms",
      "resharding": {"at": "1s", "shards": 3, "items": 3000, "item_size": "10B",
                     "bandwidth": "80kbps"}})");
  json.merge_patch(Json::parse(more));
  return json.dump();
}

/// How many of the keys from 0 to 299 each node is asked for at this moment.
std::vector<int> homes(DatabaseWorld& world) {
  const std::vector<int> before = visits_by_node(world);
  for (std::uint64_t key = 0; key < 300; ++key) {
    world.read(key);
  }
  world.run(world.simulation.now() - Time() + 10_ms);
  std::vector<int> asked = visits_by_node(world);
  for (std::size_t node = 0; node < asked.size(); ++node) {
    asked[node] -= before[node];
  }
  return asked;
}

TEST_CASE("resharding moves keys one after the other, at its bandwidth") {
  DatabaseWorld world(resharded());
  const std::vector<int> before = homes(world);
  CHECK(before[0] == Approx(150).margin(35));
  CHECK(before[2] == 0);
  world.run(990_ms);
  CHECK(homes(world) == before);
  world.run(2_s);
  CHECK(homes(world)[2] == Approx(50).margin(25));
  world.run(4_s);
  CHECK(homes(world)[2] == Approx(100).margin(35));
  CHECK(world.counted("moved") == Approx(2000).margin(110));
  REQUIRE(world.seen().times("resharding").size() == 1);
  CHECK(world.seen().times("resharding")[0] ==
        Approx(static_cast<double>(world.counted("moved"))).epsilon(1e-6));  // 1 ms each
  world.check_laws();
}

TEST_CASE("consistent_hash moves only what comes to the new shard") {
  DatabaseWorld world(resharded(R"({"sharding": "consistent_hash"})"));
  const std::vector<int> before = homes(world);
  world.run(4_s);
  const std::vector<int> after = homes(world);
  CHECK(after[0] <= before[0]);
  CHECK(after[1] <= before[1]);
  CHECK(world.counted("moved") == Approx(1000).margin(300));
}

TEST_CASE("shards can be given up") {
  DatabaseWorld world(resharded(R"({"shards": 3, "resharding": {"shards": 1}})"));
  CHECK(homes(world)[2] > 50);
  world.run(10_s);
  CHECK(homes(world) == std::vector<int>{300, 0, 0});
}

TEST_CASE("moving is work for who gives and for who takes") {
  DatabaseWorld world(resharded(R"({"cpu": 1, "sharding": {"kind": "range", "keys": 3000},
                                    "resharding": {"work": "400us"}})"));
  // [0, 1500) and [1500, 3000) become thirds: 500 and 1000 keys move.
  Duration busy;
  for (int i = 0; i < 60000; ++i) {
    world.run(1_s + Duration::nanoseconds(i * 50'000LL + 25'000));
    busy += 50_us * world.seen().busy_cores;
  }
  CHECK(busy.seconds() == Approx(1500 * 2 * 0.0004).epsilon(0.05));
  world.check_laws();
}

TEST_CASE("a write at the old home finds the key gone and is sent after it") {
  // A single key moves: at some instant from 1 to 1.1 s. Writes are under way all the time.
  DatabaseWorld world(resharded(R"({"write": "20ms",
      "sharding": {"kind": "range", "from": [100]}, "shards": 1,
      "resharding": {"shards": 2, "items": 110, "bandwidth": "8kbps"}})"));
  world.write_every(1_ms, 1500, 105);
  world.run(5_s);
  int late = 0;
  std::uint64_t last = 0;
  for (const Sent& one : world.sent) {
    CHECK(one.reply.answer().ok());
    last = std::max(last, one.reply.answer().stamp.write());
  }
  for (const Visit& visit : world.seen().visits) {
    late += visit.outcome == Outcome::error ? 1 : 0;
  }
  CHECK(late >= 15);  // those who were inside just then
  CHECK(late <= 21);
  CHECK(world.counted("writes") == 1500);
  Sent& read = world.read(105);
  world.run(6_s);
  CHECK(shown(read) == last);
}

TEST_CASE("nothing is lost or stale when keys move under reads and writes") {
  rc::prop("whatever the replication", [] {
    const std::string kind =
        *rc::gen::element<std::string>("async", "semi_sync", "sync", "consensus", "quorum");
    Json more = Json::parse(R"({"write": {"exponential": {"mean": "2ms"}},
                                "read": {"exponential": {"mean": "1ms"}}})");
    more["shards"] = *rc::gen::inRange(1, 5);
    more["resharding"] = Json{{"at", "5ms"},
                              {"shards", *rc::gen::inRange(1, 5)},
                              {"items", 10000},
                              {"item_size", "1B"},
                              {"bandwidth", "1Mbps"}};
    DatabaseWorld world(kind == "quorum" ? leaderless(more.dump()) : led(3, kind, more.dump()),
                        three_zones, R"({"between_zones": {"exponential": {"mean": "1ms"}}})");
    Duration now;
    const int steps = *rc::gen::inRange(0, 100);
    for (int i = 0; i < steps; ++i) {
      now += Duration::nanoseconds(*rc::gen::inRange(0, 2000) * std::int64_t{1000});
      world.run(now);
      world.write(*rc::gen::inRange(0, 10));
    }
    world.run(now + 2_s);
    for (const Sent& one : world.sent) {
      RC_ASSERT(one.reply.done());
      RC_ASSERT(one.reply.answer().ok());
    }
    for (std::uint64_t key = 0; key < 10; ++key) {
      Sent& read = world.read(key);
      world.run(world.simulation.now() - Time() + 1_s);
      RC_ASSERT(shown(read) == world.truth.latest(1, key).write());
    }
    RC_ASSERT(world.counted("writes") == steps);
    RC_ASSERT(world.seen().is_idle());
  });
}

// ---- Views ------------------------------------------------------------------------------------

TEST_CASE("a view shows what was read from its source, and is stale when that has moved on") {
  for (const char* kind : {"async", "multi_primary", "quorum"}) {
    INFO(kind);
    DatabaseWorld world(std::string(kind) == "quorum" ? leaderless() : led(2, kind));
    const std::uint16_t source = world.truth.add_store();
    const auto change_source = [&] {
      const DataStamp change = world.truth.begin_write(source, 5);
      world.truth.commit(change, 5);
      return change;
    };
    Request refresh;
    refresh.operation = Operation::write;
    refresh.key = 5;
    refresh.stamp = change_source();
    world.send_to(*world.client, refresh);
    world.run(1_s);
    Sent& fresh = world.read(5);
    world.run(2_s);
    CHECK_FALSE(is_stale(fresh));
    change_source();
    Sent& late = world.read(5);
    Sent& other = world.read(6);
    world.run(3_s);
    CHECK(is_stale(late));
    CHECK_FALSE(is_stale(other));
    CHECK(world.counted("stale_reads") == 1);
    Sent& never_refreshed = world.read(7);
    world.truth.commit(world.truth.begin_write(source, 7), 7);
    world.run(4_s);
    CHECK(is_stale(never_refreshed));
  }
}

TEST_CASE("of two views of a key the later write counts, though it shows the older item") {
  DatabaseWorld world(R"({"read": "1ms"})");
  const std::uint16_t source = world.truth.add_store();
  const DataStamp first = world.truth.begin_write(source, 0);
  const DataStamp second = world.truth.begin_write(source, 0);
  world.truth.commit(first, 0);
  world.truth.commit(second, 0);
  Request refresh;
  refresh.operation = Operation::write;
  for (const DataStamp shown : {second, first}) {
    refresh.stamp = shown;
    world.send_to(*world.client, refresh);
  }
  world.run(1_s);
  Sent& read = world.read(0);
  world.run(2_s);
  CHECK(is_stale(read));
}

// ---- Work behind the scenes, and locks --------------------------------------------------------

TEST_CASE("compaction takes a core from requests at its intervals") {
  DatabaseWorld world(
      R"({"read": "1ms", "cpu": 1, "compaction": {"interval": "1s", "work": "100ms"}})");
  std::vector<double> slow;
  for (int i = 0; i < 1000; ++i) {  // 100 reads in each second, of which each tenth is hindered
    world.run(Duration::nanoseconds(i * 10'000'000LL));
    world.read();
  }
  world.run(20_s);
  int hindered = 0;
  Duration longest;
  for (const Visit& visit : world.seen().visits) {
    hindered += visit.cpu_waited.is_zero() ? 0 : 1;
    longest = std::max(longest, visit.cpu_waited);
  }
  CHECK(hindered == Approx(10 * 11).margin(10));  // and who waits behind them
  CHECK(longest > 90_ms);
  CHECK(longest <= 100_ms);
  world.check_laws();
}

TEST_CASE("nodes do not compact in step") {
  DatabaseWorld world(
      R"({"shards": 50, "read": "1ms", "cpu": 1,
          "compaction": {"interval": "1s", "work": "100ms"}})");
  world.run(1_s);
  std::int64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    world.run(1_s + Duration::nanoseconds(i * 10'000'000LL));
    most = std::max(most, world.seen().busy_cores);
  }
  CHECK(most >= 5);
  CHECK(most < 20);
}

TEST_CASE("the more was written, the more there is to compact") {
  const auto busy = [](int writes) {
    DatabaseWorld world(led(2, "async", R"({"cpu": 1, "write": "0s", "apply": "0s",
        "compaction": {"interval": "10s", "per_write": "10ms"}})"));
    for (int i = 0; i < writes; ++i) {
      world.write();
    }
    Duration total;
    for (int i = 1; i <= 2000; ++i) {
      world.run(Duration::nanoseconds(i * 10'000'000LL));
      total += 10_ms * world.seen().busy_cores;
    }
    return total.seconds();
  };
  CHECK(busy(0) == 0);
  CHECK(busy(50) == Approx(2 * 0.5).margin(0.05));  // at the primary and at its replica, once
  CHECK(busy(100) == Approx(2 * 1.0).margin(0.05));
}

TEST_CASE("compaction dies with its node and begins anew with it") {
  DatabaseWorld world(
      R"({"read": "1ms", "cpu": 1, "compaction": {"interval": "1s", "work": "900ms"}})");
  world.run(5_s);
  world.crash(0);
  world.run(10_s);
  CHECK(world.seen().busy_cores == 0);
  world.revive(0);
  int busy = 0;
  for (int i = 1; i <= 100; ++i) {
    world.run(11_s + Duration::nanoseconds(i * 100'000'000LL));
    busy += static_cast<int>(world.seen().busy_cores);
  }
  CHECK(busy == Approx(90).margin(2));
  world.check_laws();
}

TEST_CASE("writes to one row wait for each other, others and reads do not") {
  DatabaseWorld world(R"({"read": "1ms", "write": "3ms", "locks": true})");
  world.write(7);
  world.write(7);
  world.write(8);
  world.read(7);
  world.write(7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "ok@6", "ok@3", "ok@1", "ok@9"});
  CHECK(world.seen().times("lock_wait") == Ms{0, 0, 3, 6});
  world.check_laws();
}

TEST_CASE("without locks writes to one row do not wait") {
  DatabaseWorld world(R"({"read": "1ms", "write": "3ms"})");
  world.write(7);
  world.write(7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "ok@3"});
}

TEST_CASE("a row is locked until its write is committed, and its line holds workers") {
  DatabaseWorld world(led(2, "semi_sync", R"({"locks": true, "concurrency": 2})"), three_zones,
                      links);
  world.write(7);
  world.write(7);
  world.read(1);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@8", "ok@16", "ok@9"});
}

TEST_CASE("who has no patience left leaves the line of a row") {
  DatabaseWorld world(R"({"read": "1ms", "write": "3ms", "locks": true})");
  Request request;
  request.operation = Operation::write;
  world.send_to(*world.client, request);
  request.patience = at(2_ms);
  world.send_to(*world.client, request);
  request.patience = Time::never();
  world.send_to(*world.client, request);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "abandoned@2", "ok@6"});
}

TEST_CASE("a crash frees all rows") {
  DatabaseWorld world(R"({"read": "1ms", "write": "3ms", "locks": true})");
  for (int i = 0; i < 5; ++i) {
    world.write(7);
  }
  world.run(4_ms);
  world.crash(0);
  world.revive(0);
  world.run(10_ms);
  world.write(7);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@3", "reset@4", "reset@4", "reset@4", "reset@4", "ok@13"});
  world.check_laws();
}

// ---- Settings ---------------------------------------------------------------------------------

/// What is wrong with settings, or doubtful: the keys.
std::set<std::string> problems_of(const std::string& settings) {
  Json json = Json::parse(settings);
  json["kind"] = "database";
  json["read"] = "1ms";
  Choice<Component> choice;
  Problems problems;
  Reader reader(problems);
  reader.read(value_of(json), choice);
  std::set<std::string> found;
  for (const Problem& problem : problems) {
    found.insert((problem.severity == Severity::error ? "error: " : "warning: ") + problem.what);
  }
  return found;
}

TEST_CASE("what cannot have an effect is doubted") {
  CHECK(problems_of("{}").empty());
  for (const char* settings :
       {R"({"read_from": "any"})", R"({"failover": "1s"})", R"({"hinted_handoff": "1h"})",
        R"({"read_repair": true})", R"({"replication": "sync"})", R"({"clock_skew": "1s"})",
        R"({"replicas": 2, "fallback": "1s"})",
        R"({"replicas": 2, "replication": "multi_primary", "failover":
            {"detection": "1s", "promotion": "1s"}})",
        R"({"compaction": {"interval": "1s", "work": "1ms"}})",
        R"({"replicas": 3, "replication": "quorum", "locks": true})",
        R"({"shards": 2, "resharding": {"at": "1s", "shards": 2, "items": 1, "item_size": "1B",
                                        "bandwidth": "1Mbps"}})"}) {
    const std::set<std::string> problems = problems_of(settings);
    INFO(settings);
    REQUIRE(problems.size() == 1);
    CHECK(problems.begin()->find("warning: ") == 0);
    CHECK(problems.begin()->find("has no effect") != std::string::npos);
  }
}

TEST_CASE("under multi_primary nothing is resharded") {
  CHECK(problems_of(R"({"replicas": 2, "replication": "multi_primary", "resharding":
      {"at": "1s", "shards": 2, "items": 1, "item_size": "1B", "bandwidth": "1Mbps"}})")
            .begin()
            ->find("error: ") == 0);
}

TEST_CASE("under consensus there is no falling back") {
  const std::set<std::string> problems =
      problems_of(R"({"replicas": 3, "replication": "consensus", "fallback": "1s"})");
  REQUIRE(problems.size() == 1);
  CHECK(problems.begin()->find("error: ") == 0);
}

TEST_CASE("more copies than there are cannot answer") {
  CHECK(problems_of(R"({"replicas": 2, "replication": "quorum", "read_consistency": "three"})")
            .size() == 1);
  CHECK(problems_of(R"({"replicas": 2, "replication": "quorum", "write_consistency": "three"})")
            .size() == 1);
  CHECK(problems_of(R"({"replicas": 3, "replication": "quorum", "write_consistency": "three"})")
            .empty());
}

// ---- The end ----------------------------------------------------------------------------------

TEST_CASE("a database can end with everything in flight") {
  std::vector<std::string> all;
  for (const char* kind : {"async", "semi_sync", "sync", "consensus", "multi_primary"}) {
    all.push_back(led(3, kind, R"({"failover": {"detection": "5ms", "promotion": "5ms"},
                                   "read_from": "read_your_writes", "concurrency": 3,
                                   "cpu": 1, "locks": true,
                                   "compaction": {"interval": "10ms", "work": "2ms"}})"));
  }
  all.push_back(leaderless(R"({"hinted_handoff": "3h", "read_repair": true, "concurrency": 2})"));
  for (const std::string& settings : all) {
    for (int end = 0; end < 40; end += 3) {
      DatabaseWorld world(settings, three_zones, links);
      world.write_every(1_ms, 100);
      for (int i = 0; i < 10; ++i) {
        world.read();
      }
      const auto until = Duration::nanoseconds(end * std::int64_t{1'000'000});
      world.run(until);
      world.crash(static_cast<std::size_t>(end % 3));
      world.run(until + 7_ms);
      world.revive(static_cast<std::size_t>(end % 3));
      world.run(until + 8_ms);
      world.check_laws();
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace stampede
