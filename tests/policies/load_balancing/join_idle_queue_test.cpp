#include "fake_balancer.hpp"

namespace stampede {
namespace {

TEST_CASE("join idle queue takes the idle backend") {
  FakeBalancer balancer("join_idle_queue");
  balancer.add_many(4);
  for (const BackendSlot slot : {0U, 1U, 3U}) {
    balancer.send_to(slot);
  }
  for (int i = 0; i < 50; ++i) {
    CHECK(balancer.ask() == 2);
  }
  balancer.send_to(2);
  balancer.end(1);
  for (int i = 0; i < 50; ++i) {
    CHECK(balancer.ask() == 1);
  }
}

TEST_CASE("join idle queue takes any of several idle backends") {
  FakeBalancer balancer("join_idle_queue");
  balancer.add_many(5);
  balancer.send_to(1);
  balancer.send_to(4);
  std::vector<int> counts = balancer.counts(30000);
  CHECK(counts[1] == 0);
  CHECK(counts[4] == 0);
  CHECK(chi_square({counts[0], counts[2], counts[3]}, {1, 1, 1}) < 13.82);  // 0.1 %
}

TEST_CASE("join idle queue takes any backend when none is idle, however busy") {
  FakeBalancer balancer("join_idle_queue");
  balancer.add_many(4);
  for (BackendSlot slot = 0; slot < 4; ++slot) {
    for (BackendSlot i = 0; i <= 5 * slot; ++i) {
      balancer.send_to(slot);
    }
  }
  std::vector<int> counts(4, 0);
  for (int i = 0; i < 40000; ++i) {
    ++counts[balancer.ask()];
  }
  CHECK(chi_square(counts, {1, 1, 1, 1}) < 16.27);
}

TEST_CASE("weights count for join idle queue only when none is idle") {
  FakeBalancer balancer("join_idle_queue");
  balancer.add(1);
  balancer.add(3);
  CHECK(chi_square(balancer.counts(40000), {1, 1}) < 10.83);
  balancer.send_to(0);
  balancer.send_to(1);
  CHECK(chi_square(balancer.counts(40000), {1, 3}) < 10.83);
}

TEST_CASE("a backend that left while busy is idle when it comes back empty") {
  FakeBalancer balancer("join_idle_queue");
  balancer.add_many(2);
  balancer.send_to(0);
  balancer.send_to(1);
  balancer.remove(1);
  balancer.ask();
  balancer.end(1);
  balancer.set_eligible({0, 1});
  CHECK(balancer.ask() == 1);
}

}  // namespace
}  // namespace stampede
