#include "components/log_world.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;
using Keys = std::vector<std::uint64_t>;

constexpr const char* two_zones = R"(["a", "b"])";
constexpr const char* three_zones = R"(["a", "b", "c"])";
constexpr const char* three_ms = R"({"between_zones": "3ms"})";

// ---- Publishing -------------------------------------------------------------------------------

TEST_CASE("under acks 1 the publisher is told when the leader has the message") {
  LogWorld world(R"({"acks": 1, "brokers": 2, "replicas": 2, "append": "1ms"})", two_zones,
                 three_ms);
  world.start();
  world.publish();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@1"});
  CHECK(world.counted("published") == 1);
  CHECK(world.observer("events").ends == Texts{"ok@1"});
}

TEST_CASE("under acks all it is told when all copies have it, and the leader knows") {
  LogWorld world(R"({"acks": "all", "brokers": 2, "replicas": 2, "append": "1ms"})", two_zones,
                 three_ms);
  world.start();
  world.run(10_ms);
  world.publish();
  world.run(1_s);
  // 1 to write it, 3 to the other, 1 to write it there, 3 back.
  CHECK(world.heard() == Texts{"ok@18"});
  CHECK(world.times("replication") == Ms{4});
}

TEST_CASE("under acks 0 it is told at once, though nobody takes the message") {
  LogWorld world(R"({"acks": 0, "append": "1ms"})");
  world.start();
  world.publish();
  world.run(10_ms);
  world.crash("events");
  world.publish();
  world.run(60_s);
  CHECK(world.heard() == Texts{"ok@0", "ok@10"});
  CHECK(world.counted("published") == 1);
  CHECK(world.counted("lost") == 1);
}

TEST_CASE("under acks 0 a message is lost if nobody has it in hand and it is not in, not before") {
  LogWorld world(R"({"acks": 0, "append": "60ms", "request_timeout": "50ms",
                     "delivery_timeout": "60ms"})");
  world.start();
  world.publish();
  world.run(1_s);
  CHECK(world.counted("published") == 1);
  CHECK(world.counted("lost") == 0);
  world.publish();
  world.run(1030_ms);
  world.crash("events", 0, KilledWork::stays_silent);
  CHECK(world.counted("lost") == 0);
  world.run(1031_ms);
  CHECK(world.counted("published") == 1);
  CHECK(world.counted("lost") == 1);
}

TEST_CASE("a broker that does not lead the partition leads on to the one that does") {
  LogWorld world(R"({"brokers": 2, "append": "1ms"})", two_zones, three_ms);
  world.start();
  Request request;
  request.from = 1;
  const Sent sent(world.simulation, world.instance("events", 1).call(request));
  world.run(1_s);
  CHECK(sent.heard == "ok@7");
  CHECK(world.counted("published") == 1);
}

TEST_CASE("a broker that refuses with an error is not asked again") {
  LogWorld world(R"({"error_rate": "100%"})");
  world.start();
  world.publish();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@0"});
  CHECK(world.counted("published") == 0);
}

TEST_CASE("a client sends again while a broker is down, until the delivery timeout") {
  LogWorld world(R"({"retry_backoff": "100ms", "delivery_timeout": "1s",
                     "request_timeout": "500ms"})");
  world.start();
  world.crash("events");
  world.publish();
  world.run(250_ms);
  world.revive("events");
  world.run(2_s);
  world.crash("events");
  world.publish();
  world.run(10_s);
  CHECK(world.heard() == Texts{"ok@300", "unreachable@2900"});
}

TEST_CASE("the client sends for no longer than the delivery timeout") {
  LogWorld world(R"({"request_timeout": "1s", "delivery_timeout": "2500ms"})");
  world.start();
  world.crash("events", 0, KilledWork::stays_silent);
  world.publish();
  world.run(10_s);
  CHECK(world.heard() == Texts{"timeout@2500"});
}

// ---- Batches ----------------------------------------------------------------------------------

TEST_CASE("a batch is sent when it has waited for so long") {
  LogWorld world(R"({"batch": {"linger": "5ms"}, "append_batch": "2ms", "append": "1ms"})");
  world.start();
  world.publish();
  world.run(3_ms);
  world.publish();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@9", "ok@9"});
  CHECK(world.counted("published") == 2);
  CHECK(world.counted("batches") == 1);
}

TEST_CASE("a batch is sent when it is full") {
  LogWorld world(R"({"batch": {"linger": "5ms", "max_size": "1KB"}, "append": "1ms"})");
  world.start();
  world.publish(0, 600);
  world.run(1_ms);
  world.publish(0, 600);  // does not fit in any more
  world.publish(0, 400);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@2", "ok@3", "ok@3"});
  CHECK(world.counted("batches") == 2);
}

TEST_CASE("while as many batches as may be are on their way, the next one grows") {
  LogWorld world(
      R"({"batch": {"linger": "0s", "max_in_flight": 1}, "append_batch": "10ms", "cpu": 1})");
  world.start();
  for (int i = 0; i < 5; ++i) {
    world.run(Duration::nanoseconds(i * 1'000'000));
    world.publish();
  }
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "ok@20", "ok@20", "ok@20"});
  CHECK(world.counted("batches") == 2);
}

