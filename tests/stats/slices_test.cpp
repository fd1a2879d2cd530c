#include "stampede/stats/slices.hpp"

#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "test_random.hpp"

namespace stampede {
namespace {

using namespace literals;

Time at(Duration since_start) { return Time::from_start(since_start); }

}  // namespace

TEST_CASE("a grid cuts the run into equal slices and a rest") {
  const SliceGrid grid(10_s, 4_s);
  CHECK(grid.count() == 3);
  CHECK(grid.boundary(0) == at(0_s));
  CHECK(grid.boundary(2) == at(8_s));
  CHECK(grid.boundary(3) == at(10_s));
  CHECK(grid.length(0, 3) == 10_s);
  CHECK(grid.length(2, 3) == 2_s);
  CHECK(grid.first_from(at(0_s)) == 0);
  CHECK(grid.first_from(at(1_ns)) == 1);
  CHECK(grid.first_from(at(4_s)) == 1);
  CHECK(grid.first_from(at(9_s)) == 3);
  CHECK(SliceGrid(8_s, 4_s).count() == 2);
  CHECK(SliceGrid(3_s, 4_s).count() == 1);
}

TEST_CASE("a count is kept by slice") {
  SlicedCount count;
  for (const int n : {0, 0, 3, 3, 0, 5}) {
    for (int i = 0; i < n; ++i) {
      count.add();
    }
    count.close_slice();
  }
  count.add(100);
  CHECK(count.slice_count() == 6);
  CHECK(count.in_slice(1) == 0);
  CHECK(count.in_slice(3) == 3);
  CHECK(count.in_slice(4) == 0);
  CHECK(count.total(0, 6) == 11);
  CHECK(count.total(3, 5) == 3);
  CHECK(count.total(2, 2) == 0);
}

TEST_CASE("a level's area is exact in every slice") {
  SlicedLevel level;
  level.change(at(1_s), 2);
  level.change(at(3_s), 1);
  level.close_slice(at(4_s));  // 2·2 + 3·1 level seconds
  level.close_slice(at(8_s));
  level.close_slice(at(12_s));
  level.change(at(12_s), -3);
  level.close_slice(at(14_s));

  constexpr std::int64_t second = 1'000'000'000;
  CHECK((level.in_slice(0).area == 7 * second));
  CHECK((level.in_slice(1).area == 12 * second));
  CHECK((level.in_slice(2).area == 12 * second));
  CHECK((level.in_slice(3).area == 0));
  CHECK((level.totals(0, 4).area == 31 * second));
  CHECK(level.totals(1, 3).mean_over(8_s) == 3);
  CHECK(std::isnan(level.totals(1, 1).mean_over(0_s)));
  CHECK(level.at_boundary(0) == 0);
  CHECK(level.at_boundary(1) == 3);
  CHECK(level.at_boundary(3) == 3);
  CHECK(level.at_boundary(4) == 0);
  CHECK(level.level() == 0);
}

TEST_CASE("a level's maximum counts peaks of no length and what was there before") {
  SlicedLevel level;
  level.change(at(1_s), 9);
  level.change(at(1_s), -7);
  level.close_slice(at(2_s));
  level.close_slice(at(4_s));
  level.change(at(5_s), -2);
  level.close_slice(at(6_s));
  level.close_slice(at(8_s));
  CHECK(level.in_slice(0).max == 9);
  CHECK(level.in_slice(1).max == 2);
  CHECK(level.in_slice(2).max == 2);
  CHECK(level.in_slice(3).max == 0);
  CHECK(level.totals(0, 4).max == 9);
}

TEST_CASE("a level's area is the sum of the stays, clipped to the window") {
  rc::prop("Little's law is an identity", [] {
    const std::int64_t slice = *rc::gen::inRange(1, 50);
    const std::size_t slices = *rc::gen::inRange<std::size_t>(1, 20);
    const std::int64_t run = slice * static_cast<std::int64_t>(slices);
    const auto stays =
        *rc::gen::container<std::vector<std::pair<std::int64_t, std::int64_t>>>(rc::gen::pair(
            rc::gen::inRange<std::int64_t>(0, run), rc::gen::inRange<std::int64_t>(0, 2 * run)));

    std::vector<std::pair<std::int64_t, int>> changes;
    for (const auto& [arrival, length] : stays) {
      changes.emplace_back(arrival, 1);
      changes.emplace_back(arrival + length, -1);
    }
    std::sort(changes.begin(), changes.end());

    SlicedLevel level;
    std::size_t next = 0;
    for (std::size_t i = 1; i <= slices; ++i) {
      const std::int64_t boundary = slice * static_cast<std::int64_t>(i);
      for (; next < changes.size() && changes[next].first < boundary; ++next) {
        level.change(at(Duration::nanoseconds(changes[next].first)), changes[next].second);
      }
      level.close_slice(at(Duration::nanoseconds(boundary)));
    }

    const auto first = *rc::gen::inRange<std::size_t>(0, slices + 1);
    const auto end = *rc::gen::inRange<std::size_t>(first, slices + 1);
    const std::int64_t from = slice * static_cast<std::int64_t>(first);
    const std::int64_t to = slice * static_cast<std::int64_t>(end);
    Int128 stayed = 0;
    for (const auto& [arrival, length] : stays) {
      stayed += std::max<std::int64_t>(0, std::min(arrival + length, to) - std::max(arrival, from));
    }
    RC_ASSERT(level.totals(first, end).area == stayed);
  });
}

TEST_CASE("a level's area does not overflow 64 bits") {
  SlicedLevel level;
  const Time end = at(Duration::max());
  level.change(at(0_s), 1'000'000'000);
  level.close_slice(end);
  CHECK((level.totals(0, 1).area == static_cast<Int128>(1'000'000'000) * end.ns()));
}

TEST_CASE("any window of a sliced histogram is what was recorded in it") {
  rc::prop("merged", [] {
    const auto slices = *rc::gen::container<std::vector<std::vector<std::int64_t>>>(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 100'000)));
    SlicedHistogram sliced;
    for (const auto& slice : slices) {
      for (const std::int64_t value : slice) {
        sliced.record(value);
      }
      sliced.close_slice();
    }
    sliced.record(5);  // the open slice is in no window

    const auto first = *rc::gen::inRange<std::size_t>(0, slices.size() + 1);
    const auto end = *rc::gen::inRange<std::size_t>(first, slices.size() + 1);
    Summary expected;
    for (std::size_t i = first; i < end; ++i) {
      for (const std::int64_t value : slices[i]) {
        expected.record(value);
      }
    }
    const Summary merged = sliced.merged(first, end);
    RC_ASSERT(merged.count() == expected.count());
    RC_ASSERT(merged.min() == expected.min());
    RC_ASSERT(merged.max() == expected.max());
    RC_ASSERT(merged.moments().sum == expected.moments().sum);
    RC_ASSERT(merged.moments().sum_of_squares == expected.moments().sum_of_squares);
    RC_ASSERT(sliced.moments(first, end).sum == expected.moments().sum);
    RC_ASSERT(sliced.moments(first, end).count == expected.count());
    if (!expected.empty()) {
      RC_ASSERT(merged.quantile(0.3) == expected.quantile(0.3));
    }
  });
}

TEST_CASE("a histogram that is not hit remembers its empty slices") {
  SlicedHistogram sliced;
  for (int slice = 0; slice < 1000; ++slice) {
    if (slice == 500) {
      sliced.record(42);
    }
    sliced.close_slice();
  }
  CHECK(sliced.slice_count() == 1000);
  CHECK(sliced.merged(0, 500).empty());
  CHECK(sliced.merged(501, 1000).empty());
  CHECK(sliced.in_slice(500).count == 1);
  CHECK(sliced.in_slice(999).count == 0);
  CHECK(sliced.merged(0, 1000).quantile(0.5) == 42);
}

TEST_CASE("measures can be moved with all they hold") {
  SlicedHistogram histogram;
  histogram.record(7);
  histogram.close_slice();
  const SlicedHistogram moved = std::move(histogram);
  CHECK(moved.merged(0, 1).max() == 7);
}

TEST_CASE("mean and deviation do not drown in large offsets") {
  constexpr std::int64_t offset = 1'000'000'000'000'000;  // 11 days
  Summary constant;
  Summary coin;
  for (int i = 0; i < 1000; ++i) {
    constant.record(offset + 1);
    coin.record(offset + i % 2);
  }
  CHECK(constant.mean() == static_cast<double>(offset + 1));
  CHECK(constant.stddev() == 0);
  CHECK(coin.moments().variance() == Approx(0.25 * 1000 / 999).epsilon(1e-12));
}

TEST_CASE("mean and deviation agree with their definitions") {
  TestRandom random(11);
  std::vector<std::int64_t> values(5000);
  Summary summary;
  double sum = 0;
  for (std::int64_t& value : values) {
    value = static_cast<std::int64_t>(-1e6 * std::log(random.uniform()));
    summary.record(value);
    sum += static_cast<double>(value);
  }
  const double mean = sum / 5000;
  double squares = 0;
  for (const std::int64_t value : values) {
    const double deviation = static_cast<double>(value) - mean;
    squares += deviation * deviation;
  }
  CHECK(summary.mean() == Approx(mean).epsilon(1e-14));
  CHECK(summary.stddev() == Approx(std::sqrt(squares / 4999)).epsilon(1e-12));
}

TEST_CASE("too few values have no mean or deviation") {
  Summary summary;
  CHECK(std::isnan(summary.mean()));
  summary.record(3);
  CHECK(summary.mean() == 3);
  CHECK(std::isnan(summary.stddev()));
}

TEST_CASE("squares beyond 128 bits are an error, not a wrong number") {
  Summary summary;
  for (int i = 0; i < 4; ++i) {
    summary.record(std::numeric_limits<std::int64_t>::max());
  }
  CHECK_THROWS_AS(summary.record(std::numeric_limits<std::int64_t>::max()), std::overflow_error);
}

}  // namespace stampede
