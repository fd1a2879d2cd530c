#include "stampede/stats/omission.hpp"

#include <catch2/catch.hpp>

namespace stampede {

TEST_CASE("a wait hides those that would have waited for the rest of it") {
  Histogram measured;
  measured.record(10, 99);
  measured.record(100);
  const Histogram corrected = corrected_for_omission(measured, 30);
  // 70, 40 and 10 besides.
  CHECK(corrected.count() == 103);
  CHECK(corrected.count_above(30) == 3);
  CHECK(corrected.count_above(70) == 1);
  CHECK(corrected.max() == 100);
}

TEST_CASE("who never waits for longer than the pace hides nobody") {
  Histogram measured;
  measured.record(10, 99);
  CHECK(corrected_for_omission(measured, 10).count() == 99);
  CHECK(corrected_for_omission(Histogram(), 10).empty());
}

TEST_CASE("a freeze that hides very many is spread as evenly in fewer steps") {
  Histogram measured;
  measured.record(1'000'000'000);
  const Histogram corrected = corrected_for_omission(measured, 1000);
  CHECK(corrected.count() == Approx(1'000'000).epsilon(0.01));
  CHECK(corrected.quantile(0.5) == Approx(5e8).epsilon(0.01));
}

}  // namespace stampede