TEST_CASE("a batch that is in before its publisher waits is answered nevertheless") {
  LogWorld world(R"({"batch": {"linger": "0s"}})");
  world.start();
  world.publish();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@0"});
}

TEST_CASE("the delivery timeout runs from publishing, and what waited for so long is never sent") {
  LogWorld world(R"({"request_timeout": "1s", "delivery_timeout": "5s",
                     "batch": {"linger": "5ms", "max_in_flight": 1, "max_size": "300B"}})");
  world.start();
  world.crash("events", 0, KilledWork::stays_silent);
  for (std::uint64_t key = 0; key < 3; ++key) {
    world.publish(key, 200);
  }
  world.run(5_s);
  CHECK(world.heard() == Texts{"timeout@5000", "timeout@5000", "timeout@5000"});
  world.revive("events");
  world.run(60_s);
  CHECK(world.counted("published") == 0);
}

TEST_CASE("messages for different partitions travel in different batches") {
  LogWorld world(R"({"partitions": 4, "batch": {"linger": "5ms"}})");
  world.start();
  world.publish_many(100);
  world.run(1_s);
  CHECK(world.counted("published") == 100);
  CHECK(world.counted("batches") == 4);
}

// ---- Replication ------------------------------------------------------------------------------

constexpr const char* led_and_followed =
    R"({"brokers": 2, "replicas": 2, "failover": {"detection": "1s", "promotion": "500ms"},
        "retry_backoff": "100ms", "acks": )";

TEST_CASE("under acks 1 a leader's death loses what no other copy has") {
  LogWorld world(std::string(led_and_followed) + R"("1", "replication_lag": "100ms"})");
  world.add_consumer();
  world.start();
  world.publish(1);
  world.run(200_ms);
  world.publish(2);
  world.run(250_ms);
  world.crash("events");
  world.publish(3);
  world.run(10_s);
  CHECK(world.heard() == Texts{"ok@0", "ok@200", "ok@1750"});
  CHECK(world.handled() == Keys{1, 3});
  CHECK(world.counted("published") == 3);
  CHECK(world.counted("lost") == 1);
  CHECK(world.counted("elections") == 1);
  CHECK(world.times("failover") == Ms{1500});
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("under acks all a leader's death loses nothing that anybody was told of") {
  LogWorld world(std::string(led_and_followed) + R"("all", "replication_lag": "100ms"})");
  world.add_consumer();
  world.start();
  world.publish(1);
  world.run(200_ms);
  world.publish(2);
  world.run(250_ms);
  world.crash("events");
  world.run(10_s);
  CHECK(world.heard() == Texts{"ok@100", "ok@1750"});
  CHECK(world.handled() == Keys{1, 2});
  CHECK(world.counted("published") == 3);  // the second one twice, and once in vain
  CHECK(world.counted("lost") == 0);
  world.check_laws();
}

TEST_CASE("what is sent again is not taken in twice") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "failover": {"detection": "1s"}, "acks": "all",
                     "retry_backoff": "100ms"})",
                 two_zones, three_ms);
  world.add_consumer();
  world.start();
  world.run(10_ms);
  world.publish(1);
  world.run(14_ms);  // the other copy has it, and the leader does not know yet
  world.crash("events");
  world.run(10_s);
  REQUIRE(world.sent[0].heard.substr(0, 3) == "ok@");
  CHECK(world.counted("elections") == 1);
  CHECK(world.counted("published") == 1);
  CHECK(world.handled() == Keys{1});
  world.check_laws();
}

TEST_CASE("a dead copy is waited for until its death is known") {
  LogWorld world(std::string(led_and_followed) + R"("all"})");
  world.start();
  world.crash("events", 1);
  world.run(100_ms);
  world.publish();
  world.run(2_s);
  world.publish();
  world.run(3_s);
  CHECK(world.heard() == Texts{"ok@1000", "ok@2000"});
}

TEST_CASE("with fewer copies in sync than there must be, messages are refused") {
  LogWorld world(std::string(led_and_followed) +
                 R"("all", "min_insync_replicas": 2, "delivery_timeout": "30s"})");
  world.add_consumer();
  world.start();
  world.crash("events", 1);
  world.run(100_ms);
  world.publish(1);  // is appended, and refused when the death is known
  world.run(20_s);
  CHECK(world.heard() == Texts{"nothing"});
  CHECK(world.handled().empty());
  world.revive("events", 1);
  world.run(21_s);
  CHECK(world.heard() == Texts{"ok@20100"});
  CHECK(world.handled() == Keys{1});
  CHECK(world.counted("published") == 1);

  world.crash("events", 1);
  world.run(30_s);
  world.publish(2);
  world.run(70_s);
  CHECK(world.heard()[1] == "rejected.no_backend@59900");
  world.check_laws();
}

