#include "components/balancer_world.hpp"

#include <algorithm>
#include <cmath>

namespace stampede {
namespace test {

std::vector<std::unique_ptr<Sight>>& sights() {
  static std::vector<std::unique_ptr<Sight>> all;
  return all;
}

namespace {

class Spy final : public LoadBalancingPolicy {
 public:
  Spy(const NoSettings&, const Context&)
      : sight_(*sights().emplace_back(std::make_unique<Sight>())) {}

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    BackendSlot least = view.eligible().front();
    for (const BackendSlot slot : view.eligible()) {
      least = view[slot].in_flight < view[least].in_flight ? slot : least;
    }
    return least;
  }
  void eligible_changed(const BackendView& view) override {
    sight_.weights.clear();
    for (const BackendSlot slot : view.eligible()) {
      sight_.weights[slot] = view[slot].weight;
    }
    sight_.equal_weights = view.has_equal_weights();
  }
  void started(BackendSlot slot, const BackendView& view) override {
    sight_.in_flight[slot] = view[slot].in_flight;
  }
  void ended(BackendSlot slot, const BackendView& view, Outcome outcome, Duration latency,
             Time) override {
    sight_.in_flight[slot] = view[slot].in_flight;
    sight_.ends.push_back(outcome);
    sight_.last_latency = latency;
  }

 private:
  Sight& sight_;
};
const Register<LoadBalancingPolicy, Spy> registered{"spy", "shows what a balancer knows"};

const std::string checked =
    R"({"policy": "spy", "health_check": {"interval": "5s", "timeout": "1s",
        "unhealthy_threshold": 3, "healthy_threshold": 2}})";

using Slots = std::vector<BackendSlot>;

std::vector<std::string> problems_of(const std::string& json) {
  Choice<Component> choice;
  Problems problems;
  Reader reader(problems);
  reader.read(value_of(Json::parse(json)), choice);
  std::vector<std::string> texts;
  for (const Problem& problem : problems) {
    texts.push_back(problem.what);
  }
  return texts;
}

// ---- Handing on -------------------------------------------------------------------------------

TEST_CASE("a balancer without backends rejects every request and says why") {
  BalancerWorld world;
  world.add_backends({});
  world.add_balancer("{}");
  world.start();
  const Reply& reply = world.send();
  REQUIRE(reply.done());
  CHECK(reply.answer().outcome == Outcome::rejected_no_backend);
  CHECK(world.observer().arrivals == 1);
  CHECK(world.observer().count(Outcome::rejected_no_backend) == 1);
}

TEST_CASE("a balancer hands requests on in no time, with their luck and its own place") {
  BalancerWorld world("[\"a\", \"b\"]");
  FakeBackends& app = world.add_backends({0, 0, 0});
  world.add_balancer(R"({"zones": ["b"]})");
  world.start();
  app[0].latency = app[1].latency = app[2].latency = 10_ms;
  for (int i = 0; i < 6; ++i) {
    world.send();
  }
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(app[i].requests.size() == 2);
    CHECK(app[i].requests[0].from == 1);
    CHECK(app[i].requests[0].hops == 1);
    CHECK(app[i].requests[0].luck == combine(7, app[i].requests[0].id));
  }
  world.run(10_ms);
  for (const Reply& reply : world.replies) {
    REQUIRE(reply.done());
    CHECK(reply.answer().ok());
  }
  CHECK(world.observer().count(Outcome::ok) == 6);
  CHECK(world.observer().visits.back().started);
  world.check_laws();
}

TEST_CASE("a reply that is there at once counts as ended at once") {
  BalancerWorld world;
  world.add_backends({0});
  world.add_balancer(R"({"policy": "spy"})");
  world.start();
  CHECK(world.send().done());
  CHECK(sights()[0]->in_flight[0] == 0);
  CHECK(sights()[0]->ends == std::vector<Outcome>{Outcome::ok});
}

