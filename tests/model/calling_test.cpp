#include "stampede/model/calling.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stampede/kernel/job.hpp"

namespace stampede {
namespace {

using namespace literals;

/// How a callee treats one attempt.
struct Treatment {
  Duration length;
  Outcome outcome = Outcome::ok;
};

/// A callee that treats one attempt after the other as it was told, the last treatment repeated.
/// Answers name the attempt by their version.
class Callee final : public Endpoint {
 public:
  Callee(Simulation& simulation, std::vector<Treatment> treatments)
      : treatments_(std::move(treatments)), inside_(simulation) {}

  Scope& scope() { return inside_; }

  Reply call(const Request& request) override {
    const std::size_t n = std::min(attempts.size(), treatments_.size() - 1);
    began.push_back(inside_.simulation().now().ns());
    attempts.push_back(request);
    return treat(treatments_[n].length, treatments_[n].outcome,
                 static_cast<std::uint16_t>(attempts.size()));
  }

  std::vector<Request> attempts;
  std::vector<std::int64_t> began;
  std::vector<std::int64_t> finished;

 private:
  Reply treat(Duration length, Outcome outcome, std::uint16_t version) {
    co_await inside_.simulation().delay(length);
    finished.push_back(inside_.simulation().now().ns());
    Response response = Response::with(outcome);
    response.version = version;
    co_return response;
  }

  std::vector<Treatment> treatments_;
  Scope inside_;
};

struct Attempts final : Caller::AttemptObserver {
  void attempt_ended(const Request& attempt, Outcome outcome) override {
    ended.emplace_back(attempt.attempt, outcome);
  }
  std::vector<std::pair<int, Outcome>> ended;
};

/// One call and what came of it.
struct Call {
  Call(const CallSettings& settings, std::vector<Treatment> treatments)
      : callee(simulation, std::move(treatments)),
        caller(simulation, callee, settings, Stream(1, 0, "test", "back-off"), &attempts),
        outside(simulation) {
    request.id = 7;
    request.luck = 12345;
  }

  Scope& scope() { return outside; }
  Process go() {
    Task<Response> call = caller.call(*this, request);
    response = co_await call;
    ended = simulation.now().ns();
    co_return Done();
  }
  void run() {
    static_cast<void>(go());
    simulation.run(Time::from_start(1000_s));
  }