TEST_CASE("a copy that does not keep up is not waited for for ever") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "acks": "all", "append": "1ms",
                     "replica_lag_time": "10s"})");
  world.start();
  const Knob::Hold pause = world.instance("events", 1).speed().hold(0);
  world.run(1_s);
  world.publish();
  world.run(60_s);
  CHECK(world.heard() == Texts{"ok@15000"});  // looked after every 5 s, and 10 s are over
}

TEST_CASE("a leader that nobody can replace is waited for, and has all it had") {
  LogWorld world(std::string(led_and_followed) + R"("1"})");
  world.add_consumer();
  world.start();
  world.crash("events", 1);
  world.run(2_s);
  world.publish(1);  // only the leader has it
  world.crash("events", 0);
  world.revive("events", 1);
  world.publish(2);
  world.run(20_s);
  CHECK(world.counted("elections") == 0);
  world.revive("events", 0);
  world.run(30_s);
  CHECK(world.handled() == Keys{1, 2});
  CHECK(world.counted("lost") == 0);
  world.check_laws();
}

TEST_CASE("an unclean election does not wait, and loses what the other copy does not have") {
  LogWorld world(std::string(led_and_followed) + R"("all", "unclean_leader_election": true})");
  world.add_consumer("app", R"({"commit_interval": "0s"})");
  world.start();
  world.publish(1);
  world.run(1_s);
  world.crash("events", 1);
  world.run(3_s);
  world.publish(2);  // committed by the leader alone, and even processed
  world.run(4_s);
  world.crash("events", 0);
  world.revive("events", 1);
  world.publish(3);
  world.run(20_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.counted("lost") == 1);
  world.revive("events", 0);
  world.run(30_s);
  CHECK(world.handled() == Keys{1, 2, 3});
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("nothing is committed on behalf of a leader that is dead") {
  for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
    INFO("broker " << first << " dies first");
    LogWorld world(std::string(led_and_followed) + R"("all"})");
    world.add_consumer();
    world.start();
    world.crash("events", first);
    world.run(100_ms);
    world.publish(1);
    world.run(500_ms);
    world.crash("events", 1 - first);
    world.run(5_s);
    CHECK(world.handled().empty());
    world.revive("events", 1);  // it has all that was committed
    world.run(10_s);
    CHECK(world.counted("elections") == 1);
    CHECK(world.heard()[0].substr(0, 3) == "ok@");
    CHECK(world.handled() == Keys{1});
    CHECK(world.counted("lost") == 0);
    world.check_laws();
  }
}

TEST_CASE("a leader that comes back learns which copy has died meanwhile") {
  LogWorld world(std::string(led_and_followed) + R"("all"})");
  world.start();
  world.crash("events", 1);
  world.run(500_ms);
  world.crash("events", 0);
  world.run(5_s);
  world.revive("events", 0);
  world.publish();
  world.run(10_s);
  CHECK(world.heard() == Texts{"ok@5000"});
  CHECK(world.counted("elections") == 0);
}

TEST_CASE("a broker that dies again while it boots has been dead all the time") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "failover": "1s", "boot_time": "400ms"})");
  world.start();
  for (const Duration crash : {0_ms, 300_ms, 700_ms}) {
    world.run(crash);
    world.crash("events", 0);
    world.run(crash + 100_ms);
    world.revive("events", 0);
  }
  world.run(10_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.times("failover") == Ms{1000});
}

TEST_CASE("what is sent again is answered when it is committed, before what came after it") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "acks": "all", "request_timeout": "300ms",
                     "retry_backoff": "100ms"})",
                 two_zones, R"({"between_zones": "500ms"})");
  world.start();
  world.run(1_s);
  world.publish(1);
  world.run(1010_ms);
  world.publish(2);
  world.run(10_s);
  // The other copy has the first one 500 ms later, and says so in as much again.
  CHECK(world.heard()[0] == "ok@2000");
  CHECK(world.heard()[1].substr(0, 3) == "ok@");
  CHECK(world.counted("published") == 2);
}

