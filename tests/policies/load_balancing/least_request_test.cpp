#include <cmath>
#include <limits>

#include "fake_balancer.hpp"

namespace stampede {
namespace {

/// The share of choices that fall on the only idle one among ten backends; the others are busy.
double share_of_the_idle_one(const SettingsText& settings) {
  FakeBalancer balancer("least_request", settings);
  balancer.add_many(10);
  for (BackendSlot slot = 0; slot < 9; ++slot) {
    balancer.send_to(slot);
  }
  int idle = 0;
  for (int i = 0; i < 100000; ++i) {
    idle += balancer.ask() == 9;
  }
  return idle / 100000.0;
}

TEST_CASE("two choices with replacement may compare a backend with itself, as upstream") {
  // The idle one is missed by both draws with probability 0.9 * 0.9; 0.004 is three standard
  // errors.
  CHECK(share_of_the_idle_one({}) == Approx(0.19).margin(0.004));
  CHECK(share_of_the_idle_one({{"choice_count", "3"}}) == Approx(0.271).margin(0.004));
}

TEST_CASE("distinct choices never compare a backend with itself") {
  // Missed with probability 9/10 * 8/9.
  CHECK(share_of_the_idle_one({{"distinct", "true"}}) == Approx(0.2).margin(0.004));
  CHECK(share_of_the_idle_one({{"distinct", "true"}, {"choice_count", "3"}}) ==
        Approx(0.3).margin(0.005));
}

TEST_CASE("two distinct choices among two backends are the shortest queue") {
  FakeBalancer balancer("least_request", {{"distinct", "true"}});
  balancer.add_many(2);
  balancer.send_to(0);
  for (int i = 0; i < 100; ++i) {
    CHECK(balancer.ask() == 1);
  }
}

TEST_CASE("more distinct choices than backends compare all of them") {
  FakeBalancer balancer("least_request", {{"distinct", "true"}, {"choice_count", "1000"}});
  balancer.add_many(5);
  for (const BackendSlot slot : {0U, 1U, 3U, 4U}) {
    balancer.send_to(slot);
  }
  for (int i = 0; i < 100; ++i) {
    CHECK(balancer.ask() == 2);
  }
}

TEST_CASE("equally loaded backends are equally likely, whatever the way of choosing") {
  for (const SettingsText& settings :
       {SettingsText{}, SettingsText{{"distinct", "true"}}, SettingsText{{"choice_count", "5"}},
        SettingsText{{"selection", "full_scan"}}}) {
    FakeBalancer balancer("least_request", settings);
    balancer.add_many(10);
    CHECK(chi_square(balancer.counts(50000), std::vector<double>(10, 1)) < 27.88);  // 0.1 %
  }
}

TEST_CASE("a full scan breaks ties at random among the least loaded only") {
  FakeBalancer balancer("least_request", {{"selection", "full_scan"}});
  balancer.add_many(10);
  for (BackendSlot slot = 0; slot < 10; ++slot) {
    balancer.send_to(slot);
  }
  for (const BackendSlot slot : {0U, 2U, 5U, 6U, 7U, 9U}) {
    balancer.send_to(slot);
  }
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 40000; ++i) {
    ++counts[balancer.ask()];
  }
  CHECK(counts[1] + counts[3] + counts[4] + counts[8] == 40000);
  CHECK(chi_square({counts[1], counts[3], counts[4], counts[8]}, {1, 1, 1, 1}) < 16.27);
}

TEST_CASE("a full scan finds the fewest in flight after any history") {
  FakeBalancer balancer("least_request", {{"selection", "full_scan"}});
  balancer.add_many(50);
  Draw random(1, 2);
  for (int step = 0; step < 20000; ++step) {
    const auto slot = static_cast<BackendSlot>(random.below(balancer.known()));
    if (random.chance(0.45) && balancer.in_flight(slot) > 0) {
      balancer.end(slot);
    } else if (random.chance(0.01)) {
      const std::vector<BackendSlot>& now = balancer.eligible();
      std::vector<BackendSlot> next(now);
      if (balancer.is_eligible(slot) && now.size() > 1) {
        std::erase(next, slot);
      } else if (!balancer.is_eligible(slot)) {
        next.push_back(slot);
      }
      balancer.set_eligible(next);
    } else if (random.chance(0.2)) {
      balancer.send_to(slot);
    } else {
      std::uint32_t fewest = std::numeric_limits<std::uint32_t>::max();
      for (const BackendSlot other : balancer.eligible()) {
        fewest = std::min(fewest, balancer.in_flight(other));
      }
      const BackendSlot chosen = balancer.send();
      REQUIRE(balancer.in_flight(chosen) == fewest + 1);
    }
  }
}

TEST_CASE("least request with weights and nothing in flight is weighted round robin") {
  FakeBalancer balancer("least_request");
  balancer.add(1);
  balancer.add(2);
  balancer.add(4);
  const std::vector<int> counts = balancer.counts(7000);
  CHECK(counts[0] == Approx(1000).margin(2));
  CHECK(counts[1] == Approx(2000).margin(2));
  CHECK(counts[2] == Approx(4000).margin(2));
}

/// The share of a backend of weight 2 beside one of weight 1 that has nine requests in flight.
double share_beside_a_busy_one(const std::string& bias) {
  FakeBalancer balancer("least_request", {{"active_request_bias", bias}});
  balancer.add(1);
  balancer.add(2);
  for (int i = 0; i < 9; ++i) {
    balancer.send_to(0);
  }
  int heavy = 0;
  for (int i = 0; i < 20000; ++i) {
    heavy += balancer.serve() == 1;
  }
  return heavy / 20000.0;
}

TEST_CASE("with weights a backend's turns go by weight / (in flight + 1)^bias") {
  CHECK(share_beside_a_busy_one("0") == Approx(2.0 / 3).margin(0.001));
  CHECK(share_beside_a_busy_one("1") == Approx(2 / 2.1).margin(0.001));
  CHECK(share_beside_a_busy_one("0.5") == Approx(2 / (2 + 1 / std::sqrt(10))).margin(0.001));
}

TEST_CASE("least request goes back to choices when weights are equal again") {
  FakeBalancer balancer("least_request", {{"selection", "full_scan"}});
  balancer.add_many(3);
  balancer.send();
  balancer.set_weight(0, 0.1);
  balancer.send();
  balancer.send();
  balancer.set_weight(0, 1);
  std::uint32_t most = 0;
  for (int i = 0; i < 6; ++i) {
    balancer.send();
  }
  for (const BackendSlot slot : balancer.eligible()) {
    most = std::max(most, balancer.in_flight(slot));
  }
  CHECK(most == 3);
}

TEST_CASE("settings of least request that make no sense are told") {
  Problems problems;
  read_policy("least_request", {{"choice_count", "0"}}, problems);
  read_policy("least_request", {{"active_request_bias", "-1"}}, problems);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].severity == Severity::error);
  CHECK(problems[1].severity == Severity::error);
  read_policy("least_request", {{"distinct", "true"}, {"selection", "FULL_SCAN"}}, problems);
  REQUIRE(problems.size() == 3);
  CHECK(problems[2].severity == Severity::warning);
}

}  // namespace
}  // namespace stampede
