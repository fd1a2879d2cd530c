#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("perfect_lfu decides as its oracle does") { check_policy("perfect_lfu"); }
TEST_CASE("perfect_lfu decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("perfect_lfu");
}

TEST_CASE("perfect lfu keeps a newcomer outside that counts less than everybody inside") {
  FakeCache cache("perfect_lfu", 2);
  for (const std::uint64_t key : {1, 1, 2, 2, 3}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{1, 2});
  cache.access(3);  // a tie with both, of which 1 was used longest ago
  CHECK(inside(cache, {1, 2, 3}) == Keys{2, 3});
}

TEST_CASE("perfect lfu remembers what an entry counted when it was purged") {
  FakeCache cache("perfect_lfu", 2);
  for (const std::uint64_t key : {1, 1, 1, 2, 2}) {
    cache.access(key);
  }
  cache.purge(1);
  for (const std::uint64_t key : {1, 3, 3, 3}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{1, 3});
}

}  // namespace
}  // namespace stampede