TEST_CASE("a copy does not fetch what the log has deleted meanwhile") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "acks": "1", "append": "1ms",
                     "failover": "1s"})");
  world.start();
  world.crash("events", 1);
  world.publish_many(1000);
  world.run(10_s);  // nobody reads, and nothing is kept
  world.revive("events", 1);
  world.run(20_s);
  CHECK(world.times("replication") == Ms{9'999});
}

TEST_CASE("a record that was cut off does not count as the one that took its place") {
  LogWorld world(std::string(led_and_followed) + R"("all", "unclean_leader_election": true})");
  world.add_consumer();
  world.db.treatments = {{10'000_ms}};
  world.start();
  world.crash("events", 1);
  world.run(3_s);
  world.publish(2);  // is in hand until 13 s
  world.run(4_s);
  world.crash("events", 0);
  world.revive("events", 1);
  world.publish(3);
  world.run(60_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.handled() == Keys{2, 3});
  CHECK(world.counted("processed") == 1);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("after an unclean election a consumer commits from where the log ends now") {
  LogWorld world(std::string(led_and_followed) + R"("all", "unclean_leader_election": true})");
  world.add_consumer("app", R"({"commit_interval": "1s", "session_timeout": "5s"})");
  world.start();
  world.crash("events", 1);
  world.run(3_s);
  world.publish_many(10);
  world.run(6_s);
  world.crash("events", 0);
  world.revive("events", 1);
  world.publish_many(5);
  world.run(20_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.db.requests.size() == 15);
  world.crash("app");
  world.run(21_s);
  world.revive("app");
  world.run(60_s);
  CHECK(world.db.requests.size() == 15);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

TEST_CASE("copies and leaders are spread over brokers") {
  LogWorld world(R"({"partitions": 6, "brokers": 3, "replicas": 2, "append": "1ms", "cpu": 1})",
                 three_zones);
  world.start();
  world.publish_many(300);
  world.run(10_s);
  CHECK(world.counted("published") == 300);
  // One core would need 600 ms for 300 messages with two copies; three share them.
  const std::string last = world.observer("events").ends.back();
  CHECK(std::stod(last.substr(3)) < 300);
}

// ---- Consumer groups --------------------------------------------------------------------------

TEST_CASE("a consumer handles the messages of a partition in their order, one at a time") {
  LogWorld world("{}");
  world.add_consumer();
  world.db.treatments = {{10_ms}};
  world.start();
  world.publish_many(3);
  CHECK(world.lag() == 3);
  world.run(1_s);
  CHECK(world.handled() == Keys{0, 1, 2});
  CHECK(world.db.began == Ms{0, 10, 20});
  CHECK(world.counted("processed") == 3);
  CHECK(world.times("completion") == Ms{10, 20, 30});
  CHECK(world.lag() == 0);
  CHECK(world.lag("app") == 0);
  CHECK(world.times("completion", "app") == Ms{10, 20, 30});
  world.check_laws();
}

TEST_CASE("the time from end to end begins with the user's request") {
  LogWorld world(R"({"append": "5ms"})");
  world.add_service(R"({"handler": [{"wait": "10ms"}, {"publish": "events"}]})", "shop");
  world.add_consumer();
  world.db.treatments = {{20_ms}};
  world.start();
  world.run(100_ms);
  Request order;
  order.sent = world.simulation.now();
  const Sent sent(world.simulation, world.instance("shop").call(order));
  world.run(1_s);
  CHECK(sent.heard == "ok@115");
  CHECK(world.times("completion") == Ms{20});
  CHECK(world.times("end_to_end") == Ms{35});
}

TEST_CASE("every group sees every message, each at its own speed") {
  LogWorld world("{}");
  world.add_consumer("quick");
  world.add_service(R"({"consume": {"log": "events", "rebalance_pause": "0s"},
                        "handler": [{"wait": "50ms"}]})",
                    "slow");
  world.db.treatments = {{1_ms}};
  world.start();
  world.publish_many(4);
  world.run(10_ms);
  CHECK(world.lag("quick") == 0);
  CHECK(world.lag("slow") == 4);
  CHECK(world.lag() == 4);
  world.run(1_s);
  CHECK(world.counted("processed", "quick") == 4);
  CHECK(world.counted("processed", "slow") == 4);
  CHECK(world.counted("processed") == 8);
  world.check_laws();
}

TEST_CASE("two services of one group share the partitions") {
  LogWorld world(R"({"partitions": 2})");
  world.add_consumer("one", R"({"group": "both"})");
  world.add_consumer("two", R"({"group": "both"})");
  world.db.treatments = {{10_ms}};
  world.start();
  world.run(10_s);
  world.publish_many(100);
  world.run(20_s);
  CHECK(world.observer("one").ends.size() + world.observer("two").ends.size() == 100);
  CHECK(world.observer("one").ends.size() > 20);
  CHECK(world.observer("two").ends.size() > 20);
  CHECK(world.counted("processed") == 100);
  world.check_laws();
}

TEST_CASE("partitions bound how many consumers have something to do") {
  LogWorld world(R"({"partitions": 2})");
  world.add_consumer("app", "{}", 4);
  world.db.treatments = {{10_ms}};
  world.start();
  world.run(10_s);
  world.publish_many(100);
  world.run(10'001_ms);
  CHECK(world.db.requests.size() == 2);
  world.run(20_s);
  CHECK(world.db.requests.size() == 100);
  CHECK(world.db.began.back() > 10'000 + 400);  // 2 at a time
  world.check_laws();
}

TEST_CASE("a message that fails keeps all behind it in its partition waiting") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"redelivery_delay": "50ms"})");
  world.db.treatments = {{10_ms}, {10_ms, Outcome::error}, {10_ms}};
  world.start();
  world.publish_many(3);
  world.run(1_s);
  CHECK(world.handled() == Keys{0, 1, 1, 2});
  CHECK(world.db.began == Ms{0, 10, 70, 80});
  CHECK(world.db.requests[1].luck != world.db.requests[2].luck);
  CHECK(world.counted("processed") == 3);
  world.check_laws();
}

TEST_CASE("a message that fails for ever without time passing lets the limit of steps notice") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"redelivery_delay": "0s"})");
  world.db.treatments.assign(100, {0_ms, Outcome::error});
  world.db.treatments.push_back({0_ms});
  world.start();
  world.run(1_ms);
  const std::uint64_t before = world.simulation.resumption_count();
  world.publish();
  world.run(1_ms);
  CHECK(world.counted("processed") == 1);
  CHECK(world.db.requests.size() == 101);
  CHECK(world.simulation.resumption_count() - before >= 100);
}

