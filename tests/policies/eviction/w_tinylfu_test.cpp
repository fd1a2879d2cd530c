#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("w_tinylfu decides as its oracle does") { check_policy("w_tinylfu"); }
TEST_CASE("w_tinylfu decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("w_tinylfu");
}

TEST_CASE("w_tinylfu with other shares decides as its oracle does") {
  const SettingsText settings{{"window", "20%"}, {"protected", "50%"}};
  check_policy("w_tinylfu", settings,
               [](std::uint64_t capacity, bool has_weights) -> std::unique_ptr<Oracle> {
                 if (has_weights) {
                   return std::make_unique<WeightedWTinyLfuOracle>(capacity, 0.2, 0.5);
                 }
                 return std::make_unique<WTinyLfuOracle>(capacity, 0.2, 0.5);
               });
}

TEST_CASE("w_tinylfu that makes room first is the one that takes the newcomer in first") {
  check_policy("w_tinylfu", {}, [](std::uint64_t capacity, bool) {
    return std::make_unique<WeightedWTinyLfuOracle>(capacity);
  });
}

TEST_CASE("w_tinylfu lets nothing in that is not asked for more often than what would go") {
  FakeCache cache("w_tinylfu", 100);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < 90; ++key) {
      cache.access(key);
    }
  }
  for (std::uint64_t key = 1000; key < 1200; ++key) {
    cache.access(key);
  }
  const std::uint64_t misses = cache.misses();
  for (std::uint64_t key = 0; key < 90; ++key) {
    cache.access(key);
  }
  CHECK(cache.misses() - misses < 10);  // the sketch may take a newcomer for another key
}

}  // namespace
}  // namespace stampede
