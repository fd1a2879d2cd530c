#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("arc decides as its oracle does") { check_policy("arc"); }
TEST_CASE("arc decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("arc");
}

TEST_CASE("arc by weights with weights of one is the arc of the paper") {
  check_policy("arc", {}, [](std::uint64_t capacity, bool) {
    return std::make_unique<WeightedArcOracle>(capacity);
  });
}

TEST_CASE("arc keeps what was used twice through a scan") {
  FakeCache cache("arc", 10);
  for (const std::uint64_t key : {1, 2, 3, 1, 2}) {
    cache.access(key);
  }
  for (std::uint64_t key = 100; key < 200; ++key) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{1, 2});
}

TEST_CASE("arc gives recent entries more room when it misses what it evicted of them") {
  FakeCache cache("arc", 4);
  for (const std::uint64_t key : {1, 1, 2, 2, 3, 4, 5, 3, 6}) {
    cache.access(key);
  }
  // 5 put out 3, the older one of the recent. That 3 was missed said that there should be room for
  // one recent entry, so 6 put out 1, which was used twice, and not 5.
  CHECK(inside(cache, {1, 2, 3, 4, 5, 6}) == Keys{2, 3, 5, 6});
}

}  // namespace
}  // namespace stampede
