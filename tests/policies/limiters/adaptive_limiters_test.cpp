#include <cmath>

#include "policies/limiters/limiter_fixture.hpp"

namespace stampede {
namespace test {
namespace {

using namespace literals;

// ---- AIMD -------------------------------------------------------------------------------------

TEST_CASE("aimd lets as many in as its limit says, and tells it") {
  Limiters aimd(R"({"aimd": {"initial_limit": 30}})");
  CHECK(aimd.admitted_of(50, 0_s) == 30);
  CHECK(aimd.limit() == 30);
  CHECK(aimd.of(0).admit({}, Time()) == Outcome::rejected_limit);
  aimd.of(0).stopped(Time::from_start(1_s));
  CHECK(aimd.limit() == 0);
}

TEST_CASE("aimd grows by one while its limit is used, and shrinks by a share after a drop") {
  Limiters aimd(R"({"aimd": {"initial_limit": 100, "backoff_ratio": "90%", "timeout": "1s"}})");
  CHECK(aimd.admitted_of(50, 0_s) == 50);
  aimd.end(1_s, Outcome::ok, 10_ms);
  CHECK(aimd.limit() == 101);
  aimd.end(1_s, Outcome::ok, 10_ms);  // 49 of 101: not half of it
  CHECK(aimd.limit() == 101);
  aimd.end(1_s, Outcome::rejected_queue_full, 10_ms);
  CHECK(aimd.limit() == 90);
  aimd.end(1_s, Outcome::ok, 1001_ms);  // too slow
  CHECK(aimd.limit() == 81);
  aimd.end(1_s, Outcome::error, 10_ms);  // says nothing of load
  CHECK(aimd.limit() == 81);
  for (int i = 0; i < 40; ++i) {
    aimd.end(2_s, Outcome::timeout, 10_ms);
  }
  CHECK(aimd.limit() == 20);  // min_limit
}

// ---- Vegas ------------------------------------------------------------------------------------

TEST_CASE("vegas grows fast without a line, slowly with a short one, and shrinks with a long one") {
  Limiters vegas(R"({"vegas": {"initial_limit": 100, "max_concurrency": 1000,
                               "probe_multiplier": 1000}})");
  CHECK(vegas.admitted_of(100, 0_s) == 100);
  vegas.end(1_s, Outcome::ok, 10_ms);  // the shortest so far
  CHECK(vegas.limit() == 100);
  // The decimal logarithm is 2: alpha 6, beta 12.
  vegas.end(1_s, Outcome::ok, 10_ms);
  CHECK(vegas.limit() == 112);
  vegas.end(1_s, Outcome::ok, 10'400'000_ns);  // ceil(112 * 0.0385) = 5 in line
  CHECK(vegas.limit() == 114);
  vegas.end(1_s, Outcome::ok, 11_ms);  // ceil(114 * 0.0909) = 11: between alpha and beta
  CHECK(vegas.limit() == 114);
  vegas.end(1_s, Outcome::ok, 20_ms);
  CHECK(vegas.limit() == 112);
  vegas.end(1_s, Outcome::rejected_queue_full, 20_ms);
  CHECK(vegas.limit() == 110);
}

TEST_CASE("vegas measures its shortest latency anew when so many answers have come") {
  Limiters vegas(R"({"vegas": {"initial_limit": 10, "probe_multiplier": 2}})");
  CHECK(vegas.admitted_of(10, 0_s) == 10);
  vegas.end(1_s, Outcome::ok, 1_ms);
  for (int i = 0; i < 200 && vegas.limit() <= 10; ++i) {
    vegas.admitted_of(1, 1_s);
    vegas.end(1_s, Outcome::ok, 50_ms);  // a line, until this is the shortest that is known
  }
  CHECK(vegas.limit() > 10);
}

// ---- Gradient ---------------------------------------------------------------------------------

const std::string gradient = R"({"gradient": {
    "concurrency_update_interval": "100ms",
    "min_rtt_calc_params": {"interval": "60s", "request_count": 5, "jitter": "0%"}}})";

/// Lets one in and out.
void pass(Limiters& limiters, Duration when, Duration latency) {
  REQUIRE(limiters.admits(when - latency));
  limiters.end(when, Outcome::ok, latency);
}

TEST_CASE("a gradient begins by measuring the latency without load, with next to nobody inside") {
  Limiters limiter(gradient);
  CHECK(limiter.admitted_of(10, 0_s) == 3);
  CHECK(limiter.limit() == 3);
}

