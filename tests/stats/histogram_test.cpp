#include "stampede/stats/histogram.hpp"

#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "test_random.hpp"

namespace stampede {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

Histogram histogram_of(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) {
    histogram.record(value);
  }
  return histogram;
}

// Hyndman and Fan's type 7 on the samples themselves.
double exact_quantile(std::vector<std::int64_t> values, double q) {
  std::sort(values.begin(), values.end());
  const double position = q * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::size_t>(position);
  const auto below = static_cast<double>(values[rank]);
  const auto above = static_cast<double>(values[std::min(rank + 1, values.size() - 1)]);
  return below + (position - static_cast<double>(rank)) * (above - below);
}

using Bucket = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

std::vector<Bucket> buckets_of(const Histogram& histogram) {
  std::vector<Bucket> buckets;
  histogram.for_each_bucket([&](std::int64_t low, std::int64_t high, std::int64_t count) {
    buckets.emplace_back(low, high, count);
  });
  return buckets;
}

bool same(const Histogram& a, const Histogram& b) {
  return a.count() == b.count() && a.min() == b.min() && a.max() == b.max() &&
         buckets_of(a) == buckets_of(b);
}

// Of every magnitude alike, from 0 to 2^63-1.
rc::Gen<std::vector<std::int64_t>> any_values() {
  const auto magnitude = rc::gen::inRange(0, 64);
  const auto bits = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>());
  const auto value = rc::gen::apply(
      [](int shift, std::uint64_t all) {
        return shift == 0 ? std::int64_t{0} : static_cast<std::int64_t>(all >> (64 - shift) >> 1);
      },
      magnitude, bits);
  return rc::gen::container<std::vector<std::int64_t>>(value);
}

}  // namespace

TEST_CASE("the buckets cover all values without gap or overlap") {
  for (std::size_t bucket = 0; bucket < Histogram::bucket_limit; ++bucket) {
    const std::int64_t low = Histogram::bucket_low(bucket);
    const std::int64_t high = Histogram::bucket_high(bucket);
    REQUIRE(Histogram::bucket_of(low) == bucket);
    REQUIRE(Histogram::bucket_of(high) == bucket);
    REQUIRE((low < 256 ? high == low : (high - low + 1) <= low / 128));
    if (bucket + 1 < Histogram::bucket_limit) {
      REQUIRE(Histogram::bucket_low(bucket + 1) == high + 1);
    } else {
      REQUIRE(high == largest);
    }
  }
}

TEST_CASE("an empty histogram has no quantile") {
  const Histogram empty;
  CHECK(empty.empty());
  CHECK(empty.count() == 0);
  CHECK(empty.min() == 0);
  CHECK(empty.max() == 0);
  CHECK(std::isnan(empty.quantile(0.5)));
  CHECK(empty.count_above(0) == 0);
}

TEST_CASE("a constant has itself for every quantile") {
  const Histogram histogram = histogram_of(std::vector<std::int64_t>(1000, 1'234'567));
  for (const double q : {0.0, 0.001, 0.5, 0.99, 1.0}) {
    CHECK(histogram.quantile(q) == 1'234'567);
  }
}

TEST_CASE("small values, minimum and maximum are exact") {
  std::vector<std::int64_t> values;
  TestRandom random(1);
  for (int i = 0; i < 1001; ++i) {
    values.push_back(static_cast<std::int64_t>(random.uniform() * 256));
  }
  Histogram histogram = histogram_of(values);
  for (int i = 0; i <= 1000; ++i) {
    const double q = i / 1000.0;
    REQUIRE(histogram.quantile(q) == Approx(exact_quantile(values, q)).epsilon(1e-12));
  }
  for (std::int64_t v = 0; v < 256; ++v) {
    REQUIRE(histogram.count_above(v) ==
            std::count_if(values.begin(), values.end(), [&](std::int64_t x) { return x > v; }));
  }
  histogram.record(largest);
  CHECK(histogram.max() == largest);
  CHECK(histogram.quantile(1) == static_cast<double>(largest));
}

TEST_CASE("a quantile is within 0.79 % of the exact one, whatever the values") {
  rc::prop("relative error", [] {
    auto values = *any_values();
    values.push_back(*rc::gen::inRange<std::int64_t>(0, 1'000'000));
    const Histogram histogram = histogram_of(values);
    for (const double q : {0.0, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const double exact = exact_quantile(values, q);
      RC_ASSERT(std::abs(histogram.quantile(q) - exact) <= exact * 0.0079);
    }
  });
}

TEST_CASE("quantiles rise with q") {
  rc::prop("monotone", [] {
    auto values = *any_values();
    values.push_back(1);
    const Histogram histogram = histogram_of(values);
    double last = 0;
    for (int i = 0; i <= 64; ++i) {
      const double next = histogram.quantile(i / 64.0);
      RC_ASSERT(next >= last);
      last = next;
    }
  });
}

TEST_CASE("merging is the same as recording everything in one") {
  rc::prop("merge", [] {
    const auto first = *any_values();
    const auto second = *any_values();
    std::vector<std::int64_t> all = first;
    all.insert(all.end(), second.begin(), second.end());
    Histogram merged = histogram_of(first);
    merged.merge(histogram_of(second));
    RC_ASSERT(same(merged, histogram_of(all)));
  });
}

TEST_CASE("a histogram comes back unchanged from its cells") {
  rc::prop("cells", [] {
    const auto values = *any_values();
    const Histogram original = histogram_of(values);
    Histogram moved = original;
    HistogramCells cells;
    moved.move_into(cells);
    RC_ASSERT(moved.empty());
    RC_ASSERT(buckets_of(moved).empty());
    Histogram back;
    back.add_cells(cells.buckets, cells.counts, original.min(), original.max());
    RC_ASSERT(same(back, original));
  });
}

TEST_CASE("quantiles of common laws are closer than a quarter of a bucket") {
  struct Law {
    std::string name;
    std::function<double(TestRandom&)> draw;
  };
  const std::vector<Law> laws = {
      {"uniform", [](TestRandom& r) { return 1e6 * (1 + r.uniform()); }},
      {"exponential", [](TestRandom& r) { return -4e6 * std::log(r.uniform()); }},
      {"pareto", [](TestRandom& r) { return 1e5 * std::pow(r.uniform(), -1 / 1.5); }},
      {"lognormal", [](TestRandom& r) { return 5e6 * std::exp(r.normal()); }},
  };
  for (const Law& law : laws) {
    TestRandom random(7);
    std::vector<std::int64_t> values(200'000);
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(law.draw(random));
    }
    const Histogram histogram = histogram_of(values);
    INFO(law.name);
    for (const double q : {0.1, 0.5, 0.9, 0.99}) {
      CHECK(histogram.quantile(q) == Approx(exact_quantile(values, q)).epsilon(1 / 512.0));
    }
  }
}

TEST_CASE("the samples above a value are counted to within its bucket") {
  TestRandom random(3);
  std::vector<std::int64_t> values(20'000);
  for (std::int64_t& value : values) {
    value = static_cast<std::int64_t>(-4e6 * std::log(random.uniform()));
  }
  const Histogram histogram = histogram_of(values);
  for (const std::int64_t v : {0L, 100'000L, 4'000'000L, 12'345'678L, 100'000'000L}) {
    const auto exact =
        std::count_if(values.begin(), values.end(), [&](std::int64_t x) { return x > v; });
    CHECK(std::abs(histogram.count_above(v) - exact) <= 20);
  }
}

}  // namespace stampede
