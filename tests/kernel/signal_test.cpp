#include "stampede/kernel/signal.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::Clock;
using test::Log;
using test::start;

Process wait_often(Scope& scope, Clock& clock, Signal& signal, int times, std::string name) {
  static_cast<void>(scope);
  for (int i = 0; i < times; ++i) {
    co_await signal.wait();
    clock.note(name);
  }
  co_return Done();
}

TEST_CASE("all who wait for a signal go on when it is raised, in the order of coming") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope jobs(clock.simulation);
  start(wait_often(jobs, clock, signal, 1, "a"));
  start(wait_often(jobs, clock, signal, 1, "b"));
  start(wait_often(jobs, clock, signal, 1, "c"));
  clock.run(5);
  CHECK(clock.log.empty());
  signal.raise();
  CHECK(clock.log.empty());  // only `run` resumes
  clock.run(5);
  CHECK(clock.log == Log{"a@5", "b@5", "c@5"});
}

TEST_CASE("a signal is not remembered, and each raise is for those who wait then") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope jobs(clock.simulation);
  signal.raise();
  start(wait_often(jobs, clock, signal, 2, "a"));
  clock.run(1);
  CHECK(clock.log.empty());
  signal.raise();
  signal.raise();  // a is not waiting yet again
  clock.run(2);
  CHECK(clock.log == Log{"a@1"});
  signal.raise();
  clock.run(3);
  CHECK(clock.log == Log{"a@1", "a@2"});
}

TEST_CASE("who dies while waiting for a signal, or before its turn, does not go on") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope jobs(clock.simulation);
  start(wait_often(jobs, clock, signal, 1, "alive"));
  {
    Scope brief(clock.simulation);
    start(wait_often(brief, clock, signal, 1, "dead"));
  }
  {
    Scope brief(clock.simulation);
    start(wait_often(brief, clock, signal, 1, "dead before its turn"));
    signal.raise();
  }
  clock.run(1);
  CHECK(clock.log == Log{"alive@0"});
}

Process wait_before(Scope& scope, Clock& clock, Signal& signal, Time limit) {
  static_cast<void>(scope);
  co_await signal.before(limit);
  clock.note("went on");
  co_return Done();
}

TEST_CASE("a limited wait for a signal ends when it is raised, or at its limit") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope jobs(clock.simulation);
  start(wait_before(jobs, clock, signal, Time::from_start(5_ns)));
  start(wait_before(jobs, clock, signal, Time::from_start(20_ns)));
  start(wait_before(jobs, clock, signal, Time::never()));
  clock.run(10);
  signal.raise();
  clock.run(30);
  signal.raise();
  CHECK(clock.log == Log{"went on@5", "went on@10", "went on@10"});
  CHECK(clock.simulation.event_count() == 2);
}

TEST_CASE("a signal may die before those who wait for it") {
  Clock clock;
  Scope jobs(clock.simulation);
  {
    Signal signal(clock.simulation);
    start(wait_often(jobs, clock, signal, 1, "a"));
  }
  clock.run(1);
  CHECK(clock.log.empty());
}

}  // namespace
}  // namespace stampede
