#include "components/queue_world.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

/// A world of one queue of these settings.
struct OneQueue : QueueWorld {
  explicit OneQueue(const std::string& settings = "{}") {
    add_queue(settings);
    start();
  }
};

Request patient_until(Duration since_start) {
  Request request;
  request.patience = at(since_start);
  return request;
}

// ---- In and out -------------------------------------------------------------------------------

TEST_CASE("messages are received in the order in which they were published") {
  OneQueue world;
  for (const std::uint64_t key : {7, 8, 9}) {
    CHECK(world.publish(key).heard == "ok@0");
  }
  CHECK(world.observer().level("backlog") == 3);
  world.run(10_ms);
  for (int i = 0; i < 3; ++i) {
    world.settle(world.receive(), Settlement::done);
  }
  CHECK(world.received() == Texts{"key 7 (1)@10", "key 8 (1)@10", "key 9 (1)@10"});
  CHECK(world.counted("published") == 3);
  CHECK(world.counted("delivered") == 3);
  CHECK(world.counted("processed") == 3);
  CHECK(world.counted("redelivered") == 0);
  CHECK(world.observer().times("pickup") == Ms{10, 10, 10});
  CHECK(world.observer().times("completion") == Ms{10, 10, 10});
  CHECK(world.observer().level("backlog") == 0);
  CHECK(world.observer().level("unsettled") == 0);
  world.check_laws();
}

TEST_CASE("who waits for a message gets it when it comes, the longest waiting first") {
  OneQueue world;
  world.receive();
  world.run(1_ms);
  world.receive();
  world.run(5_ms);
  world.publish(7);
  world.run(8_ms);
  world.publish(8);
  world.run(1_s);
  CHECK(world.received() == Texts{"key 7 (1)@5", "key 8 (1)@8"});
  CHECK(world.observer().times("pickup") == Ms{0, 0});
  CHECK(world.observer().level("unsettled") == 2);
  world.check_laws();
}

TEST_CASE("who waits in vain is told so after the wait time, and is passed by afterwards") {
  OneQueue world;
  world.receive(20_ms);
  world.receive(40_ms);
  world.run(30_ms);
  world.publish(7);
  world.run(1_s);
  CHECK(world.received() == Texts{"nothing@20", "key 7 (1)@30"});
}

TEST_CASE("a message keeps what was published") {
  OneQueue world;
  Request request;
  request.type = 3;
  request.user = 42;
  request.size = 1000;
  request.stamp = DataStamp(1, 5);
  world.run(10_ms);
  world.publish(7, "q", request);
  world.run(30_ms);
  const Delivery delivery = world.receive().delivery;
  CHECK(delivery.request.key == 7);
  CHECK(delivery.request.type == 3);
  CHECK(delivery.request.user == 42);
  CHECK(delivery.request.size == 1000);
  CHECK(delivery.request.stamp.write() == 5);
  CHECK(delivery.published == at(10_ms));
  CHECK(delivery.times() == 1);
}

TEST_CASE("taking a message in is work for the broker's cores") {
  OneQueue world(R"({"publish": "10ms", "cpu": 1})");
  world.publish(7);
  world.publish(8);
  world.receive();
  world.receive();
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@10", "ok@20"});
  CHECK(world.received() == Texts{"key 7 (1)@10", "key 8 (1)@20"});
  world.check_laws();
}

TEST_CASE("a message that the broker refuses with an error is not in") {
  OneQueue world(R"({"error_rate": "100%"})");
  CHECK(world.publish(7).heard == "error@0");
  CHECK(world.counted("published") == 0);
  world.check_laws();
}

// ---- Settling ---------------------------------------------------------------------------------

TEST_CASE("a delivery that is not settled in time is visible again, at its old place") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  for (const std::uint64_t key : {7, 8, 9}) {
    world.publish(key);
  }
  world.receive();
  world.run(50_ms);
  const Asked& second = world.receive();
  world.run(99_ms);
  CHECK(world.observer().level("backlog") == 1);
  CHECK(world.observer().level("unsettled") == 2);
  world.run(100_ms);
  CHECK(world.observer().level("backlog") == 2);
  world.receive();
  world.receive();
  world.settle(second, Settlement::done);
  world.run(1_s);
  CHECK(world.received() == Texts{"key 7 (1)@0", "key 8 (1)@50", "key 7 (2)@100", "key 9 (1)@100"});
  CHECK(world.counted("redelivered") == 1);
  CHECK(world.observer().level("backlog") == 2);  // 7 and 9 once more
  world.check_laws();
}