TEST_CASE("a message that fails for good may be skipped") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"redelivery_delay": "50ms", "max_attempts": 2})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms, Outcome::error}, {10_ms}};
  world.start();
  world.publish_many(2);
  world.run(1_s);
  CHECK(world.handled() == Keys{0, 0, 1});
  CHECK(world.counted("skipped") == 1);
  CHECK(world.counted("processed") == 1);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("a consumer fetches so many messages at a time") {
  LogWorld world(R"({"zones": ["a"]})", two_zones, three_ms);
  world.add_service(R"({"zones": ["b"], "handler": [{"wait": "10ms"}],
                        "consume": {"log": "events", "max_poll_records": 2,
                                    "rebalance_pause": "0s"}})",
                    "app");
  world.start();
  world.run(100_ms);
  world.publish();
  world.run(101_ms);
  world.publish_many(4);
  world.run(1_s);
  // The first by itself; then two at a time, and the way there and back in between.
  CHECK(world.observer("app").ends == Texts{"ok@113", "ok@129", "ok@139", "ok@155", "ok@165"});
}

// ---- Commits and crashes ----------------------------------------------------------------------

TEST_CASE("what a consumer had not committed when it died is processed again") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"session_timeout": "5s", "commit_interval": "950ms"})", 2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(20);
  world.run(1550_ms);  // 15 are done, 9 of them committed, the next one is at hand
  world.crash("app", 0);
  world.run(60_s);
  CHECK(world.counted("processed") == 20);
  CHECK(world.counted("duplicates") == 6);
  CHECK(world.db.requests.size() == 27);
  CHECK(world.handled()[16] == 9);
  world.check_laws();
}

TEST_CASE("who commits after every message repeats at most the one at hand") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"session_timeout": "5s", "commit_interval": "0s"})", 2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(20);
  world.run(1550_ms);
  world.crash("app", 0);
  world.run(60_s);
  CHECK(world.counted("processed") == 20);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.db.requests.size() == 21);
  world.check_laws();
}

TEST_CASE("a partition that is revoked during a commit is released after it") {
  for (int later = 0; later < 7; ++later) {
    INFO(later << " ms");
    LogWorld world(R"({"partitions": 2, "zones": ["b"]})", two_zones, three_ms);
    world.add_consumer("app", R"({"session_timeout": "5s", "commit_interval": "0s"})", 2);
    world.db.treatments = {{1_ms}};
    world.start();
    world.crash("app", 1);
    world.run(10_s);
    world.publish_many(100);
    world.run(10'100_ms + Duration::nanoseconds(later * 1'000'000));
    world.revive("app", 1);
    world.run(30_s);
    CHECK(world.lag() == 0);
    CHECK(world.counted("duplicates") == 0);
    world.check_laws();
  }
}

// ---- At most once -----------------------------------------------------------------------------

TEST_CASE("at_most_once: what a consumer had fetched and not come to when it died is lost") {
  LogWorld world("{}");
  world.add_consumer(
      "app", R"({"session_timeout": "5s", "delivery": "at_most_once", "max_poll_records": 10})", 2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(40);
  world.run(1550_ms);  // 15 are done, and 5 of the second ten at hand
  world.crash("app", 0);
  world.run(60_s);
  CHECK(world.counted("unprocessed", "app") == 5);
  CHECK(world.counted("unprocessed") == 5);
  CHECK(world.counted("processed") == 35);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("at_most_once: nothing is tried twice") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"delivery": "at_most_once"})");
  world.db.treatments = {{1_ms, Outcome::error}, {1_ms}};
  world.start();
  world.publish_many(3);
  world.run(60_s);
  CHECK(world.handled() == Keys{0, 1, 2});
  CHECK(world.counted("skipped") == 1);
  CHECK(world.counted("processed") == 2);
  world.check_laws();
}

