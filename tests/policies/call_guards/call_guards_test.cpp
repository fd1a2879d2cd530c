#include "stampede/model/call_guard.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "policies/eviction/fake_cache.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

using namespace literals;

struct OpenCount final : Gauge {
  void change(Time, std::int64_t by) override { level += by; }
  std::int64_t level = 0;
};

/// A guard by itself, and a caller that goes through it.
struct Guarded {
  explicit Guarded(const std::string& kind, const SettingsText& settings = {}) {
    Problems problems;
    const auto choice = read_choice<CallGuard>(kind, settings, problems);
    REQUIRE(problems.empty());
    guard = choice.make({.random = Stream(1, 0, "app", "guards"), .told = told});
  }

  bool admits() {
    Request attempt;
    attempt.luck = ++asked;
    const std::optional<Outcome> refused = guard->admit(attempt, load, now);
    refusal = refused.value_or(Outcome::ok);
    return !refused;
  }
  /// A call that takes no time but says how long it took; tells whether it was let through.
  bool call(Outcome outcome, Duration latency = 1_ms) {
    if (!admits()) {
      return false;
    }
    guard->ended(outcome, latency, now);
    return true;
  }
  void calls(int count, Outcome outcome, Duration latency = 1_ms) {
    for (int i = 0; i < count; ++i) {
      CHECK(call(outcome, latency));
    }
  }
  bool is_open() const { return open.level == 1; }

  Tally openings;
  OpenCount open;
  CallGuard::Told told{openings, open};
  std::unique_ptr<CallGuard> guard;
  CallLoad load;
  Time now;
  std::uint64_t asked = 0;
  Outcome refusal = Outcome::ok;
};

// ---- circuit_breaker --------------------------------------------------------------------------

TEST_CASE("a breaker judges from its minimum of calls on, and opens at the threshold") {
  Guarded breaker("circuit_breaker");
  breaker.calls(99, Outcome::error);
  CHECK_FALSE(breaker.is_open());
  breaker.call(Outcome::ok);
  CHECK(breaker.is_open());
  CHECK(breaker.openings.total() == 1);
  CHECK_FALSE(breaker.admits());
  CHECK(breaker.refusal == Outcome::rejected_breaker_open);
}

TEST_CASE("exactly the threshold opens a breaker, one failure less does not") {
  Guarded breaker("circuit_breaker");
  breaker.calls(51, Outcome::ok);
  breaker.calls(49, Outcome::timeout);
  CHECK_FALSE(breaker.is_open());
  breaker.call(Outcome::reset);  // takes the place of an ok
  CHECK(breaker.is_open());
}

TEST_CASE("a minimum beyond a window of calls is the window") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "4"}});
  breaker.calls(3, Outcome::error);
  CHECK_FALSE(breaker.is_open());
  breaker.call(Outcome::error);
  CHECK(breaker.is_open());
}

TEST_CASE("slow calls open a breaker too, though they went well") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "4"},
                                      {"slow_call_rate_threshold", "50%"},
                                      {"slow_call_duration_threshold", "1s"}});
  breaker.calls(3, Outcome::ok, 1_s);
  breaker.call(Outcome::ok, 1_s + 1_ns);
  CHECK_FALSE(breaker.is_open());
  breaker.call(Outcome::ok, 2_s);
  CHECK(breaker.is_open());
}

TEST_CASE("a window of time forgets calls with their second") {
  Guarded breaker("circuit_breaker", {{"sliding_window_type", "time_based"},
                                      {"sliding_window_size", "2"},
                                      {"minimum_number_of_calls", "4"}});
  breaker.now = Time::from_start(900_ms);
  breaker.calls(3, Outcome::error);
  breaker.now = Time::from_start(2'100_ms);
  breaker.call(Outcome::error);
  CHECK_FALSE(breaker.is_open());  // the second of the first three is over
  breaker.calls(2, Outcome::error);
  breaker.now = Time::from_start(3'900_ms);
  CHECK(breaker.call(Outcome::error));
  CHECK(breaker.is_open());
}

TEST_CASE("an open breaker lets trials through when its wait is over, and closes after good ones") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "2"},
                                      {"permitted_number_of_calls_in_half_open_state", "2"},
                                      {"wait_duration_in_open_state", "10s"}});
  breaker.calls(2, Outcome::error);
  breaker.now = Time::from_start(10_s - 1_ns);
  CHECK_FALSE(breaker.admits());
  CHECK(breaker.is_open());
  breaker.now = Time::from_start(10_s);
  CHECK(breaker.admits());
  CHECK_FALSE(breaker.is_open());
  CHECK(breaker.admits());
  CHECK_FALSE(breaker.admits());  // both trials are under way
  CHECK(breaker.refusal == Outcome::rejected_breaker_open);
  breaker.guard->ended(Outcome::ok, 1_ms, breaker.now);
  CHECK_FALSE(breaker.admits());
  breaker.guard->ended(Outcome::ok, 1_ms, breaker.now);
  CHECK(breaker.call(Outcome::error));  // closed, with an empty window
  CHECK_FALSE(breaker.is_open());
  breaker.call(Outcome::error);
  CHECK(breaker.is_open());
  CHECK(breaker.openings.total() == 2);
}

