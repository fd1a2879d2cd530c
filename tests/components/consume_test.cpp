#include "components/queue_world.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

/// A queue "q", a service "app" that consumes it, and a target "db" that its handler may call.
struct Consumed : QueueWorld {
  explicit Consumed(const std::string& app, const std::string& queue = "{}",
                    const std::string& zones = "[]", const std::string& network_json = "{}")
      : QueueWorld(zones, network_json), db(add_target("db")) {
    add_queue(queue);
    add_service(app);
    start();
  }
  void publish_many(int count) {
    for (int i = 0; i < count; ++i) {
      publish(static_cast<std::uint64_t>(i));
    }
  }
  /// The keys that the handler called the target for, in this order.
  std::vector<std::uint64_t> handled() const {
    std::vector<std::uint64_t> keys;
    for (const Request& request : db.requests) {
      keys.push_back(request.key);
    }
    return keys;
  }

  Target& db;
};
using Keys = std::vector<std::uint64_t>;

// ---- Handling ---------------------------------------------------------------------------------

TEST_CASE("a consumer handles one message after the other") {
  Consumed world(R"({"consume": "q", "handler": [{"call": "db"}]})");
  world.db.treatments = {{10_ms}};
  world.publish_many(3);
  world.run(1_s);
  CHECK(world.db.began == Ms{0, 10, 20});
  CHECK(world.handled() == Keys{0, 1, 2});
  CHECK(world.observer("app").ends == Texts{"ok@10", "ok@20", "ok@30"});
  CHECK(world.counted("processed") == 3);
  CHECK(world.observer().times("completion") == Ms{10, 20, 30});
  CHECK(world.observer().times("pickup") == Ms{0, 10, 20});
  world.check_laws();
}

TEST_CASE("a message is handled by the handler of its type, and nobody waits for the answer") {
  QueueWorld world;
  Target& db = world.add_target("db");
  Target& other = world.add_target("other");
  world.types.add("request");
  const RequestTypeId letter = world.types.add("letter");
  world.add_queue("{}");
  world.add_service(
      R"({"consume": "q", "handler": [{"call": "other"}],
          "handlers": {"letter": [{"call": "db"}]}})");
  world.start();
  Request request;
  request.type = letter;
  request.user = 42;
  request.patience = at(1_ns);
  request.deadline = at(1_ns);
  world.publish(7, "q", request);
  world.publish(8);
  world.run(1_s);
  REQUIRE(db.requests.size() == 1);
  CHECK(db.requests[0].key == 7);
  CHECK(db.requests[0].user == 42);
  CHECK(db.requests[0].patience == Time::never());
  CHECK(db.requests[0].deadline == Time::never());
  REQUIRE(other.requests.size() == 1);
  CHECK(other.requests[0].key == 8);
}

TEST_CASE("there are as many consumers as workers, in every instance, unless it is said") {
  Consumed workers(
      R"({"replicas": 2, "concurrency": {"workers": 3}, "consume": "q",
                         "handler": [{"call": "db"}]})");
  workers.db.treatments = {{10_ms}};
  workers.publish_many(10);
  CHECK(workers.observer().level("unsettled") == 6);
  workers.run(1_s);
  CHECK(workers.counted("processed") == 10);

  Consumed said(R"({"concurrency": {"workers": 3}, "consume": {"queue": "q", "consumers": 2},
                    "handler": [{"call": "db"}]})");
  said.db.treatments = {{10_ms}};
  said.publish_many(10);
  CHECK(said.observer().level("unsettled") == 2);

  Consumed unlimited(R"({"consume": "q", "handler": [{"call": "db"}]})");
  unlimited.db.treatments = {{10_ms}};
  unlimited.publish_many(10);
  CHECK(unlimited.observer().level("unsettled") == 1);
}

TEST_CASE("messages stand in the same line for workers as other requests") {
  Consumed world(R"({"concurrency": {"workers": 1}, "consume": "q", "handler": [{"call": "db"}]})");
  world.db.treatments = {{10_ms}};
  Request user;
  user.key = 100;
  Sent sent(world.simulation, world.instance("app").call(user));
  world.publish(7);
  world.run(1_s);
  CHECK(sent.heard == "ok@10");
  CHECK(world.handled() == Keys{100, 7});
  CHECK(world.observer().times("completion") == Ms{20});
}

