#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("s3_fifo decides as its oracle does") { check_policy("s3_fifo"); }
TEST_CASE("s3_fifo decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("s3_fifo");
}

TEST_CASE("s3_fifo with other settings decides as its oracle does") {
  check_policy("s3_fifo", {{"small", "35%"}, {"promoted_after", "1"}},
               [](std::uint64_t capacity, bool) {
                 return std::make_unique<S3FifoOracle>(capacity, 0.35, 1);
               });
}

TEST_CASE("s3_fifo lets a scan through its small queue only") {
  FakeCache cache("s3_fifo", 100);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < 80; ++key) {
      cache.access(key);
    }
  }
  for (std::uint64_t key = 1000; key < 5000; ++key) {
    cache.access(key);
  }
  const std::uint64_t misses = cache.misses();
  for (std::uint64_t key = 0; key < 80; ++key) {
    cache.access(key);
  }
  CHECK(cache.misses() == misses);
}

TEST_CASE("s3_fifo takes a key back into the main queue that left the small one lately") {
  FakeCache cache("s3_fifo", 10);
  for (std::uint64_t key = 0; key < 11; ++key) {  // 0 leaves
    cache.access(key);
  }
  cache.access(0);
  for (std::uint64_t key = 20; key < 29; ++key) {  // all others leave
    cache.access(key);
  }
  CHECK(cache.has(0));
}

}  // namespace
}  // namespace stampede
