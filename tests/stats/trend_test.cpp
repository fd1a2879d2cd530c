#include "stampede/stats/trend.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "stats/test_random.hpp"

namespace stampede {

TEST_CASE("a series that always rises has the largest trend there is") {
  // Of ten values 45 pairs rise; their number has a variance of 125 without a trend.
  const std::vector<double> rising{1, 2, 4, 5, 6, 7, 8, 9, 10, 20};
  CHECK(mann_kendall(rising) == Approx(44 / std::sqrt(125.0)));
  const std::vector<double> falling(rising.rbegin(), rising.rend());
  CHECK(mann_kendall(falling) == Approx(-44 / std::sqrt(125.0)));
  CHECK(mann_kendall(std::vector<double>(10, 3.0)) == 0);
  CHECK(mann_kendall(std::vector<double>{1, NAN, 2}) == 0);
}

TEST_CASE("independent values seldom look like a trend") {
  TestRandom random(11);
  int alarms = 0;
  for (int run = 0; run < 10'000; ++run) {
    std::vector<double> series(10);
    for (double& value : series) {
      value = random.uniform();
    }
    alarms += mann_kendall(series) > 3 ? 1 : 0;
  }
  CHECK(alarms < 30);
}

}  // namespace stampede
