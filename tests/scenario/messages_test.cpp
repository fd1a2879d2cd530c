#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"

using namespace stampede;

namespace {

using Texts = std::vector<std::string>;

/// What is said of a scenario with these components; users publish into "orders".
Texts problems_of(const std::string& components) {
  const ReadScenario read = read_scenario(
      "stampede: 1\nrun: {duration: 10s}\n"
      "traffic: {users: {arrivals: {poisson: 10/s}, target: orders}}\n"
      "components:\n" +
          components,
      "messages.yaml");
  Texts texts;
  for (const Problem& problem : read.problems) {
    texts.push_back((problem.severity == Severity::error ? "error: " : "warning: ") + problem.what);
  }
  return texts;
}

const std::string workers = "  workers: {kind: service, handler: [{wait: 1ms}], consume: orders}\n";

}  // namespace

TEST_CASE("a service that only consumes is reached by messages, and whom it calls is, too") {
  CHECK(problems_of("  orders: {kind: queue}\n"
                    "  workers: {kind: service, handler: [{call: mailer}], consume: orders}\n"
                    "  mailer: {kind: service, handler: [{publish: letters}]}\n"
                    "  letters: {kind: queue}\n"
                    "  printer: {kind: service, handler: [{wait: 1ms}], consume: letters}\n") ==
        Texts{});
}

TEST_CASE("a consumer of a queue that nobody publishes into is never reached") {
  CHECK(problems_of("  orders: {kind: queue}\n" + workers +
                    "  letters: {kind: queue}\n"
                    "  printer: {kind: service, handler: [{wait: 1ms}], consume: letters}\n") ==
        Texts{"error: nothing calls 'letters'",
              "error: no request reaches 'printer': it consumes 'letters', into which nobody "
              "publishes"});
}

TEST_CASE("to consume a queue is not to call it") {
  // No circle of waits, though the workers publish into what they consume and hold their threads.
  CHECK(problems_of("  orders: {kind: queue}\n"
                    "  workers: {kind: service, concurrency: {workers: 2}, consume: orders, "
                    "handler: [{publish: orders}]}\n") == Texts{});
}

TEST_CASE("a queue that nobody consumes is doubtful, unless it takes dead letters") {
  CHECK(problems_of("  orders: {kind: queue}\n") ==
        Texts{"warning: nobody consumes 'orders': its messages pile up"});
  CHECK(problems_of("  orders: {kind: queue, max_receive_count: 3, dead_letter_queue: dead}\n"
                    "  dead: {kind: queue}\n" +
                    workers) == Texts{});
}

TEST_CASE("only what keeps messages can be consumed, or take dead letters") {
  CHECK(problems_of("  orders: {kind: service, handler: [{wait: 1ms}]}\n" + workers) ==
        Texts{"error: there is no queue 'orders' for components.workers.consume"});
  CHECK(problems_of("  orders: {kind: queue, max_receive_count: 3, dead_letter_queue: workers}\n" +
                    workers) ==
        Texts{"error: there is no queue 'workers' for components.orders.dead_letter_queue"});
  CHECK(problems_of("  orders: {kind: queue}\n"
                    "  workers: {kind: service, handler: [{wait: 1ms}], consume: order}\n") ==
        Texts{"error: there is no component 'order' for components.workers.consume"});
}

TEST_CASE("a queue is not its own dead-letter queue") {
  CHECK(problems_of("  orders: {kind: queue, max_receive_count: 3, dead_letter_queue: orders}\n" +
                    workers) ==
        Texts{"error: components.orders.dead_letter_queue is the queue itself"});
}

TEST_CASE("settings of a queue that have no effect, or a surprising one, are doubtful") {
  const auto of_queue = [](const std::string& settings) {
    return problems_of("  orders: {kind: queue, " + settings + "}\n" + workers);
  };
  CHECK(of_queue("max_receive_count: 3").size() == 1);
  CHECK(of_queue("overflow: block").size() == 1);
  CHECK(of_queue("overflow: block, capacity: 10") == Texts{});
  CHECK(of_queue("capacity: 0").front().substr(0, 6) == "error:");
  CHECK(of_queue("visibility_timeout: 0s").front().substr(0, 6) == "error:");
}

TEST_CASE("more consumers than workers is doubtful") {
  const auto of_workers = [](const std::string& consumers) {
    return problems_of(
        "  orders: {kind: queue}\n"
        "  workers: {kind: service, concurrency: {workers: 2}, handler: [{wait: 1ms}], "
        "consume: {queue: orders, consumers: " +
        consumers + "}}\n");
  };
  CHECK(of_workers("2") == Texts{});
  CHECK(of_workers("3") ==
        Texts{"warning: components.workers.consume has more consumers than the instance has "
              "workers: messages wait in their hands"});
}

// ---- Logs -------------------------------------------------------------------------------------

TEST_CASE("a queue and a log are consumed each under its own name") {
  const auto consuming = [](const std::string& kind, const std::string& consume) {
    return problems_of("  orders: {kind: " + kind +
                       "}\n"
                       "  workers: {kind: service, handler: [{wait: 1ms}], consume: " +
                       consume + "}\n");
  };
  CHECK(consuming("log", "{log: orders}") == Texts{});
  CHECK(consuming("log", "orders") ==
        Texts{"error: there is no queue 'orders' for components.workers.consume"});
  CHECK(consuming("queue", "{log: orders}") ==
        Texts{"error: there is no log 'orders' for components.workers.consume"});
  CHECK(consuming("queue", "{idempotent: true}").front().substr(0, 6) == "error:");
  CHECK(consuming("queue", "{queue: orders, log: orders}").front().substr(0, 6) == "error:");
  CHECK(consuming("queue", "{queue: orders, group: x}").size() == 1);
  CHECK(consuming("queue", "{queue: orders, max_attempts: 3}").size() == 1);
  CHECK(consuming("log", "{log: orders, prefetch: 3}").size() == 1);
  CHECK(consuming("log", "{log: orders, session_timeout: 2s}").front().substr(0, 6) == "error:");
}

