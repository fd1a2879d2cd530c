#include "stampede/kernel/slots.hpp"

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
using test::Clock;
using test::Log;
using test::start;

Process hold(Scope& scope, Clock& clock, Slots& slots, Duration length, std::string name,
             int priority = 0) {
  Slot slot = co_await slots.acquire(priority);
  clock.note(name);
  co_await scope.simulation().delay(length);
  co_return Done();
}

Process hold_before(Scope& scope, Clock& clock, Slots& slots, Time give_up, Duration length,
                    std::string name) {
  Slot slot = co_await slots.acquire(0, give_up);
  clock.note(name + (slot ? "" : " gives up"));
  const Duration held = slot ? length : Duration();
  co_await scope.simulation().delay(held);
  co_return Done();
}

TEST_CASE("slots go to the first who come, and then to the line in its order") {
  Clock clock;
  Slots slots(clock.simulation, 2);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));
  start(hold(jobs, clock, slots, 20_ns, "b"));
  start(hold(jobs, clock, slots, 30_ns, "c"));
  start(hold(jobs, clock, slots, 10_ns, "d"));
  CHECK(slots.waiting() == 2);
  CHECK_FALSE(slots.has_free());
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@0", "c@10", "d@20"});
  CHECK(slots.waiting() == 0);
  CHECK(slots.has_free());
}

TEST_CASE("the last in line goes first under lifo") {
  Clock clock;
  Slots slots(clock.simulation, 1, QueueDiscipline::lifo);
  Scope jobs(clock.simulation);
  for (const char* name : {"a", "b", "c", "d"}) {
    start(hold(jobs, clock, slots, 10_ns, name));
  }
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "d@10", "c@20", "b@30"});
}

TEST_CASE("the smallest priority number goes first, equal ones in the order of coming") {
  Clock clock;
  Slots slots(clock.simulation, 1, QueueDiscipline::priority);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "first", 9));
  start(hold(jobs, clock, slots, 10_ns, "9", 9));
  start(hold(jobs, clock, slots, 10_ns, "5", 5));
  start(hold(jobs, clock, slots, 10_ns, "0", 0));
  start(hold(jobs, clock, slots, 10_ns, "5 again", 5));
  clock.run(100);
  CHECK(clock.log == Log{"first@0", "0@10", "5@20", "5 again@30", "9@40"});
}

TEST_CASE("priorities mean nothing to the other disciplines") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a", 9));
  start(hold(jobs, clock, slots, 10_ns, "b", 9));
  start(hold(jobs, clock, slots, 10_ns, "c", 0));
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@10", "c@20"});
}

TEST_CASE("who dies in line leaves it") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));
  {
    Scope brief(clock.simulation);
    start(hold(brief, clock, slots, 10_ns, "dead"));
    start(hold(jobs, clock, slots, 10_ns, "b"));
    clock.run(5);
    CHECK(slots.waiting() == 2);
  }
  CHECK(slots.waiting() == 1);
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@10"});
}

TEST_CASE("who dies with a slot gives it back at that instant") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  {
    Scope brief(clock.simulation);
    start(hold(brief, clock, slots, 10_ns, "a"));
    start(hold(jobs, clock, slots, 10_ns, "b"));
    clock.run(5);
  }
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@5"});
}

// ---- Granted and cancelled in the same instant ----------------------------------------------

Process give_back_and_kill(Scope& scope, Slots& slots, Duration length,
                           std::vector<Scope*> victims) {
  {
    Slot slot = slots.take_free();
    co_await scope.simulation().delay(length);
  }
  for (Scope* victim : victims) {
    victim->kill(KilledWork::stays_silent);
  }
  co_return Done();
}

TEST_CASE("a slot that was granted to one who dies in that instant goes to the next in line") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope second(clock.simulation);
  Scope third(clock.simulation);
  Scope first(clock.simulation);
  start(give_back_and_kill(first, slots, 10_ns, {&second}));
  start(hold(second, clock, slots, 5_ns, "second"));
  start(hold(third, clock, slots, 5_ns, "third"));
  clock.run(100);
  CHECK(clock.log == Log{"third@10"});
  CHECK(slots.has_free());
}