  Simulation simulation;
  Attempts attempts;
  Callee callee;
  Caller caller;
  Request request;
  Response response = Response::lost();
  std::int64_t ended = -1;
  Scope outside;
};

using Ended = std::vector<std::pair<int, Outcome>>;
using Times = std::vector<std::int64_t>;

CallSettings with_retries(int retries, Duration wait) {
  RetrySettings retry;
  retry.num_retries = retries;
  retry.retry_back_off.base_interval = wait;
  retry.retry_back_off.max_interval = wait;
  retry.retry_back_off.jitter = Jitter::none;
  CallSettings settings;
  settings.retry = retry;
  return settings;
}

TEST_CASE("a call without settings waits for the answer, whatever it is") {
  Call call({}, {{500_ns, Outcome::error}});
  CHECK(call.caller.is_plain());
  CHECK(call.caller.is_single());
  CHECK(call.caller.timeouts() == nullptr);
  call.run();
  CHECK(call.response.outcome == Outcome::error);
  CHECK(call.ended == 500);
  CHECK(call.attempts.ended == Ended{{0, Outcome::error}});
}

TEST_CASE("a call with a timeout ends there, while the callee goes on") {
  CallSettings settings;
  settings.timeout = 100_ns;
  Call call(settings, {{500_ns, Outcome::ok}});
  CHECK_FALSE(call.caller.is_plain());
  CHECK(call.caller.is_single());
  CHECK(call.caller.timeouts()->length() == 100_ns);
  call.run();
  CHECK(call.response.outcome == Outcome::timeout);
  CHECK(call.ended == 100);
  CHECK(call.attempts.ended == Ended{{0, Outcome::timeout}});
  CHECK(call.callee.finished == Times{500});
}

TEST_CASE("failures are tried again until one try succeeds") {
  Call call(with_retries(3, 50_ns),
            {{10_ns, Outcome::error}, {20_ns, Outcome::reset}, {30_ns, Outcome::ok}});
  CHECK_FALSE(call.caller.is_single());
  call.run();
  CHECK(call.response.outcome == Outcome::ok);
  CHECK(call.response.version == 3);
  CHECK(call.callee.began == Times{0, 60, 130});
  CHECK(call.ended == 160);
  CHECK(call.attempts.ended == Ended{{0, Outcome::error}, {1, Outcome::reset}, {2, Outcome::ok}});
}

TEST_CASE("after its last retry a call gives the last failure") {
  Call call(with_retries(2, 50_ns),
            {{10_ns, Outcome::error}, {10_ns, Outcome::error}, {10_ns, Outcome::reset}});
  call.run();
  CHECK(call.response.outcome == Outcome::reset);
  CHECK(call.callee.began == Times{0, 60, 120});
  CHECK(call.ended == 130);
}

TEST_CASE("no retries are one try") {
  Call call(with_retries(0, 50_ns), {{10_ns, Outcome::error}});
  call.run();
  CHECK(call.response.outcome == Outcome::error);
  CHECK(call.callee.began == Times{0});
  CHECK(call.ended == 10);
}

TEST_CASE("a success or a failure that nobody asked for is not tried again") {
  for (const Outcome outcome : {Outcome::ok, Outcome::rejected_rate_limited, Outcome::abandoned}) {
    Call call(with_retries(5, 50_ns), {{10_ns, outcome}});
    call.run();
    CHECK(call.response.outcome == outcome);
    CHECK(call.callee.began == Times{0});
  }
}

TEST_CASE("answers on the spot are tried again as well") {
  Call call(with_retries(100, 0_ns), {{0_ns, Outcome::error}});
  call.run();
  CHECK(call.response.outcome == Outcome::error);
  CHECK(call.callee.began == Times(101, 0));
  CHECK(call.ended == 0);
}

TEST_CASE("each try has its own time limit and its own luck, but the identity of the request") {
  CallSettings settings = with_retries(3, 50_ns);
  settings.retry->per_try_timeout = 100_ns;
  Call call(settings, {{500_ns, Outcome::ok}});
  call.run();
  CHECK(call.response.outcome == Outcome::timeout);
  CHECK(call.callee.began == Times{0, 150, 300, 450});
  CHECK(call.ended == 550);
  CHECK(call.attempts.ended == Ended{{0, Outcome::timeout},
                                     {1, Outcome::timeout},
                                     {2, Outcome::timeout},
                                     {3, Outcome::timeout}});
  std::set<std::uint64_t> lucks;
  for (const Request& attempt : call.callee.attempts) {
    CHECK(attempt.id == 7);
    lucks.insert(attempt.luck);
  }
  CHECK(lucks.size() == 4);
  CHECK(call.callee.attempts[0].luck == call.request.luck);
  // Every try was worked on to its end: that is what makes a retry storm.
  CHECK(call.callee.finished == Times{500, 650, 800, 950});
}

TEST_CASE("an answer that comes after its try was given up is not heard") {
  CallSettings settings = with_retries(1, 10_ns);
  settings.retry->per_try_timeout = 100_ns;
  // The first answers at 150, while the second is under way.
  Call call(settings, {{150_ns, Outcome::ok}, {80_ns, Outcome::error}});
  call.run();
  CHECK(call.response.outcome == Outcome::error);
  CHECK(call.response.version == 2);
  CHECK(call.ended == 190);
  CHECK(call.callee.finished == Times{150, 190});
}

TEST_CASE("the timeout covers all tries") {
  CallSettings settings = with_retries(9, 10_ns);
  settings.timeout = 100_ns;
  settings.retry->per_try_timeout = 30_ns;
  Call call(settings, {{500_ns, Outcome::ok}});
  call.run();
  CHECK(call.response.outcome == Outcome::timeout);
  CHECK(call.callee.began == Times{0, 40, 80});
  CHECK(call.ended == 100);
  CHECK(call.attempts.ended ==
        Ended{{0, Outcome::timeout}, {1, Outcome::timeout}, {2, Outcome::timeout}});
}

TEST_CASE("the timeout ends a try that has no limit of its own") {
  CallSettings settings = with_retries(9, 10_ns);
  settings.timeout = 100_ns;
  Call call(settings, {{60_ns, Outcome::error}, {60_ns, Outcome::ok}});
  call.run();
  CHECK(call.response.outcome == Outcome::timeout);
  CHECK(call.callee.began == Times{0, 70});
  CHECK(call.ended == 100);
}

TEST_CASE(
    "a timeout that falls into a back-off ends the call at that moment, with no further try") {
  for (const Duration wait : {40_ns, 41_ns, 1'000'000_ns}) {
    CallSettings settings = with_retries(9, wait);
    settings.timeout = 100_ns;
    Call call(settings, {{60_ns, Outcome::error}});
    call.run();
    CHECK(call.response.outcome == Outcome::timeout);
    CHECK(call.callee.began == Times{0});
    CHECK(call.ended == 100);
    CHECK(call.attempts.ended == Ended{{0, Outcome::error}});
  }
}

TEST_CASE("a try that begins just before the timeout still counts") {
  CallSettings settings = with_retries(9, 39_ns);
  settings.timeout = 100_ns;
  Call call(settings, {{60_ns, Outcome::error}, {0_ns, Outcome::ok}});
  call.run();
  CHECK(call.response.outcome == Outcome::ok);
  CHECK(call.ended == 99);
}

TEST_CASE("a caller that dies makes no further tries, and what it began goes on") {
  Call call(with_retries(9, 10_ns), {{60_ns, Outcome::error}});
  static_cast<void>(call.go());
  call.simulation.run(Time::from_start(100_ns));
  CHECK(call.callee.began == Times{0, 70});
  call.outside.kill(KilledWork::stays_silent);
  call.simulation.run(Time::from_start(1000_ns));
  CHECK(call.ended == -1);
  CHECK(call.callee.began == Times{0, 70});
  CHECK(call.callee.finished == Times{60, 130});
}

TEST_CASE("a callee that crashes in silence is noticed by the time limit of the try alone") {
  CallSettings settings = with_retries(1, 10_ns);
  settings.retry->per_try_timeout = 100_ns;
  Call call(settings, {{60_ns, Outcome::ok}});
  static_cast<void>(call.go());
  call.simulation.run(Time::from_start(50_ns));
  call.callee.scope().kill(KilledWork::stays_silent);
  call.simulation.run(Time::from_start(1000_ns));
  CHECK(call.response.outcome == Outcome::ok);
  CHECK(call.callee.began == Times{0, 110});
  CHECK(call.ended == 170);
}

TEST_CASE("a callee that crashes with a reset is tried again at once") {
  Call call(with_retries(1, 10_ns), {{60_ns, Outcome::ok}});
  static_cast<void>(call.go());
  call.simulation.run(Time::from_start(50_ns));
  call.callee.scope().kill(KilledWork::answers_broken);
  call.simulation.run(Time::from_start(1000_ns));
  CHECK(call.response.outcome == Outcome::ok);
  CHECK(call.callee.began == Times{0, 60});
  CHECK(call.attempts.ended == Ended{{0, Outcome::reset}, {1, Outcome::ok}});
}

TEST_CASE("a request that is lost without a timeout is waited for for ever") {
  Call call(with_retries(1, 10_ns), {{60_ns, Outcome::ok}});
  static_cast<void>(call.go());
  call.callee.scope().kill(KilledWork::stays_silent);
  call.simulation.run(Time::from_start(1000_s));
  CHECK(call.ended == -1);
  CHECK(call.attempts.ended.empty());
}

// ---- What is retried ----------------------------------------------------------------------------

TEST_CASE("what is retried on what is this table") {
  // Rows: the outcome. Columns: 5xx, gateway_error, reset, connect_failure, rate_limited, timeout.
  const std::vector<std::pair<Outcome, std::string>> table = {
      {Outcome::ok, "------"},
      {Outcome::error, "x-----"},
      {Outcome::timeout, "-----x"},
      {Outcome::rejected_queue_full, "xx----"},
      {Outcome::rejected_rate_limited, "----x-"},
      {Outcome::rejected_shed, "xx----"},
      {Outcome::rejected_no_backend, "xx----"},
      {Outcome::rejected_breaker_open, "xx----"},
      {Outcome::rejected_limit, "xx----"},
      {Outcome::reset, "x-x---"},
      {Outcome::unreachable, "x-xx--"},
      {Outcome::abandoned, "------"},
      {Outcome::cancelled, "------"},
  };
  REQUIRE(table.size() == outcome_count);
  const std::vector<RetryOn> columns = {RetryOn::server_error, RetryOn::gateway_error,
                                        RetryOn::reset,        RetryOn::connect_failure,
                                        RetryOn::rate_limited, RetryOn::timeout};
  for (const auto& [outcome, row] : table) {
    std::string found;
    for (const RetryOn what : columns) {
      RetrySettings settings;
      settings.retry_on = {what};
      found += retries_on(settings, outcome) ? 'x' : '-';
    }
    CAPTURE(name_of(outcome));
    CHECK(found == row);
    RetrySettings never;
    never.retry_on.clear();
    CHECK_FALSE(retries_on(never, outcome));
  }
}

TEST_CASE("unless told otherwise, 5xx, resets and timeouts are retried once") {
  const RetrySettings settings;
  CHECK(settings.num_retries == 1);
  CHECK(retries_on(settings, Outcome::error));
  CHECK(retries_on(settings, Outcome::rejected_queue_full));
  CHECK(retries_on(settings, Outcome::reset));
  CHECK(retries_on(settings, Outcome::unreachable));
  CHECK(retries_on(settings, Outcome::timeout));
  CHECK_FALSE(retries_on(settings, Outcome::rejected_rate_limited));
}

// ---- Back-off -----------------------------------------------------------------------------------

struct Range {
  double least = INFINITY;
  double most = -INFINITY;
  double mean = 0;
};

constexpr int draws = 20'000;

Range range_of(const BackOffSettings& settings, int retry, Duration previous) {
  const Stream stream(5, 0, "test", "back-off");
  Range range;
  for (std::uint64_t luck = 0; luck < draws; ++luck) {
    Draw draw = stream.at(luck);
    const auto wait = static_cast<double>(back_off(settings, retry, previous, draw).ns());
    range.least = std::min(range.least, wait);
    range.most = std::max(range.most, wait);
    range.mean += wait / draws;
  }
  return range;
}

/// Uniform in [least, most], as far as so many draws can tell.
void check_uniform(const Range& range, double least, double most) {
  const double width = most - least;
  CHECK(range.least >= least - 0.5);
  CHECK(range.most <= most + 0.5);
  CHECK(range.least <= least + 0.002 * width + 0.5);
  CHECK(range.most >= most - 0.002 * width - 0.5);
  // Five standard errors of the mean of a uniform law.
  CHECK(std::abs(range.mean - (least + most) / 2) <= 5 * width / std::sqrt(12.0 * draws) + 0.5);
}

TEST_CASE("waits between tries follow the formulas of their jitter") {
  const double base = 25e6;
  for (const bool has_max : {false, true}) {
    const double max = has_max ? 60e6 : 10 * base;
    BackOffSettings settings;
    settings.base_interval = 25_ms;
    if (has_max) {
      settings.max_interval = 60_ms;
    }
    for (int retry = 1; retry <= 8; ++retry) {
      CAPTURE(has_max, retry);
      settings.jitter = Jitter::none;
      const double exact = std::min(max, base * std::pow(2, retry - 1));
      check_uniform(range_of(settings, retry, 0_ns), exact, exact);
      settings.jitter = Jitter::full;
      check_uniform(range_of(settings, retry, 0_ns), 0,
                    std::min(max, base * (std::pow(2, retry) - 1)));
      settings.jitter = Jitter::equal;
      const double bound = std::min(max, base * std::pow(2, retry));
      check_uniform(range_of(settings, retry, 0_ns), bound / 2, bound);
    }
  }
}

TEST_CASE("decorrelated waits grow from the last wait, from the first one on") {
  BackOffSettings settings;
  settings.base_interval = 25_ms;
  settings.jitter = Jitter::decorrelated;
  check_uniform(range_of(settings, 1, 0_ns), 25e6, 75e6);  // the last wait counts as the base
  check_uniform(range_of(settings, 2, 40_ms), 25e6, 120e6);
  settings.max_interval = 100_ms;
  const Range capped = range_of(settings, 3, 90_ms);  // uniform in [25, 270], cut at 100
  CHECK(capped.least >= 25e6);
  CHECK(capped.most == 100e6);
  CHECK(range_of(settings, 9, 100_ms).most == 100e6);
}

TEST_CASE("the hundredth wait is as long as the longest") {
  BackOffSettings settings;
  settings.jitter = Jitter::none;
  Draw draw(1, 1);
  CHECK(back_off(settings, 100, 0_ns, draw) == 250_ms);
}

TEST_CASE("waits of the same call are the same in every run, and differ between tries") {
  CallSettings settings = with_retries(3, 25_ms);
  settings.retry->retry_back_off = BackOffSettings{};
  const auto began = [&](std::uint64_t luck) {
    Call call(settings, {{10_ns, Outcome::error}});
    call.request.luck = luck;
    call.run();
    return call.callee.began;
  };
  CHECK(began(1) == began(1));
  CHECK(began(1) != began(2));
  const Times times = began(3);
  REQUIRE(times.size() == 4);
  CHECK(times[2] - times[1] != times[1] - times[0]);
}

}  // namespace
}  // namespace stampede
