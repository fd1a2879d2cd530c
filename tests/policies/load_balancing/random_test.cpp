#include "fake_balancer.hpp"

namespace stampede {
namespace {

TEST_CASE("random gives every backend the same share") {
  FakeBalancer balancer("random");
  balancer.add_many(10);
  CHECK(chi_square(balancer.counts(50000), std::vector<double>(10, 1)) < 27.88);  // 0.1 %
}

TEST_CASE("random respects weights") {
  FakeBalancer balancer("random");
  const std::vector<double> weights{0.1, 1, 2.5, 7, 0.4};
  for (const double weight : weights) {
    balancer.add(weight);
  }
  CHECK(chi_square(balancer.counts(100000), weights) < 18.47);
}

TEST_CASE("random follows changes of weights and of who is eligible") {
  FakeBalancer balancer("random");
  balancer.add_many(3);
  balancer.counts(10);
  balancer.set_weight(1, 3);
  CHECK(chi_square(balancer.counts(50000), {1, 3, 1}) < 13.82);
  balancer.remove(1);
  const std::vector<int> counts = balancer.counts(10000);
  CHECK(counts[1] == 0);
  CHECK(chi_square({counts[0], counts[2]}, {1, 1}) < 10.83);
}

TEST_CASE("random draws do not depend on each other") {
  FakeBalancer balancer("random");
  balancer.add_many(2);
  std::vector<int> pairs(4, 0);
  BackendSlot before = balancer.serve();
  for (int i = 0; i < 40000; ++i) {
    const BackendSlot slot = balancer.serve();
    ++pairs[before * 2 + slot];
    before = slot;
  }
  CHECK(chi_square(pairs, {1, 1, 1, 1}) < 16.27);
}

}  // namespace
}  // namespace stampede