TEST_CASE("a message that the service is too full for has failed") {
  Consumed world(R"({"concurrency": {"workers": 1, "queue": 0},
                     "consume": {"queue": "q", "redelivery_delay": "30ms"},
                     "handler": [{"call": "db"}]})");
  world.db.treatments = {{10_ms}};
  const Sent sent(world.simulation, world.instance("app").call(Request()));
  world.publish(7);
  world.run(1_s);
  CHECK(world.observer("app").ends == Texts{"rejected.queue_full@0", "ok@10", "ok@40"});
  CHECK(world.counted("redelivered") == 1);
  world.check_laws();
}

TEST_CASE("what failed is delivered again after the redelivery delay, with luck of its own") {
  Consumed world(
      R"({"consume": {"queue": "q", "redelivery_delay": "50ms"}, "handler": [{"call": "db"}]})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.publish(7);
  world.publish(8);
  world.run(1_s);
  CHECK(world.db.began == Ms{0, 10, 60});
  CHECK(world.handled() == Keys{7, 8, 7});
  CHECK(world.db.requests[0].luck != world.db.requests[2].luck);
  CHECK(world.counted("processed") == 2);
  world.check_laws();
}

TEST_CASE("a message that fails again and again without time passing lets others go first") {
  Consumed world(R"({"consume": {"queue": "q", "redelivery_delay": "0s"},
                     "handler": [{"call": "db"}]})");
  world.db.treatments.assign(100, {0_ms, Outcome::error});
  world.db.treatments.push_back({0_ms});
  const std::uint64_t before = world.simulation.resumption_count();
  world.publish(0);
  world.run(1_ms);
  CHECK(world.counted("processed") == 1);
  CHECK(world.db.requests.size() == 101);
  CHECK(world.simulation.resumption_count() - before >= 100);
}

TEST_CASE("the messages of a key are processed in their order, though one fails") {
  Consumed world(
      R"({"concurrency": {"workers": 4}, "consume": {"queue": "q", "redelivery_delay": "50ms"},
          "handler": [{"call": "db"}]})",
      R"({"fifo": true})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  for (const std::uint64_t key : {7, 7, 8, 7}) {
    world.publish(key);
  }
  world.run(1_s);
  CHECK(world.handled() == Keys{7, 8, 7, 7, 7});
  CHECK(world.db.began == Ms{0, 0, 60, 70, 80});
  world.check_laws();
}

// ---- Prefetching ------------------------------------------------------------------------------

constexpr const char* two_zones = R"(["a", "b"])";
constexpr const char* three_ms = R"({"between_zones": "3ms"})";

TEST_CASE("between two messages a consumer goes to the queue twice: to report and to receive") {
  Consumed world(R"({"zones": ["b"], "consume": "q", "handler": [{"wait": "10ms"}]})",
                 R"({"zone": "a"})", two_zones, three_ms);
  world.run(10_ms);  // its question is there
  world.publish_many(3);
  world.run(1_s);
  CHECK(world.observer("app").ends == Texts{"ok@23", "ok@45", "ok@67"});
  CHECK(world.observer().times("completion") == Ms{13, 35, 57});
  world.check_laws();
}

TEST_CASE("prefetching saves the way to the queue") {
  Consumed world(
      R"({"zones": ["b"], "consume": {"queue": "q", "prefetch": 3},
          "handler": [{"wait": "10ms"}]})",
      R"({"zone": "a"})", two_zones, three_ms);
  world.run(10_ms);
  world.publish_many(6);
  CHECK(world.observer().level("unsettled") == 3);
  world.run(1_s);
  CHECK(world.observer("app").ends == Texts{"ok@23", "ok@33", "ok@43", "ok@53", "ok@63", "ok@73"});
  world.check_laws();
}

