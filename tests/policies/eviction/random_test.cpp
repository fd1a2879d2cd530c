#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("random decides as its oracle does") { check_policy("random"); }
TEST_CASE("random decides as its oracle does on real traces", "[once]") {
  check_policy_on_traces("random");
}

TEST_CASE("random evicts every entry as often as any other") {
  std::vector<int> stayed(10, 0);
  FakeCache cache("random", 10);
  for (int round = 0; round < 20000; ++round) {
    for (std::uint64_t key = 0; key < 11; ++key) {
      cache.purge(key);
    }
    for (std::uint64_t key = 0; key < 11; ++key) {
      cache.access(key);
    }
    for (const std::uint64_t key : inside(cache, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) {
      ++stayed[key];
    }
  }
  double chi_square = 0;  // of the evictions, 2000 of each expected
  for (const int stays : stayed) {
    const double off = 20000 - stays - 2000;
    chi_square += off * off / 2000;
  }
  CHECK(chi_square < 27.88);  // 0.1 %, 9 degrees of freedom
}

}  // namespace
}  // namespace stampede
