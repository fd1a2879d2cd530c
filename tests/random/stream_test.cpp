#include "stampede/random/stream.hpp"

#include <set>

#include "random/support.hpp"
#include "stampede/random/variates.hpp"

using namespace stampede;
using test::fits;

namespace {

std::vector<std::uint64_t> first(Draw draw, int count) {
  std::vector<std::uint64_t> bits;
  for (int i = 0; i < count; ++i) {
    bits.push_back(draw());
  }
  return bits;
}

/// The correlation of two draws of n uniform numbers is normal with standard deviation 1/sqrt(n).
bool uncorrelated(Draw a, Draw b) {
  constexpr int n = 20'000;
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double x = a.uniform() - 0.5;
    const double y = b.uniform() - 0.5;
    sum += x * y;
  }
  const double correlation = sum / n * 12;
  return std::abs(correlation) < 4 / std::sqrt(static_cast<double>(n));
}

}  // namespace

TEST_CASE("Philox2x64 gives the known answers of Random123") {
  // The philox2x64 lines with 10 rounds of Random123's kat_vectors.
  struct KnownAnswer {
    std::uint64_t counter[2];
    std::uint64_t key;
    std::uint64_t bits[2];
  };
  const KnownAnswer known_answers[] = {
      {{0, 0}, 0, {0xca00a0459843d731, 0x66c24222c9a845b5}},
      {{~0ULL, ~0ULL}, ~0ULL, {0x65b021d60cd8310f, 0x4d02f3222f86df20}},
      {{0x243f6a8885a308d3, 0x13198a2e03707344},
       0xa4093822299f31d0,
       {0x0a5e742c2997341c, 0xb0f883d38000de5d}}};
  for (const KnownAnswer& known : known_answers) {
    const r123::Philox2x64::ctr_type counter = {{known.counter[0], known.counter[1]}};
    const r123::Philox2x64::key_type key = {{known.key}};
    const r123::Philox2x64::ctr_type bits = r123::Philox2x64()(counter, key);
    CHECK(bits[0] == known.bits[0]);
    CHECK(bits[1] == known.bits[1]);
  }
}

TEST_CASE("a draw hands out both halves of each block, block after block") {
  const std::uint64_t key = 7;
  const std::uint64_t luck = 9;
  const std::vector<std::uint64_t> bits = first(Draw(key, luck), 6);
  for (std::uint64_t block = 0; block < 3; ++block) {
    const r123::Philox2x64::ctr_type expected = r123::Philox2x64()({{block, luck}}, {{key}});
    CHECK(bits[2 * block] == expected[0]);
    CHECK(bits[2 * block + 1] == expected[1]);
  }
}

TEST_CASE("streams give the same bits on every machine and for ever") {
  const Stream stream(1, 0, "app", "service");
  CHECK(first(stream.at(0), 2) ==
        std::vector<std::uint64_t>{0x2da467783f88e1b1, 0xc7fa288ffef50b2b});
  CHECK(first(stream.at(1), 2) ==
        std::vector<std::uint64_t>{0xb96e936d8beccbb3, 0x6e8deba81a14172d});
  CHECK(first(stream.sequence(), 2) ==
        std::vector<std::uint64_t>{0x6ad146ac8ba1740b, 0x2afeb9ab09dbe76});
}

TEST_CASE("what a request draws does not depend on who drew before") {
  const Stream stream(1, 0, "app", "service");
  const std::vector<std::uint64_t> alone = first(stream.at(42), 5);
  Draw other = stream.at(41);
  Draw interleaved = stream.at(42);
  std::vector<std::uint64_t> bits;
  for (int i = 0; i < 5; ++i) {
    other();
    bits.push_back(interleaved());
  }
  CHECK(bits == alone);
}

TEST_CASE("adding a component shifts nobody else's draws") {
  const std::vector<std::uint64_t> before = first(Stream(1, 0, "app", "service").sequence(), 100);
  const Stream newcomer(1, 0, "api", "service");
  CHECK(first(newcomer.sequence(), 100) != before);
  CHECK(first(Stream(1, 0, "app", "service").sequence(), 100) == before);
}