TEST_CASE("at_most_once: a rebalance waits until the records at hand are handled, and loses none") {
  LogWorld world(R"({"partitions": 2})");
  world.add_consumer(
      "app", R"({"session_timeout": "5s", "delivery": "at_most_once", "max_poll_records": 10})", 2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.crash("app", 1);
  world.run(10_s);
  world.publish_many(40);
  world.run(10'500_ms);
  world.revive("app", 1);
  world.run(60_s);
  CHECK(world.counted("rebalances") == 4);  // two joined, one died and came back
  CHECK(world.counted("processed") == 40);
  CHECK(world.db.requests.size() == 40);
  CHECK(world.counted("unprocessed") == 0);
  world.check_laws();
}

TEST_CASE("at_most_once: nothing is handled before its commit was heard") {
  LogWorld world(R"({"brokers": 1})");
  world.add_consumer("app", R"({"delivery": "at_most_once", "session_timeout": "20s",
                               "reconnect_interval": "500ms"})");
  world.start();
  world.run(1_s);
  world.publish(7);
  world.run(1100_ms);
  CHECK(world.handled() == Keys{7});
  world.crash("events");
  world.run(5_s);
  world.revive("events");
  world.publish(8);
  world.run(60_s);
  CHECK(world.handled() == Keys{7, 8});
  CHECK(world.counted("processed") == 2);
  world.check_laws();
}

// ---- Too long at it ---------------------------------------------------------------------------

TEST_CASE("who is at it for longer than max_poll_interval leaves the group, and others repeat it") {
  LogWorld world("{}");
  world.add_consumer("app",
                     R"({"max_poll_interval": "5s", "max_poll_records": 10,
                         "heartbeat_interval": "1s", "session_timeout": "10s",
                         "commit_interval": "1s"})",
                     2);
  world.db.treatments = {{1_s}};
  world.start();
  world.publish(0);
  world.run(2_s);
  world.publish_many(10);
  world.run(2_s + 3_s);
  CHECK(world.counted("poll_timeouts", "app") == 0);
  world.run(100_s);
  CHECK(world.counted("poll_timeouts", "app") >= 2);  // whoever has them
  CHECK(world.counted("rebalances") >= 3);
  CHECK(world.counted("processed") == 11);
  CHECK(world.counted("duplicates") > 2);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("few records at a time, or a message that is tried again, are no reason to leave") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"max_poll_interval": "5s", "max_poll_records": 3,
                               "heartbeat_interval": "1s", "session_timeout": "10s",
                               "redelivery_delay": "1s"})");
  world.db.treatments = {{1_s, Outcome::error}, {1_s, Outcome::error}, {1_s, Outcome::error},
                         {1_s, Outcome::error}, {1_s, Outcome::error}, {1_s}};
  world.start();
  world.publish_many(10);
  world.run(100_s);
  CHECK(world.counted("poll_timeouts", "app") == 0);
  CHECK(world.counted("processed") == 10);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

TEST_CASE("a request for messages that is lost is asked again after request_timeout, and counted") {
  LogWorld world(R"({"brokers": 1, "zones": ["b"]})", two_zones, three_ms);
  world.add_consumer("app", R"({"request_timeout": "2s", "wait_time": "1s"})");
  world.start();
  world.run(500_ms);
  world.crash("events", 0, KilledWork::stays_silent);
  world.run(600_ms);
  world.revive("events");
  world.publish(5);
  world.run(10_s);
  CHECK(world.counted("request_timeouts", "app") == 1);
  CHECK(world.handled() == Keys{5});
}

// ---- The preferred leader ---------------------------------------------------------------------

TEST_CASE("a broker that comes back leads again when it is looked after, and only then") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "partitions": 2, "failover": "1s", "acks": "all",
                     "min_insync_replicas": 1, "auto_leader_rebalance": "20s"})");
  world.add_consumer();
  world.start();
  world.crash("events", 0);
  world.run(5_s);
  world.revive("events", 0);
  world.publish(1);
  world.run(19_s);
  CHECK(world.counted("elections") == 1);
  world.run(21_s);
  CHECK(world.counted("elections") == 2);
  world.publish(2);
  world.run(60_s);
  CHECK(world.counted("elections") == 2);
  CHECK(world.times("failover").size() == 1);  // the other one was no fail-over
  CHECK(world.counted("lost") == 0);
  CHECK(world.counted("processed") == 2);
  world.check_laws();
}

TEST_CASE("what waits for its copies when the leader changes is sent again, and taken in once") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "failover": "1s", "acks": "all",
                     "min_insync_replicas": 2, "auto_leader_rebalance": "20s",
                     "replication_lag": "100ms"})");
  world.add_consumer();
  world.start();
  world.crash("events", 0);
  world.run(5_s);
  world.revive("events", 0);
  world.run(19'950_ms);
  world.publish(1);
  world.run(60_s);
  CHECK(world.counted("elections") == 2);
  CHECK(world.heard() == Texts{"ok@20200"});  // refused at 20 s, sent again a tenth later
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("lost") == 0);
  world.check_laws();
}

TEST_CASE("an idempotent group does not handle again what was processed") {
  LogWorld world("{}");
  world.add_consumer(
      "app", R"({"session_timeout": "5s", "commit_interval": "950ms", "idempotent": true})", 2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(20);
  world.run(1550_ms);
  world.crash("app", 0);
  world.run(60_s);
  CHECK(world.counted("processed") == 20);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.counted("suppressed_duplicates", "app") == 6);
  CHECK(world.db.requests.size() == 21);
  world.check_laws();
}

TEST_CASE("commits and heartbeats go on at the next leader when a broker dies") {
  LogWorld world(R"({"brokers": 2, "replicas": 2, "failover": "1s"})");
  world.add_consumer("app", R"({"session_timeout": "10s", "commit_interval": "1s"})");
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(20);
  world.run(1550_ms);
  world.crash("events", 0);
  world.run(60_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.counted("rebalances") == 1);  // that of the beginning
  CHECK(world.db.requests.size() == 20);
  CHECK(world.counted("processed") == 20);
  world.check_laws();
}