TEST_CASE("a delivery that is settled in time is never made again") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  const Asked& received = world.receive();
  world.run(99_ms);
  CHECK(world.settle(received, Settlement::done).heard == "ok@99");
  world.receive(10_s);
  world.run(20_s);
  CHECK(world.received() == Texts{"key 7 (1)@0", "nothing@10099"});
  CHECK(world.observer().times("completion") == Ms{99});
  world.check_laws();
}

TEST_CASE("a message that failed is visible again at once, or after a delay") {
  OneQueue world;
  world.publish(7);
  world.settle(world.receive(), Settlement::failed);
  CHECK(world.observer().level("backlog") == 1);
  world.settle(world.receive(), Settlement::failed, 30_ms);
  CHECK(world.observer().level("backlog") == 0);
  CHECK(world.observer().level("delayed") == 1);
  CHECK(world.observer().level("unsettled") == 0);
  world.receive();
  world.run(1_s);
  CHECK(world.received() == Texts{"key 7 (1)@0", "key 7 (2)@0", "key 7 (3)@30"});
  world.check_laws();
}

TEST_CASE("who is slower than the visibility timeout shares the message with another") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  const Asked& slow = world.receive();
  world.run(120_ms);
  const Asked& other = world.receive();
  world.run(150_ms);
  world.settle(slow, Settlement::done);
  CHECK(world.counted("processed") == 1);
  CHECK(world.observer().level("unsettled") == 1);  // the other one is still at it
  world.run(200_ms);
  world.settle(other, Settlement::done);
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("duplicates") == 1);
  CHECK(world.observer().times("completion") == Ms{150});
  CHECK(world.observer().level("unsettled") == 0);
  world.receive(1_s);
  world.run(10_s);
  CHECK(world.asked.back().heard == "nothing@1200");
  world.check_laws();
}

TEST_CASE("a late report counts as long as nobody else was given the message") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  const Asked& slow = world.receive();
  world.run(120_ms);
  CHECK(world.observer().level("backlog") == 1);
  world.settle(slow, Settlement::done);
  CHECK(world.observer().level("backlog") == 0);
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

TEST_CASE("the first of two comes too late to take the message away, not to process it again") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  const Asked& slow = world.receive();
  world.run(120_ms);
  world.settle(world.receive(), Settlement::done);
  world.run(150_ms);
  world.settle(slow, Settlement::done);
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("duplicates") == 1);
  world.settle(slow, Settlement::repeated);  // who had no effect is no duplicate
  CHECK(world.counted("duplicates") == 1);
  world.check_laws();
}

TEST_CASE("a late failure does not take the message from who has it now") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  const Asked& slow = world.receive();
  world.run(120_ms);
  world.receive();
  world.settle(slow, Settlement::failed);
  CHECK(world.observer().level("unsettled") == 1);
  CHECK(world.observer().level("backlog") == 0);
  world.check_laws();
}

TEST_CASE("at most once, a message is gone when it is received") {
  OneQueue world(R"({"delivery": "at_most_once", "visibility_timeout": "100ms"})");
  for (const std::uint64_t key : {7, 8, 9}) {
    world.publish(key);
  }
  world.settle(world.receive(), Settlement::failed);
  world.settle(world.receive(), Settlement::done);
  world.receive();  // and is never heard of
  world.receive(1_s);
  world.run(10_s);
  CHECK(world.asked.back().heard == "nothing@1000");
  CHECK(world.counted("lost") == 2);
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("redelivered") == 0);
  world.check_laws();
}

// ---- Dead letters -----------------------------------------------------------------------------

TEST_CASE("after so many deliveries a message goes to the dead-letter queue") {
  QueueWorld world;
  world.add_queue(R"({"max_receive_count": 3, "dead_letter_queue": "dead",
                      "visibility_timeout": "100ms"})");
  world.add_queue("{}", "dead");
  world.start();
  world.publish(7);
  world.settle(world.receive(), Settlement::failed, 10_ms);
  world.run(10_ms);
  world.receive();  // dies
  world.run(110_ms);
  CHECK(world.observer().level("backlog") == 1);
  world.settle(world.receive(), Settlement::failed, 10_ms);
  CHECK(world.observer().level("delayed") == 0);
  CHECK(world.counted("dead_lettered") == 1);
  CHECK(world.counted("published", "dead") == 1);
  const Delivery dead = world.receive(1_s, nullptr, "dead").delivery;
  CHECK(dead.request.key == 7);
  CHECK(dead.times() == 1);
  CHECK(dead.published == at(110_ms));
  world.check_laws();
}