TEST_CASE("the policy hears of the latency as the balancer saw it") {
  BalancerWorld world;
  world.add_backends({0})[0].latency = 30_ms;
  world.add_balancer(R"({"policy": "spy"})");
  world.start();
  world.send();
  CHECK(sights()[0]->in_flight[0] == 1);
  world.run(1_s);
  CHECK(sights()[0]->in_flight[0] == 0);
  CHECK(sights()[0]->last_latency == 30_ms);
}

TEST_CASE("balancers know only of their own requests") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  world.add_balancer(R"({"policy": "spy", "replicas": 2})");
  world.start();
  app[0].latency = app[1].latency = 1_s;
  world.send(0, 0);
  world.send(0, 0);
  world.send(0, 1);
  CHECK(sights()[0]->in_flight == std::map<BackendSlot, std::uint32_t>{{0, 1}, {1, 1}});
  CHECK(sights()[1]->in_flight == std::map<BackendSlot, std::uint32_t>{{0, 1}});
  CHECK(world.observer().instances_up == 2);
}

TEST_CASE("requests that go round in circles are unreachable after a hundred hops") {
  BalancerWorld world;
  world.add_balancer("{}", "balancer");
  world.start();
  const Reply& reply = world.send();
  REQUIRE(reply.done());
  CHECK(reply.answer().outcome == Outcome::unreachable);
  CHECK(world.observer().count(Outcome::unreachable) == 101);
  world.check_laws();
}

TEST_CASE("an error rate on a balancer fails that share of its requests") {
  BalancerWorld world;
  world.add_backends({0});
  world.add_balancer("{}");
  world.start();
  const Knob::Hold hold = world.balancer_instance().error_rate().hold(1);
  CHECK(world.send().answer().outcome == Outcome::error);
}

// ---- Health checks ----------------------------------------------------------------------------

TEST_CASE(
    "a dead backend is found out by unhealthy_threshold probes, each of which takes its timeout") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0});
  world.add_balancer(checked);
  world.start();
  CHECK(sights()[0]->eligible() == Slots{0, 1, 2});
  world.run(7_s);
  std::optional<Knob::Hold> death = app[1].hold_down(KilledWork::stays_silent);
  const std::size_t probes_before = app[1].probes.size();
  world.run(13_s);
  REQUIRE(app[1].probes.size() > probes_before);
  // Probes start an interval after the last one ended.
  const Time found = app[1].probes[probes_before] + (5_s + 1_s) * 2 + 1_s;
  CHECK(found > at(7_s + 13_s));
  CHECK(found <= at(7_s + 18_s));
  world.simulation.run(found - 1_ns);
  CHECK(sights()[0]->eligible() == Slots{0, 1, 2});
  world.simulation.run(found);
  CHECK(sights()[0]->eligible() == Slots{0, 2});

  SECTION("and back after healthy_threshold good ones") {
    world.run(60_s);
    death.reset();
    const std::size_t count = app[1].probes.size();
    world.run(120_s);
    const Time back = app[1].probes[count] + 5_s;
    CHECK(app[1].probes[count + 1] == back);
    CHECK(sights()[0]->eligible() == Slots{0, 1, 2});
  }
}

TEST_CASE("until its death is known, requests to a dead backend fail") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0});
  world.add_balancer(checked);
  world.start();
  world.run(7_s);
  const Knob::Hold death = app[0].hold_down(KilledWork::answers_broken);
  CHECK(world.send().answer().outcome == Outcome::unreachable);
  world.run(7_s + 15_s);  // three refused probes, an interval apart
  CHECK(world.send().answer().ok());
  CHECK(app[0].requests.size() == 1);
}

TEST_CASE("probes are not in step, and jitter makes their intervals longer") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0, 0});
  world.add_balancer(
      R"({"health_check": {"interval": "5s", "timeout": "1s", "unhealthy_threshold": 3,
                         "healthy_threshold": 2, "interval_jitter": "2s"}})");
  world.start();
  world.run(600_s);
  CHECK(app[0].probes[0] != app[1].probes[0]);
  CHECK(app[0].probes[0] < at(5_s));
  for (std::size_t i = 0; i + 1 < app[2].probes.size(); ++i) {
    const Duration interval = app[2].probes[i + 1] - app[2].probes[i];
    CHECK(interval >= 5_s);
    CHECK(interval < 7_s);
  }
  const auto expected = 600.0 / 6;  // mean interval 5 s + 1 s
  CHECK(std::abs(static_cast<double>(app[2].probes.size()) - expected) < 4);
}

