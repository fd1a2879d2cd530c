#include "stampede/kernel/simulation.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/kernel/turn.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::Clock;
using test::Log;
using test::note_after;
using test::start;

TEST_CASE("what is due earlier happens earlier") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 30_ns, "c"));
  start(note_after(jobs, clock, 10_ns, "a"));
  start(note_after(jobs, clock, 20_ns, "b"));
  clock.run(100);
  CHECK(clock.log == Log{"a@10", "b@20", "c@30"});
}

TEST_CASE("what is due at the same time happens in the order of scheduling") {
  Clock clock;
  Scope jobs(clock.simulation);
  Log expected;
  for (int i = 0; i < 300; ++i) {
    start(note_after(jobs, clock, 7_ns, std::to_string(i)));
    expected.push_back(std::to_string(i) + "@7");
  }
  clock.run(100);
  CHECK(clock.log == expected);
}

Process note_twice(Scope& scope, Clock& clock, Duration first, Duration second, std::string what) {
  co_await scope.simulation().delay(first);
  co_await scope.simulation().delay(second);
  clock.note(what);
  co_return Done();
}

TEST_CASE("the order of scheduling counts from when the last wait began") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_twice(jobs, clock, 5_ns, 5_ns, "began to wait at 5"));
  start(note_after(jobs, clock, 10_ns, "began to wait at 0"));
  clock.run(100);
  CHECK(clock.log == Log{"began to wait at 0@10", "began to wait at 5@10"});
}

TEST_CASE("a wait without length is none, and costs no event") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 0_ns, "at once"));
  CHECK(clock.log == Log{"at once@0"});
  CHECK(clock.simulation.event_count() == 0);
}

Process note_until(Scope& scope, Clock& clock, Time due, std::string what) {
  co_await scope.simulation().until(due);
  clock.note(what);
  co_return Done();
}

TEST_CASE("waiting until the past or the present is no wait") {
  Clock clock;
  Scope jobs(clock.simulation);
  clock.run(10);
  start(note_until(jobs, clock, Clock::at(5), "past"));
  start(note_until(jobs, clock, Clock::at(10), "present"));
  start(note_until(jobs, clock, Clock::at(11), "future"));
  CHECK(clock.log == Log{"past@10", "present@10"});
  clock.run(20);
  CHECK(clock.log == Log{"past@10", "present@10", "future@11"});
}

TEST_CASE("a run does what is due at its end, and the next one goes on from there") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 10_ns, "a"));
  start(note_after(jobs, clock, 11_ns, "b"));
  clock.run(10);
  CHECK(clock.log == Log{"a@10"});
  CHECK(clock.simulation.now() == Clock::at(10));
  start(note_after(jobs, clock, 5_ns, "c"));
  clock.run(1000);
  CHECK(clock.log == Log{"a@10", "b@11", "c@15"});
  CHECK(clock.simulation.now() == Clock::at(1000));
}

TEST_CASE("a run in many pieces is the same as one") {
  const auto run = [](std::int64_t step) {
    Clock clock;
    Scope jobs(clock.simulation);
    std::mt19937_64 random(1);
    for (int i = 0; i < 200; ++i) {
      const Duration first = Duration::nanoseconds(static_cast<std::int64_t>(random() % 50));
      const Duration second = Duration::nanoseconds(static_cast<std::int64_t>(random() % 50));
      start(note_twice(jobs, clock, first, second, std::to_string(i)));
    }
    for (std::int64_t until = step; until <= 120; until += step) {
      clock.run(until);
    }
    return clock.log;
  };
  const Log whole = run(120);
  CHECK(whole.size() == 200);
  CHECK(run(1) == whole);
  CHECK(run(7).size() <= whole.size());
  CHECK(run(10) == whole);
}

TEST_CASE("who waits for ever costs no event, and leaves the time of others alone") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_until(jobs, clock, Time::never(), "never"));
  CHECK(clock.simulation.event_count() == 0);
  start(note_after(jobs, clock, 10_ns, "a"));
  clock.simulation.run(Time::never());
  CHECK(clock.log == Log{"a@10"});
}