TEST_CASE("a gradient multiplies its limit by what latency should be to what it is") {
  Limiters limiter(gradient);
  for (int i = 0; i < 5; ++i) {
    pass(limiter, 20_ms, 10_ms);
  }
  // minRTT 10 ms with 25 % on top. Ten samples of 10 ms: 3 · 1.25 = 3.75, and √3.75 = 1.94 on top.
  for (int i = 0; i < 10; ++i) {
    pass(limiter, 50_ms, 10_ms);
  }
  CHECK(limiter.admits(120_ms));
  CHECK(limiter.limit() == 5);
  limiter.end(130_ms, Outcome::ok, 10_ms);
  limiter.admits(220_ms);
  CHECK(limiter.limit() == 8);  // 6.25 + 2.5
  limiter.end(230_ms, Outcome::ok, 100_ms);
  limiter.admits(320_ms);
  CHECK(limiter.limit() == 6);  // halved at most: 4 + 2
}

TEST_CASE("a gradient measures again after its interval, and goes on with the limit from before") {
  Limiters limiter(gradient);
  for (int i = 0; i < 5; ++i) {
    pass(limiter, 20_ms, 10_ms);
  }
  for (Duration now = 50_ms; now < 2_s; now += 50_ms) {
    pass(limiter, now, 5_ms);
  }
  const std::int64_t before = limiter.limit();
  CHECK(before > 20);
  limiter.admits(61_s);
  CHECK(limiter.limit() == 3);
  limiter.end(61_s, Outcome::ok, 5_s);  // it came in before the measurement began
  for (int i = 0; i < 5; ++i) {
    pass(limiter, 62_s, 10_ms);
  }
  CHECK(limiter.limit() == before);
}

TEST_CASE("a gradient with a fixed minimum never measures") {
  Limiters limiter(R"({"gradient": {"concurrency_update_interval": "100ms",
                       "min_rtt_calc_params": {"fixed_value": "10ms"}}})");
  for (Duration now = 50_ms; now < 1_s; now += 50_ms) {
    pass(limiter, now, 5_ms);
  }
  CHECK(limiter.limit() > 10);
}

// ---- By success and by priority ---------------------------------------------------------------

TEST_CASE("admission control rejects by Envoy's formula") {
  Limiters limiter(R"({"admission_control": {"sampling_window": "30s"}})");
  CHECK(limiter.admitted_of(100, 0_s) == 100);
  for (int i = 0; i < 100; ++i) {
    limiter.end(1_s, i < 38 ? Outcome::ok : Outcome::error);
  }
  // (100 - 38 / 0.95) / 101 = 0.594; standard deviation of 10,000 draws: 49.
  CHECK(limiter.admitted_of(10'000, 2_s) == Approx(4059).margin(165));
  CHECK(limiter.of(0).admit({}, Time::from_start(40_s)) == Outcome::ok);  // all is forgotten
}

TEST_CASE("admission control never rejects more than its most, and nothing at a low rate") {
  Limiters limiter(R"({"admission_control": {}})");
  Limiters calm(R"({"admission_control": {"rps_threshold": "5/s"}})");
  for (Limiters* one : {&limiter, &calm}) {
    for (int i = 0; i < 100; ++i) {
      one->admits(1_s);
      one->end(1_s, Outcome::error);
    }
  }
  CHECK(limiter.admitted_of(10'000, 2_s) == Approx(2000).margin(130));
  CHECK(calm.admitted_of(1'000, 2_s) == 1000);
}

TEST_CASE("priorities are shed from the last one on") {
  Limiters limiter(R"({"priority_shedding": {"max_concurrent": 10,
                                             "thresholds": ["100%", "50%", "20%"]}})");
  Request high;
  Request middle;
  middle.priority = 1;
  Request low;
  low.priority = 9;
  CHECK(limiter.admitted_of(5, 0_s, low) == 2);
  CHECK(limiter.admitted_of(5, 0_s, middle) == 3);
  CHECK(limiter.admitted_of(9, 0_s, high) == 5);
  CHECK(limiter.of(0).admit(high, Time()) == Outcome::rejected_shed);
  limiter.end(1_s);
  CHECK(limiter.admitted_of(1, 1_s, middle) == 0);
  CHECK(limiter.admitted_of(2, 1_s, high) == 1);
}

}  // namespace
}  // namespace test
}  // namespace stampede