TEST_CASE("a backend that joins later is used after its first good probe") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0});
  world.add_balancer(R"({"policy": "spy", "discovery": "2s", "health_check": {"interval": "5s",
                         "timeout": "1s", "unhealthy_threshold": 3, "healthy_threshold": 2}})");
  world.start();
  world.run(10_s);
  FakeBackend& late = app.add(0);
  SECTION("at once when that is good") {
    world.run(12_s - 1_ns);
    CHECK(sights()[0]->eligible() == Slots{0});
    world.run(12_s);
    CHECK(sights()[0]->eligible() == Slots{0, 1});
  }
  SECTION("but after a bad one it needs healthy_threshold good ones") {
    late.is_sick = true;
    world.run(13_s);
    late.is_sick = false;
    world.run(22_s - 1_ns);
    CHECK(sights()[0]->eligible() == Slots{0});
    world.run(22_s);
    CHECK(sights()[0]->eligible() == Slots{0, 1});
  }
}

TEST_CASE("below the panic threshold all backends are used, dead or not") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0, 0});
  Json settings = Json::parse(checked);
  std::vector<Knob::Hold> deaths;
  SECTION("half of them is not below 50%") {
    world.add_balancer(settings.dump());
    world.start();
    deaths.push_back(app[0].hold_down(KilledWork::answers_broken));
    deaths.push_back(app[3].hold_down(KilledWork::answers_broken));
    world.run(60_s);
    CHECK(sights()[0]->eligible() == Slots{1, 2});
    deaths.push_back(app[1].hold_down(KilledWork::answers_broken));
    world.run(120_s);
    CHECK(sights()[0]->eligible() == Slots{0, 1, 2, 3});
  }
  SECTION("0% switches it off, down to nobody") {
    settings["healthy_panic_threshold"] = "0%";
    world.add_balancer(settings.dump());
    world.start();
    for (std::size_t i = 0; i < 3; ++i) {
      deaths.push_back(app[i].hold_down(KilledWork::answers_broken));
    }
    world.run(60_s);
    CHECK(sights()[0]->eligible() == Slots{3});
    deaths.push_back(app[3].hold_down(KilledWork::answers_broken));
    world.run(120_s);
    CHECK(world.send().answer().outcome == Outcome::rejected_no_backend);
  }
}

// ---- What goes missing ------------------------------------------------------------------------

TEST_CASE("what a silent crash swallowed counts as in flight until the backend is healthy again") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0});
  world.add_balancer(checked);
  world.start();
  app[0].latency = 1_s;
  const Reply& reply = world.send();
  std::optional<Knob::Hold> death = app[0].hold_down(KilledWork::stays_silent);
  world.run(60_s);
  CHECK(sights()[0]->eligible() == Slots{1, 2});
  CHECK(sights()[0]->in_flight[0] == 1);
  CHECK_FALSE(reply.done());
  death.reset();
  world.run(90_s);
  CHECK(sights()[0]->eligible() == Slots{0, 1, 2});
  CHECK(sights()[0]->in_flight[0] == 0);
  CHECK(world.observer().count(Outcome::reset) == 1);
  world.check_laws();
}

TEST_CASE(
    "what went missing on the way counts as in flight until the backend answers a later request") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0});
  world.add_balancer(R"({"policy": "spy"})");
  world.start();
  app[0].latency = 1_s;
  app[0].loses_answers = true;
  world.send();
  world.run(2_s);
  CHECK(sights()[0]->in_flight[0] == 1);
  app[0].loses_answers = false;
  world.send();
  CHECK(sights()[0]->in_flight[0] == 2);
  world.run(4_s);
  CHECK(sights()[0]->in_flight[0] == 0);
  CHECK(sights()[0]->ends == std::vector<Outcome>{Outcome::ok, Outcome::reset});
  world.check_laws();
}

