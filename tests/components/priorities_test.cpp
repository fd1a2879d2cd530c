#include "../../src/components/load_balancer/priorities.hpp"

#include <cmath>

#include "components/balancer_world.hpp"

namespace stampede::test {
namespace {

/// Levels of a hundred hosts each, of which so many are healthy.
std::vector<PriorityLevel> shared(const std::vector<int>& healthy, double panic_threshold = 0.5) {
  std::vector<PriorityLevel> levels;
  for (const int count : healthy) {
    levels.push_back({.hosts = 100, .healthy = static_cast<double>(count)});
  }
  share_load(levels, 1.4, panic_threshold);
  return levels;
}
std::vector<int> percents(const std::vector<PriorityLevel>& levels) {
  std::vector<int> loads;
  for (const PriorityLevel& level : levels) {
    loads.push_back(static_cast<int>(std::lround(level.load * 100)));
  }
  return loads;
}

TEST_CASE("load spills to the second level as Envoy's table says", "[priorities]") {
  const auto [healthy, to_first] =
      GENERATE(table<int, int>({{100, 100}, {72, 100}, {71, 99}, {50, 70}, {25, 35}, {0, 0}}));
  INFO(healthy << " % of the first level are healthy");
  const std::vector<PriorityLevel> levels = shared({healthy, 100});
  CHECK(percents(levels) == std::vector<int>{to_first, 100 - to_first});
  CHECK_FALSE(levels[0].in_panic);
  CHECK_FALSE(levels[1].in_panic);
}

TEST_CASE("levels are in panic as Envoy's table says", "[priorities]") {
  struct Row {
    int first;
    int second;
    std::vector<int> loads;
    bool first_in_panic;
    bool second_in_panic;
  };
  const Row row =
      GENERATE(Row{72, 72, {100, 0}, false, false}, Row{71, 71, {99, 1}, false, false},
               Row{50, 60, {70, 30}, false, false}, Row{50, 100, {70, 30}, false, false},
               Row{25, 100, {35, 65}, false, false}, Row{25, 25, {50, 50}, true, true},
               Row{5, 65, {7, 93}, true, false});
  INFO(row.first << " % and " << row.second << " % are healthy");
  const std::vector<PriorityLevel> levels = shared({row.first, row.second});
  CHECK(percents(levels) == row.loads);
  CHECK(levels[0].in_panic == row.first_in_panic);
  CHECK(levels[1].in_panic == row.second_in_panic);
}

TEST_CASE("with all levels in panic load goes by their sizes", "[priorities]") {
  std::vector<PriorityLevel> levels{{.hosts = 30, .healthy = 1}, {.hosts = 10, .healthy = 0}};
  share_load(levels, 1.4, 0.5);
  CHECK(percents(levels) == std::vector<int>{75, 25});
}

TEST_CASE("without panic and with nobody healthy all goes to the first level", "[priorities]") {
  const std::vector<PriorityLevel> levels = shared({0, 0, 0}, 0);
  CHECK(percents(levels) == std::vector<int>{100, 0, 0});
  CHECK_FALSE(levels[0].in_panic);
}

TEST_CASE("five of seven healthy backends are just enough", "[priorities]") {
  std::vector<PriorityLevel> levels{{.hosts = 7, .healthy = 5}, {.hosts = 7, .healthy = 7}};
  share_load(levels, 1.4, 0.5);
  CHECK(levels[0].load == 1);
}

TEST_CASE("a number picks the level under whose share it falls", "[priorities]") {
  const std::vector<PriorityLevel> levels = shared({25, 0, 100});
  CHECK(level_for(levels, 0.34) == 0);
  CHECK(level_for(levels, 0.36) == 2);
  CHECK(level_for(levels, 1 - 1e-16) == 2);
}

TEST_CASE("what is near depends on where the balancer stands", "[priorities]") {
  Named<RegionSettings> regions;
  regions.add("eu", {.zones = {"eu-a", "eu-b"}});
  regions.add("us", {.zones = {"us-a"}});
  const Geography geography(regions);
  const auto levels = [&](const PrioritySettings& settings, PlaceId own) {
    std::vector<std::size_t> of_zones = levels_of_places(settings, geography, own);
    of_zones.resize(geography.zone_count());
    return of_zones;
  };
  using Levels = std::vector<std::size_t>;
  PrioritySettings settings;
  settings.nearest = Nearness::region;
  CHECK(levels(settings, 0) == Levels{0, 0, 1});
  CHECK(levels(settings, 2) == Levels{1, 1, 0});
  settings.nearest = Nearness::zone;
  CHECK(levels(settings, 1) == Levels{1, 0, 2});
  settings.nearest.reset();
  settings.levels = {{{"us", {}}}, {{"eu-b", {}}}};
  CHECK(levels(settings, 0) == Levels{2, 1, 0});
}

// ---- In a balancer ----------------------------------------------------------------------------

struct SpillingWorld : BalancerWorld {
  explicit SpillingWorld(const std::string& more, std::size_t in_second = 4)
      : BalancerWorld(R"(["a", "b"])"), app(add_backends(places(in_second))) {
    add_balancer(R"({"zones": ["a"], "health_check": {"interval": "1s", "timeout": "500ms",
                     "unhealthy_threshold": 1, "healthy_threshold": 1}, )" +
                 more + "}");
    start();
  }
  static std::vector<PlaceId> places(std::size_t in_second) {
    std::vector<PlaceId> places(4, 0);
    places.resize(4 + in_second, 1);
    return places;
  }
  void kill(std::size_t backend) {
    deaths.push_back(app[backend].hold_down(KilledWork::answers_broken));
  }
  /// The share of the next thousand requests that each backend gets.
  std::vector<double> shares() {
    std::vector<std::size_t> before;
    for (std::size_t i = 0; i < app.fleet().size(); ++i) {
      before.push_back(app[i].requests.size());
    }
    for (int i = 0; i < 1000; ++i) {
      send();
    }
    std::vector<double> shares;
    for (std::size_t i = 0; i < app.fleet().size(); ++i) {
      shares.push_back(static_cast<double>(app[i].requests.size() - before[i]) / 1000);
    }
    return shares;
  }
  FakeBackends& app;
  std::vector<Knob::Hold> deaths;
};