TEST_CASE("what is prefetched grows old in the hands of the consumer") {
  Consumed world(R"({"consume": {"queue": "q", "prefetch": 3}, "handler": [{"wait": "40ms"}]})",
                 R"({"visibility_timeout": "100ms"})");
  world.publish_many(3);
  world.run(1_s);
  // The third is in hand at 0 and ready at 120, but visible again, and taken again, at 100.
  CHECK(world.observer("app").ends == Texts{"ok@40", "ok@80", "ok@120", "ok@160"});
  CHECK(world.counted("redelivered") == 1);
  CHECK(world.counted("duplicates") == 1);
  world.check_laws();
}

// ---- Idempotency ------------------------------------------------------------------------------

TEST_CASE("an idempotent consumer does not handle again what was processed") {
  Consumed world(R"({"consume": {"queue": "q", "idempotent": true, "prefetch": 3},
                     "handler": [{"wait": "40ms"}]})",
                 R"({"visibility_timeout": "100ms"})");
  world.publish_many(3);
  world.run(1_s);
  CHECK(world.observer("app").ends == Texts{"ok@40", "ok@80", "ok@120"});
  CHECK(world.counted("redelivered") == 1);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.counted("processed") == 3);
  CHECK(world.counted("suppressed_duplicates", "app") == 1);
  world.check_laws();
}

TEST_CASE("of two idempotent consumers at work on one message, only the first has an effect") {
  Consumed world(R"({"replicas": 2, "consume": {"queue": "q", "idempotent": true},
                     "handler": [{"wait": "150ms"}]})",
                 R"({"visibility_timeout": "100ms"})");
  world.publish(7);
  world.run(1_s);
  // The second one works in vain; and at 200 the first is given the message once more.
  CHECK(world.observer("app").ends == Texts{"ok@150", "ok@250"});
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("duplicates") == 0);
  CHECK(world.counted("redelivered") == 2);
  CHECK(world.counted("suppressed_duplicates", "app") == 2);
  world.check_laws();
}

TEST_CASE("a failed message is not remembered as processed") {
  Consumed world(R"({"consume": {"queue": "q", "idempotent": true, "redelivery_delay": "50ms"},
                     "handler": [{"call": "db"}]})");
  world.db.treatments = {{10_ms, Outcome::error}, {10_ms}};
  world.publish(7);
  world.run(1_s);
  CHECK(world.db.began == Ms{0, 60});
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("suppressed_duplicates", "app") == 0);
}

// ---- Crashes ----------------------------------------------------------------------------------

TEST_CASE("a consumer that dies leaves its delivery to the visibility timeout") {
  Consumed world(R"({"replicas": 2, "consume": "q", "handler": [{"call": "db"}]})",
                 R"({"visibility_timeout": "100ms"})");
  world.db.treatments = {{50_ms}, {10_ms}};
  world.run(1_ms);
  world.publish(7);
  world.run(10_ms);
  const Knob::Hold down = world.instance("app", 0).hold_down(KilledWork::answers_broken);
  world.publish(8);  // is not given to the dead
  world.run(1_s);
  CHECK(world.handled() == Keys{7, 8, 7});
  CHECK(world.db.began == Ms{1, 10, 101});
  CHECK(world.counted("processed") == 2);
  CHECK(world.counted("duplicates") == 0);
  world.check_laws();
}

TEST_CASE("a consumer whose machine falls silent swallows one more message") {
  Consumed world(R"({"replicas": 2, "consume": "q", "handler": [{"call": "db"}]})",
                 R"({"visibility_timeout": "100ms"})");
  world.db.treatments = {{10_ms}};
  world.run(1_ms);
  const Knob::Hold down = world.instance("app", 0).hold_down(KilledWork::stays_silent);
  world.publish(7);
  world.publish(8);
  world.run(1_s);
  CHECK(world.handled() == Keys{8, 7});
  CHECK(world.db.began == Ms{1, 101});
  world.check_laws();
}

