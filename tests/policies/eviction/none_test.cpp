#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("none decides as its oracle does") { check_policy("none"); }
TEST_CASE("none decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("none");
}

TEST_CASE("a full cache without eviction takes nothing until something is purged") {
  FakeCache cache("none", 2);
  for (const std::uint64_t key : {1, 2, 3, 3}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3}) == Keys{1, 2});
  cache.purge(1);
  cache.access(3);
  CHECK(inside(cache, {1, 2, 3}) == Keys{2, 3});
}

}  // namespace
}  // namespace stampede