TEST_CASE("while the coordinator is away nobody is taken for dead") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"session_timeout": "5s", "reconnect_interval": "500ms"})");
  world.start();
  world.run(1_s);
  world.crash("events");
  world.run(60_s);
  world.revive("events");
  world.publish();
  world.run(120_s);
  CHECK(world.counted("rebalances") == 1);
  CHECK(world.counted("processed") == 1);
  world.check_laws();
}

TEST_CASE("a coordinator that takes over gives everybody the time to be heard of") {
  LogWorld world(R"({"brokers": 3, "replicas": 3, "failover": "9s"})");
  world.add_consumer("app", R"({"session_timeout": "10s", "reconnect_interval": "2s"})", 2);
  world.start();
  world.run(30'400_ms);
  world.crash("events", 0);  // all were heard of at 30 s, and turn to the next one at 41 s
  world.run(120_s);
  CHECK(world.counted("elections") == 1);
  CHECK(world.counted("rebalances") == 2);  // two joined
}

// ---- Rebalances -------------------------------------------------------------------------------

TEST_CASE("a dead consumer's partitions stand still until it is missed") {
  LogWorld world(R"({"partitions": 2})");
  world.add_consumer("app", R"({"session_timeout": "5s", "heartbeat_interval": "1s",
                                "rebalance_pause": "2s"})",
                     2);
  world.start();
  world.run(10'500_ms);
  world.crash("app", 0);
  world.publish_many(20);
  world.run(11_s);
  CHECK(world.lag() > 0);
  CHECK(world.lag() < 20);
  // It was last heard of at 10 s; the others know at 15 s, and go on at 17 s.
  world.run(16'999_ms);
  CHECK(world.lag() > 0);
  world.run(17'001_ms);
  CHECK(world.lag() == 0);
  CHECK(world.counted("processed") == 20);
  world.check_laws();
}

TEST_CASE("an eager rebalance stops all consumers, a cooperative one only what changes hands") {
  for (const std::string assignment : {"eager", "cooperative"}) {
    INFO(assignment);
    LogWorld world(R"({"partitions": 6})");
    world.add_consumer("app",
                       R"({"session_timeout": "5s", "rebalance_pause": "2s",
                                  "assignment": ")" +
                           assignment + R"("})",
                       3);
    world.start();
    world.run(20_s);
    world.crash("app", 0);
    world.run(40_s);
    world.publish_many(60);
    world.run(50_s);
    CHECK(world.lag() == 0);
    world.revive("app", 0);
    world.publish_many(60);
    world.run(51_s);  // in the middle of it
    if (assignment == "eager") {
      CHECK(world.lag() == 60);
    } else {
      CHECK(world.lag() > 0);
      CHECK(world.lag() < 30);  // two of six partitions change hands
    }
    world.run(60_s);
    CHECK(world.lag() == 0);
    CHECK(world.counted("duplicates") == 0);
    CHECK(world.counted("processed") == 120);
    world.check_laws();
  }
}

TEST_CASE("a rebalance waits for a consumer that is at a message, and nothing is done twice") {
  LogWorld world(R"({"partitions": 2})");
  world.add_consumer("app", R"({"session_timeout": "5s", "heartbeat_interval": "1s"})", 2);
  world.db.treatments = {{3000_ms}};
  world.start();
  world.crash("app", 1);
  world.run(10_s);
  world.publish_many(10);
  world.run(11_s);
  world.revive("app", 1);  // and joins
  world.run(60_s);
  CHECK(Ms(world.db.began.begin(), world.db.began.begin() + 3) == Ms{10'000, 13'000, 13'000});
  CHECK(world.counted("processed") == 10);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

TEST_CASE("a rebalance that ends when nobody is left gives nothing out, and does not count") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"session_timeout": "5s", "heartbeat_interval": "1s",
                                "rebalance_pause": "10s"})");
  world.start();
  world.run(1500_ms);
  world.crash("app");
  world.run(20_s);
  CHECK(world.counted("rebalances") == 0);
  world.revive("app");
  world.publish();
  world.run(60_s);
  CHECK(world.counted("rebalances") == 1);
  CHECK(world.counted("processed") == 1);
}

TEST_CASE("under eager assignment, who comes back at once waits for its ghost to be missed") {
  LogWorld world("{}");
  world.add_consumer("app", R"({"session_timeout": "20s", "heartbeat_interval": "1s"})");
  world.start();
  world.run(2500_ms);  // it was last heard of at 2 s
  world.crash("app");
  world.run(3_s);
  world.revive("app");
  world.publish();
  world.run(60_s);
  CHECK(world.db.began == Ms{22'000});
  world.check_laws();
}

TEST_CASE("a consumer that was paused for too long finds its partitions taken") {
  LogWorld world("{}");
  world.add_consumer("app",
                     R"({"session_timeout": "5s", "heartbeat_interval": "1s",
                         "commit_interval": "1s"})",
                     2);
  world.db.treatments = {{100_ms}};
  world.start();
  world.publish_many(50);
  world.run(550_ms);
  {
    // Nothing here computes, so that messages go on being handled: a zombie at work.
    const Knob::Hold pause = world.instance("app", 0).speed().hold(0);
    world.run(20_s);
  }
  world.run(60_s);
  CHECK(world.counted("processed") == 50);
  CHECK(world.counted("duplicates") > 0);
  CHECK(world.db.requests.size() == 50 + static_cast<std::size_t>(world.counted("duplicates")));
  CHECK(world.counted("rebalances") == 4);  // two joined; it was missed, and came back
  world.check_laws();
}

