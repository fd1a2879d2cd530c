#include "../../src/components/load_balancer/outlier_detection.hpp"

#include "components/balancer_world.hpp"

namespace stampede::test {
namespace {

using Slots = std::vector<BackendSlot>;

/// A balancer whose spy always takes the first backend that is left.
struct JudgedWorld : BalancerWorld {
  explicit JudgedWorld(std::size_t backends, const std::string& detection,
                       const std::string& more = "")
      : app(add_backends(std::vector<PlaceId>(backends, 0))) {
    add_balancer(R"({"policy": "spy", "outlier_detection": )" + detection + more + "}");
    start();
  }

  void send_many(int count) {
    for (int i = 0; i < count; ++i) {
      send();
    }
  }
  Slots eligible() const { return sights()[0]->eligible(); }

  FakeBackends& app;
};

const std::string one_at_least = R"({"always_eject_one_host": true})";

// ---- The arithmetic of Envoy ------------------------------------------------------------------

TEST_CASE("one more is ejected only if no more than max_ejection_percent of all are then",
          "[outlier]") {
  OutlierDetectionSettings settings;
  for (std::size_t hosts = 1; hosts < 10; ++hosts) {
    CHECK_FALSE(may_eject(settings, 0, hosts));  // the trap of the default of 10%
  }
  CHECK(may_eject(settings, 0, 10));
  CHECK_FALSE(may_eject(settings, 1, 19));
  CHECK(may_eject(settings, 1, 20));

  settings.max_ejection_percent = Ratio{0.2};
  CHECK_FALSE(may_eject(settings, 0, 4));
  CHECK(may_eject(settings, 0, 5));
  CHECK_FALSE(may_eject(settings, 1, 9));

  settings.max_ejection_percent = Ratio{0.29};
  CHECK(may_eject(settings, 28, 100));
  CHECK_FALSE(may_eject(settings, 29, 100));

  settings.max_ejection_percent = Ratio{0};
  settings.always_eject_one_host = true;
  CHECK(may_eject(settings, 0, 2));
  CHECK_FALSE(may_eject(settings, 1, 1000));
}

TEST_CASE("the n-th ejection in a row lasts n base times, up to the longest", "[outlier]") {
  OutlierDetectionSettings settings;
  CHECK(ejection_time(settings, 1) == 30_s);
  CHECK(ejection_time(settings, 2) == 60_s);
  CHECK(ejection_time(settings, 10) == 300_s);
  CHECK(ejection_time(settings, 11) == 300_s);
  settings.base_ejection_time = 400_s;
  CHECK(ejection_time(settings, 1) == 400_s);
  settings.max_ejection_time = 1000_s;
  CHECK(ejection_time(settings, 2) == 800_s);
  CHECK(ejection_time(settings, 3) == 1000_s);
}

TEST_CASE("one among five can stand out from the mean by 1.9 standard deviations, not among four",
          "[outlier]") {
  CHECK(success_rate_threshold({1, 1, 1, 1, 0.9}, 1900) == Approx(0.98 - 1.9 * 0.04));
  CHECK(0.9 < success_rate_threshold({1, 1, 1, 1, 0.9}, 1900));
  CHECK(0.9 > success_rate_threshold({1, 1, 1, 0.9}, 1900));
  CHECK(success_rate_threshold({0.5, 0.5}, 1900) == 0.5);
}

// ---- Failures in a row ------------------------------------------------------------------------

TEST_CASE("five failures in a row eject a backend until the first sweep after its time",
          "[outlier]") {
  JudgedWorld world(3, one_at_least);
  world.run(3_s);
  world.app[0].answer = Outcome::error;
  world.send_many(4);
  CHECK(world.eligible() == Slots{0, 1, 2});
  world.send();
  CHECK(world.eligible() == Slots{1, 2});
  CHECK(world.observer().counted("ejections") == 1);
  CHECK(world.observer().level("ejected") == 1);
  CHECK(world.observer().level("judged_backends") == 3);
  world.run(40_s - 1_ns);  // its time is over at 33 s
  CHECK(world.eligible() == Slots{1, 2});
  world.run(40_s);
  CHECK(world.eligible() == Slots{0, 1, 2});
  CHECK(world.observer().level("ejected") == 0);

  SECTION("the next one in a row lasts twice as long") {
    world.run(41_s);
    world.send_many(5);
    world.run(110_s - 1_ns);  // 41 s + 60 s
    CHECK(world.eligible() == Slots{1, 2});
    world.run(110_s);
    CHECK(world.eligible() == Slots{0, 1, 2});
  }
  SECTION("a sweep in between makes it as short as the first again") {
    world.run(51_s);
    world.send_many(5);
    world.run(90_s - 1_ns);
    CHECK(world.eligible() == Slots{1, 2});
    world.run(90_s);
    CHECK(world.eligible() == Slots{0, 1, 2});
  }
  world.check_laws();
}

TEST_CASE("a good answer ends a row of failures", "[outlier]") {
  JudgedWorld world(3, one_at_least);
  for (int i = 0; i < 5; ++i) {
    world.app[0].answer = Outcome::error;
    world.send_many(4);
    world.app[0].answer = Outcome::ok;
    world.send();
  }
  CHECK(world.eligible() == Slots{0, 1, 2});
}

TEST_CASE("what counts as a failure of the backend", "[outlier]") {
  JudgedWorld world(3, one_at_least);
  const auto is_ejected_by = [&](Outcome outcome) {
    world.app[0].answer = outcome;
    world.send_many(5);
    return world.eligible() == Slots{1, 2};
  };
  SECTION("an error does (500)") { CHECK(is_ejected_by(Outcome::error)); }
  SECTION("a full queue does (503)") { CHECK(is_ejected_by(Outcome::rejected_queue_full)); }
  SECTION("shed load does (503)") { CHECK(is_ejected_by(Outcome::rejected_shed)); }
  SECTION("a refused connection does") { CHECK(is_ejected_by(Outcome::unreachable)); }
  SECTION("a broken connection does") { CHECK(is_ejected_by(Outcome::reset)); }
  SECTION("a limit of rate does not (429)") {
    CHECK_FALSE(is_ejected_by(Outcome::rejected_rate_limited));
  }
  SECTION("a user who left does not") { CHECK_FALSE(is_ejected_by(Outcome::abandoned)); }
  SECTION("nor does a caller who withdrew") { CHECK_FALSE(is_ejected_by(Outcome::cancelled)); }
}

TEST_CASE("gateway failures are a row of their own, and are only ejected for if that is enforced",
          "[outlier]") {
  const std::string kind = GENERATE("0%", "100%");
  JudgedWorld world(3, R"({"always_eject_one_host": true, "consecutive_5xx": 100,
                           "consecutive_gateway_failure": 3,
                           "enforcing_consecutive_gateway_failure": ")" +
                           kind + "\"}");
  world.app[0].answer = Outcome::rejected_queue_full;
  world.send_many(2);
  world.app[0].answer = Outcome::error;
  world.send();  // 500 is none of them
  world.app[0].answer = Outcome::rejected_queue_full;
  world.send_many(2);
  CHECK(world.eligible() == Slots{0, 1, 2});
  world.send();
  CHECK(world.eligible() == (kind == "100%" ? Slots{1, 2} : Slots{0, 1, 2}));
}

TEST_CASE("what the balancer ran into itself can be told apart from answers", "[outlier]") {
  JudgedWorld world(3, R"({"always_eject_one_host": true, "consecutive_5xx": 100,
                           "split_external_local_origin_errors": true,
                           "consecutive_local_origin_failure": 2})");
  world.app[0].answer = Outcome::unreachable;
  world.send();
  world.app[0].answer = Outcome::error;  // an answer: it can be reached
  world.send();
  world.app[0].answer = Outcome::unreachable;
  world.send();
  CHECK(world.eligible() == Slots{0, 1, 2});
  world.send();
  CHECK(world.eligible() == Slots{1, 2});
}

TEST_CASE("with fewer than ten backends the defaults eject nobody", "[outlier]") {
  JudgedWorld world(9, "{}");
  world.app[0].answer = Outcome::error;
  world.send_many(50);
  CHECK(world.eligible().size() == 9);
  CHECK(world.observer().counted("ejections") == 0);
  CHECK(world.observer().counted("ejection_overflows") == 10);
}

// ---- Sweeps -----------------------------------------------------------------------------------

/// 100 requests for each of five backends in turn, of which the last lets every fifth one fail.
void send_in_turn(BalancerWorld& world, FakeBackends& app, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    app[4].answer = i % 5 == 0 ? Outcome::error : Outcome::ok;
    for (int backend = 0; backend < 5; ++backend) {
      world.send();
    }
  }
}