TEST_CASE("silence travels through balancers at which time passes") {
  BalancerWorld world("[]", R"({"within_zone": "1ms"})");
  FakeBackends& app = world.add_backends({0, 0});
  world.add_balancer("{}", "app", "inner");
  world.add_balancer(R"({"policy": "spy"})", "inner", "outer");
  world.start();
  app[0].latency = app[1].latency = 1_s;
  world.send(0, 0, "outer");
  world.run(100_ms);
  CHECK(app[0].requests.size() + app[1].requests.size() == 1);
  const Knob::Hold first = app[0].hold_down(KilledWork::stays_silent);
  const Knob::Hold second = app[1].hold_down(KilledWork::stays_silent);
  world.run(10_s);
  CHECK(sights()[0]->in_flight[0] == 1);
  world.send(0, 0, "outer");
  world.run(20_s);
  CHECK(sights()[0]->in_flight[0] == 2);
  CHECK_FALSE(world.replies[0].done());
  CHECK_FALSE(world.replies[1].done());
  world.check_laws();
}

// ---- Discovery --------------------------------------------------------------------------------

TEST_CASE("a draining backend gets requests until the balancer hears of it, then none") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  world.add_balancer(R"({"policy": "spy", "discovery": {"delay": "3s"}})");
  world.start();
  app[0].latency = app[1].latency = 1_ms;
  world.run(1_s);
  app[0].become(InstanceState::draining);
  world.run(4_s - 1_ns);
  CHECK(sights()[0]->eligible() == Slots{0, 1});
  world.run(4_s);
  CHECK(sights()[0]->eligible() == Slots{1});
}

TEST_CASE("without health checks a crashed backend stays in use") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  world.add_balancer(R"({"policy": "spy"})");
  world.start();
  const Knob::Hold death = app[0].hold_down(KilledWork::answers_broken);
  world.run(1000_s);
  CHECK(sights()[0]->eligible() == Slots{0, 1});
  CHECK(world.send().answer().outcome == Outcome::unreachable);
}

// ---- Weights and slow start -------------------------------------------------------------------

TEST_CASE("weights go to backends in turn") {
  BalancerWorld world;
  world.add_backends({0, 0, 0, 0, 0});
  world.add_balancer(R"({"policy": "spy", "weights": [1, 1, 4]})");
  world.start();
  CHECK(sights()[0]->weights ==
        std::map<BackendSlot, double>{{0, 1}, {1, 1}, {2, 4}, {3, 1}, {4, 1}});
  CHECK_FALSE(sights()[0]->equal_weights);
}

TEST_CASE("slow start raises the weight of a newcomer from min_weight_percent to 1") {
  // new_weight = weight * max(min_weight_percent, time_factor^(1 / aggression))
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0});
  Json settings = Json::parse(R"({"policy": "spy", "slow_start": {"window": "100s"}})");
  const auto weight_at = [&](Duration when) {
    world.run(when);
    return sights()[0]->weights[1];
  };
  SECTION("linearly with aggression 1") {
    world.add_balancer(settings.dump());
    world.start();
    CHECK(sights()[0]->weights[0] == 1);
    world.run(50_s);
    app.add(0);
    CHECK(weight_at(50_s) == 0.1);
    CHECK(weight_at(58_s) == 0.1);
    CHECK(weight_at(75_s) == Approx(0.25));
    CHECK(weight_at(140_s) == Approx(0.9));
    CHECK_FALSE(sights()[0]->equal_weights);
    CHECK(weight_at(150_s) == 1);
    CHECK(sights()[0]->equal_weights);
    CHECK(sights()[0]->weights[0] == 1);
  }
  SECTION("faster at first with aggression 2") {
    settings["slow_start"]["aggression"] = 2;
    world.add_balancer(settings.dump());
    world.start();
    world.run(50_s);
    app.add(0);
    CHECK(weight_at(75_s) == Approx(0.5));
    CHECK(weight_at(131_s) == Approx(0.9));
  }
  SECTION("on top of the weight that it has") {
    settings["weights"] = {1, 8};
    world.add_balancer(settings.dump());
    world.start();
    world.run(50_s);
    app.add(0);
    CHECK(weight_at(100_s) == Approx(4));
    CHECK(weight_at(200_s) == 8);
  }
}

