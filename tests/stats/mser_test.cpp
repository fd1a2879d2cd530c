#include "stampede/stats/mser.hpp"

#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "test_random.hpp"

namespace stampede {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A first-order autoregressive process about 0, on top of a start that decays exponentially.
std::vector<double> series_with_transient(std::size_t length, double height, double decay,
                                          std::uint64_t seed, double correlation = 0.5) {
  TestRandom random(seed);
  std::vector<double> series(length);
  double process = random.normal() / std::sqrt(1 - correlation * correlation);
  for (std::size_t i = 0; i < length; ++i) {
    series[i] = process + height * std::exp(-static_cast<double>(i) / decay);
    const double shock = random.normal();
    process = correlation * process + shock;
  }
  return series;
}

// The formula as printed, in quadratic time: the best of all cuts that leave five batches.
std::size_t by_the_formula(const std::vector<double>& batches) {
  double best = std::numeric_limits<double>::infinity();
  std::size_t best_cut = 0;
  for (std::size_t cut = 0; cut + 5 <= batches.size(); ++cut) {
    const auto left = static_cast<double>(batches.size() - cut);
    double mean = 0;
    for (std::size_t i = cut; i < batches.size(); ++i) {
      mean += batches[i] / left;
    }
    double squares = 0;
    for (std::size_t i = cut; i < batches.size(); ++i) {
      squares += (batches[i] - mean) * (batches[i] - mean);
    }
    if (squares / (left * left) < best) {
      best = squares / (left * left);
      best_cut = cut;
    }
  }
  return best_cut;
}

}  // namespace

TEST_CASE("the cut is the formula's") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto series = series_with_transient(300, 10, 5.0 + static_cast<double>(seed), seed);
    CHECK(mser(series, 1).index == by_the_formula(series));

    std::vector<double> fives;
    for (std::size_t i = 0; i < 300; i += 5) {
      fives.push_back((series[i] + series[i + 1] + series[i + 2] + series[i + 3] + series[i + 4]) /
                      5);
    }
    CHECK(mser(series).index == 5 * by_the_formula(fives));
  }
}

TEST_CASE("a known transient is cut off and little more") {
  constexpr double decay = 20;
  for (const std::size_t batch : {std::size_t{1}, std::size_t{5}}) {
    for (std::uint64_t seed = 100; seed < 110; ++seed) {
      const Truncation cut = mser(series_with_transient(1000, 20, decay, seed), batch);
      INFO("batch " << batch << ", seed " << seed << ", cut " << cut.index);
      CHECK_FALSE(cut.run_too_short);
      // What is left of the start at the cut is between 20·e^-1.5 and 20·e^-8.
      CHECK(static_cast<double>(cut.index) >= 1.5 * decay);
      CHECK(static_cast<double>(cut.index) <= 8 * decay);
    }
  }
}

TEST_CASE("a steady series keeps nearly everything") {
  for (std::uint64_t seed = 200; seed < 210; ++seed) {
    const Truncation cut = mser(series_with_transient(1000, 0, 1, seed));
    CHECK_FALSE(cut.run_too_short);
    CHECK(cut.index <= 100);
  }
}

TEST_CASE("a constant series keeps everything") {
  const std::vector<double> constant(100, 0.1);
  CHECK(mser(constant, 1).index == 0);
  CHECK_FALSE(mser(constant, 1).run_too_short);
}

TEST_CASE("a series that never settles is too short") {
  CHECK(mser(series_with_transient(200, 100, 200, 1)).run_too_short);
  std::vector<double> late_jump(100, 1.0);
  for (std::size_t i = 70; i < 100; ++i) {
    late_jump[i] = 5.0;
  }
  CHECK(mser(late_jump, 1).run_too_short);
}

