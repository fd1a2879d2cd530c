#include "stampede/model/discovery.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stampede {
namespace {

using namespace literals;

class Member final : public Instance {
 public:
  Member(std::uint32_t index, InstanceState state)
      : Instance("app-" + std::to_string(index), index, 0) {
    set_state(state);
  }
  void become(InstanceState state) { set_state(state); }
  Reply call(const Request&) override { return Response(); }
  Reply probe(const Request&) override { return Response(); }

 protected:
  void crash(KilledWork) override {}
  void boot() override {}
  void speed_changed(double) override {}
};

/// A fleet, and the news of it as "+0@1s".
struct News final : Discovery::Observer {
  explicit News(Duration delay) : delay(delay) {}

  Member& add(InstanceState state) {
    const auto index = static_cast<std::uint32_t>(fleet.size());
    return static_cast<Member&>(fleet.add(std::make_unique<Member>(index, state)));
  }
  void watch() { discovery.emplace(simulation, fleet, delay, *this); }
  void run(Duration until) { simulation.run(Time::from_start(until)); }
  void appeared(Instance& instance) override { note('+', instance); }
  void vanished(Instance& instance) override { note('-', instance); }
  void note(char what, Instance& instance) {
    const auto seconds = simulation.now().ns() / 1'000'000'000;
    heard.push_back(what + std::to_string(instance.index()) + "@" + std::to_string(seconds));
  }

  Duration delay;
  Simulation simulation;
  Fleet fleet;
  std::vector<std::string> heard;
  std::optional<Discovery> discovery;
};

using Heard = std::vector<std::string>;

TEST_CASE("what is there in the beginning is known at once, ready or not") {
  News news(5_s);
  news.add(InstanceState::ready);
  news.add(InstanceState::boot);
  news.add(InstanceState::gone);
  news.watch();
  CHECK(news.heard == Heard{"+0@0", "+1@0"});
}

TEST_CASE("a new instance is heard of a delay after it is ready for the first time") {
  News news(5_s);
  news.watch();
  Member& booting = news.add(InstanceState::boot);
  news.run(10_s);
  CHECK(news.heard.empty());
  booting.become(InstanceState::ready);
  news.run(14_s);
  CHECK(news.heard.empty());
  news.run(20_s);
  CHECK(news.heard == Heard{"+0@15"});
  news.add(InstanceState::ready);
  news.run(30_s);
  CHECK(news.heard == Heard{"+0@15", "+1@25"});
}

TEST_CASE("a crash and a reboot are no news") {
  News news(0_s);
  Member& member = news.add(InstanceState::ready);
  news.watch();
  member.become(InstanceState::down);
  news.run(10_s);
  member.become(InstanceState::boot);
  member.become(InstanceState::ready);
  news.run(20_s);
  CHECK(news.heard == Heard{"+0@0"});
}

TEST_CASE("an instance is withdrawn once, when it drains or is gone, and never comes back") {
  News news(3_s);
  Member& member = news.add(InstanceState::ready);
  news.watch();
  news.run(10_s);
  member.become(InstanceState::draining);
  news.run(11_s);
  member.become(InstanceState::gone);
  news.run(20_s);
  CHECK(news.heard == Heard{"+0@0", "-0@13"});
}

TEST_CASE("who drains before it was heard of comes and goes, in that order") {
  News news(3_s);
  news.watch();
  news.run(10_s);
  Member& member = news.add(InstanceState::ready);
  member.become(InstanceState::draining);
  news.run(20_s);
  CHECK(news.heard == Heard{"+0@13", "-0@13"});
}

TEST_CASE("without a delay news is there at once") {
  News news(0_s);
  news.watch();
  Member& member = news.add(InstanceState::ready);
  CHECK(news.heard == Heard{"+0@0"});
  member.become(InstanceState::gone);
  CHECK(news.heard == Heard{"+0@0", "-0@0"});
}

TEST_CASE("what never was a member is not withdrawn") {
  News news(0_s);
  news.watch();
  Member& member = news.add(InstanceState::boot);
  member.become(InstanceState::gone);
  news.run(1_s);
  CHECK(news.heard.empty());
}

}  // namespace
}  // namespace stampede
