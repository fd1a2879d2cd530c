#include <cmath>

#include "components/balancer_world.hpp"

namespace stampede::test {
namespace {

/// A name for the components "first" and "second", which answer at once, and its users.
struct NamedWorld : BalancerWorld {
  explicit NamedWorld(const std::string& settings, const std::string& zones = R"(["a"])",
                      const std::string& network_json = "{}")
      : BalancerWorld(zones, network_json),
        first(add_backends({0}, "first")),
        second(add_backends({last_zone(), last_zone()}, "second")) {
    Json json = Json::parse(settings);
    json["kind"] = "dns";
    if (!json.contains("records")) {
      json["records"] = {"first", "second"};
    }
    const auto choice = read<Choice<Component>>(json.dump());
    directory.components["name"] = choice.make(Component::Context{.name = "name",
                                                                  .simulation = simulation,
                                                                  .network = network,
                                                                  .request_types = types,
                                                                  .observer = observers["name"],
                                                                  .truth = truth,
                                                                  .seed = 1,
                                                                  .replication = 0});
    for (auto& [name, component] : directory.components) {
      component->connect(directory);
    }
    way = directory.components["name"]->client(0);
    for (auto& [name, component] : directory.components) {
      component->start();
    }
  }
  ~NamedWorld() { replies.clear(); }
  PlaceId last_zone() const { return static_cast<PlaceId>(geography.zone_count() - 1); }

  Reply& ask(std::uint64_t user = 0, bool is_user = true) { return ask(*way, user, is_user); }
  Reply& ask(Endpoint& way_of_caller, std::uint64_t user, bool is_user) {
    Request request;
    request.id = next_id++;
    request.luck = combine(7, request.id);
    request.user = user;
    request.from = is_user ? geography.users_of(region) : PlaceId{0};
    return replies.emplace_back(way_of_caller.call(request));
  }
  Instance& name_server() { return directory.components["name"]->fleet()[0]; }
  std::int64_t counted(const std::string& what) { return observers["name"].counted(what); }
  std::size_t at_first() { return first[0].requests.size(); }
  std::size_t at_second() { return second[0].requests.size() + second[1].requests.size(); }

  std::size_t region = 0;  ///< of the users who ask
  FakeBackends& first;
  FakeBackends& second;
  std::unique_ptr<Endpoint> way;
};

const std::string probed =
    R"("health_check": {"interval": "1s", "timeout": "500ms", "unhealthy_threshold": 1,
                        "healthy_threshold": 1})";

TEST_CASE("a name leads to its first record as long as that is healthy", "[dns]") {
  NamedWorld world(R"({"ttl": "10s"})");
  for (std::uint64_t user = 0; user < 100; ++user) {
    CHECK(world.ask(user).answer().ok());
  }
  CHECK(world.at_first() == 100);
  CHECK(world.counted("resolutions") == 100);
  CHECK(world.counted("lookups") == 0);  // answers from before the run
}

TEST_CASE("a dead target is left when the answer expires, and not before", "[dns]") {
  NamedWorld world(R"({"ttl": "10s", "resolvers": 1, )" + probed + "}");
  world.run(30_s);
  world.ask();  // looked up now
  world.run(31_s);
  std::optional<Knob::Hold> death = world.first[0].hold_down(KilledWork::answers_broken);
  world.run(40_s - 1_ns);
  CHECK(world.ask().answer().outcome == Outcome::unreachable);
  CHECK(world.counted("outdated") == 1);
  world.run(40_s);
  CHECK(world.ask().answer().ok());
  CHECK(world.at_second() == 1);
  CHECK(world.counted("lookups") == 2);

  SECTION("and so is the one in its place when it is back") {
    death.reset();
    world.run(50_s - 1_ns);
    world.ask();
    CHECK(world.at_second() == 2);
    CHECK(world.counted("outdated") == 1);  // the second is well too
    world.run(50_s);
    world.ask();
    CHECK(world.at_second() == 2);
  }
}

TEST_CASE("a record is healthy as long as one instance of its target is", "[dns]") {
  NamedWorld world(R"({"ttl": 0, "records": ["second", "first"], )" + probed + "}");
  const Knob::Hold one = world.second[0].hold_down(KilledWork::answers_broken);
  world.run(3_s);
  world.ask();
  CHECK(world.at_first() == 0);
  {
    const Knob::Hold other = world.second[1].hold_down(KilledWork::answers_broken);
    world.run(6_s);
    world.ask();
    CHECK(world.at_first() == 1);
    const Knob::Hold last = world.first[0].hold_down(KilledWork::answers_broken);
    world.run(9_s);
    world.ask();  // nobody is healthy: all records count as if they were
    CHECK(world.at_first() == 1);
  }
  world.run(12_s);
  world.ask();
  CHECK(world.at_first() == 1);
}

TEST_CASE("resolvers are not in step: after half a ttl half of them have followed", "[dns]") {
  NamedWorld world(R"({"ttl": "100s", "resolvers": 1000, )" + probed + "}");
  const Knob::Hold death = world.first[0].hold_down(KilledWork::answers_broken);
  world.run(50_s);
  int good = 0;
  for (std::uint64_t user = 0; user < 4000; ++user) {
    good += world.ask(user).answer().ok() ? 1 : 0;
  }
  CHECK(std::abs(good - 2000) < 250);
}

