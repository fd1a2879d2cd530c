#include "stampede/random/bucketing.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/random/standard_hashes.hpp"

namespace stampede {
namespace {

Bucketing ours(const std::string& salt, std::vector<double> weights, double rollout = 1) {
  return Bucketing(BucketingMethod::stampede, salt, salt, std::move(weights), rollout);
}

/// Of the users "1" to "9", as GrowthBook's test cases name them; -1 takes no part.
std::vector<int> of_nine(const Bucketing& bucketing) {
  std::vector<int> variants;
  for (int user = 1; user <= 9; ++user) {
    const std::optional<std::size_t> variant = bucketing.of(std::to_string(user));
    variants.push_back(variant ? static_cast<int>(*variant) : -1);
  }
  return variants;
}

}  // namespace

TEST_CASE("murmur3 gives the published values") {
  // Of the verification of SMHasher, as Wikipedia's article MurmurHash lists them.
  CHECK(murmur3_32("", 0) == 0);
  CHECK(murmur3_32("", 1) == 0x514e28b7);
  CHECK(murmur3_32("", 0xffffffff) == 0x81f16f39);
  CHECK(murmur3_32("test", 0) == 0xba6bd213);
  CHECK(murmur3_32("test", 0x9747b28c) == 0x704b81dc);
  CHECK(murmur3_32("Hello, world!", 0) == 0xc0363e43);
  CHECK(murmur3_32("Hello, world!", 0x9747b28c) == 0x24884cba);
  CHECK(murmur3_32("The quick brown fox jumps over the lazy dog", 0) == 0x2e4ff723);
  CHECK(murmur3_32("The quick brown fox jumps over the lazy dog", 0x9747b28c) == 0x2fa826cd);
}

TEST_CASE("FNV-1a and SHA-1 give the published values") {
  CHECK(fnv1a_32("") == 0x811c9dc5);
  CHECK(fnv1a_32("a") == 0xe40c292c);
  CHECK(fnv1a_32("foobar") == 0xbf9cf968);
  CHECK(sha1_60("abc") == 0xa9993e364706816);  // FIPS 180-4, example 1
  CHECK(sha1_60("") == 0xda39a3ee5e6b4b0);
}

TEST_CASE("Unleash's normalized values are those of its clients") {
  // unleash-client-node, "normalized values are the same across node, java, and go clients".
  CHECK(unleash_value("123", "gr1", 100) == 73);
  CHECK(unleash_value("999", "groupX", 100) == 25);
}

TEST_CASE("LaunchDarkly's buckets are those of its clients") {
  // The vectors that the Go, Node, Python, Ruby and C server SDKs share.
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyA") == Approx(0.42157587).margin(1e-7));
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyB") == Approx(0.6708485).margin(1e-7));
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyC") == Approx(0.10343106).margin(1e-7));
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyA", 61) == Approx(0.09801207).margin(1e-7));
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyB", 61) == Approx(0.14483777).margin(1e-7));
  CHECK(launchdarkly_point("hashKey", "saltyA", "userKeyC", 61) == Approx(0.9242641).margin(1e-7));
  const Bucketing flag(BucketingMethod::launchdarkly, "hashKey", "saltyA", {60, 40}, 1);
  CHECK(flag.of("userKeyA") == 0);
  CHECK(flag.of("userKeyB") == 1);
  CHECK(flag.of("userKeyC") == 0);
}

TEST_CASE("GrowthBook's hashes are those of its clients") {
  // cases.json of its SDKs, "hash".
  const auto hash = growthbook_point;
  CHECK(hash("", "a", 1) == 0.22);
  CHECK(hash("", "b", 1) == 0.077);
  CHECK(hash("b", "a", 1) == 0.946);
  CHECK(hash("ef", "d", 1) == 0.652);
  CHECK(hash("asdf", "8952klfjas09ujk", 1) == 0.549);
  CHECK(hash("", "123", 1) == 0.011);
  CHECK(hash("", "___)((*\":&", 1) == 0.563);
  CHECK(hash("seed", "a", 2) == 0.0505);
  CHECK(hash("seed", "b", 2) == 0.2696);
  CHECK(hash("foo", "ab", 2) == 0.2575);
  CHECK(hash("foo", "def", 2) == 0.2019);
  CHECK(hash("89123klj", "8952klfjas09ujkasdf", 2) == 0.124);
  CHECK(hash("90850943850283058242805", "123", 2) == 0.7516);
  CHECK(hash("()**(%$##$%#$#", "___)((*\":&", 2) == 0.0128);
}

TEST_CASE("GrowthBook's assignments are those of its clients") {
  // cases.json of its SDKs, "run": default weights, uneven weights, coverage, three way test.
  const auto variants = [](std::vector<double> weights, double coverage) {
    return of_nine(Bucketing(BucketingMethod::growthbook_v1, "my-test", "my-test",
                             std::move(weights), coverage));
  };
  CHECK(variants({1, 1}, 1) == std::vector<int>{1, 0, 0, 1, 1, 1, 0, 1, 0});
  CHECK(variants({0.1, 0.9}, 1) == std::vector<int>{1, 1, 0, 1, 1, 1, 0, 1, 1});
  CHECK(variants({1, 1}, 0.4) == std::vector<int>{-1, 0, 0, -1, 1, -1, 0, 1, -1});
  CHECK(variants({1, 1, 1}, 1) == std::vector<int>{2, 0, 0, 2, 1, 2, 0, 1, 0});
}

TEST_CASE("flagd's fractional takes the upper bits of the product") {
  // fractional.go: (uint64(hash) * uint64(totalWeight)) >> 32 over flag + targeting key.
  const Bucketing flag(BucketingMethod::flagd, "headerColor", "", {25, 25, 25, 25}, 1);
  for (const std::string user : {"rachel@faas.com", "monica@faas.com", "joey@faas.com"}) {
    const std::uint64_t hash = murmur3_32("headerColor" + user);
    CHECK(flag.of(user).value() == (hash * 100 >> 32) / 25);
  }
}

TEST_CASE("every method gives each variant its share, and as many take part as shall") {
  constexpr std::uint64_t users = 40'000;
  for (const BucketingMethod method :
       {BucketingMethod::stampede, BucketingMethod::flagd, BucketingMethod::unleash,
        BucketingMethod::launchdarkly, BucketingMethod::growthbook}) {
    const Bucketing flag(method, "new_checkout", "new_checkout", {1, 3}, 0.4);
    std::vector<double> seen(2, 0.0);
    for (std::uint64_t user = 0; user < users; ++user) {
      if (const std::optional<std::size_t> variant = flag.of(user)) {
        ++seen[*variant];
      }
    }
    CHECK(seen[0] / users == Approx(0.1).margin(0.006));  // four standard errors
    CHECK(seen[1] / users == Approx(0.3).margin(0.0092));
  }
}

TEST_CASE("small shares are what they say, to within sampling error") {
  constexpr std::uint64_t users = 1'000'000;
  for (const double share : {0.0001, 0.01, 0.05, 0.5}) {
    const Bucketing flag = ours("small", {1}, share);
    double in = 0;
    for (std::uint64_t user = 0; user < users; ++user) {
      in += flag.of(user) ? 1 : 0;
    }
    CHECK(in / users == Approx(share).margin(4 * std::sqrt(share * (1 - share) / users)));
  }
}

TEST_CASE("a rollout that grows moves nobody out, nor to another variant") {
  Bucketing flag = ours("growing", {1, 1, 2}, 0);
  std::vector<std::optional<std::size_t>> before(5000);
  for (const double rollout : {0.0, 0.01, 0.05, 0.25, 0.5, 0.99, 1.0}) {
    flag.set_rollout(rollout);
    for (std::uint64_t user = 0; user < before.size(); ++user) {
      const std::optional<std::size_t> now = flag.of(user);
      if (before[user]) {
        CHECK(now == before[user]);
      }
      before[user] = now;
    }
  }
  for (const std::optional<std::size_t>& variant : before) {
    CHECK(variant.has_value());
  }
}

TEST_CASE("two flags are independent, of each other and of their own rollouts") {
  constexpr std::uint64_t users = 40'000;
  const auto chi_squared = [](const Bucketing& one, const Bucketing& other) {
    double counts[2][2] = {};
    for (std::uint64_t user = 0; user < users; ++user) {
      const std::optional<std::size_t> a = one.of(user);
      const std::optional<std::size_t> b = other.of(user);
      ++counts[a ? *a : 0][b ? *b : 0];
    }
    double statistic = 0;
    for (int a = 0; a < 2; ++a) {
      for (int b = 0; b < 2; ++b) {
        const double expected =
            (counts[a][0] + counts[a][1]) * (counts[0][b] + counts[1][b]) / users;
        statistic += (counts[a][b] - expected) * (counts[a][b] - expected) / expected;
      }
    }
    return statistic;
  };
  constexpr double far = 15;  // of one degree of freedom: 1 in 10,000
  CHECK(chi_squared(ours("new_checkout", {1, 1}), ours("new_search", {1, 1})) < far);
  CHECK(chi_squared(ours("flag-1", {1, 1}), ours("flag-2", {1, 3})) < far);
  CHECK(chi_squared(ours("same", {1, 1}), ours("same", {1, 1})) > 1000);
  // Who takes part first is no matter for the variant: among 10 % as many of each as among all.
  const Bucketing tenth = ours("tenth", {1, 1}, 0.1);
  double seen[2] = {};
  for (std::uint64_t user = 0; user < users; ++user) {
    if (const std::optional<std::size_t> variant = tenth.of(user)) {
      ++seen[*variant];
    }
  }
  CHECK(seen[0] / (seen[0] + seen[1]) == Approx(0.5).margin(0.032));
}

}  // namespace stampede
