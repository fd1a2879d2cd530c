#include "stampede/kernel/task.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/kernel/timeouts.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::answer_after;
using test::Clock;
using test::Log;
using test::note_after;
using test::Number;
using test::start;

Task<int> count_after(Scope& scope, Clock& clock, Duration delay, int value) {
  co_await scope.simulation().delay(delay);
  clock.note("part " + std::to_string(value));
  co_return value;
}

Process whole(Scope& scope, Clock& clock) {
  Task<int> first = count_after(scope, clock, 5_ns, 1);
  const int one = co_await first;
  Task<int> second = count_after(scope, clock, 0_ns, 2);
  const int two = co_await second;
  clock.note("sum " + std::to_string(one + two));
  co_return Done();
}

TEST_CASE("a task is a part of its process and gives it a value") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(whole(jobs, clock));
  clock.run(100);
  CHECK(clock.log == Log{"part 1@5", "part 2@5", "sum 3@5"});
}

Process start_early(Scope& scope, Clock& clock) {
  Task<int> slow = count_after(scope, clock, 20_ns, 1);
  Task<int> quick = count_after(scope, clock, 10_ns, 2);
  const int one = co_await slow;
  const int two = co_await quick;
  clock.note("both " + std::to_string(one + two));
  co_return Done();
}

TEST_CASE("a task runs from when it is called, not from when it is awaited") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(start_early(jobs, clock));
  clock.run(100);
  CHECK(clock.log == Log{"part 2@10", "part 1@20", "both 3@20"});
}

TEST_CASE("a task that is destroyed is cancelled, whatever it waits for") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  struct Body {
    static Task<int> delay(Scope& scope, Clock& clock) {
      co_await scope.simulation().delay(10_ns);
      clock.note("delay");
      co_return 0;
    }
    static Task<int> limit(Scope& scope, Clock& clock, Job<Number> job) {
      co_await job.within(scope.simulation().timeouts(10_ns));
      clock.note("limit");
      co_return 0;
    }
    static Task<int> deadline(Scope& scope, Clock& clock, Job<Number> job) {
      co_await job.before(scope.simulation(), Clock::at(10));
      clock.note("deadline");
      co_return 0;
    }
    static Task<int> slot(Scope& scope, Clock& clock, Slots& slots) {
      static_cast<void>(scope);
      Slot slot = co_await slots.acquire();
      clock.note("slot");
      co_return 0;
    }
    static Task<int> slot_before(Scope& scope, Clock& clock, Slots& slots) {
      static_cast<void>(scope);
      Slot slot = co_await slots.acquire(0, Clock::at(10));
      clock.note("slot before");
      co_return 0;
    }
  };
  {
    Slot taken = slots.take_free();
    Task<int> delay = Body::delay(jobs, clock);
    Task<int> limit = Body::limit(jobs, clock, answer_after(jobs, clock, 20_ns, 1));
    Task<int> deadline = Body::deadline(jobs, clock, answer_after(jobs, clock, 20_ns, 2));
    Task<int> slot = Body::slot(jobs, clock, slots);
    Task<int> slot_before = Body::slot_before(jobs, clock, slots);
    clock.run(5);
    CHECK(slots.waiting() == 2);
  }
  CHECK(slots.waiting() == 0);
  CHECK(slots.has_free());
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@20", "answer 2@20"});
}

Task<int> outer(Scope& scope, Clock& clock) {
  Task<int> inner = count_after(scope, clock, 10_ns, 1);
  const int value = co_await inner;
  clock.note("outer");
  co_return value;
}

TEST_CASE("the tasks of a process die with it, however deep") {
  Clock clock;
  struct Body {
    static Process run(Scope& scope, Clock& clock) {
      Task<int> part = outer(scope, clock);
      co_await part;
      clock.note("process");
      co_return Done();
    }
  };
  {
    Scope jobs(clock.simulation);
    start(Body::run(jobs, clock));
    clock.run(5);
  }
  clock.run(100);
  CHECK(clock.log.empty());
}

Task<int> nest(Scope& scope, int depth, Duration delay) {
  if (depth == 0) {
    co_await scope.simulation().delay(delay);
    co_return 0;
  }
  Task<int> below = nest(scope, depth - 1, delay);
  const int value = co_await below;
  co_return value + 1;
}

Process note_depth(Scope& scope, Clock& clock, int depth, Duration delay) {
  Task<int> part = nest(scope, depth, delay);
  const int value = co_await part;
  clock.note(std::to_string(value));
  co_return Done();
}

TEST_CASE("a thousand nested tasks end on the spot or later") {
  Clock clock;
  Scope jobs(clock.simulation);
  start(note_depth(jobs, clock, 1000, 0_ns));
  start(note_depth(jobs, clock, 1000, 5_ns));
  clock.run(5);
  CHECK(clock.log == Log{"1000@0", "1000@5"});
}

TEST_CASE("a million tasks that end on the spot take neither stack nor turns") {
  Clock clock;
  struct Body {
    static Task<int> one(Scope& scope) {
      static_cast<void>(scope);
      co_return 1;
    }
    static Process add_up(Scope& scope, int count, int& sum) {
      for (int i = 0; i < count; ++i) {
        Task<int> part = one(scope);
        const int value = co_await part;
        sum += value;
      }
      co_return Done();
    }
  };
  int sum = 0;
  Scope jobs(clock.simulation);
  start(Body::add_up(jobs, 1'000'000, sum));
  CHECK(sum == 1'000'000);
  CHECK(clock.simulation.resumption_count() == 0);
}

TEST_CASE("a task that ended before it dies, unawaited, is no trouble") {
  Clock clock;
  Scope jobs(clock.simulation);
  {
    Task<int> part = count_after(jobs, clock, 5_ns, 1);
    Task<int> moved = std::move(part);
    clock.run(10);
  }
  clock.run(20);
  CHECK(clock.log == Log{"part 1@5"});
}

}  // namespace
}  // namespace stampede