TEST_CASE("some resolvers keep answers longer than they may", "[dns]") {
  NamedWorld world(R"({"ttl": "10s", "resolvers": 1000, "ignoring_ttl": {"share": "30%",
                       "ttl": "1000h"}, )" +
                   probed + "}");
  const Knob::Hold death = world.first[0].hold_down(KilledWork::answers_broken);
  world.run(60_s);
  int good = 0;
  for (std::uint64_t user = 0; user < 4000; ++user) {
    good += world.ask(user).answer().ok() ? 1 : 0;
  }
  CHECK(std::abs(good - 2800) < 250);
}

TEST_CASE("weights share lookups out", "[dns]") {
  NamedWorld world(R"({"policy": "weighted", "ttl": 0,
                       "records": [{"target": "first", "weight": 3}, "second"]})");
  for (std::uint64_t user = 0; user < 4000; ++user) {
    world.ask(user);
  }
  CHECK(std::abs(static_cast<double>(world.at_first()) - 3000) < 120);
  CHECK(world.counted("lookups") == 4000);
}

TEST_CASE("users are led to their own region, or to the nearest target", "[dns]") {
  const std::string regions = R"({"eu": {"zones": ["eu-a"]}, "asia": {"zones": ["asia-a"]},
                                  "us": {"zones": ["us-a"]}})";
  const std::string network =
      R"({"links": [{"between": ["eu", "us"], "latency": "40ms"},
                    {"between": ["asia", "us"], "latency": "60ms"},
                    {"between": ["asia", "eu"], "latency": "90ms"}]})";
  const auto is_led_abroad = [](NamedWorld& world, std::size_t region) {
    const std::size_t before = world.at_second();
    world.region = region;
    world.ask(region);
    return world.at_second() > before;  // in us; the first is in eu
  };
  SECTION("geo: those of a region without a target go to the first") {
    NamedWorld world(R"({"policy": "geo", "ttl": 0, )" + probed + "}", regions, network);
    CHECK_FALSE(is_led_abroad(world, 0));
    CHECK_FALSE(is_led_abroad(world, 1));
    CHECK(is_led_abroad(world, 2));
    const Knob::Hold death = world.first[0].hold_down(KilledWork::answers_broken);
    world.run(5_s);
    CHECK(is_led_abroad(world, 0));
  }
  SECTION("latency: they go where the way is shorter") {
    NamedWorld world(R"({"policy": "latency", "ttl": 0, )" + probed + "}", regions, network);
    CHECK_FALSE(is_led_abroad(world, 0));
    CHECK(is_led_abroad(world, 1));
    CHECK(is_led_abroad(world, 2));
  }
}

TEST_CASE("an instance that calls a name keeps an answer of its own", "[dns]") {
  NamedWorld world(R"({"ttl": "10s", "resolvers": 1})");
  const std::unique_ptr<Endpoint> other = world.directory.components["name"]->client(1);
  world.run(20_s);
  world.ask(0, /*is_user=*/false);
  world.ask(1, /*is_user=*/false);
  CHECK(world.counted("lookups") == 1);
  world.ask(*other, 0, /*is_user=*/false);
  CHECK(world.counted("lookups") == 2);
  world.ask(0, /*is_user=*/true);
  world.ask(*other, 1, /*is_user=*/true);  // users of one region have one resolver here
  CHECK(world.counted("lookups") == 3);
}

TEST_CASE("a lookup takes its time, what is kept none", "[dns]") {
  NamedWorld world(R"({"ttl": "10s", "resolvers": 1, "lookup": "30ms"})");
  world.run(20_s);
  const Reply& looked_up = world.ask();
  world.run(20_s + 30_ms - 1_ns);
  CHECK_FALSE(looked_up.done());
  world.run(20_s + 30_ms);
  CHECK(looked_up.done());
  CHECK(world.ask().done());
}

TEST_CASE("while no name server answers, only what is kept can be reached", "[dns]") {
  const std::string stale = GENERATE("0s", "20s");
  NamedWorld world(R"({"ttl": "10s", "resolvers": 1, "lookup_timeout": "5s", "serve_stale": ")" +
                   stale + "\"}");
  world.run(20_s);
  world.ask();
  SECTION("at once, when they say so") {
    const Knob::Hold failure = world.name_server().hold_down(KilledWork::answers_broken);
    world.run(30_s - 1_ns);
    CHECK(world.ask().answer().ok());
    world.run(30_s);
    CHECK(world.ask().answer().outcome == (stale == "0s" ? Outcome::unreachable : Outcome::ok));
    world.run(50_s);
    CHECK(world.ask().answer().outcome == Outcome::unreachable);
    CHECK(world.counted("failed_lookups") == 2);
  }
  SECTION("after a timeout, when they are silent") {
    const Knob::Hold failure = world.name_server().hold_down(KilledWork::stays_silent);
    world.run(31_s);
    const Reply& reply = world.ask();
    world.run(36_s - 1_ns);
    CHECK_FALSE(reply.done());
    world.run(36_s);
    REQUIRE(reply.done());
    CHECK(reply.answer().outcome == (stale == "0s" ? Outcome::unreachable : Outcome::ok));
  }
  world.check_laws();
}

}  // namespace
}  // namespace stampede::test
