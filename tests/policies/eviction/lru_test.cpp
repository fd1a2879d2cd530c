#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("lru decides as its oracle does") { check_policy("lru"); }
TEST_CASE("lru decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("lru");
}

TEST_CASE("lru evicts what was used longest ago") {
  FakeCache cache("lru", 3);
  for (const std::uint64_t key : {1, 2, 3, 1, 4}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3, 4}) == Keys{1, 3, 4});
}

/// libCacheSim, test/test_simulator.c (test_simulator_no_size): misses of each capacity. Those of
/// FIFO were counted by an independent program.
TEST_CASE("lru and fifo miss as often as published on a trace of block storage", "[once]") {
  const Keys& keys = trace_keys("cloudphysics_keys.txt");
  if (keys.empty()) {
    return;
  }
  const std::vector<std::pair<std::string, std::vector<std::uint64_t>>> published{
      {"lru", {99411, 96397, 95652, 95370, 95182, 94997, 94891, 94816}},
      {"fifo", {100831, 98050, 97002, 96467, 96106, 95836, 95637, 95505}}};
  for (const auto& [kind, misses] : published) {
    for (std::size_t i = 0; i < misses.size(); ++i) {
      FakeCache cache(kind, 128 * (i + 1));
      for (const std::uint64_t key : keys) {
        cache.access(key);
      }
      CAPTURE(kind, i);
      CHECK(cache.misses() == misses[i]);
    }
  }
}

}  // namespace
}  // namespace stampede