TEST_CASE("a sweep ejects who succeeds far less often than the others", "[outlier]") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0, 0, 0});
  world.add_balancer(R"({"policy": "round_robin",
                         "outlier_detection": {"max_ejection_percent": "20%"}})");
  world.start();
  world.run(1_s);
  SECTION("of those that had enough requests") {
    send_in_turn(world, app, 100);
    CHECK(world.observer().counted("ejections") == 0);
    world.run(10_s);
    CHECK(world.observer().counted("ejections") == 1);
    world.send();
    const std::size_t before = app[4].requests.size();
    send_in_turn(world, app, 10);
    CHECK(app[4].requests.size() == before);
  }
  SECTION("and nobody if they had not") {
    send_in_turn(world, app, 99);
    world.run(10_s);
    CHECK(world.observer().counted("ejections") == 0);
  }
  SECTION("what came in before the last sweep counts no more") {
    send_in_turn(world, app, 60);
    world.run(11_s);
    send_in_turn(world, app, 60);
    world.run(20_s);
    CHECK(world.observer().counted("ejections") == 0);
  }
}

TEST_CASE("a share of failures may be too much without any comparison", "[outlier]") {
  const std::string threshold = GENERATE("20%", "21%");
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0, 0, 0});
  world.add_balancer(R"({"outlier_detection": {"max_ejection_percent": "20%",
                         "enforcing_success_rate": 0, "enforcing_failure_percentage": 1,
                         "failure_percentage_threshold": ")" +
                     threshold + "\"}}");
  world.start();
  send_in_turn(world, app, 50);
  world.run(10_s);
  CHECK(world.observer().counted("ejections") == (threshold == "20%" ? 1 : 0));
}

