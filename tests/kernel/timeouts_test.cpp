#include "stampede/kernel/timeouts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::answer_after;
using test::Clock;
using test::Log;
using test::Number;
using test::start;

Job<Number> never_answer(Scope& scope) {
  co_await scope.simulation().until(Time::never());
  co_return Number();
}

Process give_up(Scope& scope, Clock& clock, Duration begin, Job<Number> job, Timeouts& limit,
                std::string name) {
  co_await scope.simulation().delay(begin);
  const bool answered = co_await job.within(limit);
  clock.note(name + (answered ? " has it" : ""));
  co_return Done();
}

TEST_CASE("there is one queue for each length of timeout") {
  Clock clock;
  CHECK(&clock.simulation.timeouts(5_ns) == &clock.simulation.timeouts(5_ns));
  CHECK(&clock.simulation.timeouts(5_ns) != &clock.simulation.timeouts(6_ns));
  CHECK(clock.simulation.timeouts(6_ns).length() == 6_ns);
}

TEST_CASE("timeouts of equal length end in the order in which they began") {
  Clock clock;
  Timeouts& limit = clock.simulation.timeouts(10_ns);
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  start(give_up(callers, clock, 0_ns, never_answer(callee), limit, "a"));
  start(give_up(callers, clock, 3_ns, never_answer(callee), limit, "b"));
  start(give_up(callers, clock, 3_ns, never_answer(callee), limit, "c"));
  start(give_up(callers, clock, 30_ns, never_answer(callee), limit, "d"));
  clock.run(100);
  CHECK(clock.log == Log{"a@10", "b@13", "c@13", "d@40"});
}

TEST_CASE("timeouts of different lengths do not disturb each other") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  start(give_up(callers, clock, 0_ns, never_answer(callee), clock.simulation.timeouts(30_ns), "a"));
  start(give_up(callers, clock, 0_ns, never_answer(callee), clock.simulation.timeouts(10_ns), "b"));
  start(give_up(callers, clock, 5_ns, never_answer(callee), clock.simulation.timeouts(20_ns), "c"));
  clock.run(100);
  CHECK(clock.log == Log{"b@10", "c@25", "a@30"});
}

TEST_CASE("a timeout of no length ends at the instant at which it begins") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(0_ns);
  start(give_up(callers, clock, 7_ns, never_answer(callee), limit, "a"));
  clock.run(100);
  CHECK(clock.log == Log{"a@7"});
}

TEST_CASE("timeouts that were called off at the head of the queue do not delay those behind") {
  Clock clock;
  Timeouts& limit = clock.simulation.timeouts(10_ns);
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  {
    Scope brief(clock.simulation);
    start(give_up(brief, clock, 0_ns, never_answer(callee), limit, "dead"));
    start(give_up(callers, clock, 1_ns, answer_after(callee, clock, 3_ns, 1), limit, "b"));
    start(give_up(callers, clock, 2_ns, never_answer(callee), limit, "c"));
    clock.run(5);
  }
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@3", "b has it@3", "c@12"});
}

TEST_CASE("a queue of timeouts that ran empty works again") {
  Clock clock;
  Timeouts& limit = clock.simulation.timeouts(10_ns);
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  start(give_up(callers, clock, 0_ns, answer_after(callee, clock, 1_ns, 1), limit, "a"));
  start(give_up(callers, clock, 5_ns, never_answer(callee), limit, "b"));  // while it still watches
  start(give_up(callers, clock, 40_ns, never_answer(callee), limit, "c"));
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@1", "a has it@1", "b@15", "c@50"});
}

TEST_CASE("timeouts that nobody needs cost next to no events") {
  Clock clock;
  Timeouts& limit = clock.simulation.timeouts(1000_ns);
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  for (std::int64_t i = 0; i < 10'000; ++i) {
    start(give_up(callers, clock, 0_ns, answer_after(callee, clock, 1_ns, 1), limit, "a"));
    clock.run(i + 1);
  }
  // One event for each answer, and about one for each length of the timeout.
  CHECK(clock.simulation.event_count() < 10'000 + 20);
}

TEST_CASE("of many timeouts exactly those end that nobody called off or answered") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) {
      return static_cast<std::int64_t>(random() % bound);
    };
    Clock clock;
    Scope callee(clock.simulation);
    std::vector<std::unique_ptr<Scope>> callers;
    std::vector<std::pair<std::int64_t, std::size_t>> deaths;
    std::size_t expected_in_vain = 0;
    std::size_t expected_answers = 0;
    for (std::size_t i = 0; i < 2000; ++i) {
      callers.push_back(std::make_unique<Scope>(clock.simulation));
      const std::int64_t length = 10 + 10 * below(3);
      const std::int64_t begin = below(200);
      const std::int64_t answer = 2 * below(150) + 1;  // odd, and everything else even: no ties
      const std::int64_t death = 2 * below(500);
      start(give_up(*callers.back(), clock, Duration::nanoseconds(2 * (begin / 2)),
                    answer_after(callee, clock, Duration::nanoseconds(answer), 1),
                    clock.simulation.timeouts(Duration::nanoseconds(length)), "x"));
      const std::int64_t expiry = 2 * (begin / 2) + length;
      // Who dies at an instant dies after all that happens then: see the loop below.
      if (answer < expiry) {
        expected_answers += death >= std::max(answer, 2 * (begin / 2));
      } else {
        expected_in_vain += death >= expiry;
      }
      deaths.emplace_back(death, i);
    }
    std::sort(deaths.begin(), deaths.end());
    for (const auto& [when, who] : deaths) {
      clock.run(when);
      callers[who].reset();
    }
    clock.run(5000);
    std::size_t in_vain = 0;
    std::size_t answers = 0;
    for (const std::string& line : clock.log) {
      in_vain += line.substr(0, 2) == "x@";
      answers += line.substr(0, 8) == "x has it";
    }
    CAPTURE(seed);
    CHECK(in_vain == expected_in_vain);
    CHECK(answers == expected_answers);
  }
}

TEST_CASE("a simulation may end while timeouts run") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope callers(clock.simulation);
  start(give_up(callers, clock, 0_ns, never_answer(callee), clock.simulation.timeouts(10_ns), "a"));
  clock.run(5);
  CHECK(clock.log.empty());
}

}  // namespace
}  // namespace stampede
