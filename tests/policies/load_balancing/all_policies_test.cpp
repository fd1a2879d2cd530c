#include <rapidcheck/catch.h>

#include <tuple>

#include "fake_balancer.hpp"

namespace stampede {
namespace {

using namespace literals;

/// Every kind with its defaults, and the settings that make it another algorithm.
std::vector<std::pair<std::string, SettingsText>> all_policies() {
  std::vector<std::pair<std::string, SettingsText>> all;
  for (const std::string& kind : Registry<LoadBalancingPolicy>::instance().kind_names()) {
    // The table of Maglev is filled anew at each change: a small one tests the same.
    all.push_back({kind, kind == "maglev" ? SettingsText{{"table_size", "251"}} : SettingsText{}});
  }
  all.push_back({"least_request", {{"choice_count", "3"}, {"distinct", "true"}}});
  all.push_back({"least_request", {{"selection", "full_scan"}}});
  all.push_back({"least_request", {{"active_request_bias", "0.7"}}});
  all.push_back({"bounded_load", {{"hash_balance_factor", "100"}, {"overflow", "jump"}}});
  return all;
}

/// One thing that happens to a balancer.
struct Step {
  std::uint32_t what;
  std::uint32_t who;
  std::uint32_t how_much;
};

std::vector<Step> any_steps() {
  std::vector<Step> steps;
  for (const auto& [what, who, how_much] :
       *rc::gen::container<std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>>(
           rc::gen::tuple(rc::gen::inRange<std::uint32_t>(0, 12),
                          rc::gen::inRange<std::uint32_t>(0, 1000),
                          rc::gen::inRange<std::uint32_t>(0, 1000)))) {
    steps.push_back(Step{what, who, how_much});
  }
  return steps;
}

/// `ask` of the fake balancer fails the test when the answer is not eligible.
void take(FakeBalancer& balancer, const Step& step) {
  const auto slot = static_cast<BackendSlot>(step.who % balancer.known());
  switch (step.what) {
    case 0:
      balancer.add(step.how_much % 3 == 0 ? 1 : 0.01 * (1 + step.how_much));
      break;
    case 1:
      if (balancer.eligible().size() > 1) {
        balancer.remove(slot);
      }
      break;
    case 2:
      if (!balancer.is_eligible(slot)) {
        std::vector<BackendSlot> more = balancer.eligible();
        more.push_back(slot);
        balancer.set_eligible(more);
      }
      break;
    case 3:
      balancer.set_weight(slot, step.how_much % 2 == 0 ? 1 : 0.01 * (1 + step.how_much));
      break;
    case 4:
      balancer.now = balancer.now + 10_ms * step.how_much;
      break;
    case 5:
      balancer.send_to(balancer.eligible()[step.who % balancer.eligible().size()]);
      break;
    case 6:
    case 7:
    case 8:
      if (balancer.in_flight(slot) > 0) {
        balancer.end(slot, 1_ms * step.how_much,
                     step.how_much % 5 == 0 ? Outcome::timeout : Outcome::ok);
      }
      break;
    default:
      balancer.send_key(step.how_much);
  }
}

TEST_CASE("every policy answers an eligible slot after any sequence of changes") {
  for (const auto& [kind, settings] : all_policies()) {
    INFO(kind);
    rc::prop(kind, [&kind = kind, &settings = settings] {
      FakeBalancer balancer(kind, settings);
      balancer.add();
      for (const Step& step : any_steps()) {
        take(balancer, step);
      }
      balancer.send();
    });
  }
}

TEST_CASE("every policy makes the same choices in the same circumstances") {
  for (const auto& [kind, settings] : all_policies()) {
    INFO(kind);
    FakeBalancer one(kind, settings), other(kind, settings);
    Draw random(5, 5);
    for (FakeBalancer* balancer : {&one, &other}) {
      balancer->add_many(7);
    }
    for (int i = 0; i < 3000; ++i) {
      const Step step{static_cast<std::uint32_t>(random.below(12)),
                      static_cast<std::uint32_t>(random.below(1000)),
                      static_cast<std::uint32_t>(random.below(1000))};
      take(one, step);
      take(other, step);
      REQUIRE(one.ask_for(7) == other.ask_for(7));
    }
  }
}

/// A number that stands for the choices of a policy in a long and varied history.
std::uint64_t fingerprint(const std::string& kind) {
  FakeBalancer balancer(kind);
  balancer.add_many(7);
  Draw random(5, 6);
  std::uint64_t fingerprint = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto what = static_cast<std::uint32_t>(random.below(i % 100 == 0 ? 4 : 12));
    const auto who = static_cast<std::uint32_t>(random.below(1000));
    const auto how_much = static_cast<std::uint32_t>(random.below(1000));
    take(balancer, Step{what < 4 && i % 100 != 0 ? 9 : what, who, how_much});
    fingerprint = combine(fingerprint, balancer.ask_for(who));
  }
  return fingerprint;
}

TEST_CASE("the choices of a policy change only on purpose, and with no compiler") {
  CHECK(fingerprint("bounded_load") == 0x1a201989d2f7407aU);
  CHECK(fingerprint("join_idle_queue") == 0xdb5031199890de23U);
  CHECK(fingerprint("least_request") == 0xcf5e2c10b2a0f6a0U);
  CHECK(fingerprint("maglev") == 0x90b1a95aa96db400U);
  CHECK(fingerprint("peak_ewma") == 0xd9b9b3ecf8499404U);
  CHECK(fingerprint("random") == 0x2bebc3ce11c67779U);
  CHECK(fingerprint("ring_hash") == 0x588e7494ea0bc127U);
  CHECK(fingerprint("round_robin") == 0xf62d6b09e9f8ad88U);
  CHECK(fingerprint("weighted_round_robin") == 0x3e87e5e9ca696720U);
}

TEST_CASE("every policy reaches every backend") {
  for (const auto& [kind, settings] : all_policies()) {
    INFO(kind);
    FakeBalancer balancer(kind, settings);
    balancer.add_many(5);
    std::vector<int> seen(5, 0);
    for (std::uint64_t key = 0; key < 2000; ++key) {
      ++seen[balancer.ask_for(key)];
    }
    CHECK(std::count(seen.begin(), seen.end(), 0) == 0);
  }
}

TEST_CASE("a single backend gets everything, whatever the policy") {
  for (const auto& [kind, settings] : all_policies()) {
    INFO(kind);
    FakeBalancer balancer(kind, settings);
    balancer.add_many(3, 0.3);
    balancer.set_eligible({1});
    for (std::uint64_t key = 0; key < 50; ++key) {
      CHECK(balancer.send_key(key) == 1);
    }
  }
}

TEST_CASE("the policies are those of the vocabulary") {
  CHECK(Registry<LoadBalancingPolicy>::instance().kind_names() ==
        std::vector<std::string>{"bounded_load", "join_idle_queue", "least_request", "maglev",
                                 "modulo", "peak_ewma", "random", "ring_hash", "round_robin",
                                 "weighted_round_robin"});
}

}  // namespace
}  // namespace stampede
