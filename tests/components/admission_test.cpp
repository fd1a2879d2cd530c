#include "components/service_world.hpp"

// Limiters and shedding queues in front of what instances do.

namespace stampede {
namespace test {
namespace {

std::string service(const std::string& admission, const std::string& queue = "100") {
  return R"({"admission": )" + admission + R"(, "concurrency": {"workers": 1, "queue": )" + queue +
         R"(}, "handler": [{"compute": "10ms"}]})";
}

TEST_CASE("a service rejects at its door what a limiter refuses, before it waits") {
  ServiceWorld world(service(R"([{"token_bucket": {"max_tokens": 2, "fill_interval": "1s"}}])"));
  world.send_many(4);
  world.run(1_s);
  CHECK(world.heard() ==
        Texts{"ok@10", "ok@20", "rejected.rate_limited@0", "rejected.rate_limited@0"});
  CHECK(world.observer().counted("admission_requests") == 4);
  CHECK(world.observer().counted("token_bucket_rejections") == 2);
  world.check_laws();
}

TEST_CASE("the first limiter of the list is asked first, and hears what the second refuses") {
  ServiceWorld world(
      service(R"([{"concurrency": 3}, {"fixed_window": {"limit": 1, "window": "1s"}}])"));
  world.send_many(5);
  CHECK(world.heard() == Texts{"nothing", "rejected.rate_limited@0", "rejected.rate_limited@0",
                               "rejected.rate_limited@0", "rejected.rate_limited@0"});
  CHECK(world.observer().counted("concurrency_rejections") == 0);  // they gave their places back
  CHECK(world.observer().counted("fixed_window_rejections") == 4);
}

TEST_CASE("a place under a limit of concurrency is free again when its request has ended") {
  ServiceWorld world(service(R"([{"concurrency": 2}])", "0"));
  world.send_many(3);  // the second finds no room in line: its place is free for the third
  CHECK(world.heard() == Texts{"nothing", "rejected.queue_full@0", "rejected.queue_full@0"});
  world.run(10_ms);
  world.send_many(1);
  world.run(1_s);
  CHECK(world.sent.back().heard == "ok@20");
}

TEST_CASE("a crash empties the limiters of its instance, and they begin anew") {
  ServiceWorld world(service(R"([{"concurrency": 2},
                                 {"token_bucket": {"max_tokens": 2, "fill_interval": "60s"}},
                                 {"aimd": {"initial_limit": 40}}])"));
  world.send_many(3);
  CHECK(world.observer().level("concurrency_limit") == 40);
  Fleet& fleet = world.directory.components["app"]->fleet();
  {
    auto hold = fleet[0].hold_down(KilledWork::answers_broken);
    world.run(5_ms);
  }
  world.run(6_ms);
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() ==
        Texts{"reset@0", "reset@0", "rejected.limit@0", "ok@16", "ok@26", "rejected.limit@6"});
  CHECK(world.observer().level("concurrency_limit") == 40);
  world.check_laws();
}

TEST_CASE("what instances count together outlives each of them") {
  ServiceWorld world(R"({"replicas": 2, "handler": [{"wait": "1ms"}], "admission": [
      {"fixed_window": {"limit": 2, "window": "10s", "scope": "shared"}},
      {"concurrency": {"max_concurrent": 1, "scope": "shared"}}]})");
  world.send();
  auto down = std::make_optional(world.instance().hold_down(KilledWork::answers_broken));
  world.run(5_ms);
  down.reset();
  world.send_to(world.instance("app", 1), {});
  world.run(10_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@0", "ok@6", "rejected.rate_limited@10"});
  world.check_laws();
}

TEST_CASE("whoever waited too long for a worker is shed, and whoever lost patience has left") {
  ServiceWorld world(service("[]", R"({"capacity": 10, "max_age": "15ms"})"));
  world.send();
  world.send();
  world.send();
  Request impatient;
  impatient.patience = at(12_ms);
  world.send(impatient);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "rejected.shed@20", "abandoned@12"});
  CHECK(world.observer().queue == 0);
  world.check_laws();
}

TEST_CASE("an async service sheds whoever waits too long to compute") {
  ServiceWorld world(R"({"concurrency": {"kind": "async", "workers": 1,
                                         "queue": {"capacity": 10, "max_age": "15ms"}},
                         "handler": [{"compute": "10ms"}]})");
  world.send_many(3);
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "ok@20", "rejected.shed@20"});
}

TEST_CASE("a balancer rejects at its door, and knows when what it let in has ended") {
  ServiceWorld world(R"({"handler": [{"wait": "10ms"}]})");
  world.add("balancer", "load_balancer",
            R"({"backends": "app", "admission": [{"concurrency": 1}]})");
  world.send({}, "balancer");
  world.send({}, "balancer");
  world.run(10_ms);
  world.send({}, "balancer");
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@10", "rejected.limit@0", "ok@20"});
  CHECK(world.observer("balancer").counted("concurrency_rejections") == 1);
  world.check_laws();
}

TEST_CASE("a balancer that works on requests rejects before it does") {
  ServiceWorld world(R"({"handler": [{"wait": "10ms"}]})");
  world.add("balancer", "load_balancer",
            R"({"backends": "app", "processing": "1ms", "cpu": 1,
                "admission": [{"fixed_window": {"limit": 1, "window": "1s"}}]})");
  world.send({}, "balancer");
  world.send({}, "balancer");
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@11", "rejected.rate_limited@0"});
  world.check_laws();
}

}  // namespace
}  // namespace test
}  // namespace stampede
