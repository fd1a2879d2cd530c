#include "components/database_world.hpp"

namespace stampede::test {
namespace {

/// A primary in zone a and a replica in zone b, which can be parted; users stand in both.
struct PartedWorld : DatabaseWorld {
  explicit PartedWorld(const std::string& failover, const std::string& more = "")
      : DatabaseWorld(R"({"replicas": 2, "zones": ["a", "b"], "read": "1ms", "failover": )" +
                          failover + more + "}",
                      R"(["a", "b"])", R"({"between_zones": "1ms"})") {}
  void part() {
    cuts.push_back(network.controls(0, 1).cuts().hold(1));
    cuts.push_back(network.controls(1, 0).cuts().hold(1));
  }
  void reunite() { cuts.clear(); }

  static constexpr PlaceId in_a = 0;
  static constexpr PlaceId in_b = 1;
  std::vector<Knob::Hold> cuts;
};

const std::string silent = R"({"detection": "2s", "promotion": "1s", "on_silence": true})";
const std::string leased =
    R"({"detection": "2s", "promotion": "1s", "on_silence": true, "lease": true})";

TEST_CASE("silence is taken for death, and both primaries take writes until they are reunited",
          "[split]") {
  PartedWorld world(silent);
  world.write(7, 0, PartedWorld::in_a);
  world.run(1_s);
  world.part();
  world.run(2_s);
  const Sent& alone = world.write(7, 0, PartedWorld::in_a);  // before it is replaced
  world.run(5_s);
  CHECK(world.counted("failovers") == 1);
  const Sent& there = world.write(7, 0, PartedWorld::in_a);
  world.run(6_s);
  const Sent& here = world.write(7, 0, PartedWorld::in_b);
  world.run(7_s);
  CHECK(alone.reply.answer().ok());
  REQUIRE(there.reply.answer().ok());
  REQUIRE(here.reply.answer().ok());

  SECTION("each side sees its own") {
    const Sent& in_a = world.read(7, 0, PartedWorld::in_a);
    const Sent& in_b = world.read(7, 0, PartedWorld::in_b);
    world.run(8_s);
    CHECK(shown(in_a) == there.reply.answer().stamp.write());
    CHECK(is_stale(in_a));
    CHECK(shown(in_b) == here.reply.answer().stamp.write());
    CHECK_FALSE(is_stale(in_b));
  }
  SECTION("the old one gives up what it took, also from before it was replaced") {
    CHECK(world.counted("lost_writes") == 0);
    world.run(11_s);
    world.reunite();
    world.run(12_s);
    CHECK(world.counted("lost_writes") == 2);
    CHECK(world.seen().times("split_brain") == std::vector<double>{7000});
    CHECK(world.seen().times("data_loss") == std::vector<double>{8999});
    const Sent& in_a = world.read(7, 0, PartedWorld::in_a);
    world.run(13_s);
    CHECK(shown(in_a) == here.reply.answer().stamp.write());
    CHECK_FALSE(is_stale(in_a));
    const Sent& after = world.write(7, 0, PartedWorld::in_a);
    world.run(14_s);
    CHECK(after.reply.answer().ok());
  }
  SECTION("or takes it with it when it dies") {
    world.crash(0);
    CHECK(world.counted("lost_writes") == 2);
    CHECK(world.seen().times("split_brain") == std::vector<double>{3000});
  }
  world.check_laws();
}

TEST_CASE("what only the old primary wrote is gone from the truth when it gives up", "[split]") {
  PartedWorld world(silent);
  world.part();
  world.run(4_s);
  world.write(1, 0, PartedWorld::in_a);
  world.run(5_s);
  const Sent& in_b = world.read(1, 0, PartedWorld::in_b);
  world.run(6_s);
  CHECK(shown(in_b) == 0);
  CHECK(is_stale(in_b));  // a committed write, on the other side
  world.reunite();
  world.run(7_s);
  const Sent& later = world.read(1, 0, PartedWorld::in_b);
  world.run(8_s);
  CHECK(shown(later) == 0);
  CHECK_FALSE(is_stale(later));
}

TEST_CASE("a lease lets the old primary give up before there is a new one", "[split]") {
  PartedWorld world(leased);
  world.part();
  world.run(2_s - 1_ns);
  CHECK(world.write(7, 0, PartedWorld::in_a).reply.done() == false);
  world.run(2_s + 100_ms);
  const Sent& given_up = world.write(7, 0, PartedWorld::in_a);
  world.run(4_s);
  const Sent& fenced = world.write(7, 0, PartedWorld::in_a);
  const Sent& here = world.write(7, 0, PartedWorld::in_b);
  world.run(5_s);
  CHECK(given_up.reply.answer().outcome == Outcome::error);
  CHECK(fenced.reply.answer().outcome == Outcome::error);
  CHECK(here.reply.answer().ok());
  world.reunite();
  world.run(6_s);
  CHECK(world.counted("lost_writes") <= 1);  // what came in before the lease was over
  const Sent& after = world.write(7, 0, PartedWorld::in_a);
  world.run(7_s);
  CHECK(after.reply.answer().ok());
}

TEST_CASE("a primary that waits for its replica commits nothing alone", "[split]") {
  PartedWorld world(silent, R"(, "replication": "semi_sync")");
  world.part();
  const Sent& waiting = world.write(7, 0, PartedWorld::in_a);
  world.run(4_s);
  CHECK(waiting.reply.answer().outcome == Outcome::error);  // replaced meanwhile
  const Sent& in_exile = world.write(7, 0, PartedWorld::in_a);
  const Sent& here = world.write(7, 0, PartedWorld::in_b);
  world.run(60_s);
  CHECK_FALSE(in_exile.reply.done());
  CHECK_FALSE(here.reply.done());  // nor does the new one, without a replica
  world.reunite();
  world.run(61_s);
  REQUIRE(in_exile.reply.done());
  CHECK(in_exile.reply.answer().outcome == Outcome::error);
  CHECK(here.reply.answer().ok());
  CHECK(world.counted("lost_writes") == 0);
}

TEST_CASE("a partition that is over in time replaces nobody", "[split]") {
  PartedWorld world(silent);
  world.part();
  world.run(1_s);
  world.reunite();
  world.run(10_s);
  CHECK(world.counted("failovers") == 0);
  const Sent& write = world.write(7, 0, PartedWorld::in_b);
  world.run(11_s);
  CHECK(write.reply.answer().ok());
}

TEST_CASE("a primary that one of its replicas hears is not replaced", "[split]") {
  DatabaseWorld world(R"({"replicas": 3, "zones": ["a", "b", "c"], "read": "1ms",
                          "failover": {"detection": "2s", "promotion": "1s", "on_silence": true}})",
                      R"(["a", "b", "c"])");
  const Knob::Hold cut = world.network.controls(0, 1).cuts().hold(1);
  world.run(10_s);
  CHECK(world.counted("failovers") == 0);
  const Knob::Hold other = world.network.controls(0, 2).cuts().hold(1);
  world.run(13_s);
  CHECK(world.counted("failovers") == 1);
}

}  // namespace
}  // namespace stampede::test