// ---- Retention --------------------------------------------------------------------------------

TEST_CASE("what is older than the retention is lost to a group that has not read it") {
  LogWorld world(R"({"retention": "10s"})");
  world.add_consumer("quick");
  world.add_service(R"({"consume": {"log": "events", "max_poll_records": 1,
                                    "rebalance_pause": "0s"},
                        "handler": [{"wait": "4s"}]})",
                    "slow");
  world.start();
  world.publish_many(10);
  world.run(60_s);
  CHECK(world.counted("processed", "quick") == 10);
  CHECK(world.counted("expired", "quick") == 0);
  CHECK(world.counted("processed", "slow") == 3);  // the third was in its hands
  CHECK(world.counted("expired", "slow") == 7);
  CHECK(world.counted("expired") == 7);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("a partition keeps so much payload") {
  LogWorld world(R"({"retention": {"size": "1KB"}})");
  world.add_service(R"({"consume": {"log": "events", "max_poll_records": 1,
                                    "rebalance_pause": "0s"},
                        "handler": [{"wait": "1s"}]})",
                    "slow");
  world.start();
  world.publish(0, 300);
  world.run(1_ms);
  for (std::uint64_t key = 1; key < 10; ++key) {
    world.publish(key, 300);
  }
  CHECK(world.counted("expired") == 6);  // one is in hand, three are kept
  world.run(60_s);
  CHECK(world.counted("processed") == 4);
  CHECK(world.lag() == 0);
  world.check_laws();
}

TEST_CASE("what a consumer had in hand and never did may expire too") {
  LogWorld world(R"({"retention": "10s"})");
  world.add_consumer("app", R"({"session_timeout": "20s", "commit_interval": "1s"})");
  world.db.treatments = {{1000_ms}};
  world.start();
  world.publish_many(8);
  world.run(3500_ms);
  world.crash("app");
  world.run(30_s);
  world.revive("app");
  world.run(60_s);
  world.publish();
  world.run(100_s);
  CHECK(world.counted("processed") == 3 + 1);
  CHECK(world.counted("expired") == 5);
  CHECK(world.lag() == 0);
  world.check_laws();
}

// ---- All together -----------------------------------------------------------------------------

TEST_CASE("messages are conserved when everything goes wrong") {
  LogWorld world(
      R"({"partitions": 7, "brokers": 3, "replicas": 3, "acks": "1", "retention": "20s",
          "append": "100us", "replication_lag": "20ms", "failover": "1s", "cpu": 1,
          "batch": {"linger": "2ms"}, "unclean_leader_election": true, "boot_time": "100ms"})",
      three_zones, R"({"links": [{"between": ["a", "b"], "latency": "1ms", "loss": "5%"}]})");
  world.add_consumer("quick", R"({"session_timeout": "3s", "heartbeat_interval": "1s",
                                  "assignment": "cooperative", "commit_interval": "500ms",
                                  "request_timeout": "2s", "wait_time": "1s"})",
                     3);
  world.add_consumer("slow", R"({"session_timeout": "3s", "heartbeat_interval": "1s",
                                 "request_timeout": "2s", "wait_time": "1s", "idempotent": true,
                                 "max_poll_records": 10})",
                     2);
  world.db.treatments = {{20_ms}};
  world.start();
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 100; ++i) {
      world.run(Duration::nanoseconds((second * 100 + i) * 10'000'000LL));
      world.publish(static_cast<std::uint64_t>(i));
    }
    const auto one = static_cast<std::size_t>(second) % 3;
    if (second % 4 == 1) {
      world.crash("events", one,
                  second % 8 == 1 ? KilledWork::answers_broken : KilledWork::stays_silent);
    }
    if (second % 4 == 3) {
      for (std::size_t i = 0; i < 3; ++i) {
        world.revive("events", i);
      }
    }
    if (second % 10 == 2) {
      world.crash("quick", one);
    }
    if (second % 10 == 9) {
      for (std::size_t i = 0; i < 3; ++i) {
        world.revive("quick", i);
      }
    }
    world.check_laws();
  }
  world.run(300_s);
  world.check_laws();
  CHECK(world.counted("published") >= 5900);
  CHECK(world.counted("lost") > 0);
  CHECK(world.counted("elections") > 5);
  CHECK(world.counted("rebalances") > 10);
  CHECK(world.counted("duplicates") > 0);
  CHECK(world.lag() == 0);
}

}  // namespace
}  // namespace test
}  // namespace stampede