TEST_CASE("a balancer sends elsewhere what its first level cannot take", "[priorities]") {
  const std::string priorities =
      GENERATE(R"("priorities": [["a"], ["b"]])", R"("priorities": {"nearest": "zone"})");
  SpillingWorld world(priorities);
  CHECK(world.shares() == std::vector<double>{0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0});
  CHECK(world.observer().counted("spilled") == 0);
  world.kill(0);
  world.kill(1);
  world.run(3_s);
  const std::vector<double> half = world.shares();
  CHECK(half[0] == 0);
  CHECK(half[2] == Approx(0.35).margin(0.03));
  CHECK(half[4] == Approx(0.075).margin(0.02));
  CHECK(world.observer().counted("prioritized") == 2000);
  world.kill(2);
  world.kill(3);
  world.run(6_s);
  CHECK(world.shares() == std::vector<double>{0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25});
  world.deaths.clear();
  world.run(9_s);
  CHECK(world.shares() == std::vector<double>{0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0});
  world.check_laws();
}

TEST_CASE("only the level that is in panic uses its dead", "[priorities]") {
  SpillingWorld world(R"("healthy_panic_threshold": "30%", "priorities": [["a"], ["b"]])", 8);
  for (const std::size_t dead : {0U, 1U, 2U, 4U, 5U, 6U, 7U, 8U}) {
    world.kill(dead);
  }
  world.run(3_s);
  // A quarter of the first level is healthy and three eighths of the second: 35 % and 52.5 %.
  const std::vector<double> shares = world.shares();
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(shares[i] == Approx(i < 4 ? 0.4 / 4 : i < 9 ? 0 : 0.6 / 3).margin(0.03));
  }
}

}  // namespace
}  // namespace stampede::test