TEST_CASE("without a dead-letter queue, what fails so often is dropped") {
  OneQueue world(R"({"max_receive_count": 1})");
  world.publish(7);
  world.settle(world.receive(), Settlement::failed);
  CHECK(world.counted("dropped") == 1);
  CHECK(world.counted("dead_lettered") == 0);
  world.check_laws();
}

TEST_CASE("a dead letter for which there is no room is dropped") {
  QueueWorld world;
  world.add_queue(R"({"max_receive_count": 1, "dead_letter_queue": "dead"})");
  world.add_queue(R"({"capacity": 1})", "dead");
  world.start();
  for (const std::uint64_t key : {7, 8}) {
    world.publish(key);
    world.settle(world.receive(), Settlement::failed);
  }
  CHECK(world.counted("dead_lettered") == 1);
  CHECK(world.counted("dropped") == 1);
  CHECK(world.counted("published", "dead") == 1);
  world.check_laws();
}

TEST_CASE("who was too slow for a dead letter has not processed it, nor a duplicate of it") {
  QueueWorld world;
  world.add_queue(R"({"max_receive_count": 1, "dead_letter_queue": "dead",
                      "visibility_timeout": "100ms"})");
  world.add_queue("{}", "dead");
  world.start();
  world.publish(7);
  const Asked& slow = world.receive();
  world.run(120_ms);
  world.settle(slow, Settlement::done);
  CHECK(world.counted("dead_lettered") == 1);
  CHECK(world.counted("processed") == 0);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

// ---- Room -------------------------------------------------------------------------------------

TEST_CASE("a full queue rejects the newcomer; a delivery makes room") {
  OneQueue world(R"({"capacity": 2})");
  CHECK(world.publish(7).heard == "ok@0");
  CHECK(world.publish(8).heard == "ok@0");
  CHECK(world.publish(9).heard == "rejected.queue_full@0");
  CHECK(world.counted("published") == 2);
  world.receive();
  CHECK(world.publish(10).heard == "ok@0");
  world.check_laws();
}

TEST_CASE("a full queue that drops its head takes the newcomer") {
  OneQueue world(R"({"capacity": 2, "overflow": "drop_head"})");
  for (const std::uint64_t key : {7, 8, 9}) {
    CHECK(world.publish(key).heard == "ok@0");
  }
  CHECK(world.counted("dropped") == 1);
  CHECK(world.receive().heard == "key 8 (1)@0");
  world.check_laws();
}

TEST_CASE("messages that are still delayed are dropped when there are no others") {
  OneQueue world(R"({"capacity": 1, "overflow": "drop_head", "delay": "10ms"})");
  world.publish(7);
  world.publish(8);
  world.receive();
  world.run(1_s);
  CHECK(world.received() == Texts{"key 8 (1)@10"});
  CHECK(world.counted("dropped") == 1);
  world.check_laws();
}

TEST_CASE("a full queue that blocks lets the publisher wait, for as long as it has patience") {
  OneQueue world(R"({"capacity": 1, "overflow": "block"})");
  world.publish(7);
  const Sent& waiting = world.publish(8);
  const Sent& impatient = world.publish(9, "q", patient_until(5_ms));
  const Sent& last = world.publish(10);
  CHECK(world.observer().queue == 3);
  world.run(10_ms);
  CHECK(impatient.heard == "abandoned@5");
  world.receive();
  world.run(20_ms);
  CHECK(waiting.heard == "ok@10");
  CHECK(last.heard == "nothing");
  world.receive();
  world.run(1_s);
  CHECK(last.heard == "ok@20");
  CHECK(world.received() == Texts{"key 7 (1)@10", "key 8 (1)@20"});
  CHECK(world.observer().queue == 0);
  world.check_laws();
}

