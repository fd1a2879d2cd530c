#include "stampede/model/network.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stampede/kernel/job.hpp"

namespace stampede {
namespace {

using namespace literals;

/// Uniform in [0, 1 s): enough to see which draws are the same.
class AnyTime final : public Law {
 public:
  AnyTime(const NoSettings&, const Context&) {}
  double sample(Draw& draw) const override { return draw.uniform() * 1e9; }
  double mean() const override { return 0.5e9; }
  double variance() const override { return 1e18 / 12; }
};
const Register<Law, AnyTime> registered{"any_time", "up to a second"};

Distribution<Duration> any_time() { return Distribution<Duration>(Choice<Law>::of("any_time")); }

LinkSettings link(Duration latency) {
  LinkSettings settings;
  settings.latency = Distribution<Duration>::constant(latency);
  return settings;
}

LinkOverride between(std::string a, std::string b, Duration latency) {
  LinkOverride settings;
  settings.between = {ZoneName{std::move(a), {}}, ZoneName{std::move(b), {}}};
  settings.link = link(latency);
  return settings;
}

/// Two regions of two zones each.
struct Net {
  explicit Net(const NetworkSettings& settings)
      : geography(regions()), network(simulation, geography, settings, 1, 0), jobs(simulation) {}

  static Named<RegionSettings> regions() {
    Named<RegionSettings> regions;
    RegionSettings eu;
    eu.zones = {"eu-a", "eu-b"};
    RegionSettings us;
    us.zones = {"us-a", "us-b"};
    regions.add("eu", eu);
    regions.add("us", us);
    return regions;
  }

  PlaceId at(const std::string& name) const {
    if (const auto zone = geography.zone(name)) {
      return *zone;
    }
    return geography.users_of(*geography.region(name));  // the users of a region
  }
  std::int64_t latency(const std::string& from, const std::string& to) const {
    return network.transit(at(from), at(to), 0, 1).latency.ns();
  }

  Scope& scope() { return jobs; }
  Process transfer(PlaceId from, PlaceId to, Duration when, std::uint32_t bytes,
                   std::int64_t& arrival) {
    co_await simulation.delay(when);
    Cpu* line = network.transit(from, to, 0, 1).line;
    const Duration alone = network.transit(from, to, bytes, 1).transfer;
    co_await line->work(alone);
    arrival = simulation.now().ns();
    co_return Done();
  }