TEST_CASE("only into a queue or a log can anything be published") {
  CHECK(problems_of("  orders: {kind: service, handler: [{publish: mailer}]}\n"
                    "  mailer: {kind: service, handler: [{wait: 1ms}]}\n") ==
        Texts{"error: there is no queue or log 'mailer' for components.orders.handler.0"});
}

TEST_CASE("a log that nobody consumes is doubtful") {
  CHECK(problems_of("  orders: {kind: log}\n") ==
        Texts{"warning: nobody consumes 'orders': its messages are for nobody"});
}

TEST_CASE("more consumers in a group than partitions are doubtful") {
  const auto with_consumers = [](const std::string& one, const std::string& two) {
    return problems_of(
        "  orders: {kind: log, partitions: 4}\n"
        "  one: {kind: service, replicas: 2, handler: [{wait: 1ms}], consume: {log: orders, " +
        one +
        "}}\n"
        "  two: {kind: service, handler: [{wait: 1ms}], consume: {log: orders, " +
        two + "}}\n");
  };
  CHECK(with_consumers("consumers: 2", "consumers: 4") == Texts{});
  CHECK(with_consumers("consumers: 2, group: one", "consumers: 1, group: one") ==
        Texts{"warning: group 'one' has 5 consumers for 4 partitions of 'orders': the rest has "
              "nothing to do"});
  CHECK(with_consumers("consumers: 3", "consumers: 1").size() == 1);
}

TEST_CASE("all who join a group agree on its settings") {
  const auto with_settings = [](const std::string& one, const std::string& two) {
    return problems_of(
        "  orders: {kind: log, partitions: 4}\n"
        "  one: {kind: service, handler: [{wait: 1ms}], consume: {log: orders, group: g" +
        one +
        "}}\n"
        "  two: {kind: service, handler: [{wait: 1ms}], consume: {log: orders, " +
        two + "}}\n");
  };
  const Texts differ{
      "error: components.two joins group 'g' of 'orders' with other settings than those who are in "
      "it"};
  CHECK(with_settings("", "group: g, commit_interval: 1s") == Texts{});
  CHECK(with_settings("", "assignment: cooperative") == Texts{});
  CHECK(with_settings("", "group: g, assignment: cooperative") == differ);
  CHECK(with_settings(", rebalance_pause: 1s", "group: g") == differ);
  CHECK(with_settings(", session_timeout: 10s", "group: g, session_timeout: 11s") == differ);
}

TEST_CASE("nobody waits for ever for a log, whose client gives up by itself") {
  const auto with = [](const std::string& kind) {
    return problems_of(
        "  orders: {kind: service, handler: [{publish: events}]}\n  events: {kind: " + kind +
        "}\n"
        "  workers: {kind: service, handler: [{wait: 1ms}], consume: {" +
        kind +
        ": events}}\n"
        "network: {within_zone: {latency: 1ms, loss: 1%}}\n"
        "faults: [{at: 1s, kind: crash, silent: true, target: {component: "
        "events}}]\n");
  };
  CHECK(with("queue").size() == 2);
  CHECK(with("log") == Texts{});
}

TEST_CASE("a log that forgets before a dead consumer is replaced is doubtful") {
  const auto with_retention = [](const std::string& retention) {
    return problems_of("  orders: {kind: log, retention: " + retention +
                       "}\n"
                       "  workers: {kind: service, handler: [{wait: 1ms}], consume: {log: "
                       "orders}}\n");
  };
  CHECK(with_retention("49s") == Texts{});
  CHECK(with_retention("48s").size() == 1);
  CHECK(with_retention("{size: 1MB}") == Texts{});
}

TEST_CASE("settings of a log that contradict each other, or have no effect") {
  const auto of_log = [](const std::string& settings) {
    return problems_of("  orders: {kind: log, " + settings +
                       "}\n"
                       "  workers: {kind: service, handler: [{wait: 1ms}], consume: {log: "
                       "orders}}\n");
  };
  CHECK(of_log("brokers: 3, replicas: 3, min_insync_replicas: 2") == Texts{});
  CHECK(of_log("replicas: 3").front().substr(0, 6) == "error:");
  CHECK(of_log("brokers: 3, replicas: 2, min_insync_replicas: 3").front().substr(0, 6) == "error:");
  CHECK(of_log("brokers: 3, replicas: 3").size() == 1);  // acks all, and one copy is enough
  CHECK(of_log("brokers: 3, replicas: 3, acks: 1") == Texts{});
  CHECK(of_log("brokers: 3, replicas: 3, acks: 1, min_insync_replicas: 2").size() == 1);
  CHECK(of_log("unclean_leader_election: true").size() == 1);
  CHECK(of_log("replication_lag: 1s").size() == 1);
  CHECK(of_log("delivery_timeout: 1s").front().substr(0, 6) == "error:");
  CHECK(of_log("delivery_timeout: 30s").size() == 0);
  CHECK(of_log("delivery_timeout: 30s, batch: {linger: 5ms}").front().substr(0, 6) == "error:");
  CHECK(of_log("retention: {}").size() == 1);
  CHECK(of_log("replica_lag_time: 1ns").front().substr(0, 6) == "error:");
}