TEST_CASE("a wait that is cancelled leaves nothing behind that could wake another") {
  Clock clock;
  Scope others(clock.simulation);
  {
    Scope jobs(clock.simulation);
    start(note_after(jobs, clock, 10_ns, "dead"));
    clock.run(4);
  }
  // This one may get the memory of the dead one, but not its event.
  start(note_after(others, clock, 11_ns, "alive"));
  clock.run(100);
  CHECK(clock.log == Log{"alive@15"});
}

TEST_CASE("of many waits exactly those that nobody cancelled end, each in its time and order") {
  std::mt19937_64 random(2);
  Clock clock;
  std::vector<std::unique_ptr<Scope>> owners;
  std::vector<std::pair<std::int64_t, int>> expected;
  std::vector<std::pair<std::int64_t, int>> to_kill;
  for (int i = 0; i < 3000; ++i) {
    owners.push_back(std::make_unique<Scope>(clock.simulation));
    const auto due = static_cast<std::int64_t>(random() % 1000);
    const auto killed = static_cast<std::int64_t>(random() % 1500);
    start(note_after(*owners.back(), clock, Duration::nanoseconds(due), std::to_string(i)));
    if (killed < due) {
      to_kill.emplace_back(killed, i);
    } else {
      expected.emplace_back(due, i);
    }
  }
  std::sort(to_kill.begin(), to_kill.end());
  for (const auto& [when, who] : to_kill) {
    clock.run(when);
    owners[static_cast<std::size_t>(who)].reset();
  }
  clock.run(2000);
  std::sort(expected.begin(), expected.end());
  Log expected_log;
  for (const auto& [when, who] : expected) {
    expected_log.push_back(std::to_string(who) + "@" + std::to_string(when));
  }
  CHECK(clock.log == expected_log);
}

Process take_turns(Scope& scope, Clock& clock, int turns, std::string what) {
  for (int i = 0; i < turns; ++i) {
    Turn turn(scope.simulation());
    co_await turn;
    clock.note(what);
  }
  co_return Done();
}

TEST_CASE("the ready go on in the order in which they became ready, before the next event") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 1_ns, "event"));
  start(take_turns(jobs, clock, 2, "a"));
  start(take_turns(jobs, clock, 3, "b"));
  clock.run(1);
  CHECK(clock.log == Log{"a@0", "b@0", "a@0", "b@0", "b@0", "event@1"});
}

Process turn_for_ever(Scope& scope) {
  for (;;) {
    Turn turn(scope.simulation());
    co_await turn;
  }
}

