#include "stampede/kernel/scope.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/kernel/task.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::answer_after;
using test::Clock;
using test::Log;
using test::note_after;
using test::Number;
using test::start;

/// Notes its own death.
struct Witness {
  Witness(Clock& clock, std::string name) : clock(clock), name(std::move(name)) {}
  Witness(const Witness&) = delete;
  ~Witness() { clock.note(name + " dies"); }

  Clock& clock;
  std::string name;
};

Job<Number> work(Scope& scope, Clock& clock, Duration length, std::string name) {
  Witness witness(clock, name);
  co_await scope.simulation().delay(length);
  clock.note(name + " is done");
  co_return Number(1);
}

Process wait_for(Scope& scope, Clock& clock, Job<Number> job, std::string name) {
  static_cast<void>(scope);
  const Number number = co_await job;
  clock.note(name + " got " + std::to_string(number.value));
  co_return Done();
}

Process kill_at(Scope& scope, Clock& clock, Scope& victim, Duration when, KilledWork how) {
  co_await scope.simulation().delay(when);
  clock.note("kill");
  victim.kill(how);
  clock.note("killed");
  co_return Done();
}

TEST_CASE("a scope that is destroyed destroys its jobs") {
  Clock clock;
  {
    Scope jobs(clock.simulation);
    static_cast<void>(work(jobs, clock, 10_ns, "a"));
    static_cast<void>(work(jobs, clock, 10_ns, "b"));
    clock.run(5);
    CHECK_FALSE(jobs.empty());
  }
  CHECK(clock.log == Log{"a dies@5", "b dies@5"});
  clock.run(100);
  CHECK(clock.log.size() == 2);
}

TEST_CASE("killed work that answers answers `broken`, at that instant") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, work(callee, clock, 10_ns, "work"), "caller"));
  start(kill_at(caller, clock, callee, 4_ns, KilledWork::answers_broken));
  clock.run(100);
  CHECK(clock.log == Log{"kill@4", "killed@4", "work dies@4", "caller got -1@4"});
  CHECK(callee.empty());
}

TEST_CASE(
    "killed work that stays silent answers nobody, and who waits without limit waits for ever") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, work(callee, clock, 10_ns, "work"), "caller"));
  start(kill_at(caller, clock, callee, 4_ns, KilledWork::stays_silent));
  clock.run(100);
  CHECK(clock.log == Log{"kill@4", "killed@4", "work dies@4"});
  CHECK_FALSE(caller.empty());
}

TEST_CASE("a kill spares other scopes, and the scope can be used again") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope other(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, work(other, clock, 10_ns, "other"), "caller"));
  static_cast<void>(work(callee, clock, 10_ns, "first"));
  start(kill_at(caller, clock, callee, 4_ns, KilledWork::answers_broken));
  clock.run(5);
  static_cast<void>(work(callee, clock, 10_ns, "second"));
  clock.run(100);
  CHECK(clock.log == Log{"kill@4", "killed@4", "first dies@4", "other is done@10", "other dies@10",
                         "caller got 1@10", "second is done@15", "second dies@15"});
}

TEST_CASE("work that is killed while it is ready to go on does not go on") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope victim(clock.simulation);
  Scope killer(clock.simulation);
  struct Body {
    static Process await_signal(Scope& scope, Clock& clock, Signal& signal) {
      static_cast<void>(scope);
      Witness witness(clock, "victim");
      co_await signal.wait();
      clock.note("victim goes on");
      co_return Done();
    }
    static Process raise_and_kill(Scope& scope, Signal& signal, Scope& victim) {
      co_await scope.simulation().delay(3_ns);
      signal.raise();
      victim.kill(KilledWork::stays_silent);
      co_return Done();
    }
  };
  start(Body::await_signal(victim, clock, signal));
  start(Body::raise_and_kill(killer, signal, victim));
  clock.run(100);
  CHECK(clock.log == Log{"victim dies@3"});
}

TEST_CASE("work that is killed between two runs does not go on either") {
  Clock clock;
  Signal signal(clock.simulation);
  Scope victim(clock.simulation);
  struct Body {
    static Process await_signal(Scope& scope, Clock& clock, Signal& signal) {
      static_cast<void>(scope);
      Witness witness(clock, "victim");
      co_await signal.wait();
      clock.note("victim goes on");
      co_return Done();
    }
  };
  start(Body::await_signal(victim, clock, signal));
  signal.raise();
  victim.kill(KilledWork::stays_silent);
  clock.run(100);
  CHECK(clock.log == Log{"victim dies@0"});
}

// ---- A crash from inside ------------------------------------------------------------------------

Job<Number> crash_then_wait(Scope& scope, Clock& clock, KilledWork how) {
  Witness witness(clock, "culprit");
  co_await scope.simulation().delay(3_ns);
  scope.kill(how);
  clock.note("after the kill");
  co_await scope.simulation().delay(3_ns);
  clock.note("too late");
  co_return Number(2);
}

TEST_CASE("work that kills its own scope goes on until its next wait") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, work(callee, clock, 10_ns, "work"), "first"));
  start(wait_for(caller, clock, crash_then_wait(callee, clock, KilledWork::answers_broken),
                 "second"));
  clock.run(100);
  CHECK(clock.log == Log{"after the kill@3", "culprit dies@3", "work dies@3", "first got -1@3",
                         "second got -1@3"});
}

Job<Number> crash_then_return(Scope& scope, Clock& clock, KilledWork how) {
  Witness witness(clock, "culprit");
  co_await scope.simulation().delay(3_ns);
  scope.kill(how);
  clock.note("after the kill");
  co_return Number(2);
}

