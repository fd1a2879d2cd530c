#include <set>

#include "fake_balancer.hpp"

namespace stampede {
namespace {

/// The largest difference between any window of so many turns and the share that it should have.
double worst_window(const std::vector<BackendSlot>& turns, BackendSlot slot, std::size_t length,
                    double share) {
  double worst = 0;
  for (std::size_t begin = 0; begin + length <= turns.size(); ++begin) {
    const auto first = turns.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::count(first, first + static_cast<std::ptrdiff_t>(length), slot);
    worst =
        std::max(worst, std::abs(static_cast<double>(count) - share * static_cast<double>(length)));
  }
  return worst;
}

std::vector<BackendSlot> turns_of(FakeBalancer& balancer, int count) {
  std::vector<BackendSlot> turns;
  for (int i = 0; i < count; ++i) {
    turns.push_back(balancer.serve());
  }
  return turns;
}

TEST_CASE("round robin goes through the backends in their order") {
  FakeBalancer balancer("round_robin");
  balancer.add_many(5);
  BackendSlot before = balancer.serve();
  for (int i = 0; i < 20; ++i) {
    const BackendSlot slot = balancer.serve();
    CHECK(slot == (before + 1) % 5);
    before = slot;
  }
}

TEST_CASE("round robin starts anywhere, so that balancers do not go in step") {
  std::set<BackendSlot> starts;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FakeBalancer balancer("round_robin", {}, seed);
    balancer.add_many(4);
    starts.insert(balancer.serve());
  }
  CHECK(starts.size() == 4);
}

TEST_CASE("round robin goes on where it was when a backend leaves, comes back or is new") {
  FakeBalancer balancer("round_robin");
  balancer.add_many(4);
  while (balancer.serve() != 1) {
  }
  balancer.remove(2);
  CHECK(balancer.serve() == 3);
  CHECK(balancer.serve() == 0);
  balancer.set_eligible({0, 1, 2, 3});
  CHECK(balancer.serve() == 1);
  CHECK(balancer.serve() == 2);
  CHECK(balancer.serve() == 3);
  CHECK(balancer.add() == 4);
  CHECK(balancer.serve() == 4);
  CHECK(balancer.serve() == 0);
}

TEST_CASE("round robin with unequal weights takes turns in their proportion") {
  FakeBalancer balancer("round_robin");
  balancer.add(5);
  balancer.add(1);
  balancer.add(1.5);
  const std::vector<BackendSlot> turns = turns_of(balancer, 7500);
  CHECK(worst_window(turns, 0, 15, 5 / 7.5) <= 1.01);
  CHECK(worst_window(turns, 1, 15, 1 / 7.5) <= 1.01);
  CHECK(worst_window(turns, 2, 15, 1.5 / 7.5) <= 1.01);
  CHECK(std::count(turns.begin(), turns.end(), 0U) == Approx(5000).margin(1.5));
  CHECK(std::count(turns.begin(), turns.end(), 1U) == Approx(1000).margin(1.5));
}

TEST_CASE("round robin with unequal weights starts anywhere as well") {
  std::set<BackendSlot> starts;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FakeBalancer balancer("round_robin", {}, seed);
    balancer.add(9);
    balancer.add(1);
    starts.insert(balancer.serve());
  }
  CHECK(starts.size() == 2);
}

TEST_CASE("weights that creep do not restart the schedule") {
  // The weight of the last backend grows from 10 % as in slow start, in more steps than requests:
  // started anew at each step, the schedule would never get to the light one.
  for (const std::string kind : {"round_robin", "weighted_round_robin"}) {
    FakeBalancer balancer(kind);
    balancer.add_many(4);
    std::vector<int> counts(4, 0);
    double owed = 0;
    for (int step = 0; step < 4000; ++step) {
      const double weight = 0.1 + 0.8 * step / 4000;
      balancer.set_weight(3, weight);
      ++counts[balancer.serve()];
      owed += weight / (3 + weight);
    }
    CHECK(counts[3] == Approx(owed).margin(3));
    CHECK(std::abs(counts[0] - counts[1]) <= 2);
    CHECK(std::abs(counts[1] - counts[2]) <= 2);
  }
}

TEST_CASE("weighted round robin takes turns in proportion and spreads them") {
  FakeBalancer balancer("weighted_round_robin");
  balancer.add(5);
  balancer.add(1);
  balancer.add(1);
  const std::vector<BackendSlot> turns = turns_of(balancer, 700);
  for (const BackendSlot slot : {0U, 1U, 2U}) {
    CHECK(worst_window(turns, slot, 7, balancer.weight(slot) / 7) <= 1.01);
  }
  // The two light ones never come one after the other, as they would in Envoy's schedule.
  for (std::size_t i = 1; i < turns.size(); ++i) {
    CHECK((turns[i - 1] == 0 || turns[i] == 0));
  }
}

TEST_CASE("weighted round robin without weights gives everybody the same") {
  FakeBalancer balancer("weighted_round_robin");
  balancer.add_many(7);
  for (const int count : balancer.counts(700)) {
    CHECK(count == 100);
  }
}

TEST_CASE("a newcomer of the weighted schedule gets its share at once and no more") {
  FakeBalancer balancer("round_robin");
  balancer.add(3);
  balancer.add(1);
  balancer.counts(1000);
  const BackendSlot newcomer = balancer.add(2);
  std::vector<int> counts = balancer.counts(60);
  CHECK(counts[newcomer] == Approx(20).margin(1.01));
  CHECK(counts[0] == Approx(30).margin(1.01));
}

}  // namespace
}  // namespace stampede
