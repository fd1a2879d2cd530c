#include "stampede/model/fleet.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

namespace stampede {
namespace {

/// An instance that writes down what is done to it.
class Member final : public Instance {
 public:
  explicit Member(std::uint32_t index = 0) : Instance("app-" + std::to_string(index), index, 3) {}

  Reply call(const Request&) override { return Response(); }
  Reply probe(const Request&) override { return Response(); }
  void become(InstanceState state) { set_state(state); }

  std::vector<std::string> history;

 protected:
  void crash(KilledWork how) override {
    history.push_back(how == KilledWork::answers_broken ? "reset" : "silence");
    set_state(InstanceState::down);
  }
  void boot() override {
    history.push_back("boot");
    set_state(InstanceState::ready);
  }
  void speed_changed(double speed) override { history.push_back("speed " + std::to_string(speed)); }
};

using History = std::vector<std::string>;

TEST_CASE("what is held down crashes, and boots when it is let go") {
  Member member;
  {
    Knob::Hold hold = member.hold_down(KilledWork::answers_broken);
    CHECK(member.history == History{"reset"});
    CHECK_FALSE(member.is_up());
  }
  CHECK(member.history == History{"reset", "boot"});
  CHECK(member.is_up());
}

TEST_CASE("of overlapping crashes only the end of the last one boots, in whatever order they end") {
  for (const bool first_ends_first : {true, false}) {
    Member member;
    Knob::Hold first = member.hold_down(KilledWork::answers_broken);
    Knob::Hold second = member.hold_down(KilledWork::stays_silent);
    (first_ends_first ? first : second).release();
    CHECK(member.history == History{"reset", "silence"});
    CHECK(member.state() == InstanceState::down);
    (first_ends_first ? second : first).release();
    CHECK(member.history == History{"reset", "silence", "boot"});
  }
}

TEST_CASE("slow-downs of one instance multiply, and end in any order") {
  Member member;
  Knob::Hold half = member.speed().hold(0.5);
  Knob::Hold pause = member.speed().hold(0);
  half.release();
  pause.release();
  CHECK(member.history == History{"speed 0.500000", "speed 0.000000", "speed 1.000000"});
}

TEST_CASE("faults that make errors are independent of each other") {
  Member member;
  CHECK(member.error_rate().value() == 0);
  Knob::Hold one = member.error_rate().hold(0.5);
  Knob::Hold other = member.error_rate().hold(0.5);
  CHECK(member.error_rate().value() == 0.75);
  one.release();
  other.release();
  CHECK(member.error_rate().value() == 0);
}

TEST_CASE("what drains is still up, what boots or is gone is not") {
  Member member;
  for (const InstanceState state : {InstanceState::ready, InstanceState::draining}) {
    member.become(state);
    CHECK(member.is_up());
  }
  for (const InstanceState state :
       {InstanceState::boot, InstanceState::down, InstanceState::gone}) {
    member.become(state);
    CHECK_FALSE(member.is_up());
  }
}

struct News final : FleetListener {
  void added(Instance& instance) override { heard.push_back("+" + instance.name()); }
  void state_changed(Instance& instance) override {
    heard.push_back(instance.name() + " " + std::to_string(static_cast<int>(instance.state())));
  }
  std::vector<std::string> heard;
};

TEST_CASE("all listeners hear at once of new instances and of new states, each once") {
  Fleet fleet;
  auto& before = static_cast<Member&>(fleet.add(std::make_unique<Member>(0)));
  News first;
  News second;
  fleet.listen(first);
  fleet.listen(second);
  auto& after = static_cast<Member&>(fleet.add(std::make_unique<Member>(1)));
  before.become(InstanceState::draining);
  before.become(InstanceState::draining);  // nothing new
  after.become(InstanceState::gone);
  CHECK(first.heard == History{"+app-1", "app-0 2", "app-1 5"});
  CHECK(second.heard == first.heard);
}

TEST_CASE("a listener that dies hears no more") {
  Fleet fleet;
  auto& member = static_cast<Member&>(fleet.add(std::make_unique<Member>(0)));
  News lasting;
  {
    News brief;
    fleet.listen(brief);
    fleet.listen(lasting);
  }
  member.become(InstanceState::gone);
  CHECK(lasting.heard.size() == 1);
}

TEST_CASE("instances keep their index, name and place, whatever becomes of them") {
  Fleet fleet;
  for (std::uint32_t i = 0; i < 5; ++i) {
    fleet.add(std::make_unique<Member>(i));
  }
  static_cast<Member&>(fleet[2]).become(InstanceState::gone);
  fleet.add(std::make_unique<Member>(5));
  CHECK(fleet.size() == 6);
  for (std::uint32_t i = 0; i < 6; ++i) {
    CHECK(fleet[i].index() == i);
    CHECK(fleet[i].name() == "app-" + std::to_string(i));
    CHECK(fleet[i].place() == 3);
    CHECK(fleet[i].version() == 0);
  }
}

}  // namespace
}  // namespace stampede
