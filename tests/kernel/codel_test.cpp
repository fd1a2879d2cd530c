#include "stampede/kernel/codel.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/slots.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::Clock;
using test::Log;
using test::start;

Time at_ms(std::int64_t ms) { return Time::from_start(1_ms * ms); }

/// The instants, in ms, of the drops in a line whose head leaves every ms after that sojourn.
std::vector<std::int64_t> drops(CoDel& codel, std::int64_t from, std::int64_t until,
                                Duration sojourn) {
  std::vector<std::int64_t> dropped;
  for (std::int64_t ms = from; ms < until; ++ms) {
    if (codel.drops(at_ms(ms), sojourn, false)) {
      dropped.push_back(ms);
    }
  }
  return dropped;
}

TEST_CASE("CoDel drops nobody while some wait less than the target") {
  CoDel codel({.target = 5_ms, .interval = 100_ms});
  CHECK(drops(codel, 0, 1000, 4_ms).empty());
  CHECK(drops(codel, 1000, 1099, 50_ms).empty());
  CHECK(drops(codel, 1099, 1100, 4_ms).empty());  // one that was quick: the interval begins anew
  CHECK(drops(codel, 1100, 1200, 50_ms).empty());
}

TEST_CASE("CoDel drops at intervals that shrink with the square root of the count") {
  CoDel codel({.target = 5_ms, .interval = 100_ms});
  // From 0 on everybody waits too long; the first drop is an interval later, the next ones after
  // 100, 100/√2 = 70.7, 100/√3 = 57.7, 50 and 44.7 ms.
  CHECK(drops(codel, 0, 500, 20_ms) ==
        std::vector<std::int64_t>{100, 200, 271, 329, 379, 424, 464});
}

TEST_CASE("CoDel never drops the last in line") {
  CoDel codel({.target = 5_ms, .interval = 100_ms});
  for (std::int64_t ms = 0; ms < 1000; ++ms) {
    CHECK_FALSE(codel.drops(at_ms(ms), 1_s, true));
  }
}

TEST_CASE("CoDel takes up the pace that helped when the line stands again soon") {
  CoDel codel({.target = 5_ms, .interval = 100_ms});
  const std::size_t before = drops(codel, 0, 1000, 20_ms).size();
  CHECK(before > 15);
  CHECK(drops(codel, 1000, 1010, 1_ms).empty());
  const std::vector<std::int64_t> after = drops(codel, 1010, 1200, 20_ms);
  REQUIRE(after.size() > 2);
  CHECK(after[0] == 1110);
  CHECK(after[1] - after[0] < 30);  // not 100
}

// ---- In the line of slots ---------------------------------------------------------------------

Process hold(Scope& scope, Clock& clock, Slots& slots, std::int64_t arrival_ms, Duration length,
             std::string name) {
  co_await scope.simulation().until(at_ms(arrival_ms));
  Slot slot = co_await slots.acquire();
  clock.note(slot ? name : name + " shed");
  const Duration held = slot ? length : Duration();
  co_await scope.simulation().delay(held);
  co_return Done();
}

TEST_CASE("whoever waited longer than max_age is turned away when a slot becomes free") {
  Clock clock;
  Slots slots(clock.simulation, 1, QueueRules{.max_age = 30_ms});
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 0, 40_ms, "a"));
  start(hold(jobs, clock, slots, 5, 40_ms, "b"));
  start(hold(jobs, clock, slots, 10, 40_ms, "c"));  // for 30 ms exactly, which is not longer
  start(hold(jobs, clock, slots, 60, 40_ms, "d"));
  clock.run(200'000'000);
  CHECK(clock.log == Log{"a@0", "b shed@40000000", "c@40000000", "d@80000000"});
  CHECK(slots.waiting() == 0);
  CHECK(slots.has_free());
}

TEST_CASE("the oldest of a line that is served last come first are turned away too") {
  Clock clock;
  Slots slots(clock.simulation, 1,
              QueueRules{.discipline = QueueDiscipline::lifo, .max_age = 30_ms});
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 0, 40_ms, "a"));
  start(hold(jobs, clock, slots, 1, 40_ms, "old"));
  start(hold(jobs, clock, slots, 30, 40_ms, "young"));
  start(hold(jobs, clock, slots, 35, 40_ms, "younger"));
  clock.run(200'000'000);
  CHECK(clock.log == Log{"a@0", "old shed@40000000", "younger@40000000", "young shed@80000000"});
}

TEST_CASE("under controlled delay a line that stands lets newcomers wait for the target only") {
  Clock clock;
  Slots slots(clock.simulation, 1,
              QueueRules{.controlled_delay = DelayTarget{.target = 5_ms, .interval = 100_ms}});
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 0, 90_ms, "a"));
  start(hold(jobs, clock, slots, 10, 30_ms, "early"));     // may wait for 100 ms
  start(hold(jobs, clock, slots, 80, 10_ms, "second"));    // the line has stood for 70 ms: 100 ms
  start(hold(jobs, clock, slots, 112, 10_ms, "late"));     // for 102 ms: may wait for 5
  start(hold(jobs, clock, slots, 126, 10_ms, "in time"));  // 4 ms before a slot is free
  clock.run(1'000'000'000);
  CHECK(clock.log == Log{"a@0", "early@90000000", "second@120000000", "late shed@130000000",
                         "in time@130000000"});
}

TEST_CASE("adaptive lifo is first come, first served until the line has stood for a while") {
  Clock clock;
  Slots slots(clock.simulation, 1,
              QueueRules{.discipline = QueueDiscipline::adaptive_lifo, .lifo_after = 50_ms});
  Scope jobs(clock.simulation);
  start(hold(jobs, clock, slots, 0, 30_ms, "a"));
  start(hold(jobs, clock, slots, 1, 30_ms, "b"));
  start(hold(jobs, clock, slots, 2, 30_ms, "c"));
  start(hold(jobs, clock, slots, 3, 30_ms, "d"));
  start(hold(jobs, clock, slots, 4, 30_ms, "e"));
  clock.run(1'000'000'000);
  CHECK(clock.log == Log{"a@0", "b@30000000", "e@60000000", "d@90000000", "c@120000000"});
}

TEST_CASE("whoever dies after being turned away, before hearing of it, leaves nothing behind") {
  Clock clock;
  Slots slots(clock.simulation, 1, QueueRules{.max_age = 10_ms});
  Scope jobs(clock.simulation);
  auto doomed = std::make_unique<Scope>(clock.simulation);
  start(hold(*doomed, clock, slots, 1, 1_ms, "doomed"));
  Slot first = slots.take_free();
  clock.run(50'000'000);
  CHECK(slots.waiting() == 1);
  first.release();  // turns it away
  CHECK(slots.waiting() == 0);
  doomed.reset();
  clock.run(100'000'000);
  CHECK(clock.log.empty());
  CHECK(slots.waiting() == 0);
  CHECK(slots.has_free());
}

}  // namespace
}  // namespace stampede