TEST_CASE("a backend that comes back from the dead starts slowly again") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  Json settings = Json::parse(checked);
  settings["slow_start"] = "100s";
  world.add_balancer(settings.dump());
  world.start();
  {
    const Knob::Hold death = app[1].hold_down(KilledWork::answers_broken);
    world.run(60_s);
  }
  const std::size_t count = app[1].probes.size();
  world.run(80_s);
  const Time back = app[1].probes[count] + 5_s;
  world.simulation.run(back + 50_s);
  CHECK(sights()[0]->weights[1] == Approx(0.5));
}

// ---- Zones ------------------------------------------------------------------------------------

std::vector<double> shares_by_zone(BalancerWorld& world, FakeBackends& app, std::size_t balancer,
                                   int requests) {
  for (std::size_t i = 0; i < app.fleet().size(); ++i) {
    app[i].requests.clear();
  }
  for (int i = 0; i < requests; ++i) {
    world.send(0, balancer);
  }
  std::vector<double> shares(world.geography.zone_count());
  for (std::size_t i = 0; i < app.fleet().size(); ++i) {
    shares[app[i].place()] += static_cast<double>(app[i].requests.size()) / requests;
  }
  return shares;
}

TEST_CASE("zone aware routing keeps traffic where it is as far as backends stay evenly loaded") {
  // The example in Envoy's source: 40, 40, 20 % of the balancers and 25, 50, 25 % of the backends.
  BalancerWorld world(R"(["a", "b", "c"])");
  FakeBackends& app = world.add_backends({0, 0, 1, 1, 1, 1, 2, 2});
  world.add_balancer(R"({"replicas": 5, "zones": ["a", "b", "a", "b", "c"], "zone_aware": {}})");
  world.start();
  constexpr int n = 40'000;
  const auto within = [](double p) { return 4 * std::sqrt(p * (1 - p) / n); };
  const std::vector<double> from_a = shares_by_zone(world, app, 0, n);
  CHECK(std::abs(from_a[0] - 0.625) < within(0.625));
  CHECK(std::abs(from_a[1] - 0.25) < within(0.25));
  CHECK(std::abs(from_a[2] - 0.125) < within(0.125));
  CHECK(shares_by_zone(world, app, 1, 1000) == std::vector<double>{0, 1, 0});
  CHECK(shares_by_zone(world, app, 4, 1000) == std::vector<double>{0, 0, 1});
  world.check_laws();
}

TEST_CASE("with equal shares in all zones no request leaves its zone") {
  BalancerWorld world(R"(["a", "b", "c"])");
  FakeBackends& app = world.add_backends({0, 1, 2, 0, 1, 2});
  world.add_balancer(R"({"replicas": 3, "zone_aware": {}})");
  world.start();
  CHECK(shares_by_zone(world, app, 0, 999) == std::vector<double>{1, 0, 0});
  CHECK(shares_by_zone(world, app, 1, 999) == std::vector<double>{0, 1, 0});
  CHECK(shares_by_zone(world, app, 2, 999) == std::vector<double>{0, 0, 1});
}

TEST_CASE("a balancer in a zone without backends sends everything away") {
  BalancerWorld world(R"(["a", "b", "c"])");
  FakeBackends& app = world.add_backends({1, 1, 1, 2, 2, 2});
  world.add_balancer(R"({"replicas": 3, "zone_aware": {}})");
  world.start();
  constexpr int n = 10'000;
  const std::vector<double> shares = shares_by_zone(world, app, 0, n);
  CHECK(shares[0] == 0);
  CHECK(std::abs(shares[1] - 0.5) < 4 * std::sqrt(0.25 / n));
}

