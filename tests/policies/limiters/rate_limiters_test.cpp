#include <fmt/format.h>
#include <rapidcheck/catch.h>

#include "policies/limiters/limiter_fixture.hpp"

namespace stampede {
namespace test {
namespace {

using namespace literals;

TEST_CASE("a token bucket is full at first, and fills at multiples of its interval") {
  Limiters bucket(
      R"({"token_bucket": {"max_tokens": 5, "tokens_per_fill": 2, "fill_interval": "1s"}})");
  CHECK(bucket.admitted_of(7, 300_ms) == 5);
  CHECK(bucket.admitted_of(7, 999_ms) == 0);
  CHECK(bucket.admitted_of(7, 1_s) == 2);
  CHECK(bucket.admitted_of(7, 3500_ms) == 4);
  CHECK(bucket.admitted_of(9, 100_s) == 5);  // and no more than it holds
}

TEST_CASE("a token bucket that is refilled continuously gives a token when it is whole") {
  Limiters bucket(R"({"token_bucket": {"max_tokens": 2, "tokens_per_fill": 4,
                                       "fill_interval": "1s", "refill": "continuous"}})");
  CHECK(bucket.admitted_of(3, 100_ms) == 2);
  CHECK(bucket.admitted_of(3, 349'999'999_ns) == 0);
  CHECK(bucket.admitted_of(3, 350_ms) == 1);
  CHECK(bucket.admitted_of(3, 2_s) == 2);
}

TEST_CASE("a leaky bucket lets one in per interval, and a burst before its time") {
  Limiters strict(R"({"leaky_bucket": {"rate": "10/s"}})");
  CHECK(strict.admitted_of(3, 0_ms) == 1);
  CHECK(strict.admitted_of(3, 99_ms) == 0);
  CHECK(strict.admitted_of(3, 100_ms) == 1);
  Limiters lenient(R"({"leaky_bucket": {"rate": "10/s", "burst": 2}})");
  CHECK(lenient.admitted_of(5, 0_ms) == 3);
  CHECK(lenient.admitted_of(5, 100_ms) == 1);
  CHECK(lenient.admitted_of(5, 1_s) == 3);
}

TEST_CASE("GCRA admits what a token bucket admits that is refilled continuously") {
  rc::prop("the same verdicts, whatever comes", [] {
    const auto interval_us = *rc::gen::inRange<int>(1, 1000);
    const auto burst = *rc::gen::inRange<int>(0, 20);
    Limiters gcra(fmt::format(R"({{"leaky_bucket": {{"rate": "{}/s", "burst": {}}}}})",
                              1'000'000.0 / interval_us, burst));
    Limiters bucket(fmt::format(R"({{"token_bucket": {{"max_tokens": {}, "fill_interval": "{}us",
                                    "refill": "continuous"}}}})",
                                burst + 1, interval_us));
    Duration now;
    for (const int gap_ns :
         *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, interval_us * 2000))) {
      now += Duration::nanoseconds(gap_ns);
      RC_ASSERT(gcra.admits(now) == bucket.admits(now));
    }
  });
}

// What the four window algorithms let in of 100 requests just before a boundary and 100 just after
// it, under a limit of 100 per second.
int around_the_boundary(const std::string& limiter) {
  Limiters window(limiter);
  return window.admitted_of(100, 1990_ms) + window.admitted_of(100, 2010_ms);
}

TEST_CASE("a fixed window lets twice its limit through around its boundary") {
  CHECK(around_the_boundary(R"({"fixed_window": {"limit": 100, "window": "1s"}})") == 200);
}
TEST_CASE("a log of the sliding window lets its limit through in any window") {
  const std::string log = R"({"sliding_window": {"limit": 100, "window": "1s", "method": "log"}})";
  CHECK(around_the_boundary(log) == 100);
  Limiters window(log);
  CHECK(window.admitted_of(60, 500_ms) == 60);
  CHECK(window.admitted_of(60, 1499'999'999_ns) == 40);
  CHECK(window.admitted_of(99, 1500_ms) == 60);
}
TEST_CASE("counters of a sliding window take the last window to have come evenly") {
  const std::string counter =
      R"({"sliding_window": {"limit": 100, "window": "1s", "method": "counter"}})";
  CHECK(around_the_boundary(counter) == 101);  // 99 % of the last window's 100 count
  Limiters window(counter);
  CHECK(window.admitted_of(100, 0_s) == 100);
  CHECK(window.admitted_of(100, 1500_ms) == 50);
  CHECK(window.admitted_of(100, 3_s) == 100);  // a whole window lies between
}
TEST_CASE("a token bucket of one window's size lets a little more than its size through") {
  CHECK(around_the_boundary(R"({"token_bucket": {"max_tokens": 100, "tokens_per_fill": 100,
                                "fill_interval": "1s", "refill": "continuous"}})") == 102);
}