  Simulation simulation;
  Geography geography;
  Network network;
  Scope jobs;
};

NetworkSettings classes() {
  NetworkSettings settings;
  settings.within_zone = link(1_ns);
  settings.between_zones = link(10_ns);
  settings.between_regions = link(100_ns);
  settings.to_users = link(1000_ns);
  return settings;
}

// ---- Places -------------------------------------------------------------------------------------

TEST_CASE("without regions there is one of one zone, and its users") {
  const Geography geography({});
  CHECK(geography.zone_count() == 1);
  CHECK(geography.regions() == std::vector<std::string>{"default"});
  CHECK(geography.zone("default") == PlaceId{0});
  CHECK(geography.users_of(0) == 1);
  CHECK(geography.places()[1].of_users);
  CHECK(geography.zones_in("default") == std::vector<PlaceId>{0});
}

TEST_CASE("zones come first, in the order of the text, then the users of each region") {
  const Geography geography(Net::regions());
  std::vector<std::string> names;
  for (const Geography::Place& place : geography.places()) {
    names.push_back(place.name + (place.of_users ? " users" : ""));
  }
  CHECK(names == std::vector<std::string>{"eu-a", "eu-b", "us-a", "us-b", "eu users", "us users"});
  CHECK(geography.zones_in("us") == std::vector<PlaceId>{2, 3});
  CHECK(geography.zones_in("eu-b") == std::vector<PlaceId>{1});
  CHECK(geography.zones_in("mars").empty());
  CHECK_FALSE(geography.zone("eu"));
  CHECK_FALSE(geography.region("eu-a"));
}

// ---- Links --------------------------------------------------------------------------------------

TEST_CASE("a message takes the latency of its class of link") {
  const Net net(classes());
  CHECK(net.latency("eu-a", "eu-a") == 1);
  CHECK(net.latency("eu-a", "eu-b") == 10);
  CHECK(net.latency("eu-b", "eu-a") == 10);
  CHECK(net.latency("eu-a", "us-b") == 100);
  CHECK(net.latency("us-b", "eu-a") == 100);
}

TEST_CASE("users cross one link to their region, and another one to a region beyond") {
  const Net net(classes());
  CHECK(net.latency("eu", "eu-a") == 1000);
  CHECK(net.latency("eu-a", "eu") == 1000);
  CHECK(net.latency("eu", "us-a") == 1100);
  CHECK(net.latency("us-a", "eu") == 1100);
}

TEST_CASE("without settings every message arrives at the instant that it is sent") {
  const Net net({});
  for (PlaceId from = 0; from < 6; ++from) {
    for (PlaceId to = 0; to < 6; ++to) {
      CHECK(net.network.is_instant(from, to));
      CHECK(net.network.transit(from, to, 0, 1).latency.is_zero());
      CHECK_FALSE(net.network.transit(from, to, 0, 1).lost);
      CHECK(net.network.transit(from, to, 0, 1).line == nullptr);
    }
  }
}

TEST_CASE("a link that delays, loses or has a bandwidth is not instant") {
  NetworkSettings settings;
  settings.within_zone = LinkSettings{};
  settings.between_zones = link(1_ns);
  settings.between_regions = LinkSettings{};
  settings.between_regions->loss = Ratio{0.1};
  settings.to_users = LinkSettings{};
  settings.to_users->bandwidth = Bandwidth{1e6};
  const Net net(settings);
  CHECK(net.network.is_instant(net.at("eu-a"), net.at("eu-a")));
  CHECK_FALSE(net.network.is_instant(net.at("eu-a"), net.at("eu-b")));
  CHECK_FALSE(net.network.is_instant(net.at("eu-a"), net.at("us-a")));
  CHECK_FALSE(net.network.is_instant(net.at("eu"), net.at("eu-a")));
}

TEST_CASE("a link that is named replaces that of its class, both ways, and no other") {
  NetworkSettings settings = classes();
  settings.links = {between("eu", "us", 70_ns), between("us-a", "us-b", 7_ns),
                    between("eu-a", "eu-a", 2_ns)};
  const Net net(settings);
  CHECK(net.latency("eu-a", "us-a") == 70);
  CHECK(net.latency("us-b", "eu-b") == 70);
  CHECK(net.latency("us-a", "us-b") == 7);
  CHECK(net.latency("us-b", "us-a") == 7);
  CHECK(net.latency("eu-a", "eu-a") == 2);
  CHECK(net.latency("eu-b", "eu-b") == 1);
  CHECK(net.latency("eu-a", "eu-b") == 10);
  CHECK(net.latency("eu", "us-a") == 1070);
}

TEST_CASE("the most specific name counts, wherever it stands") {
  const LinkOverride regions = between("eu", "us", 70_ns);
  const LinkOverride half = between("eu", "us-a", 60_ns);
  const LinkOverride zones = between("us-a", "eu-a", 50_ns);
  for (const auto& order : {std::vector{regions, half, zones}, std::vector{zones, half, regions},
                            std::vector{half, regions, zones}}) {
    NetworkSettings settings = classes();
    settings.links = order;
    const Net net(settings);
    CHECK(net.latency("eu-a", "us-a") == 50);
    CHECK(net.latency("us-a", "eu-a") == 50);
    CHECK(net.latency("eu-b", "us-a") == 60);
    CHECK(net.latency("eu-b", "us-b") == 70);
  }
}

// ---- Draws --------------------------------------------------------------------------------------

TEST_CASE("each direction, each message and each pair of places has luck of its own") {
  NetworkSettings settings;
  settings.within_zone = LinkSettings{};
  settings.within_zone->latency = any_time();
  settings.between_zones = settings.within_zone;
  const Net net(settings);
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  const PlaceId c = net.at("us-a");
  const Network& network = net.network;
  CHECK(network.transit(a, b, 0, 5).latency == network.transit(a, b, 0, 5).latency);
  CHECK(network.transit(a, b, 0, 5).latency != network.transit(b, a, 0, 5).latency);
  CHECK(network.transit(a, b, 0, 5).latency != network.transit(a, b, 0, 6).latency);
  CHECK(network.transit(a, a, 0, 5).latency != network.transit(c, c, 0, 5).latency);
  // The way back of a message is drawn for the complement of its luck, within a zone as well.
  CHECK(network.transit(a, a, 0, 5).latency != network.transit(a, a, 0, ~std::uint64_t{5}).latency);
}

TEST_CASE("a new zone does not change what messages between the others meet") {
  NetworkSettings settings;
  settings.between_zones = LinkSettings{};
  settings.between_zones->latency = any_time();
  settings.between_zones->loss = Ratio{0.5};
  const Net net(settings);
  Named<RegionSettings> regions;
  RegionSettings asia;
  asia.zones = {"asia-a"};
  regions.add("asia", asia);
  for (const auto& region : Net::regions()) {
    regions.add(region.name, region.value);
  }
  Simulation simulation;
  const Geography geography(regions);
  const Network larger(simulation, geography, settings, 1, 0);
  const PlaceId a = *geography.zone("eu-a");
  const PlaceId b = *geography.zone("eu-b");
  for (std::uint64_t luck = 0; luck < 100; ++luck) {
    CHECK(larger.transit(a, b, 0, luck).latency ==
          net.network.transit(net.at("eu-a"), net.at("eu-b"), 0, luck).latency);
    CHECK(larger.transit(a, b, 0, luck).lost ==
          net.network.transit(net.at("eu-a"), net.at("eu-b"), 0, luck).lost);
  }
}

TEST_CASE("replications draw different luck") {
  NetworkSettings settings;
  settings.within_zone = LinkSettings{};
  settings.within_zone->latency = any_time();
  Simulation simulation;
  const Geography geography({});
  const Network first(simulation, geography, settings, 1, 0);
  const Network second(simulation, geography, settings, 1, 1);
  const Network again(simulation, geography, settings, 1, 0);
  CHECK(first.transit(0, 0, 0, 5).latency != second.transit(0, 0, 0, 5).latency);
  CHECK(first.transit(0, 0, 0, 5).latency == again.transit(0, 0, 0, 5).latency);
}

// ---- Loss ---------------------------------------------------------------------------------------

/// The share of messages that are lost, in standard deviations from what is expected.
double deviation(const Network& network, PlaceId from, PlaceId to, double expected) {
  constexpr int messages = 100'000;
  int lost = 0;
  for (std::uint64_t luck = 0; luck < messages; ++luck) {
    lost += network.transit(from, to, 0, luck).lost ? 1 : 0;
  }
  return (lost - messages * expected) / std::sqrt(messages * expected * (1 - expected));
}

TEST_CASE("the share of messages that is lost is that of the links on their way") {
  NetworkSettings settings;
  settings.to_users = LinkSettings{};
  settings.to_users->loss = Ratio{0.1};
  settings.between_regions = LinkSettings{};
  settings.between_regions->loss = Ratio{0.02};
  const Net net(settings);
  CHECK(std::abs(deviation(net.network, net.at("eu"), net.at("eu-a"), 0.1)) < 4);
  CHECK(std::abs(deviation(net.network, net.at("eu-a"), net.at("us-b"), 0.02)) < 4);
  const double both = 1 - 0.9 * 0.98;
  CHECK(std::abs(deviation(net.network, net.at("us"), net.at("eu-a"), both)) < 4);
  CHECK_FALSE(net.network.transit(net.at("eu-a"), net.at("eu-b"), 0, 1).lost);
}

TEST_CASE("a message and its way back are lost independently") {
  NetworkSettings settings;
  settings.between_zones = LinkSettings{};
  settings.between_zones->loss = Ratio{0.5};
  const Net net(settings);
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  int both = 0;
  for (std::uint64_t luck = 0; luck < 10'000; ++luck) {
    both +=
        net.network.transit(a, b, 0, luck).lost && net.network.transit(b, a, 0, ~luck).lost ? 1 : 0;
  }
  CHECK(std::abs(both - 2500) < 200);  // more than four standard deviations
}

// ---- Bandwidth ----------------------------------------------------------------------------------

NetworkSettings one_byte_per_ns() {
  NetworkSettings settings;
  settings.between_zones = LinkSettings{};
  settings.between_zones->bandwidth = Bandwidth{1e9};
  return settings;
}

TEST_CASE("a transfer alone on a line takes its size over the bandwidth") {
  Net net(one_byte_per_ns());
  std::int64_t arrival = -1;
  static_cast<void>(net.transfer(net.at("eu-a"), net.at("eu-b"), 5_ns, 1000, arrival));
  net.simulation.run(Time::from_start(1_s));
  CHECK(arrival == 1005);
}

TEST_CASE("two equal transfers at once take twice as long") {
  Net net(one_byte_per_ns());
  std::int64_t first = -1;
  std::int64_t second = -1;
  static_cast<void>(net.transfer(net.at("eu-a"), net.at("eu-b"), 0_ns, 1000, first));
  static_cast<void>(net.transfer(net.at("eu-a"), net.at("eu-b"), 0_ns, 1000, second));
  net.simulation.run(Time::from_start(1_s));
  CHECK(first == 2000);
  CHECK(second == 2000);
}

TEST_CASE("the two directions of a link, and other links, do not share") {
  Net net(one_byte_per_ns());
  std::vector<std::int64_t> arrivals(3, -1);
  static_cast<void>(net.transfer(net.at("eu-a"), net.at("eu-b"), 0_ns, 1000, arrivals[0]));
  static_cast<void>(net.transfer(net.at("eu-b"), net.at("eu-a"), 0_ns, 1000, arrivals[1]));
  static_cast<void>(net.transfer(net.at("us-a"), net.at("us-b"), 0_ns, 1000, arrivals[2]));
  net.simulation.run(Time::from_start(1_s));
  CHECK(arrivals == std::vector<std::int64_t>{1000, 1000, 1000});
}

TEST_CASE("over two links the narrower one counts") {
  NetworkSettings settings;
  settings.to_users = LinkSettings{};
  settings.to_users->bandwidth = Bandwidth{4e9};
  settings.between_regions = LinkSettings{};
  settings.between_regions->bandwidth = Bandwidth{1e9};
  const Net net(settings);
  CHECK(net.network.transit(net.at("eu"), net.at("eu-a"), 1000, 1).transfer == 250_ns);
  CHECK(net.network.transit(net.at("eu"), net.at("us-a"), 1000, 1).transfer == 1000_ns);
  CHECK(net.network.transit(net.at("us-a"), net.at("eu"), 1000, 1).transfer == 1000_ns);
}

// ---- Faults -------------------------------------------------------------------------------------

/// Always the same.
struct Constant final : AddedLatency {
  explicit Constant(Duration length) : length(length) {}
  Duration of(std::uint64_t) override { return length; }
  Duration length;
};

TEST_CASE("a path that is cut loses everything, until the last who cut it mends it") {
  Net net(classes());
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  {
    const Knob::Hold one = net.network.controls(a, b).cuts().hold(1);
    Knob::Hold other = net.network.controls(a, b).cuts().hold(1);
    CHECK(net.network.transit(a, b, 0, 1).lost);
    CHECK(net.network.is_cut(a, b));
    CHECK_FALSE(net.network.transit(b, a, 0, 1).lost);
    CHECK_FALSE(net.network.is_cut(b, a));
    other.release();
    CHECK(net.network.transit(a, b, 0, 1).lost);
  }
  CHECK_FALSE(net.network.transit(a, b, 0, 1).lost);
}

TEST_CASE("added latencies add up, and an instant path is one again afterwards") {
  Net net({});
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  CHECK(net.network.is_instant(a, b));
  {
    Constant one(3_ms);
    const Knob::Hold of_one = net.network.controls(a, b).delay(one);
    {
      Constant other(4_ms);
      const Knob::Hold of_other = net.network.controls(a, b).delay(other);
      CHECK(net.network.transit(a, b, 0, 1).latency == 7_ms);
    }
    CHECK(net.network.transit(a, b, 0, 1).latency == 3_ms);
    CHECK_FALSE(net.network.is_instant(a, b));
    CHECK_FALSE(net.network.is_instant(b, a));  // an answer comes over the other one
  }
  CHECK(net.network.is_instant(a, b));
}

TEST_CASE("losses of a link and of faults are independent of each other") {
  NetworkSettings settings;
  settings.between_zones = link(1_ms);
  settings.between_zones->loss = Ratio{0.5};
  Net net(settings);
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  const auto lost_of = [&] {
    int lost = 0;
    for (std::uint64_t luck = 0; luck < 20'000; ++luck) {
      lost += net.network.transit(a, b, 0, luck).lost ? 1 : 0;
    }
    return lost / 20'000.0;
  };
  const double before = lost_of();
  CHECK(before == Approx(0.5).margin(0.015));
  {
    const Knob::Hold one = net.network.controls(a, b).loss().hold(0.5);
    const Knob::Hold other = net.network.controls(a, b).loss().hold(0.2);
    CHECK(lost_of() == Approx(0.8).margin(0.015));
  }
  CHECK(lost_of() == before);
}

TEST_CASE("a limit on the bandwidth slows down what is on the line, and ends with the fault") {
  NetworkSettings settings;
  settings.between_zones = link(Duration());
  settings.between_zones->bandwidth = Bandwidth{1e9};  // a byte per ns
  Net net(settings);
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  Knob::Hold limit;
  std::int64_t arrival = 0;
  static_cast<void>(net.transfer(a, b, Duration(), 1000, arrival));
  net.simulation.run(Time::from_start(500_ns));
  limit = net.network.controls(a, b).bandwidth().hold(0.5e9);
  SECTION("to the end of the transfer") {
    net.simulation.run(Time::from_start(1_s));
    CHECK(arrival == 1500);
  }
  SECTION("or for a while") {
    net.simulation.run(Time::from_start(700_ns));
    limit.release();
    net.simulation.run(Time::from_start(1_s));
    CHECK(arrival == 1100);
  }
}

TEST_CASE("a path without a bandwidth has one while a fault limits it") {
  Net net(classes());
  const PlaceId a = net.at("eu-a");
  const PlaceId b = net.at("eu-b");
  Knob::Hold limit = net.network.controls(a, b).bandwidth().hold(0.5e9);
  Knob::Hold tighter = net.network.controls(a, b).bandwidth().hold(0.1e9);
  std::int64_t arrival = 0;
  static_cast<void>(net.transfer(a, b, Duration(), 1000, arrival));
  net.simulation.run(Time::from_start(5_us));
  tighter.release();  // a half is through
  net.simulation.run(Time::from_start(5_us + 500_ns));
  limit.release();  // three quarters are: the rest gets through at once
  CHECK(net.network.transit(a, b, 1000, 1).line == nullptr);
  net.simulation.run(Time::from_start(1_s));
  CHECK(arrival == 5500);
}

}  // namespace
}  // namespace stampede