TEST_CASE("zones are not looked at when there are few backends, or for a share of the requests") {
  BalancerWorld world(R"(["a", "b"])");
  SECTION("fewer than min_cluster_size") {
    FakeBackends& app = world.add_backends({0, 1, 0, 1});
    world.add_balancer(R"({"replicas": 2, "zone_aware": {}})");
    world.start();
    CHECK(shares_by_zone(world, app, 0, 1000) == std::vector<double>{0.5, 0.5});
  }
  SECTION("not fewer") {
    FakeBackends& app = world.add_backends({0, 1, 0, 1});
    world.add_balancer(R"({"replicas": 2, "zone_aware": {"min_cluster_size": 4}})");
    world.start();
    CHECK(shares_by_zone(world, app, 0, 1000) == std::vector<double>{1, 0});
  }
  SECTION("routing_enabled 40%") {
    FakeBackends& app = world.add_backends({0, 1, 0, 1, 0, 1});
    world.add_balancer(R"({"replicas": 2, "zone_aware": "40%"})");
    world.start();
    constexpr int n = 10'000;
    CHECK(std::abs(shares_by_zone(world, app, 0, n)[0] - 0.7) < 4 * std::sqrt(0.21 / n));
  }
}

// ---- Sessions ---------------------------------------------------------------------------------

TEST_CASE("a sticky session keeps its backend at every balancer, until that is not available") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0, 0, 0});
  world.add_balancer(R"({"policy": "random", "sticky": {"by": "user"}, "replicas": 2,
                         "healthy_panic_threshold": "0%",
                         "health_check": {"interval": "5s", "timeout": "1s",
                                          "unhealthy_threshold": 1, "healthy_threshold": 1}})");
  world.start();
  for (std::uint64_t user = 0; user < 40; ++user) {
    world.send(user, 0);
  }
  std::map<std::uint64_t, std::size_t> homes;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_FALSE(app[i].requests.empty());
    for (const Request& request : app[i].requests) {
      homes[request.user] = i;
    }
    app[i].requests.clear();
  }
  CHECK(homes.size() == 40);
  for (std::uint64_t user = 0; user < 40; ++user) {
    world.send(user, 1);
    CHECK(app[homes[user]].requests.back().user == user);
  }
  {
    const Knob::Hold death = app[homes[7]].hold_down(KilledWork::answers_broken);
    world.run(20_s);
    CHECK(world.send(7).answer().ok());
  }
  world.run(60_s);
  const auto requests_of_7 = [&](std::size_t i) {
    return std::count_if(app[i].requests.begin(), app[i].requests.end(),
                         [](const Request& request) { return request.user == 7; });
  };
  const auto before = requests_of_7(homes[7]);
  for (int i = 0; i < 20; ++i) {
    world.send(7);
  }
  CHECK(requests_of_7(homes[7]) == before);  // it stays where it went
}

// ---- Time that passes at the balancer ---------------------------------------------------------

TEST_CASE("the way to a balancer and back is charged") {
  BalancerWorld world("[]", R"({"within_zone": "1ms"})");
  world.add_backends({0})[0].latency = 10_ms;
  world.add_balancer("{}");
  world.start();
  const Reply& reply = world.send();
  CHECK(world.observer().arrivals == 0);
  world.run(1_ms);
  CHECK(world.observer().arrivals == 1);
  world.run(11_ms);
  CHECK(world.observer().count(Outcome::ok) == 1);
  world.run(12_ms - 1_ns);
  CHECK_FALSE(reply.done());
  world.run(12_ms);
  CHECK(reply.done());
}

TEST_CASE("processing takes a core, waits for one, and is rejected when too many wait") {
  BalancerWorld world;
  world.add_backends({0});
  world.add_balancer(R"({"processing": "10ms", "cpu": 2, "max_pending": 3})");
  world.start();
  for (int i = 0; i < 6; ++i) {
    world.send();
  }
  REQUIRE(world.replies[5].done());
  CHECK(world.replies[5].answer().outcome == Outcome::rejected_queue_full);
  CHECK(world.observer().busy_cores == 2);
  world.run(10_ms);
  CHECK(world.replies[1].done());
  CHECK_FALSE(world.replies[2].done());
  world.run(30_ms);
  CHECK(world.observer().count(Outcome::ok) == 5);
  CHECK(world.observer().visits.back().cpu_waited == 20_ms);
  CHECK(world.observer().busy_core_time == 50_ms);
  CHECK(world.observer().cores_up == 2);
  world.check_laws();
}