TEST_CASE("a message that comes back has its room, and newcomers wait until there is some") {
  OneQueue world(R"({"capacity": 1})");
  world.publish(7);
  const Asked& received = world.receive();
  CHECK(world.publish(8).heard == "ok@0");
  world.settle(received, Settlement::failed);
  CHECK(world.observer().level("backlog") == 2);
  CHECK(world.publish(9).heard == "rejected.queue_full@0");
  CHECK(world.receive().heard == "key 7 (2)@0");
  CHECK(world.publish(9).heard == "rejected.queue_full@0");
  world.receive();
  CHECK(world.publish(9).heard == "ok@0");
  world.check_laws();
}

// ---- Times ------------------------------------------------------------------------------------

TEST_CASE("a delayed message is invisible at first") {
  OneQueue world(R"({"delay": "50ms"})");
  world.publish(7);
  world.receive();
  CHECK(world.observer().level("delayed") == 1);
  world.run(10_ms);
  world.publish(8);
  world.receive();
  world.run(1_s);
  CHECK(world.received() == Texts{"key 7 (1)@50", "key 8 (1)@60"});
  CHECK(world.observer().times("pickup") == Ms{0, 0});
  CHECK(world.observer().level("delayed") == 0);
  world.check_laws();
}

TEST_CASE(
    "a message expires in line, or when it comes back too late, but not in somebody's hands") {
  OneQueue world(R"({"retention": "100ms", "visibility_timeout": "80ms"})");
  world.publish(7);
  world.publish(8);
  world.publish(9);
  world.run(30_ms);
  world.receive();
  world.receive();
  world.run(100_ms);
  CHECK(world.counted("expired") == 1);  // 9, which nobody received
  CHECK(world.observer().level("backlog") == 0);
  world.settle(world.asked[0], Settlement::done);
  CHECK(world.counted("processed") == 1);
  world.run(110_ms);
  CHECK(world.counted("expired") == 2);  // 8, whose consumer was not heard of
  world.check_laws();
}

TEST_CASE("a message that rests after a failure expires as well") {
  OneQueue world(R"({"retention": "100ms"})");
  world.publish(7);
  world.settle(world.receive(), Settlement::failed, 1_s);
  world.run(99_ms);
  CHECK(world.observer().level("delayed") == 1);
  world.run(10_s);
  CHECK(world.counted("expired") == 1);
  CHECK(world.observer().level("delayed") == 0);
  CHECK(world.observer().level("backlog") == 0);
  world.check_laws();
}

// ---- Order ------------------------------------------------------------------------------------

TEST_CASE("fifo has one message of each key out at a time") {
  OneQueue world(R"({"fifo": true, "visibility_timeout": "100ms"})");
  for (const std::uint64_t key : {7, 7, 8, 7, 8}) {
    world.publish(key);
  }
  const Asked& first = world.receive();
  world.receive();
  const Asked& waiting = world.receive();
  CHECK(world.received() == Texts{"key 7 (1)@0", "key 8 (1)@0", "waits"});
  CHECK(world.observer().level("backlog") == 3);
  world.run(10_ms);
  world.settle(first, Settlement::done);
  world.run(20_ms);
  CHECK(waiting.heard == "key 7 (1)@10");
  CHECK(waiting.delivery.receipt.message == 2);
  world.run(100_ms);  // the other one does not report
  const Asked& again = world.receive();
  CHECK(again.heard == "key 8 (2)@100");
  CHECK(again.delivery.receipt.message == 3);
  world.check_laws();
}

TEST_CASE("fifo holds a key back while its failed message rests, and not when it is gone") {
  OneQueue world(R"({"fifo": true, "max_receive_count": 2})");
  for (const std::uint64_t key : {7, 7, 8}) {
    world.publish(key);
  }
  world.settle(world.receive(), Settlement::failed, 50_ms);
  world.receive();
  world.receive();
  CHECK(world.received() == Texts{"key 7 (1)@0", "key 8 (1)@0", "waits"});
  world.run(60_ms);
  CHECK(world.asked[2].heard == "key 7 (2)@50");
  world.settle(world.asked[2], Settlement::failed);  // dropped
  const Asked& next = world.receive();
  CHECK(next.heard == "key 7 (1)@60");
  CHECK(next.delivery.receipt.message == 2);
  world.check_laws();
}

TEST_CASE("fifo drops and expires what its key holds back") {
  OneQueue world(R"({"fifo": true, "capacity": 2, "overflow": "drop_head", "retention": "1s"})");
  world.publish(7);
  const Asked& first = world.receive();
  for (int i = 0; i < 3; ++i) {
    world.publish(7);
  }
  CHECK(world.counted("dropped") == 1);
  world.settle(first, Settlement::done);
  CHECK(world.receive().delivery.receipt.message == 3);
  world.run(2_s);
  CHECK(world.counted("expired") == 1);
  world.check_laws();
}

