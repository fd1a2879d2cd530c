#include <catch2/catch.hpp>
#include <optional>

#include "stampede/scenario/scenario.hpp"

namespace stampede {
namespace {

using namespace literals;

Duration slice_of(Duration run, std::optional<Duration> warmup,
                  std::optional<Duration> slice = std::nullopt) {
  RunSettings settings;
  settings.duration = run;
  settings.warmup.length = warmup;
  settings.slice = slice;
  return settings.slice_length();
}

TEST_CASE("a slice is a hundredth of the run, or as long as it is said to be") {
  CHECK(slice_of(100_s, std::nullopt) == 1_s);
  CHECK(slice_of(100_s, 0_s) == 1_s);
  CHECK(slice_of(100_s, 7500_ms, 2_s) == 2_s);
}

TEST_CASE("slices are somewhat shorter where the warm-up would not end with one") {
  CHECK(slice_of(60_s, 6_s) == 600_ms);
  CHECK(slice_of(60_s, 5_s) == 500_ms);
  CHECK(slice_of(60_s, 20_s) == 500_ms);
  CHECK(slice_of(120_s, 10_s) == 1_s);
  CHECK(slice_of(200_s, 1_s) == 1_s);
}

TEST_CASE("no slice is shorter than a quarter of a hundredth, whatever the warm-up") {
  CHECK(slice_of(100'000'000_s, 1_s) == 1'000'000_s);
  CHECK(slice_of(1000_s, 1_ns) == 10_s);
  CHECK(slice_of(100_s, 9'999'999'967_ns) == 1_s);  // a prime number of nanoseconds
  CHECK(slice_of(50_ns, 7_ns) == 1_ns);
}

}  // namespace
}  // namespace stampede