TEST_CASE("a balancer of one core saturates at the inverse of its processing time") {
  BalancerWorld world;
  world.add_backends({0});
  world.add_balancer(R"({"processing": "1ms", "cpu": 1, "max_pending": "unbounded"})");
  world.start();
  for (int i = 0; i < 3000; ++i) {
    world.send();
  }
  world.run(2_s);
  CHECK(world.observer().count(Outcome::ok) == 2000);
  const Knob::Hold hold = world.balancer_instance().speed().hold(0.5);
  world.run(3_s);
  CHECK(world.observer().count(Outcome::ok) == 2500);
  world.check_laws();
}

// ---- Death of a balancer ----------------------------------------------------------------------

TEST_CASE("callers of a crashed balancer are reset, backends finish what they have") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  const std::string settings = GENERATE(std::string(R"({"policy": "spy"})"),
                                        std::string(R"({"policy": "spy", "processing": "1ms"})"));
  world.add_balancer(settings);
  world.start();
  app[0].latency = app[1].latency = 1_s;
  for (int i = 0; i < 3; ++i) {
    world.send();
  }
  world.run(100_ms);
  {
    const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::answers_broken);
    for (const Reply& reply : world.replies) {
      REQUIRE(reply.done());
      CHECK(reply.answer().outcome == Outcome::reset);
    }
    CHECK(world.observer().count(Outcome::reset) == 3);
    CHECK(world.observer().instances_up == 0);
    const Reply& refused = world.send();
    world.run(200_ms);
    CHECK(refused.answer().outcome == Outcome::unreachable);
    CHECK(world.observer().arrivals == 3);  // nobody was there
  }
  world.run(200_ms);
  CHECK(world.observer().instances_up == 1);
  world.check_laws();
  const Reply& again = world.send();
  world.run(3_s);
  CHECK(again.answer().ok());
  CHECK(app[0].finished + app[1].finished == 4);
  REQUIRE(sights().size() == 2);  // a new process has a new policy
  CHECK(sights()[1]->in_flight[0] + sights()[1]->in_flight[1] == 0);
  world.check_laws();
}

TEST_CASE("a balancer that is back in the instant of its crash ends each request once") {
  BalancerWorld world;
  world.add_backends({0});
  world.add_balancer(R"({"processing": "1s", "cpu": {"cores": 1}})");
  world.start();
  world.send();
  world.send();
  { const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::answers_broken); }
  const Reply& after = world.send();
  world.run(5_s);
  CHECK(after.answer().ok());
  CHECK(world.observer().arrivals == 3);
  CHECK(world.observer().ended_count() == 3);
  CHECK(world.observer().count(Outcome::reset) == 2);
  world.check_laws();
}

TEST_CASE("callers of a balancer that dies in silence hear nothing, then or later") {
  BalancerWorld world;
  world.add_backends({0})[0].latency = 1_s;
  const std::string settings = GENERATE(std::string("{}"), std::string(R"({"processing": "1ms"})"));
  world.add_balancer(settings);
  world.start();
  const Reply& before = world.send();
  world.run(100_ms);
  const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::stays_silent);
  const Reply& after = world.send();
  world.run(10_s);
  CHECK_FALSE(before.done());
  CHECK_FALSE(after.done());
  CHECK(world.observer().count(Outcome::reset) == 1);
}

TEST_CASE("a balancer that boots again probes its backends before it uses them") {
  BalancerWorld world;
  FakeBackends& app = world.add_backends({0, 0});
  Json settings = Json::parse(checked);
  settings["boot_time"] = "30s";
  settings["healthy_panic_threshold"] = "0%";
  world.add_balancer(settings.dump());
  world.start();
  const Knob::Hold dead_backend = app[1].hold_down(KilledWork::stays_silent);
  world.run(1_s);
  { const Knob::Hold death = world.balancer_instance().hold_down(KilledWork::answers_broken); }
  world.run(31_s - 1_ns);
  CHECK(world.send().answer().outcome == Outcome::unreachable);
  world.run(31_s);
  REQUIRE(sights().size() == 2);
  CHECK(sights()[1]->eligible() == Slots{0});
  CHECK(world.send().answer().ok());
}

