#include "../../src/components/load_balancer/heartbeats.hpp"

#include <cmath>

#include "components/balancer_world.hpp"

namespace stampede::test {
namespace {

using Slots = std::vector<BackendSlot>;

struct ListeningWorld : BalancerWorld {
  explicit ListeningWorld(const std::string& heartbeats, const std::string& network = "{}",
                          std::size_t backends = 3)
      : BalancerWorld("[]", network), app(add_backends(std::vector<PlaceId>(backends, 0))) {
    add_balancer(R"({"policy": "spy", "healthy_panic_threshold": 0, "heartbeats": )" + heartbeats +
                 "}");
    start();
  }
  Slots eligible() const { return sights()[0]->eligible(); }
  std::int64_t suspicions() { return observer().counted("suspicions"); }
  std::int64_t mistaken() { return observer().counted("mistaken_suspicions"); }

  FakeBackends& app;
};

const std::string every_second = R"({"interval": "1s", "timeout": "3s"})";

TEST_CASE("a phi is so many standard deviations of a normal law", "[heartbeats]") {
  CHECK(deviations_of(1) == Approx(1.281552));
  CHECK(deviations_of(3) == Approx(3.090232));
  CHECK(deviations_of(8) == Approx(5.612001));
}

TEST_CASE("how long phi waits follows from the times between heart-beats", "[heartbeats]") {
  PhiSettings settings;
  SECTION("normal, with a least deviation") {
    PhiAccrual phi(settings, 1_s);
    CHECK(phi.patience().seconds() == Approx(1.5612));
    settings.acceptable_pause = 3_s;
    CHECK(phi.patience().seconds() == Approx(4.5612));
  }
  SECTION("normal, with the deviation of what was seen") {
    PhiAccrual phi(settings, 1_s);
    phi.add(2_s);
    phi.add(3_s);
    CHECK(phi.patience().seconds() == Approx(2 + 5.612001 * std::sqrt(2.0 / 3)));
  }
  SECTION("of the latest only") {
    settings.window = 2;
    PhiAccrual phi(settings, 10_s);
    phi.add(1_s);
    phi.add(1_s);
    CHECK(phi.patience().seconds() == Approx(1.5612));
  }
  SECTION("exponential, as Cassandra takes it") {
    settings.law = PhiLaw::exponential;
    PhiAccrual phi(settings, 1_s);
    CHECK(phi.patience().seconds() == Approx(18.4207));
  }
}

TEST_CASE("a backend is suspected when it was not heard of for the timeout, and no later",
          "[heartbeats]") {
  ListeningWorld world(every_second);
  world.run(10_s);
  CHECK(world.eligible() == Slots{0, 1, 2});
  std::optional<Knob::Hold> death = world.app[1].hold_down(KilledWork::stays_silent);
  world.run(12_s);
  CHECK(world.eligible() == Slots{0, 1, 2});
  world.run(13_s);  // its last heart-beat was in the second before its death
  CHECK(world.eligible() == Slots{0, 2});
  CHECK(world.suspicions() == 1);
  CHECK(world.mistaken() == 0);
  REQUIRE(world.observer().times("detection_time").size() == 1);
  CHECK(world.observer().times("detection_time")[0] > 2_s);
  CHECK(world.observer().times("detection_time")[0] <= 3_s);

  SECTION("and trusted again with its next one") {
    world.run(60_s);
    death.reset();
    world.run(61_s);
    CHECK(world.eligible() == Slots{0, 1, 2});
    world.run(120_s);
    CHECK(world.suspicions() == 1);
  }
}

TEST_CASE("who is paused sends nothing, and is suspected by mistake", "[heartbeats]") {
  ListeningWorld world(every_second);
  world.run(10_s);
  {
    const Knob::Hold pause = world.app[0].speed().hold(0);
    world.run(14_s);
    CHECK(world.eligible() == Slots{1, 2});
    CHECK(world.suspicions() == 1);
    CHECK(world.mistaken() == 1);
    CHECK(world.observer().times("detection_time").empty());
  }
  world.run(15_s);
  CHECK(world.eligible() == Slots{0, 1, 2});
}

TEST_CASE("lost heart-beats raise suspicion, slow ones later than they should", "[heartbeats]") {
  SECTION("a fifth of the messages is lost") {
    ListeningWorld world(R"({"interval": "1s", "timeout": "1500ms"})",
                         R"({"within_zone": {"latency": "1ms", "loss": "20%"}})", 1);
    world.run(1000_s);
    CHECK(world.suspicions() > 130);  // of 1000, those that the one before had not lost too
    CHECK(world.suspicions() < 190);
    CHECK(world.mistaken() == world.suspicions());
  }
  SECTION("a constant delay does no harm") {
    ListeningWorld world(every_second, R"({"within_zone": "10s"})");
    world.run(100_s);
    CHECK(world.suspicions() == 3);  // before the first ones were there
  }
}

TEST_CASE("phi learns how irregular heart-beats are, a fixed timeout does not", "[heartbeats]") {
  const std::string uneven = R"({"within_zone": {"exponential": {"mean": "600ms"}}})";
  ListeningWorld fixed(R"({"interval": "1s", "timeout": "2s"})", uneven);
  fixed.run(1000_s);
  CHECK(fixed.mistaken() > 100);
  ListeningWorld phi(R"({"interval": "1s", "phi": 8})", uneven);
  phi.run(100_s);
  const std::int64_t while_it_learnt = phi.mistaken();
  phi.run(1000_s);
  CHECK(phi.mistaken() - while_it_learnt <= 3);
  const Knob::Hold death = phi.app[0].hold_down(KilledWork::stays_silent);
  phi.run(1010_s);
  CHECK(phi.eligible() == Slots{1, 2});
}

TEST_CASE("a backend that joins later is used from its first heart-beat on", "[heartbeats]") {
  ListeningWorld world(every_second);
  world.run(10_s);
  world.app.add(0);
  CHECK(world.eligible() == Slots{0, 1, 2});
  world.run(11_s);
  CHECK(world.eligible() == Slots{0, 1, 2, 3});
}

TEST_CASE("a balancer that dies must hear its backends again before it uses them", "[heartbeats]") {
  ListeningWorld world(every_second);
  world.run(10_s);
  { const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::answers_broken); }
  world.run(10_s + 1_ns);
  CHECK(world.send().answer().outcome == Outcome::rejected_no_backend);
  world.run(11_s);
  CHECK(sights()[1]->eligible() == Slots{0, 1, 2});
  world.check_laws();
}

TEST_CASE("probes are held against the truth too", "[heartbeats]") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0});
  world.add_balancer(R"({"health_check": {"interval": "1s", "timeout": "500ms",
                         "unhealthy_threshold": 2, "healthy_threshold": 1}})");
  world.start();
  app[0].is_sick = true;
  const Knob::Hold death = app[1].hold_down(KilledWork::answers_broken);
  world.run(3_s);
  CHECK(world.observer().counted("suspicions") == 2);
  CHECK(world.observer().counted("mistaken_suspicions") == 1);
  REQUIRE(world.observer().times("detection_time").size() == 1);
  CHECK(world.observer().times("detection_time")[0] > 1_s);
  CHECK(world.observer().times("detection_time")[0] <= 2_s);
}

}  // namespace
}  // namespace stampede::test
