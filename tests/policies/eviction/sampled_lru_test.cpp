#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("sampled_lru decides as its oracle does") { check_policy("sampled_lru"); }
TEST_CASE("sampled_lru decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("sampled_lru");
}

TEST_CASE("sampled_lru with another number of samples decides as its oracle does") {
  check_policy("sampled_lru", {{"samples", "12"}}, [](std::uint64_t capacity, bool) {
    return std::make_unique<SampledLruOracle>(capacity, eviction_draw(), 12);
  });
}

TEST_CASE("sampled_lru comes nearer to lru the more it looks at") {
  const Keys keys = zipf_keys(100000, 1000, 0.8, Draw(6, 6));
  const auto misses = [&keys](const std::string& kind, const SettingsText& settings) {
    FakeCache cache(kind, 100, settings);
    for (const std::uint64_t key : keys) {
      cache.access(key);
    }
    return cache.misses();
  };
  const std::uint64_t one = misses("sampled_lru", {{"samples", "1"}});
  const std::uint64_t ten = misses("sampled_lru", {{"maxmemory_samples", "10"}});
  const std::uint64_t all = misses("lru", {});
  CHECK(one > ten);
  CHECK(ten + 100 > all);
  CHECK(ten < all + all / 100);
}

}  // namespace
}  // namespace stampede