TEST_CASE("a handful of values is too short") {
  CHECK(mser({}).run_too_short);
  CHECK(mser(std::vector<double>(9, 1.0), 1).run_too_short);
  CHECK(mser(std::vector<double>(49, 1.0), 5).run_too_short);
  CHECK_FALSE(mser(std::vector<double>(10, 1.0), 1).run_too_short);
  CHECK(mser(std::vector<double>(100, nan), 1).run_too_short);
}

TEST_CASE("slices without data do not disturb") {
  std::vector<double> series = series_with_transient(500, 20, 10, 5);
  const Truncation whole = mser(series, 1);
  series.insert(series.begin() + 300, nan);
  CHECK(mser(series, 1).index == whole.index);
  std::vector<double> late_start(20, nan);
  late_start.insert(late_start.end(), 80, 1.0);
  CHECK(mser(late_start, 1).index == 0);
}

TEST_CASE("the cut moves neither with the scale nor with the origin") {
  rc::prop("affine", [] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto series = series_with_transient(200, 10, 10, seed);
    auto moved = series;
    for (double& value : moved) {
      value = 1024 * value + 4096;
    }
    RC_ASSERT(mser(moved, 1).index == mser(series, 1).index);
  });
}

// Leaving out one more value x makes the criterion S/m² smaller as long as (x - mean)² > 2·S/m,
// twice the variance. The value itself has the variance once, so the cut comes on average where the
// transient has sunk to the standard deviation of the batch means. That it is right-skewed, rarely
// much too early, and now and then falls for the noise of the last few batches, which is why one in
// the second half is refused, is what White, Cobb and Spratt (WSC 2000) and Hoad,
// Robinson and Davies (J. Operational Research Society 61, 2010) report.
TEST_CASE("over a thousand series the cut comes where the transient meets the noise") {
  struct Case {
    double height, decay, correlation;
  };
  constexpr std::size_t length = 1000;
  constexpr int count = 1000;
  for (const Case& c :
       {Case{20, 20, 0.5}, Case{10, 50, 0.5}, Case{20, 20, 0.9}, Case{40, 50, 0.9}}) {
    const double variance = 1 / (1 - c.correlation * c.correlation);
    double batch_variance = 5;  // of a sum of five values, in units of the variance
    for (int lag = 1; lag < 5; ++lag) {
      batch_variance += 2 * (5 - lag) * std::pow(c.correlation, lag);
    }
    batch_variance *= variance / 25;
    const double expected = c.decay * std::log(c.height / std::sqrt(batch_variance));

    std::vector<std::size_t> cuts;
    int refused = 0;
    double bias_before = 0;
    double bias_after = 0;
    for (int i = 0; i < count; ++i) {
      const auto series = series_with_transient(
          length, c.height, c.decay, static_cast<std::uint64_t>(1000 + i), c.correlation);
      const Truncation cut = mser(series);
      refused += cut.run_too_short ? 1 : 0;
      cuts.push_back(cut.index);
      const std::size_t from = cut.run_too_short ? 0 : cut.index;
      bias_before += std::accumulate(series.begin(), series.end(), 0.0) / length / count;
      bias_after +=
          std::accumulate(series.begin() + static_cast<std::ptrdiff_t>(from), series.end(), 0.0) /
          static_cast<double>(length - from) / count;
    }
    std::sort(cuts.begin(), cuts.end());
    INFO("height " << c.height << ", decay " << c.decay << ", correlation " << c.correlation
                   << ": expected " << expected << ", 5 % " << cuts[50] << ", median " << cuts[500]
                   << ", 95 % " << cuts[950] << ", refused " << refused << ", bias " << bias_before
                   << " becomes " << bias_after);
    CHECK(std::abs(static_cast<double>(cuts[500]) - expected) <= 10);
    // Neither half a transient left in, nor much of what is good thrown away.
    CHECK(static_cast<double>(cuts[50]) >= expected - c.decay);
    CHECK(static_cast<double>(cuts[950]) <= expected + 4 * c.decay + 25);
    CHECK(refused <= 25);
    CHECK(std::abs(bias_after) < 0.15 * bias_before);
  }
}

}  // namespace stampede