TEST_CASE("when the next in line dies in that instant as well, the slot goes to the one after") {
  // In either order of dying.
  for (const bool in_order : {true, false}) {
    Clock clock;
    Slots slots(clock.simulation, 1);
    Scope second(clock.simulation);
    Scope third(clock.simulation);
    Scope fourth(clock.simulation);
    Scope first(clock.simulation);
    std::vector<Scope*> victims = {&second, &third};
    if (!in_order) {
      std::swap(victims[0], victims[1]);
    }
    start(give_back_and_kill(first, slots, 10_ns, victims));
    start(hold(second, clock, slots, 5_ns, "second"));
    start(hold(third, clock, slots, 5_ns, "third"));
    start(hold(fourth, clock, slots, 5_ns, "fourth"));
    clock.run(100);
    CHECK(clock.log == Log{"fourth@10"});
    CHECK(slots.waiting() == 0);
    CHECK(slots.has_free());
  }
}

TEST_CASE("when all in line die at once, the slot is free") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope others(clock.simulation);
  Scope first(clock.simulation);
  start(give_back_and_kill(first, slots, 10_ns, {&others}));
  for (int i = 0; i < 5; ++i) {
    start(hold(others, clock, slots, 5_ns, "dead"));
    start(hold_before(others, clock, slots, Clock::at(50), 5_ns, "dead"));
  }
  clock.run(100);
  CHECK(clock.log.empty());
  CHECK(slots.waiting() == 0);
  CHECK(slots.has_free());
}

// ---- Waiting with a limit ---------------------------------------------------------------------

TEST_CASE("who waits with a limit gets a slot in time or leaves the line") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));
  start(hold_before(jobs, clock, slots, Clock::at(9), 10_ns, "b"));
  start(hold_before(jobs, clock, slots, Clock::at(15), 10_ns, "c"));
  start(hold_before(jobs, clock, slots, Time::never(), 10_ns, "d"));
  CHECK(slots.waiting() == 3);
  clock.run(9);
  CHECK(slots.waiting() == 2);
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b gives up@9", "c@10", "d@20"});
}

TEST_CASE("who has no time to wait takes a free slot or none") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  clock.run(10);
  start(hold_before(jobs, clock, slots, Clock::at(5), 10_ns, "a"));
  start(hold_before(jobs, clock, slots, Clock::at(10), 10_ns, "b"));
  CHECK(clock.log == Log{"a@10", "b gives up@10"});
  CHECK(slots.waiting() == 0);
}

TEST_CASE("at the instant of the limit, who was scheduled first decides") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));  // its delay began before the wait of b
  start(hold_before(jobs, clock, slots, Clock::at(10), 10_ns, "b"));
  start(hold_before(jobs, clock, slots, Clock::at(20), 10_ns, "c"));  // before the delay of b
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@10", "c gives up@20"});
}

TEST_CASE("waiting for ever in line leaves no events behind") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  for (int i = 0; i < 100; ++i) {
    {
      Slot taken = slots.take_free();
      start(hold_before(jobs, clock, slots, Time::never(), 0_ns, "a"));
    }
    clock.run(i);
  }
  CHECK(clock.log.size() == 100);
  CHECK(clock.simulation.event_count() == 0);
}

// ---- Capacity -----------------------------------------------------------------------------------

TEST_CASE("more capacity lets as many go on at once") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  Scope jobs(clock.simulation);
  for (const char* name : {"a", "b", "c", "d"}) {
    start(hold(jobs, clock, slots, 10_ns, name));
  }
  clock.run(3);
  slots.change_capacity(2);
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@3", "c@3", "d@10"});
}

TEST_CASE("less capacity takes free slots now and held ones as they come back") {
  Clock clock;
  Slots slots(clock.simulation, 3);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));
  start(hold(jobs, clock, slots, 20_ns, "b"));
  slots.change_capacity(-2);  // one was free
  CHECK_FALSE(slots.has_free());
  start(hold(jobs, clock, slots, 10_ns, "c"));
  clock.run(100);
  CHECK(clock.log == Log{"a@0", "b@0", "c@20"});
  slots.change_capacity(-1);
  CHECK_FALSE(slots.has_free());
  slots.change_capacity(1);
  CHECK(slots.has_free());
}

TEST_CASE("slots without capacity keep everybody waiting until there is some") {
  Clock clock;
  Slots slots(clock.simulation, 0);
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 10_ns, "a"));
  clock.run(50);
  CHECK(clock.log.empty());
  slots.change_capacity(1);
  clock.run(100);
  CHECK(clock.log == Log{"a@50"});
}