TEST_CASE("requests are counted for all, for each user, tenant or request type") {
  const auto limiter = [](const std::string& per) {
    return Limiters(R"({"fixed_window": {"limit": 3, "window": "1s", "per": ")" + per + R"("}})");
  };
  Limiters all = limiter("all");
  CHECK(all.admitted_of(5, 0_s, of_user(1)) == 3);
  CHECK(all.admitted_of(5, 0_s, of_user(2)) == 0);

  Limiters user = limiter("user");
  CHECK(user.admitted_of(5, 0_s, of_user(1)) == 3);
  CHECK(user.admitted_of(5, 0_s, of_user(3)) == 3);
  Request namesake = of_user(1);  // the user of that number in another population
  namesake.population = 1;
  CHECK(user.admitted_of(5, 0_s, namesake) == 3);

  Limiters tenant = limiter("tenant");
  CHECK(tenant.admitted_of(5, 0_s, of_user(1)) == 3);
  CHECK(tenant.admitted_of(5, 0_s, of_user(3)) == 0);
  CHECK(tenant.admitted_of(5, 0_s, of_user(4)) == 3);

  Limiters type = limiter("request_type");
  Request other;
  other.type = 1;
  CHECK(type.admitted_of(5, 0_s) == 3);
  CHECK(type.admitted_of(5, 0_s, other) == 3);
}

TEST_CASE("instances count apart, or together in a shared store") {
  Limiters local(R"({"fixed_window": {"limit": 3, "window": "1s"}})");
  CHECK(local.admitted_of(5, 0_s, {}, 0) == 3);
  CHECK(local.admitted_of(5, 0_s, {}, 1) == 3);
  Limiters shared(R"({"fixed_window": {"limit": 3, "window": "1s", "scope": "shared"}})");
  CHECK(shared.admitted_of(2, 0_s, {}, 0) == 2);
  CHECK(shared.admitted_of(5, 0_s, {}, 1) == 1);
}

TEST_CASE("instances that synchronise now and then let too many in until they have") {
  for (const std::string kind : {"fixed_window", "sliding_window"}) {
    CAPTURE(kind);
    Limiters shared(R"({")" + kind + R"(": {"limit": 10, "window": "10s", "scope": "shared",
                                            "sync_interval": "100ms"}})");
    CHECK(shared.admitted_of(9, 10_ms, {}, 0) == 9);
    CHECK(shared.admitted_of(9, 20_ms, {}, 1) == 9);
    CHECK(shared.admitted_of(9, 99_ms, {}, 0) == 1);
    CHECK(shared.admitted_of(9, 100_ms, {}, 0) == 0);
    CHECK(shared.admitted_of(9, 100_ms, {}, 1) == 0);
  }
}

TEST_CASE("a bucket that owes tokens after a synchronisation pays them back first") {
  Limiters shared(R"({"token_bucket": {"max_tokens": 4, "fill_interval": "1s", "scope": "shared",
                                       "sync_interval": "500ms"}})");
  CHECK(shared.admitted_of(9, 10_ms, {}, 0) == 4);
  CHECK(shared.admitted_of(9, 20_ms, {}, 1) == 4);
  // Four are owed: the tokens of 1, 2, 3 and 4 s; the one of 5 s is free.
  CHECK(shared.admitted_of(9, 4900_ms, {}, 0) == 0);
  CHECK(shared.admitted_of(9, 5_s, {}, 1) == 1);
}

TEST_CASE("a limit of concurrency gives places back as requests end, to whom they belonged") {
  Limiters limit(R"({"concurrency": {"max_concurrent": 2, "per": "user"}})");
  CHECK(limit.admitted_of(3, 0_s, of_user(1)) == 2);
  CHECK(limit.admitted_of(3, 0_s, of_user(2)) == 2);
  limit.end(1_s, Outcome::error, 1_s, of_user(1));
  CHECK(limit.admitted_of(3, 1_s, of_user(2)) == 0);
  CHECK(limit.admitted_of(3, 1_s, of_user(1)) == 1);
  CHECK(limit.of(0).admit(of_user(1), Time()) == Outcome::rejected_limit);
}

TEST_CASE("a shared limit of concurrency counts what is inside all instances") {
  Limiters limit(R"({"concurrency": {"max_concurrent": 3, "scope": "shared"}})");
  CHECK(limit.admitted_of(2, 0_s, {}, 0) == 2);
  CHECK(limit.admitted_of(2, 0_s, {}, 1) == 1);
  limit.end(1_s, Outcome::ok, 1_s, {}, 0);
  CHECK(limit.admitted_of(2, 1_s, {}, 1) == 1);
}

}  // namespace
}  // namespace test
}  // namespace stampede