TEST_CASE("bad trials open the breaker again for its whole wait") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "2"},
                                      {"permitted_number_of_calls_in_half_open_state", "2"},
                                      {"wait_duration_in_open_state", "10s"}});
  breaker.calls(2, Outcome::error);
  breaker.now = Time::from_start(10_s);
  breaker.call(Outcome::ok);
  breaker.call(Outcome::error);
  CHECK(breaker.is_open());
  breaker.now = Time::from_start(19_s);
  CHECK_FALSE(breaker.admits());
  breaker.now = Time::from_start(20_s);
  CHECK(breaker.admits());
}

TEST_CASE("a trial that was cancelled gives its permission back") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "1"},
                                      {"permitted_number_of_calls_in_half_open_state", "1"},
                                      {"wait_duration_in_open_state", "10s"}});
  breaker.call(Outcome::error);
  breaker.now = Time::from_start(10_s);
  CHECK(breaker.admits());
  CHECK_FALSE(breaker.admits());
  breaker.guard->ended(Outcome::cancelled, 1_ms, breaker.now);
  CHECK(breaker.call(Outcome::ok));
  CHECK(breaker.admits());
}

TEST_CASE("a caller that starts anew has a closed breaker") {
  Guarded breaker("circuit_breaker", {{"sliding_window_size", "1"}});
  breaker.call(Outcome::error);
  CHECK(breaker.is_open());
  breaker.guard->forget(breaker.now);
  CHECK_FALSE(breaker.is_open());
  CHECK(breaker.admits());
}

// ---- Budgets ----------------------------------------------------------------------------------

TEST_CASE("a retry budget is a share of what is under way, and at least its minimum") {
  Guarded budget("retry_budget");
  budget.load = {.in_flight = 10, .retrying = 2};
  CHECK(budget.guard->may_retry(budget.load));
  budget.load.retrying = 3;
  CHECK_FALSE(budget.guard->may_retry(budget.load));
  budget.load = {.in_flight = 15, .waiting = 9, .retrying = 3};
  CHECK(budget.guard->may_retry(budget.load));  // 4.8 is 4
  budget.load.retrying = 4;
  CHECK_FALSE(budget.guard->may_retry(budget.load));
}

TEST_CASE("with half of the tokens gone nothing is tried again, until successes gave some back") {
  Guarded tokens("retry_throttling");
  tokens.calls(4, Outcome::error);
  CHECK(tokens.guard->may_retry(tokens.load));
  tokens.call(Outcome::error);
  CHECK_FALSE(tokens.guard->may_retry(tokens.load));
  tokens.call(Outcome::ok);
  CHECK(tokens.guard->may_retry(tokens.load));
}

TEST_CASE("limits reject beyond max_requests and allow max_retries at a time") {
  Guarded limits("limits",
                 {{"max_requests", "2"}, {"max_connections", "7"}, {"max_pending_requests", "5"}});
  limits.load = {.in_flight = 1, .retrying = 2};
  CHECK(limits.admits());
  CHECK(limits.guard->may_retry(limits.load));
  limits.load = {.in_flight = 2, .retrying = 3};
  CHECK_FALSE(limits.admits());
  CHECK(limits.refusal == Outcome::rejected_limit);
  CHECK_FALSE(limits.guard->may_retry(limits.load));
  CHECK(limits.guard->room()->places == 7);
  CHECK(limits.guard->room()->max_waiting == 5);
  CHECK_FALSE(limits.guard->room()->max_wait);
}

// ---- client_throttling ------------------------------------------------------------------------

TEST_CASE("a client that is accepted half of the time holds nothing back, with k of 2") {
  Guarded throttling("client_throttling");
  for (int i = 0; i < 1000; ++i) {
    CHECK(throttling.call(i % 2 == 0 ? Outcome::ok : Outcome::rejected_shed));
  }
}

TEST_CASE("a client whose requests are all rejected sends next to none") {
  Guarded throttling("client_throttling");
  int sent = 0;
  for (int i = 0; i < 1000; ++i) {
    sent += throttling.call(Outcome::rejected_shed) ? 1 : 0;
  }
  // The chance of the n-th is 1/n: the sum over 1000 is 7.5, with a standard deviation of 2.4.
  CHECK(sent >= 1);
  CHECK(sent < 20);
}

TEST_CASE("what was long ago does not throttle") {
  Guarded throttling("client_throttling");
  for (int i = 0; i < 1000; ++i) {
    throttling.call(Outcome::rejected_shed);
  }
  throttling.now = Time::from_start(120_s);
  CHECK(throttling.admits());
}

}  // namespace
}  // namespace stampede