TEST_CASE("work that kills its own scope and ends without another wait dies once") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, crash_then_return(callee, clock, KilledWork::answers_broken),
                 "caller"));
  clock.run(100);
  // Its own answer comes too late: the caller has heard of the crash.
  CHECK(clock.log == Log{"after the kill@3", "culprit dies@3", "caller got -1@3"});
}

TEST_CASE("work that silences its own scope and ends without another wait is not heard") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, crash_then_return(callee, clock, KilledWork::stays_silent),
                 "caller"));
  clock.run(100);
  CHECK(clock.log == Log{"after the kill@3", "culprit dies@3"});
}

Job<Number> crash_before_first_wait(Scope& scope) {
  scope.kill(KilledWork::answers_broken);
  co_return Number(2);
}

TEST_CASE("work may kill its own scope before its first wait") {
  Clock clock;
  Scope callee(clock.simulation);
  Job<Number> job = crash_before_first_wait(callee);
  CHECK(job.done());
  CHECK(job.answer().value == -1);
  clock.run(100);
}

Job<Number> call_the_crash(Scope& scope, Clock& clock, Scope& inner) {
  Witness witness(clock, "outer");
  co_await scope.simulation().delay(2_ns);
  Job<Number> job = crash_before_first_wait(inner);  // `inner` owns this very process, too
  const Number number = co_await job;
  clock.note("outer got " + std::to_string(number.value));
  co_return Number(3);
}

TEST_CASE("work whose scope is killed by what it calls ends once, whether it waits or not") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, call_the_crash(callee, clock, callee), "caller"));
  clock.run(100);
  CHECK(clock.log == Log{"outer got -1@2", "outer dies@2", "caller got -1@2"});
}

Job<Number> crash_then_enter(Scope& scope, Clock& clock, Scope& refuge) {
  Witness witness(clock, "culprit");
  co_await scope.simulation().delay(3_ns);
  scope.kill(KilledWork::answers_broken);
  co_await enter(refuge);
  clock.note("in the refuge");
  co_await scope.simulation().delay(3_ns);
  clock.note("still alive");
  co_return Number(2);
}

TEST_CASE("nobody escapes a kill into another scope") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope refuge(clock.simulation);
  Job<Number> job = crash_then_enter(callee, clock, refuge);
  clock.run(100);
  CHECK(clock.log == Log{"in the refuge@3", "culprit dies@3"});
  CHECK(job.answer().value == -1);
  CHECK(refuge.empty());
}

TEST_CASE("an exception after a kill leaves no killed work behind") {
  Clock clock;
  struct Body {
    static Process kill_and_throw(Scope& scope, Scope& victim) {
      co_await scope.simulation().delay(1_ns);
      victim.kill(KilledWork::stays_silent);
      throw 1;
    }
  };
  Scope killer(clock.simulation);
  {
    Witness used(clock, "what the victim uses");
    Scope victim(clock.simulation);
    static_cast<void>(work(victim, clock, 10_ns, "victim"));
    start(Body::kill_and_throw(killer, victim));
    CHECK_THROWS_AS(clock.run(100), int);
    CHECK(clock.log == Log{"victim dies@1"});
  }
}

// ---- Moving on ----------------------------------------------------------------------------------

Job<Number> travel(Scope& link, Clock& clock, Scope& instance) {
  Witness witness(clock, "traveller");
  co_await link.simulation().delay(5_ns);
  co_await enter(instance);
  clock.note("enters");
  co_await link.simulation().delay(5_ns);
  co_return Number(1);
}

TEST_CASE("who enters a scope dies with it, and no longer with the old one") {
  for (const bool kill_link : {true, false}) {
    for (const std::int64_t when : {3, 7}) {
      Clock clock;
      Scope link(clock.simulation);
      Scope instance(clock.simulation);
      Job<Number> job = travel(link, clock, instance);
      clock.run(when);
      CHECK(link.empty() == (when == 7));
      CHECK(instance.empty() == (when == 3));
      (kill_link ? link : instance).kill(KilledWork::answers_broken);
      clock.run(100);
      CAPTURE(kill_link, when);
      CHECK(job.answer().value == (kill_link == (when == 3) ? -1 : 1));
    }
  }
}

TEST_CASE("entering takes no time and no turn") {
  Clock clock;
  struct Body {
    static Process enter_many(Scope& scope, Scope& other, int count) {
      for (int i = 0; i < count; ++i) {
        co_await enter(other);
        co_await enter(scope);
      }
      co_return Done();
    }
  };
  Scope one(clock.simulation);
  Scope other(clock.simulation);
  start(Body::enter_many(one, one, 10));  // where it is already
  start(Body::enter_many(one, other, 100'000));
  CHECK(one.empty());
  CHECK(clock.simulation.resumption_count() == 0);
}

TEST_CASE("a scope that dies takes what was killed in it along") {
  Clock clock;
  Scope callee(clock.simulation);
  static_cast<void>(work(callee, clock, 10_ns, "a"));
  callee.kill(KilledWork::stays_silent);
  CHECK(clock.log.empty());  // it might have been running just now
  callee.clear();
  CHECK(clock.log == Log{"a dies@0"});
}

// ---- Many ---------------------------------------------------------------------------------------

TEST_CASE("a crash with ten thousand jobs ends them all at that instant") {
  Clock clock;
  Scope callee(clock.simulation);
  std::vector<Job<Number>> jobs;
  for (int i = 0; i < 10'000; ++i) {
    jobs.push_back(answer_after(callee, clock, 10_ns, i));
  }
  clock.run(5);
  callee.kill(KilledWork::answers_broken);
  clock.run(100);
  CHECK(clock.log.empty());
  int broken = 0;
  for (const Job<Number>& job : jobs) {
    broken += job.done() && job.answer().value == -1;
  }
  CHECK(broken == 10'000);
}

}  // namespace
}  // namespace stampede