TEST_CASE("streams that differ in one thing share no draw") {
  std::set<std::uint64_t> seen;
  int streams = 0;
  for (const std::uint64_t seed : {0, 1, 2}) {
    for (const std::uint64_t replication : {0, 1, 2}) {
      for (const char* name : {"", "app", "ap", "edge"}) {
        for (const char* purpose : {"", "service", "ppservice", "arrivals"}) {
          const Stream stream(seed, replication, name, purpose);
          ++streams;
          seen.insert(stream.sequence()());
          seen.insert(stream.at(0)());
          seen.insert(stream.at(1)());
        }
      }
    }
  }
  CHECK(seen.size() == 3U * static_cast<unsigned>(streams));
}

TEST_CASE("draws of different streams are uncorrelated") {
  const Stream service(1, 0, "app", "service");
  CHECK(uncorrelated(service.sequence(), Stream(1, 0, "app", "arrivals").sequence()));
  CHECK(uncorrelated(service.sequence(), Stream(1, 0, "edge", "service").sequence()));
  CHECK(uncorrelated(service.sequence(), Stream(1, 1, "app", "service").sequence()));
  CHECK(uncorrelated(service.sequence(), Stream(2, 0, "app", "service").sequence()));
  CHECK(uncorrelated(service.sequence(), service.at(0)));
  CHECK(uncorrelated(service.at(0), service.at(1)));
}

TEST_CASE("the first draws of successive requests are uncorrelated and uniform") {
  const Stream stream(1, 0, "app", "service");
  constexpr int n = 50'000;
  std::vector<double> values;
  double sum = 0;
  double before = 0;
  for (std::uint64_t request = 0; request < n; ++request) {
    Draw draw = stream.at(request);
    const double u = draw.uniform();
    sum += (u - 0.5) * (before - 0.5);
    before = u;
    values.push_back(u);
  }
  CHECK(std::abs(sum / n * 12) < 4 / std::sqrt(static_cast<double>(n)));
  CHECK(test::follows(values, [](double x) { return x; }));
}

TEST_CASE("uniform lies strictly between 0 and 1") {
  Draw draw = test::draw_for("uniform");
  double least = 1;
  double greatest = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const double u = draw.uniform();
    least = std::min(least, u);
    greatest = std::max(greatest, u);
  }
  CHECK(least > 0);
  CHECK(least < 1e-5);
  CHECK(greatest < 1);
  CHECK(greatest > 1 - 1e-5);
}

TEST_CASE("below gives each number equally often and never the bound") {
  Draw draw = test::draw_for("below");
  std::vector<double> observed(7);
  for (int i = 0; i < 70'000; ++i) {
    observed.at(draw.below(7)) += 1;
  }
  CHECK(fits(observed, std::vector<double>(7, 10'000)));
  CHECK(draw.below(1) == 0);
}

TEST_CASE("below is exact for bounds that are no part of 2^64") {
  // Three quarters of 2^64: without rejection the multiples of 3 would come up twice as often.
  const std::uint64_t bound = 0xc000000000000000;
  Draw draw = test::draw_for("large bound");
  bool inside = true;
  std::vector<double> observed(3);
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t n = draw.below(bound);
    inside = inside && n < bound;
    observed[n % 3] += 1;
  }
  CHECK(inside);
  CHECK(fits(observed, std::vector<double>(3, 10'000)));
}

TEST_CASE("exponentials that are drawn ahead are those that would be drawn one by one") {
  const Stream stream(1, 0, "users", "arrivals");
  Draw draw = stream.sequence();
  ExponentialSequence ahead(stream.sequence());
  for (int i = 0; i < 100; ++i) {
    INFO(i);
    const double one = standard_exponential(draw);
    CHECK(ahead() == one);
  }
}
