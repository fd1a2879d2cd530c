#include <cmath>
#include <set>

#include "fake_balancer.hpp"

namespace stampede {
namespace {

constexpr std::uint64_t keys = 50000;

std::vector<BackendSlot> homes(FakeBalancer& balancer) {
  std::vector<BackendSlot> homes;
  for (std::uint64_t key = 0; key < keys; ++key) {
    homes.push_back(balancer.ask_for(key));
  }
  return homes;
}

std::vector<int> counts(const std::vector<BackendSlot>& homes, std::size_t backends) {
  std::vector<int> counts(backends, 0);
  for (const BackendSlot home : homes) {
    ++counts[home];
  }
  return counts;
}

/// The share of keys that moved though their backend stayed.
double needless_moves(const std::vector<BackendSlot>& before, const std::vector<BackendSlot>& after,
                      BackendSlot changed) {
  int moved = 0;
  for (std::size_t key = 0; key < before.size(); ++key) {
    moved += before[key] != after[key] && before[key] != changed && after[key] != changed;
  }
  return moved / static_cast<double>(before.size());
}

TEST_CASE("equal keys go to the same backend, whatever is in flight") {
  for (const std::string kind : {"ring_hash", "maglev", "modulo"}) {
    FakeBalancer balancer(kind);
    balancer.add_many(20);
    const std::vector<BackendSlot> before = homes(balancer);
    for (int i = 0; i < 1000; ++i) {
      balancer.send_key(3);
    }
    CHECK(homes(balancer) == before);
  }
}

TEST_CASE("hashing on the user ignores the key") {
  for (const std::string kind : {"ring_hash", "maglev", "bounded_load", "modulo"}) {
    FakeBalancer balancer(kind, {{"hash_on", "user"}});
    balancer.add_many(20);
    std::set<BackendSlot> by_key, by_user;
    for (std::uint64_t i = 0; i < 200; ++i) {
      Request request;
      request.user = 7;
      request.key = i;
      by_key.insert(balancer.ask(request));
      request.user = i;
      request.key = 7;
      by_user.insert(balancer.ask(request));
    }
    CHECK(by_key.size() == 1);
    CHECK(by_user.size() > 15);
  }
}

TEST_CASE("where a key belongs depends on who is there, not on what has been") {
  for (const std::string kind : {"ring_hash", "maglev", "bounded_load"}) {
    FakeBalancer steady(kind), shaken(kind);
    steady.add_many(8);
    shaken.add_many(8);
    shaken.ask();
    shaken.set_eligible({1, 4});
    shaken.ask();
    shaken.set_weight(4, 9);
    shaken.ask();
    shaken.set_weight(4, 1);
    shaken.set_eligible({0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(homes(steady) == homes(shaken));
  }
}

TEST_CASE("another seed of the component is another ring") {
  for (const std::string kind : {"ring_hash", "maglev"}) {
    FakeBalancer one(kind, {}, 1), other(kind, {}, 2);
    one.add_many(10);
    other.add_many(10);
    const std::vector<BackendSlot> a = homes(one), b = homes(other);
    int same = 0;
    for (std::size_t key = 0; key < keys; ++key) {
      same += a[key] == b[key];
    }
    CHECK(same / static_cast<double>(keys) == Approx(0.1).margin(0.05));
  }
}

// ---- the ring ---------------------------------------------------------------------------------

TEST_CASE("a large ring shares the keys by weight") {
  // Of k points the share of the ring has a relative standard deviation of 1 / sqrt(k): 1 % for the
  // lightest, with as much from the sampling of keys.
  FakeBalancer balancer("ring_hash", {{"minimum_ring_size", "60000"}});
  balancer.add(1);
  balancer.add(2);
  balancer.add(3);
  const std::vector<int> shares = counts(homes(balancer), 3);
  CHECK(shares[0] == Approx(keys / 6.0).epsilon(0.05));
  CHECK(shares[1] == Approx(keys / 3.0).epsilon(0.05));
  CHECK(shares[2] == Approx(keys / 2.0).epsilon(0.05));
}

TEST_CASE("a ring of the usual size is as uneven as its points make it") {
  // 103 points a backend: a relative standard deviation of a tenth, not of a hundredth.
  FakeBalancer balancer("ring_hash");
  balancer.add_many(10);
  for (const int count : counts(homes(balancer), 10)) {
    CHECK(count == Approx(keys / 10.0).epsilon(0.4));
  }
  CHECK(chi_square(counts(homes(balancer), 10), std::vector<double>(10, 1)) > 27.88);
}

TEST_CASE("when the others keep their points, only the keys of the backend that left move") {
  // Of 600 or 599 backends each has two points of a ring of at least 1024.
  FakeBalancer balancer("ring_hash");
  balancer.add_many(600);
  const std::vector<BackendSlot> before = homes(balancer);
  balancer.remove(17);
  const std::vector<BackendSlot> after = homes(balancer);
  CHECK(needless_moves(before, after, 17) == 0);
}

TEST_CASE("when one of ten leaves the default ring, at most about as many keys more move") {
  // The nine others then get 114 points instead of 103, and those take over a tenth of the ring.
  FakeBalancer balancer("ring_hash");
  balancer.add_many(10);
  const std::vector<BackendSlot> before = homes(balancer);
  balancer.remove(4);
  const std::vector<BackendSlot> after = homes(balancer);
  CHECK(counts(before, 10)[4] / static_cast<double>(keys) == Approx(0.1).margin(0.04));
  CHECK(needless_moves(before, after, 4) == Approx(0.08).margin(0.04));
}

TEST_CASE("a newcomer takes its keys from all, and gives them back") {
  FakeBalancer balancer("ring_hash", {{"minimum_ring_size", "1"}});  // one point each
  balancer.add_many(200);
  const std::vector<BackendSlot> before = homes(balancer);
  const BackendSlot newcomer = balancer.add();
  CHECK(needless_moves(before, homes(balancer), newcomer) == 0);
  balancer.remove(newcomer);
  CHECK(homes(balancer) == before);
}

TEST_CASE("a ring may be too small for all backends") {
  FakeBalancer balancer("ring_hash", {{"minimum_ring_size", "1"}, {"maximum_ring_size", "7"}});
  balancer.add_many(50);
  const std::vector<BackendSlot> all = homes(balancer);
  CHECK(std::set<BackendSlot>(all.begin(), all.end()).size() <= 7);
}

TEST_CASE("settings of a ring that make no sense are told") {
  Problems problems;
  read_policy("ring_hash", {{"minimum_ring_size", "0"}}, problems);
  read_policy("ring_hash", {{"maximum_ring_size", "8388609"}}, problems);
  read_policy("ring_hash", {{"hash_function", "murmur_hash_2"}}, problems);
  read_policy("ring_hash", {{"maximum_ring_size", "1000"}}, problems);
  REQUIRE(problems.size() == 4);
  CHECK_THAT(problems[3].what, Catch::Contains("minimum_ring_size is more than maximum_ring_size"));
  read_policy("ring_hash", {{"hash_function", "XX_HASH"}}, problems);
  CHECK(problems.size() == 4);
}

// ---- Maglev -----------------------------------------------------------------------------------

TEST_CASE("a Maglev table shares the keys evenly, or by weight") {
  FakeBalancer even("maglev");
  even.add_many(10);
  CHECK(chi_square(counts(homes(even), 10), std::vector<double>(10, 1)) < 27.88);  // 0.1 %
  FakeBalancer weighted("maglev");
  const std::vector<double> weights{1, 2, 0.5, 6};
  for (const double weight : weights) {
    weighted.add(weight);
  }
  CHECK(chi_square(counts(homes(weighted), 4), weights) < 16.27);
}

TEST_CASE("few keys of others move when a backend leaves a Maglev table") {
  FakeBalancer balancer("maglev");
  balancer.add_many(10);
  const std::vector<BackendSlot> before = homes(balancer);
  balancer.remove(4);
  const std::vector<BackendSlot> after = homes(balancer);
  CHECK(chi_square(counts(after, 10), {1, 1, 1, 1, 1e-9, 1, 1, 1, 1, 1}) < 26.12);
  // The paper's figure 12 shows a few percent for a table of a hundred times the backends and more.
  CHECK(needless_moves(before, after, 4) < 0.05);
}

TEST_CASE("a Maglev table may be as small as two entries") {
  FakeBalancer balancer("maglev", {{"table_size", "2"}});
  balancer.add_many(5);
  const std::vector<BackendSlot> all = homes(balancer);
  CHECK(std::set<BackendSlot>(all.begin(), all.end()).size() == 2);
}

TEST_CASE("modulo shares the keys evenly, and moves nearly all when a backend leaves") {
  FakeBalancer balancer("modulo");
  balancer.add_many(10);
  const std::vector<BackendSlot> before = homes(balancer);
  for (const int count : counts(before, 10)) {
    CHECK(count > 4700);  // of 5000; deviation 67
    CHECK(count < 5300);
  }
  balancer.set_eligible({0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(needless_moves(before, homes(balancer), 9) > 0.75);
}

TEST_CASE("the size of a Maglev table must be a prime") {
  Problems problems;
  read_policy("maglev", {{"table_size", "65536"}}, problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0].what, Catch::Contains("table_size is not a prime number"));
  CHECK_THAT(problems[0].hint, Catch::Contains("65537"));
  read_policy("maglev", {{"table_size", "5000012"}}, problems);
  read_policy("maglev", {{"table_size", "1"}}, problems);
  CHECK(problems.size() == 3);
  read_policy("maglev", {{"table_size", "5000011"}}, problems);
  CHECK(problems.size() == 3);
}

// ---- bounded loads ----------------------------------------------------------------------------

void check_bound(FakeBalancer& balancer, double factor, double weights, BackendSlot chosen) {
  const double requests = static_cast<double>(balancer.eligible_in_flight());
  // Rounding may lift a whole number by a little; a real excess is at least one request.
  const double most = std::ceil(factor * requests * balancer.weight(chosen) / weights - 1e-9);
  REQUIRE(balancer.in_flight(chosen) <= most);
}

TEST_CASE("no backend ever gets more than its bound") {
  for (const std::string overflow : {"walk", "jump"}) {
    for (const int factor : {100, 110, 150, 300}) {
      for (const bool weighted : {false, true}) {
        FakeBalancer balancer("bounded_load", {{"hash_balance_factor", std::to_string(factor)},
                                               {"overflow", overflow}});
        double weights = 0;
        for (int i = 0; i < 12; ++i) {
          weights += balancer.weight(balancer.add(weighted ? 0.5 + i % 4 : 1));
        }
        Draw random(3, static_cast<std::uint64_t>(factor));
        for (int step = 0; step < 3000; ++step) {
          const auto slot = static_cast<BackendSlot>(random.below(12));
          if (random.chance(0.45) && balancer.in_flight(slot) > 0) {
            balancer.end(slot);
          } else {
            const std::uint64_t key = random.below(20);  // few keys: hot spots
            check_bound(balancer, factor / 100.0, weights, balancer.send_key(key));
          }
        }
      }
    }
  }
}

TEST_CASE("a bound of the average itself shares requests in flight perfectly") {
  FakeBalancer balancer("bounded_load", {{"hash_balance_factor", "100"}});
  balancer.add_many(10);
  for (int i = 0; i < 70; ++i) {
    balancer.send_key(1);
  }
  for (const BackendSlot slot : balancer.eligible()) {
    CHECK(balancer.in_flight(slot) == 7);
  }
}

TEST_CASE("as long as there is room, bounded load is the ring") {
  FakeBalancer ring("ring_hash"), bounded("bounded_load");
  ring.add_many(10);
  bounded.add_many(10);
  CHECK(homes(ring) == homes(bounded));
}

TEST_CASE("a request comes home as soon as home has room again") {
  for (const std::string overflow : {"walk", "jump"}) {
    FakeBalancer balancer("bounded_load", {{"overflow", overflow}});
    balancer.add_many(10);
    const BackendSlot home = balancer.send_key(5);
    const BackendSlot refuge = balancer.ask_for(5);
    CHECK(refuge != home);
    CHECK(balancer.ask_for(5) == refuge);  // equal keys still share a backend
    balancer.end(home);
    CHECK(balancer.ask_for(5) == home);
  }
}

/// Where the keys of a full backend go.
std::set<BackendSlot> refuges(const std::string& overflow) {
  FakeBalancer balancer("bounded_load", {{"minimum_ring_size", "1"}, {"overflow", overflow}});
  balancer.add_many(10);
  const std::vector<BackendSlot> before = homes(balancer);
  const BackendSlot full = balancer.send_key(5);
  std::set<BackendSlot> refuges;
  for (std::uint64_t key = 0; key < keys; ++key) {
    if (before[key] == full) {
      refuges.insert(balancer.ask_for(key));
    }
  }
  return refuges;
}

TEST_CASE("overflow walks to the next on the ring, or jumps anywhere") {
  CHECK(refuges("walk").size() == 1);
  CHECK(refuges("jump").size() == 9);
}

TEST_CASE("requests at a backend that left do not widen the bound of the others") {
  FakeBalancer balancer("bounded_load", {{"hash_balance_factor", "100"}});
  balancer.add_many(3);
  for (int i = 0; i < 30; ++i) {
    balancer.send_to(2);
  }
  balancer.remove(2);
  for (int i = 0; i < 8; ++i) {
    balancer.send_key(1);
  }
  CHECK(balancer.in_flight(0) == 4);
  CHECK(balancer.in_flight(1) == 4);
  balancer.end(2);
  balancer.send_key(1);
  balancer.send_key(1);
  CHECK(balancer.in_flight(0) == 5);
}

TEST_CASE("a bound below the average is refused") {
  Problems problems;
  read_policy("bounded_load", {{"hash_balance_factor", "99"}}, problems);
  CHECK(problems.size() == 1);
}

}  // namespace
}  // namespace stampede
