#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("fifo decides as its oracle does") { check_policy("fifo"); }
TEST_CASE("fifo decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("fifo");
}

TEST_CASE("fifo evicts what came first, used or not") {
  FakeCache cache("fifo", 3);
  for (const std::uint64_t key : {1, 2, 3, 1, 4}) {
    cache.access(key);
  }
  CHECK(inside(cache, {1, 2, 3, 4}) == Keys{2, 3, 4});
}

}  // namespace
}  // namespace stampede