// ---- Together with probes, time-outs and crashes ----------------------------------------------

TEST_CASE("a good probe ends an ejection, unless that is switched off", "[outlier]") {
  const std::string ends = GENERATE("true", "false");
  JudgedWorld world(3,
                    R"({"always_eject_one_host": true,
                        "successful_active_health_check_uneject_host": )" +
                        ends + "}",
                    R"(, "health_check": {"interval": "2s", "timeout": "1s",
                                          "unhealthy_threshold": 3, "healthy_threshold": 2})");
  world.run(1_s);
  world.app[0].answer = Outcome::error;
  world.send_many(5);
  CHECK(world.eligible() == Slots{1, 2});
  world.run(3_s);
  CHECK(world.eligible() == (ends == "true" ? Slots{0, 1, 2} : Slots{1, 2}));
}

TEST_CASE("ejected backends count as unhealthy for the panic threshold", "[outlier]") {
  JudgedWorld world(4, R"({"max_ejection_percent": 1})");
  for (std::size_t i = 0; i < 4; ++i) {
    world.app[i].answer = Outcome::error;
  }
  world.send_many(10);
  CHECK(world.eligible() == Slots{2, 3});
  world.send_many(5);
  CHECK(world.eligible() == Slots{0, 1, 2, 3});
}

TEST_CASE("a balancer with a time-out answers in the backend's place, and holds it against it",
          "[outlier]") {
  JudgedWorld world(3, one_at_least, R"(, "timeout": "1s")");
  world.app[0].latency = 5_s;
  for (std::size_t i = 1; i < 3; ++i) {
    world.app[i].latency = 5_s;
  }
  std::vector<const Reply*> replies;
  for (int i = 0; i < 15; ++i) {
    replies.push_back(&world.send());
  }
  CHECK(sights()[0]->in_flight[0] == 5);
  world.run(1_s - 1_ns);
  CHECK_FALSE(replies[0]->done());
  world.run(1_s);
  for (const Reply* reply : replies) {
    REQUIRE(reply->done());
    CHECK(reply->answer().outcome == Outcome::error);
  }
  CHECK(sights()[0]->in_flight[0] == 0);
  CHECK(world.observer().count(Outcome::timeout) == 15);
  CHECK(world.observer().counted("ejections") == 1);
  CHECK(world.observer().counted("ejection_overflows") == 2);
  CHECK(world.app[0].finished == 0);
  world.run(5_s);
  CHECK(world.app[0].finished == 5);  // for nobody
  CHECK(world.observer().ended_count() == 15);
  world.check_laws();
}

TEST_CASE("a time-out ends the wait for a backend that died in silence", "[outlier]") {
  JudgedWorld world(3, one_at_least, R"(, "timeout": "1s")");
  world.app[0].latency = 100_ms;
  const Reply& reply = world.send();
  const Knob::Hold death = world.app[0].hold_down(KilledWork::stays_silent);
  world.run(1_s);
  REQUIRE(reply.done());
  CHECK(reply.answer().outcome == Outcome::error);
  CHECK(sights()[0]->in_flight[0] == 0);
  world.check_laws();
}

TEST_CASE("a balancer that dies forgets whom it had ejected", "[outlier]") {
  JudgedWorld world(3, one_at_least, R"(, "timeout": "10s")");
  world.app[0].answer = Outcome::error;
  world.send_many(5);
  world.app[1].latency = 5_s;
  const Reply& reply = world.send();
  {
    const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::answers_broken);
    REQUIRE(reply.done());
    CHECK(reply.answer().outcome == Outcome::reset);
    CHECK(world.observer().level("ejected") == 0);
    CHECK(world.observer().level("judged_backends") == 0);
    world.run(1_s);
  }
  world.run(2_s);
  CHECK(sights()[1]->eligible() == Slots{0, 1, 2});
  CHECK(world.observer().level("judged_backends") == 3);
  world.send_many(5);
  CHECK(sights()[1]->eligible() == Slots{1, 2});
  world.run(60_s);
  world.check_laws();
}

}  // namespace
}  // namespace stampede::test