// ---- Crashes ----------------------------------------------------------------------------------

TEST_CASE("persistent messages outlive a crash of the broker, deliveries included") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  world.publish(8);
  const Asked& received = world.receive();
  world.receive();
  world.receive();
  world.run(10_ms);
  {
    const Knob::Hold down = world.instance("q").hold_down(KilledWork::answers_broken);
    CHECK(world.asked[2].heard == "reset@10");
    CHECK(world.publish(9).heard == "unreachable@10");
    CHECK(world.receive().heard == "unreachable@10");
    CHECK(world.settle(received, Settlement::done).heard == "unreachable@10");
    world.run(50_ms);
  }
  CHECK(world.settle(received, Settlement::done).heard == "ok@50");
  world.receive();
  world.run(1_s);
  CHECK(world.asked.back().heard == "key 8 (2)@100");
  CHECK(world.counted("lost") == 0);
  world.check_laws();
}

TEST_CASE("other messages go with the broker, and are counted") {
  OneQueue world(R"({"persistent": false, "delay": "5ms", "capacity": 3, "overflow": "block"})");
  world.publish(7);
  world.publish(8);
  world.run(6_ms);
  const Asked& received = world.receive();
  world.publish(9);
  world.publish(10);
  const Sent& blocked = world.publish(11);
  {
    const Knob::Hold down = world.instance("q").hold_down(KilledWork::answers_broken);
    CHECK(blocked.heard == "reset@6");
    CHECK(world.counted("lost") == 4);
    CHECK(world.observer().level("backlog") == 0);
    CHECK(world.observer().level("delayed") == 0);
    CHECK(world.observer().level("unsettled") == 0);
    world.run(20_ms);
  }
  world.settle(received, Settlement::done);
  CHECK(world.counted("processed") == 0);
  CHECK(world.counted("duplicates") == 0);
  world.publish(12);
  world.receive();
  world.run(1_s);
  CHECK(world.asked.back().heard == "key 12 (1)@25");
  world.check_laws();
}

TEST_CASE("a broker that falls silent answers nobody") {
  OneQueue world;
  const Asked& waiting = world.receive();
  const Knob::Hold down = world.instance("q").hold_down(KilledWork::stays_silent);
  CHECK(waiting.heard == "lost@0");
  CHECK(world.receive().heard == "waits");  // for ever
  CHECK(world.settle(waiting, Settlement::done).heard == "nothing");
  world.run(1_s);
  world.check_laws();
}

TEST_CASE("a closed connection gets no messages; an open one into the void does") {
  OneQueue world(R"({"visibility_timeout": "100ms"})");
  Connection closed;
  const Connection silent;
  world.receive(1_s, &closed);
  world.receive(1_s, &silent);
  world.receive(1_s);
  closed.is_open = false;
  world.publish(7);
  CHECK(world.counted("delivered") == 1);
  world.publish(8);
  world.run(10_s);
  CHECK(world.received() == Texts{"nothing@1000", "key 7 (1)@0", "key 8 (1)@0"});
}

// ---- Network ----------------------------------------------------------------------------------

TEST_CASE("receiving and settling go over the network, both ways") {
  QueueWorld world(R"(["a", "b"])", R"({"between_zones": "3ms"})");
  world.add_queue(R"({"zone": "b", "visibility_timeout": "100ms"})");
  world.start();
  CHECK(world.instance("q").place() == 1);
  world.publish(7);
  world.run(10_ms);
  world.receive();
  world.run(20_ms);
  CHECK(world.received() == Texts{"key 7 (1)@16"});
  CHECK(world.observer().times("pickup") == Ms{10});  // visible at 3, received at 13
  const Sent& settled = world.settle(world.asked[0], Settlement::done);
  world.run(1_s);
  CHECK(settled.heard == "ok@26");
  CHECK(world.observer().times("completion") == Ms{17});  // from 3 to 20, as only we can know
  world.check_laws();
}

TEST_CASE("the payload of a message takes its time on a line") {
  QueueWorld world(R"(["a", "b"])",
                   R"({"between_zones": {"latency": "1ms", "bandwidth": "8Mbps"}})");
  world.add_queue(R"({"zone": "b"})");
  world.start();
  Request request;
  request.size = 5000;  // 5 ms
  world.publish(7, "q", request);
  world.run(10_ms);
  world.receive();
  world.run(1_s);
  CHECK(world.sent[0].heard == "ok@7");
  CHECK(world.received() == Texts{"key 7 (1)@17"});
}