TEST_CASE("endless activity at one instant is an error that names the instant") {
  SimulationLimits limits;
  limits.resumptions_per_instant = 1000;
  Clock clock(limits);
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 1'500'000'000_ns, "a"));
  clock.run(1'500'000'000);
  start(turn_for_ever(jobs));
  CHECK_THROWS_WITH(clock.run(2'000'000'000), Catch::Contains("at the single instant 1.5 s"));
}

Process tick(Scope& scope, std::uint64_t& ticks) {
  for (;;) {
    co_await scope.simulation().delay(1_ns);
    ++ticks;
  }
}

TEST_CASE("much activity at many instants is no error") {
  SimulationLimits limits;
  limits.resumptions_per_instant = 10;
  Clock clock(limits);
  std::uint64_t ticks = 0;
  Scope jobs(clock.simulation);
  start(tick(jobs, ticks));
  clock.run(5000);
  CHECK(ticks == 5000);
}

TEST_CASE("a run has no more events than its limit, give or take one look at the counter") {
  SimulationLimits limits;
  limits.events = 20'000;
  Clock clock(limits);
  std::uint64_t ticks = 0;
  Scope jobs(clock.simulation);
  start(tick(jobs, ticks));
  CHECK_THROWS_WITH(clock.run(1'000'000), Catch::Contains("more than 20000 events"));
  CHECK(ticks >= 20'000 - 1);
  CHECK(ticks < 30'000);
}

Process tick_and_turn(Scope& scope, int turns, std::uint64_t& ticks) {
  for (;;) {
    co_await scope.simulation().delay(1_ns);
    ++ticks;
    for (int i = 0; i < turns; ++i) {
      Turn turn(scope.simulation());
      co_await turn;
    }
  }
}

TEST_CASE("a run that is told to stop stops soon, however much each event sets off") {
  for (const int turns : {0, 1, 2, 3, 4, 7}) {
    Clock clock;
    std::uint64_t ticks = 0;
    Scope jobs(clock.simulation);
    start(tick_and_turn(jobs, turns, ticks));
    const std::atomic<bool> stop = true;
    clock.simulation.run(Clock::at(50'000), &stop);
    CAPTURE(turns);
    CHECK(ticks < 10'000);
    CHECK(clock.simulation.now().ns() == static_cast<std::int64_t>(ticks));
    // It can be taken up again.
    clock.run(50'000);
    CHECK(ticks == 50'000);
  }
}

TEST_CASE("endless activity at one instant can be stopped as well") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(turn_for_ever(jobs));
  const std::atomic<bool> stop = true;
  clock.simulation.run(Clock::at(10), &stop);
  CHECK(clock.simulation.now() == Time());
}

struct Mishap : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Process fail_after(Scope& scope, Duration delay) {
  const std::string local = "something to destroy while the exception passes by";
  co_await scope.simulation().delay(delay);
  throw Mishap(local);
}

TEST_CASE("an exception that leaves a process ends the run") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(fail_after(jobs, 5_ns));
  start(note_after(jobs, clock, 9_ns, "a"));
  CHECK_THROWS_AS(clock.run(100), Mishap);
  CHECK(clock.simulation.now() == Clock::at(5));
  CHECK(clock.log.empty());
}

TEST_CASE("an exception before the first wait ends the next run before it begins") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_after(jobs, clock, 5_ns, "a"));
  start(fail_after(jobs, 0_ns));
  CHECK_THROWS_AS(clock.run(100), Mishap);
  CHECK(clock.log.empty());
  clock.run(100);  // it was told once
  CHECK(clock.log == Log{"a@5"});
}

TEST_CASE("of several exceptions at once the first counts") {
  Clock clock;
  struct Body {
    static Process fail_first(Scope& scope) {
      co_await scope.simulation().delay(1_ns);
      start(fail_after(scope, 0_ns));
      throw 2;
    }
  };
  Scope jobs(clock.simulation);
  start(Body::fail_first(jobs));
  CHECK_THROWS_AS(clock.run(100), Mishap);
}

Task<int> fail_within(Scope& scope, Duration delay) {
  co_await scope.simulation().delay(delay);
  throw Mishap("deep inside");
}

Process fail_through_task(Scope& scope, Duration delay) {
  Task<int> part = fail_within(scope, delay);
  co_await part;
  co_return Done();
}

TEST_CASE("an exception that leaves a task ends the run as well") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(fail_through_task(jobs, 5_ns));
  CHECK_THROWS_AS(clock.run(100), Mishap);
  start(fail_through_task(jobs, 0_ns));
  CHECK_THROWS_AS(clock.run(100), Mishap);
}

TEST_CASE("time that leaves its range is an error") {
  Clock clock;
  clock.run(10);
  CHECK_THROWS(clock.simulation.delay(Duration::max()));
}

TEST_CASE("equal worlds count equal events and resumptions") {
  const auto run = [] {
    Clock clock;
    std::uint64_t ticks = 0;
    Scope jobs(clock.simulation);
    start(tick_and_turn(jobs, 3, ticks));
    start(tick(jobs, ticks));
    clock.run(1000);
    return std::pair(clock.simulation.event_count(), clock.simulation.resumption_count());
  };
  CHECK(run() == run());
}

}  // namespace
}  // namespace stampede
