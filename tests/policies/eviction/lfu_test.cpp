#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("lfu decides as its oracle does") { check_policy("lfu"); }
TEST_CASE("lfu decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("lfu");
}

TEST_CASE("lfu evicts what was used least, of equals what was used longest ago") {
  FakeCache cache("lfu", 3);
  for (const std::uint64_t key : {1, 1, 2, 3, 3, 4}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3, 4}) == Keys{1, 3, 4});
  for (const std::uint64_t key : {4, 5}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 3, 4, 5}) == Keys{3, 4, 5});
}

TEST_CASE("lfu forgets what an entry counted when it goes") {
  FakeCache cache("lfu", 2);
  for (const std::uint64_t key : {1, 1, 1, 1, 2}) {
    cache.access(key);
  }
  cache.purge(1);
  for (const std::uint64_t key : {1, 2, 3}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{2, 3});
}

}  // namespace
}  // namespace stampede