// ---- The slot itself --------------------------------------------------------------------------

TEST_CASE("a slot moves with its owner, and is given back once") {
  Clock clock;
  Slots slots(clock.simulation, 2);
  {
    Slot first = slots.take_free();
    Slot second = std::move(first);
    CHECK_FALSE(static_cast<bool>(first));
    CHECK(static_cast<bool>(second));
    Slot third = slots.take_free();
    CHECK_FALSE(slots.has_free());
    third = std::move(second);  // gives its own back
    CHECK(slots.has_free());
    third.release();
    third.release();
  }
  Slot a = slots.take_free();
  Slot b = slots.take_free();
  CHECK_FALSE(slots.has_free());
}

// ---- Many ---------------------------------------------------------------------------------------

Process take_often(Scope& scope, Slots& slots, int times, int& taken) {
  for (int i = 0; i < times; ++i) {
    Slot slot = co_await slots.acquire();
    taken += slot ? 1 : 0;
    Slot other = co_await slots.acquire(0, scope.simulation().now());
    taken += other ? 1 : 0;
  }
  co_return Done();
}

TEST_CASE("a million free slots are taken without turns") {
  Clock clock;
  Slots slots(clock.simulation, 1);
  int taken = 0;
  Scope jobs(clock.simulation);
  start(take_often(jobs, slots, 1'000'000, taken));
  CHECK(taken == 1'000'000);  // the other one is held
  CHECK(clock.simulation.resumption_count() == 0);
}

/// Knows how many hold a slot.
struct Census {
  int holding = 0;
  int most = 0;
  int served = 0;
  int given_up = 0;
};

Process come_and_go(Scope& scope, Slots& slots, Duration arrival, Duration patience,
                    Duration length, int priority, Census& census) {
  struct Holding {
    explicit Holding(Census& census) : census(census) { ++census.holding; }
    Holding(const Holding&) = delete;
    ~Holding() { --census.holding; }
    Census& census;
  };
  co_await scope.simulation().delay(arrival);
  const Time give_up = scope.simulation().now() + patience;
  Slot slot = co_await slots.acquire(priority, give_up);
  if (slot) {
    Holding holding(census);
    census.most = std::max(census.most, census.holding);
    co_await scope.simulation().delay(length);
    ++census.served;
  } else {
    ++census.given_up;
  }
  co_return Done();
}

TEST_CASE("no slot is lost or doubled, whoever comes, gives up or dies") {
  for (const QueueDiscipline discipline :
       {QueueDiscipline::fifo, QueueDiscipline::lifo, QueueDiscipline::priority,
        QueueDiscipline::adaptive_lifo}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::mt19937_64 random(seed);
      const auto below = [&](std::uint64_t bound) {
        return static_cast<std::int64_t>(random() % bound);
      };
      Clock clock;
      const std::int64_t capacity = 1 + below(4);
      Slots slots(clock.simulation, capacity, discipline);
      Census census;
      std::vector<std::unique_ptr<Scope>> owners;
      for (int i = 0; i < 20; ++i) {
        owners.push_back(std::make_unique<Scope>(clock.simulation));
      }
      for (int i = 0; i < 500; ++i) {
        Scope& owner = *owners[static_cast<std::size_t>(below(20))];
        const Duration arrival = Duration::nanoseconds(below(300));
        const Duration patience = Duration::nanoseconds(below(100));
        const Duration length = Duration::nanoseconds(below(8));
        const int priority = static_cast<int>(below(10));
        start(come_and_go(owner, slots, arrival, patience, length, priority, census));
      }
      for (std::int64_t now = 0; now < 300; now += 1 + below(30)) {
        clock.run(now);
        owners[static_cast<std::size_t>(below(20))]->kill(KilledWork::stays_silent);
      }
      clock.run(10'000);
      CAPTURE(seed, static_cast<int>(discipline));
      CHECK(census.most == capacity);
      CHECK(census.served > 0);
      CHECK(census.given_up > 0);
      CHECK(census.holding == 0);
      CHECK(slots.waiting() == 0);
      for (std::int64_t i = 0; i < capacity; ++i) {
        CHECK(slots.has_free());
        slots.change_capacity(-1);
      }
      CHECK_FALSE(slots.has_free());
    }
  }
}

}  // namespace
}  // namespace stampede