TEST_CASE("consumers begin anew when their instance has booted") {
  Consumed world(R"({"consume": "q", "handler": [{"call": "db"}], "boot_time": "20ms"})",
                 R"({"visibility_timeout": "100ms"})");
  world.db.treatments = {{50_ms}, {10_ms}};
  world.publish_many(3);
  world.run(10_ms);
  {
    const Knob::Hold down = world.instance("app").hold_down(KilledWork::answers_broken);
    world.run(30_ms);
  }
  world.run(1_s);
  CHECK(world.handled() == Keys{0, 1, 2, 0});
  CHECK(world.db.began == Ms{0, 50, 60, 100});
  world.check_laws();
}

TEST_CASE("consumers turn again to a broker that was down") {
  Consumed world(
      R"({"consume": {"queue": "q", "reconnect_interval": "40ms"}, "handler": [{"call": "db"}]})",
      R"({"boot_time": "15ms"})");
  world.db.treatments = {{10_ms}};
  world.run(5_ms);
  {
    const Knob::Hold down = world.instance("q").hold_down(KilledWork::answers_broken);
    world.run(60_ms);
  }
  world.run(80_ms);
  world.publish(7);
  world.run(1_s);
  // It was cut off at 5, found nobody at 45, and is there again from 85 on.
  CHECK(world.db.began == Ms{85});
  world.check_laws();
}

TEST_CASE("a report that the broker does not hear of makes a duplicate") {
  Consumed world(R"({"consume": "q", "handler": [{"call": "db"}]})",
                 R"({"visibility_timeout": "3s"})");
  world.db.treatments = {{10_ms}};
  world.publish(7);
  world.run(5_ms);
  {
    const Knob::Hold down = world.instance("q").hold_down(KilledWork::answers_broken);
    world.run(20_ms);
  }
  world.run(10_s);
  CHECK(world.handled() == Keys{7, 7});
  CHECK(world.counted("redelivered") == 1);
  CHECK(world.counted("processed") == 1);
  CHECK(world.counted("duplicates") == 1);
  world.check_laws();
}

TEST_CASE("a consumer asks anew when a message of its own is lost on the way") {
  Consumed world(
      R"({"zones": ["b"], "concurrency": {"workers": 4},
          "consume": {"queue": "q", "wait_time": "50ms", "request_timeout": "100ms"},
          "handler": [{"call": "db"}]})",
      R"({"zone": "a", "visibility_timeout": "200ms"})", two_zones,
      R"({"links": [{"between": ["a", "b"], "latency": "1ms", "loss": "20%"}]})");
  world.publish_many(100);
  world.run(20_s);
  CHECK(world.counted("published") == 100);  // who publishes stands beside the broker
  CHECK(world.counted("processed") == 100);
  CHECK(world.counted("redelivered") > 10);
  CHECK(world.counted("duplicates") > 5);
  CHECK(world.observer().level("backlog") == 0);
  CHECK(world.observer().level("unsettled") == 0);
  world.check_laws();
}

// ---- The step publish -------------------------------------------------------------------------

TEST_CASE("publish leaves the request being handled as a message, and waits for the queue") {
  QueueWorld world;
  world.add_queue(R"({"publish": "5ms"})");
  world.add_service(R"({"handler": [{"publish": "q"}, {"wait": "1ms"}]})", "shop");
  world.start();
  Request request;
  request.user = 42;
  request.size = 300;
  const Sent& sent = world.publish(7, "shop", request);
  world.receive();
  world.run(1_s);
  CHECK(sent.heard == "ok@6");
  CHECK(world.received() == Texts{"key 7 (1)@5"});
  CHECK(world.asked[0].delivery.request.user == 42);
  CHECK(world.asked[0].delivery.request.size == 300);
  CHECK(world.asked[0].delivery.request.operation == Operation::write);
}

TEST_CASE("publish may give the message a type and a size of its own") {
  QueueWorld world;
  world.add_queue("{}");
  world.add_service(R"({"handler": [{"publish": "q", "type": "letter", "size": "2KB"}]})", "shop");
  world.start();
  world.publish(7, "shop");
  const Delivery delivery = world.receive().delivery;
  CHECK(world.types.name(delivery.request.type) == "letter");
  CHECK(delivery.request.size == 2000);
}