TEST_CASE("a delivery that is lost on its way is made again after the visibility timeout") {
  QueueWorld world(R"(["a", "b"])",
                   R"({"links": [{"between": ["a", "b"], "latency": "1ms", "loss": "50%"}]})");
  world.add_queue(R"({"zone": "b", "visibility_timeout": "100ms"})");
  world.start();
  for (std::uint64_t key = 0; key < 50; ++key) {
    world.publish(key);
  }
  world.run(10_ms);
  const std::int64_t there = world.counted("published");
  for (int i = 0; i < 60; ++i) {
    world.receive();
  }
  world.run(90_ms);
  const std::int64_t delivered = world.counted("delivered");
  std::int64_t arrived = 0;
  for (const Asked& one : world.asked) {
    arrived += one.delivery.has_message() ? 1 : 0;
  }
  CHECK(there > 10);
  CHECK(arrived > 3);
  CHECK(delivered > arrived);
  world.run(200_ms);
  CHECK(world.observer().level("backlog") + world.observer().level("unsettled") == there);
  CHECK(world.counted("redelivered") > 0);
  world.check_laws();
}

// ---- Laws -------------------------------------------------------------------------------------

/// Settings of a queue, made by chance.
std::string random_settings(Draw& draw) {
  const auto chance = [&draw] { return draw.below(2) == 0; };
  Json json = Json::object();
  json["visibility_timeout"] = "20ms";
  if (chance()) {
    json["capacity"] = 1 + draw.below(8);
    const char* const rules[] = {"reject", "drop_head", "block"};
    json["overflow"] = rules[draw.below(3)];
  }
  if (chance()) {
    json["delay"] = "5ms";
  }
  if (chance()) {
    json["retention"] = "60ms";
  }
  if (chance()) {
    json["max_receive_count"] = 1 + draw.below(3);
    json["dead_letter_queue"] = "dead";
  }
  json["fifo"] = chance();
  json["persistent"] = chance();
  json["delivery"] = draw.below(4) == 0 ? "at_most_once" : "at_least_once";
  return json.dump();
}

TEST_CASE("whatever happens to a queue, every message is accounted for") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Draw draw(seed, 0);
    const std::string settings = random_settings(draw);
    INFO("seed " << seed << ": " << settings);
    QueueWorld world;
    world.add_queue(settings);
    world.add_queue(R"({"capacity": 10})", "dead");
    world.start();
    Knob::Hold down;
    Time now;
    for (int i = 0; i < 400; ++i) {
      switch (draw.below(8)) {
        case 0:
        case 1:
        case 2:
          world.publish(draw.below(4));
          break;
        case 3:
          world.receive(
              Duration::nanoseconds(1 + static_cast<std::int64_t>(draw.below(9'000'000))));
          break;
        case 4:
        case 5:
          if (!world.asked.empty()) {
            const Asked& one = world.asked[draw.below(world.asked.size())];
            if (one.delivery.has_message()) {
              const Settlement how = static_cast<Settlement>(draw.below(3));
              world.settle(one, how, draw.below(2) == 0 ? 3_ms : Duration());
            }
          }
          break;
        case 6:
          if (draw.below(10) == 0) {
            down = world.instance("q").hold_down(draw.below(2) == 0 ? KilledWork::answers_broken
                                                                    : KilledWork::stays_silent);
          } else {
            down = Knob::Hold();
          }
          break;
        default:
          now = now + Duration::nanoseconds(static_cast<std::int64_t>(draw.below(8'000'000)));
          world.simulation.run(now);
      }
      REQUIRE(world.instance("q").broken_law() == "");
      REQUIRE(world.instance("dead").broken_law() == "");
    }
    down = Knob::Hold();
    world.run(10_s);
    // What was out came back, and what rested stands in line.
    CHECK(world.observer().level("unsettled") == 0);
    CHECK(world.observer().level("delayed") == 0);
    CHECK(world.counted("dead_lettered") == world.counted("published", "dead"));
    CHECK(world.counted("redelivered") <= world.counted("delivered"));
    world.check_laws();
  }
}

}  // namespace
}  // namespace test
}  // namespace stampede