TEST_CASE("a balancer's balancer learns of a crash in between") {
  BalancerWorld world;
  world.add_backends({0})[0].latency = 1_s;
  world.add_balancer("{}", "app", "inner");
  world.add_balancer(R"({"policy": "spy"})", "inner", "outer");
  world.start();
  const Reply& reply = world.send(0, 0, "outer");
  CHECK(sights()[0]->in_flight[0] == 1);
  const Knob::Hold death =
      world.balancer_instance(0, "inner").hold_down(KilledWork::answers_broken);
  CHECK(reply.answer().outcome == Outcome::reset);
  CHECK(sights()[0]->ends == std::vector<Outcome>{Outcome::reset});
  CHECK(world.observer("outer").count(Outcome::reset) == 1);
  world.run(2_s);
  world.check_laws();
}

// ---- Anything, in any order -------------------------------------------------------------------

TEST_CASE("whatever dies and comes back in whatever order, the ledger balances") {
  const std::string network = GENERATE(std::string("{}"), std::string(R"({"within_zone": "2ms"})"));
  const std::string processing = GENERATE(std::string("0ms"), std::string("3ms"));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    BalancerWorld world("[]", network);
    FakeBackends& app = world.add_backends({0, 0, 0, 0});
    const Json settings = {{"replicas", 2},
                           {"processing", processing},
                           {"cpu", 2},
                           {"health_check",
                            {{"interval", "20ms"},
                             {"timeout", "10ms"},
                             {"unhealthy_threshold", 2},
                             {"healthy_threshold", 1}}}};
    world.add_balancer(settings.dump(), "app", "inner");
    world.add_balancer(settings.dump(), "inner", "outer");
    world.start();
    for (std::size_t i = 0; i < 4; ++i) {
      app[i].latency = Duration::nanoseconds(5'000'000) * static_cast<std::int64_t>(i);
    }
    std::map<int, Knob::Hold> holds;
    Draw draw(seed, 1);
    for (int step = 1; step <= 400; ++step) {
      const int whom = static_cast<int>(draw.below(8));
      const std::uint64_t what = draw.below(16);
      const bool silent = draw.below(2) == 0;
      Instance& victim = whom < 4 ? static_cast<Instance&>(app[static_cast<std::size_t>(whom)])
                         : whom < 6
                             ? world.balancer_instance(static_cast<std::size_t>(whom - 4), "inner")
                             : world.balancer_instance(static_cast<std::size_t>(whom - 6), "outer");
      if (what == 0) {
        holds.insert_or_assign(
            whom, victim.hold_down(silent ? KilledWork::stays_silent : KilledWork::answers_broken));
      } else if (what <= 2) {
        holds.erase(whom);
      } else {
        world.send(0, draw.below(2), "outer");
      }
      world.run(Duration::nanoseconds(1'000'000) * step);
      world.check_laws();
    }
    holds.clear();
    world.run(10_s);
    world.check_laws();
    const CountingObserver& outer = world.observer("outer");
    CHECK(outer.ended_count() > 100);
    CHECK(outer.instances_up == 2);
    CHECK(outer.busy_cores == 0);
    world.replies.clear();
  }
}

// ---- Settings ---------------------------------------------------------------------------------

TEST_CASE("a health check must say its intervals and thresholds") {
  const std::vector<std::string> problems =
      problems_of(R"({"kind": "load_balancer", "backends": "app", "health_check": {}})");
  CHECK(problems.size() == 4);
}

TEST_CASE("a weight of nothing is a mistake") {
  CHECK(problems_of(R"({"kind": "load_balancer", "backends": "app", "weights": [1, 0]})").size() ==
        1);
  CHECK(problems_of(R"({"kind": "load_balancer", "backends": "app", "weights": [1, 2]})").empty());
}

}  // namespace
}  // namespace test
}  // namespace stampede
