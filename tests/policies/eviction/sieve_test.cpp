#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("sieve decides as its oracle does") { check_policy("sieve"); }
TEST_CASE("sieve decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("sieve");
}

// Figure 1 of the paper shows such a walk: what was used is spared and stays where it is.
TEST_CASE("sieve spares what was used, and its hand goes on from where it stopped") {
  FakeCache cache("sieve", 4);
  for (const std::uint64_t key : {1, 2, 3, 4, 1, 3, 5}) {  // 1 and 3 are used; the hand takes 2
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3, 4, 5}) == Keys{1, 3, 4, 5});
  cache.access(6);  // the hand spares 3 and takes 4, though 1 is older and has no mark any more
  CHECK(inside(cache, {1, 3, 4, 5, 6}) == Keys{1, 3, 5, 6});
  cache.access(7);  // then 5, the next one
  CHECK(inside(cache, {1, 3, 5, 6, 7}) == Keys{1, 3, 6, 7});
}

TEST_CASE("sieve does not lose its hand when the entry under it is purged") {
  FakeCache cache("sieve", 4);
  for (const std::uint64_t key : {1, 2, 3, 4, 5}) {  // takes 1, the hand is at 2
    cache.access(key);
  }
  cache.purge(2);
  for (const std::uint64_t key : {6, 7}) {
    cache.access(key);
  }
  CHECK(inside(cache, {3, 4, 5, 6, 7}) == Keys{4, 5, 6, 7});
}

}  // namespace
}  // namespace stampede