TEST_CASE("a handler that does not wait goes on at once, whatever becomes of the message") {
  QueueWorld world;
  world.add_queue(R"({"publish": "5ms", "capacity": 1})");
  world.add_service(
      R"({"handler": [{"publish": {"target": "q", "wait": false}}, {"wait": "1ms"}]})", "shop");
  world.start();
  const Sent& first = world.publish(7, "shop");
  const Sent& second = world.publish(8, "shop");
  world.run(1_s);
  CHECK(first.heard == "ok@1");
  CHECK(second.heard == "ok@1");
  CHECK(world.observer().ends == Texts{"ok@5", "rejected.queue_full@5"});
}

TEST_CASE("a handler that waits fails with its message") {
  QueueWorld world;
  world.add_queue(R"({"capacity": 1})");
  world.add_service(R"({"handler": [{"publish": "q"}]})", "shop");
  world.start();
  CHECK(world.publish(7, "shop").heard == "ok@0");
  CHECK(world.publish(8, "shop").heard == "error@0");
}

TEST_CASE("a publisher that is blocked waits with its worker") {
  QueueWorld world;
  world.add_queue(R"({"capacity": 1, "overflow": "block"})");
  world.add_service(R"({"concurrency": {"workers": 1}, "handler": [{"publish": "q"}]})", "shop");
  world.start();
  world.publish(7, "shop");
  const Sent& blocked = world.publish(8, "shop");
  const Sent& behind = world.publish(9, "shop");
  world.run(10_ms);
  CHECK(world.observer("shop").queue == 1);
  world.receive();
  world.run(20_ms);
  CHECK(blocked.heard == "ok@10");
  CHECK(behind.heard == "nothing");
  world.receive();
  world.run(1_s);
  CHECK(behind.heard == "ok@20");
  world.check_laws();
}

TEST_CASE("two attempts to publish are one message to an idempotent consumer, not to others") {
  for (const bool is_idempotent : {true, false}) {
    QueueWorld world;
    world.add_queue(R"({"publish": "15ms"})");
    world.add_service(R"({"handler": [{"publish": "q", "retry":
        {"num_retries": 1, "per_try_timeout": "10ms",
         "retry_back_off": {"base_interval": "1ms", "jitter": "none"}}}]})",
                      "shop");
    Json app = Json::parse(R"({"consume": {"queue": "q"}, "handler": [{"wait": "1ms"}]})");
    app["consume"]["idempotent"] = is_idempotent;
    world.add_service(app.dump());
    world.start();
    CHECK(world.publish(7, "shop").heard == "nothing");
    world.run(1_s);
    CHECK(world.sent[0].heard == "error@21");  // and both have reached the queue
    CHECK(world.counted("published") == 2);
    CHECK(world.observer("app").ends.size() == (is_idempotent ? 1 : 2));
    CHECK(world.counted("suppressed_duplicates", "app") == (is_idempotent ? 1 : 0));
    world.check_laws();
  }
}

TEST_CASE("every message of a request has an identity of its own") {
  QueueWorld world;
  world.add_queue("{}");
  world.add_service(
      R"({"handler": [{"publish": "q"}, {"publish": "q"},
                      {"repeat": {"times": 3, "steps": [{"publish": "q"}]}}]})",
      "shop");
  world.add_service(
      R"({"consume": {"queue": "q", "idempotent": true}, "handler": [{"wait": "1ms"}]})");
  world.start();
  world.publish(7, "shop");
  world.run(1_s);
  CHECK(world.counted("processed") == 5);
  CHECK(world.counted("suppressed_duplicates", "app") == 0);
}

TEST_CASE("a message that its consumers publish on for ever ends after so many hops") {
  Consumed world(
      R"({"consume": {"queue": "q", "redelivery_delay": "1ms"},
          "handler": [{"wait": "1ms"}, {"publish": "q"}]})",
      R"({"max_receive_count": 3})");
  world.publish(7);
  world.run(10_s);
  CHECK(world.counted("dropped") == 1);
  CHECK(world.counted("processed") < 100);
  world.check_laws();
}

}  // namespace
}  // namespace test
}  // namespace stampede
