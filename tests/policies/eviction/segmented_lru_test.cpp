#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("segmented_lru decides as its oracle does") { check_policy("segmented_lru"); }
TEST_CASE("segmented_lru decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("segmented_lru");
}

TEST_CASE("segmented_lru with another share decides as its oracle does") {
  check_policy("segmented_lru", {{"protected", "30%"}}, [](std::uint64_t capacity, bool) {
    return std::make_unique<SegmentedLruOracle>(capacity, 0.3);
  });
}

TEST_CASE("segmented_lru without a protected segment is lru") {
  FakeCache cache("segmented_lru", 40, {{"protected", "0%"}});
  LruOracle lru(40);
  check_agreement(cache, lru, mixed_keys(20000, 400, Draw(2, 2)), {true, false});
}

TEST_CASE("segmented_lru keeps what was used twice through a scan") {
  FakeCache cache("segmented_lru", 10);
  for (const std::uint64_t key : {1, 2, 3, 1, 2}) {
    cache.access(key);
  }
  for (std::uint64_t key = 100; key < 200; ++key) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{1, 2});
}

}  // namespace
}  // namespace stampede
