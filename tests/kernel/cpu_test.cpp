#include "stampede/kernel/cpu.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
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

Process compute(Scope& scope, Clock& clock, Cpu& cpu, Duration arrival, Duration demand,
                std::string name) {
  co_await scope.simulation().delay(arrival);
  const Duration waited = co_await cpu.work(demand);
  clock.note(waited.is_zero() ? name : name + " waited " + std::to_string(waited.ns()));
  co_return Done();
}

Process change_speed(Scope& scope, Cpu& cpu, Duration when, double speed) {
  co_await scope.simulation().delay(when);
  cpu.set_speed(speed);
  co_return Done();
}

struct Arrival {
  Arrival(double at, double demand) : at(at), demand(demand) {}
  double at;
  double demand;
};

Process compute_to(Scope& scope, Cpu& cpu, Arrival arrival, double& end) {
  co_await scope.simulation().delay(Duration::from_nanoseconds(arrival.at));
  co_await cpu.work(Duration::from_nanoseconds(arrival.demand));
  end = static_cast<double>(scope.simulation().now().ns());
  co_return Done();
}

// ---- First come, first served -----------------------------------------------------------------

TEST_CASE("a core does one piece of work after the other") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
  start(compute(jobs, clock, cpu, 0_ns, 5_ns, "b"));
  start(compute(jobs, clock, cpu, 12_ns, 5_ns, "c"));
  start(compute(jobs, clock, cpu, 30_ns, 5_ns, "d"));
  clock.run(100);
  CHECK(clock.log == Log{"a@10", "b waited 10@15", "c waited 3@20", "d@35"});
}

TEST_CASE("as many pieces of work as cores go on at once") {
  Clock clock;
  Cpu cpu(clock.simulation, 3, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    start(compute(jobs, clock, cpu, 0_ns, 10_ns, name));
  }
  CHECK(cpu.busy_cores() == 3);
  clock.run(15);
  CHECK(cpu.busy_cores() == 2);
  clock.run(100);
  CHECK(cpu.busy_cores() == 0);
  CHECK(clock.log == Log{"a@10", "b@10", "c@10", "d waited 10@20", "e waited 10@20"});
}

TEST_CASE("cores without number never make anybody wait") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    Clock clock;
    Cpu cpu(clock.simulation, Cpu::unlimited, scheduling);
    Scope jobs(clock.simulation);
    for (int i = 0; i < 500; ++i) {
      start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
    }
    clock.run(100);
    CHECK(clock.log == Log(500, "a@10"));
  }
}

TEST_CASE("no work takes no time, even at a busy or paused cpu") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    Clock clock;
    Cpu cpu(clock.simulation, 1, scheduling);
    Scope jobs(clock.simulation);
    start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
    cpu.set_speed(0);
    start(compute(jobs, clock, cpu, 5_ns, 0_ns, "b"));
    clock.run(100);
    CHECK(clock.log == Log{"b@5"});
  }
}

TEST_CASE("a change of speed stretches what is running") {
  Clock clock;
  Cpu cpu(clock.simulation, 2, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
  start(compute(jobs, clock, cpu, 0_ns, 20_ns, "b"));
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "c"));
  start(change_speed(jobs, cpu, 4_ns, 0.5));  // 6 and 16 are left
  start(change_speed(jobs, cpu, 20_ns, 4));   // b has 8 left; c ran 4 ns at half speed: 8 left
  clock.run(100);
  CHECK(clock.log == Log{"a waited 6@16", "b waited 2@22", "c waited 12@22"});
}

TEST_CASE("a pause of the cpu loses no work") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
  start(compute(jobs, clock, cpu, 5_ns, 10_ns, "b"));
  start(change_speed(jobs, cpu, 4_ns, 0));
  start(change_speed(jobs, cpu, 50_ns, 1));
  clock.run(49);
  CHECK(clock.log.empty());
  CHECK(cpu.busy_cores() == 1);
  CHECK(cpu.work_done_seconds() == Approx(4e-9));
  clock.run(100);
  CHECK(clock.log == Log{"a waited 46@56", "b waited 51@66"});
}

TEST_CASE("work that comes during a pause begins after it") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    Clock clock;
    Cpu cpu(clock.simulation, 1, scheduling);
    cpu.set_speed(0);
    Scope jobs(clock.simulation);
    start(compute(jobs, clock, cpu, 5_ns, 10_ns, "a"));
    start(change_speed(jobs, cpu, 20_ns, 1));
    clock.run(29);
    CHECK(clock.log.empty());
    clock.run(30);
    CHECK(clock.log.size() == 1);
  }
}

TEST_CASE("time never goes back when the speed changes at the instant at which work is complete") {
  // The end is rounded to whole nanoseconds, so a little more than all of the work may be done when
  // the change of speed comes first.
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    for (const double speed : {0.3, 0.7, 1.9, 10.0}) {
      for (std::int64_t demand = 1; demand < 60; ++demand) {
        const auto end = Duration::from_nanoseconds(static_cast<double>(demand) / speed);
        Clock clock;
        Cpu cpu(clock.simulation, 1, scheduling);
        cpu.set_speed(speed);
        double done = -1;
        Scope jobs(clock.simulation);
        start(change_speed(jobs, cpu, end, 0.01));
        start(compute_to(jobs, cpu, Arrival(0, static_cast<double>(demand)), done));
        clock.run(1'000'000);
        CAPTURE(speed, demand, static_cast<int>(scheduling));
        // What is left is less than one more nanosecond's work at the old speed.
        const auto earliest = static_cast<double>(end.ns());
        CHECK(done >= earliest);
        CHECK(done <= earliest + 1 + 100 * speed);
      }
    }
  }
}

TEST_CASE("work that is cancelled leaves its core or its place in the line") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  {
    Scope running(clock.simulation);
    Scope waiting(clock.simulation);
    start(compute(running, clock, cpu, 0_ns, 10_ns, "dead"));
    start(compute(waiting, clock, cpu, 0_ns, 10_ns, "dead"));
    start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
    clock.run(4);
    waiting.kill(KilledWork::stays_silent);
  }
  CHECK(cpu.work_received_seconds() == Approx(4e-9));
  clock.run(100);
  CHECK(clock.log == Log{"a waited 4@14"});
  CHECK(cpu.work_done_seconds() == Approx(14e-9));
  CHECK(cpu.work_received_seconds() == Approx(14e-9));
}

// ---- Processor sharing ------------------------------------------------------------------------

TEST_CASE("pieces of work share one core equally") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::processor_sharing);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
  start(compute(jobs, clock, cpu, 2_ns, 4_ns, "b"));
  clock.run(100);
  // Alone until 2, a has 8 left; b takes 8 ns for its 4, in which a does 4; the rest alone.
  CHECK(clock.log == Log{"b waited 4@10", "a waited 4@14"});
}

TEST_CASE("equal pieces of work that share a core end together, as many times later as they are") {
  for (const int pieces : {2, 3, 7, 100}) {
    Clock clock;
    Cpu cpu(clock.simulation, 1, CpuScheduling::processor_sharing);
    Scope jobs(clock.simulation);
    for (int i = 0; i < pieces; ++i) {
      start(compute(jobs, clock, cpu, 0_ns, 1000_ns, "a"));
    }
    clock.run(1'000'000);
    const std::string waited = std::to_string(1000 * (pieces - 1));
    const std::string end = std::to_string(1000 * pieces);
    CHECK(clock.log == Log(static_cast<std::size_t>(pieces), "a waited " + waited + "@" + end));
  }
}

TEST_CASE("a piece of work gets one core at most") {
  Clock clock;
  Cpu cpu(clock.simulation, 2, CpuScheduling::processor_sharing);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 6_ns, "a"));
  start(compute(jobs, clock, cpu, 0_ns, 6_ns, "b"));
  start(compute(jobs, clock, cpu, 0_ns, 12_ns, "c"));
  CHECK(cpu.busy_cores() == 2);
  clock.run(10);
  CHECK(cpu.busy_cores() == 1);
  clock.run(100);
  // Three share two cores until 9, when a and b are done; c has 6 left and only one core's use.
  CHECK(clock.log == Log{"a waited 3@9", "b waited 3@9", "c waited 3@15"});
}

TEST_CASE("a change of speed, and a pause, stretch all that share") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::processor_sharing);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
  start(compute(jobs, clock, cpu, 0_ns, 20_ns, "b"));
  start(change_speed(jobs, cpu, 10_ns, 2));    // 5 and 15 left, now at rate 1 each
  start(change_speed(jobs, cpu, 12_ns, 0));    // 3 and 13 left
  start(change_speed(jobs, cpu, 50_ns, 0.5));  // a takes 12 for its 3; then b has 10 left, at 0.5
  clock.run(100);
  CHECK(clock.log == Log{"a waited 52@62", "b waited 62@82"});
}

TEST_CASE("work that is cancelled leaves its share to the others") {
  Clock clock;
  Cpu cpu(clock.simulation, 1, CpuScheduling::processor_sharing);
  Scope jobs(clock.simulation);
  {
    Scope brief(clock.simulation);
    start(compute(brief, clock, cpu, 0_ns, 10_ns, "dead"));
    start(compute(jobs, clock, cpu, 0_ns, 10_ns, "a"));
    clock.run(4);
  }
  CHECK(cpu.work_received_seconds() == Approx(4e-9));
  clock.run(100);
  CHECK(clock.log == Log{"a waited 2@12"});
  CHECK(cpu.work_done_seconds() == Approx(12e-9));
}

// ---- Against independent calculations ---------------------------------------------------------

struct SpeedChange {
  double at;
  double speed;
};

struct Schedule {
  int cores = 1;
  std::vector<Arrival> arrivals;     ///< in the order of time
  std::vector<SpeedChange> changes;  ///< in the order of time, ending with a speed above 0
};

Schedule random_schedule(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) { return static_cast<double>(random() % bound); };
  Schedule schedule;
  schedule.cores = 1 + static_cast<int>(random() % 4);
  double now = 0;
  for (int i = 0; i < 300; ++i) {
    now += below(2'000'000) / schedule.cores;
    const double demand = 1 + below(2'000'000);
    schedule.arrivals.push_back(Arrival{std::floor(now), demand});
  }
  double when = 0;
  for (int i = 0; i < 30; ++i) {
    when += 1 + below(20'000'000);
    const double speed = random() % 4 == 0 ? 0 : below(300) / 100;
    schedule.changes.push_back(SpeedChange{when, speed});
  }
  schedule.changes.push_back(SpeedChange{when + 1, 1});
  return schedule;
}

/// The ends of all work under processor sharing: from one change of the rate to the next, in real
/// numbers.
std::vector<double> ends_of_sharing(const Schedule& schedule) {
  std::vector<double> left;
  std::vector<double> ends(schedule.arrivals.size(), -1);
  std::size_t next_arrival = 0;
  std::size_t next_change = 0;
  std::size_t present = 0;
  double now = 0;
  double speed = 1;
  while (present > 0 || next_arrival < schedule.arrivals.size()) {
    const double rate =
        speed *
        std::min(1.0, schedule.cores / static_cast<double>(std::max<std::size_t>(present, 1)));
    double until = INFINITY;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (ends[i] < 0 && rate > 0) {
        until = std::min(until, now + left[i] / rate);
      }
    }
    if (next_arrival < schedule.arrivals.size()) {
      until = std::min(until, schedule.arrivals[next_arrival].at);
    }
    if (next_change < schedule.changes.size()) {
      until = std::min(until, schedule.changes[next_change].at);
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (ends[i] < 0) {
        left[i] -= (until - now) * rate;
        if (left[i] < 1e-6) {
          ends[i] = until;
          --present;
        }
      }
    }
    now = until;
    while (next_arrival < schedule.arrivals.size() && schedule.arrivals[next_arrival].at <= now) {
      left.push_back(schedule.arrivals[next_arrival].demand);
      ++next_arrival;
      ++present;
    }
    while (next_change < schedule.changes.size() && schedule.changes[next_change].at <= now) {
      speed = schedule.changes[next_change].speed;
      ++next_change;
    }
  }
  return ends;
}

/// The ends of all work first come, first served: in a clock that runs at the speed of the cores,
/// the speed is always 1.
std::vector<double> ends_of_fifo(const Schedule& schedule) {
  const auto work_until = [&](double at) {
    double work = 0;
    double since = 0;
    double speed = 1;
    for (const SpeedChange& change : schedule.changes) {
      if (change.at >= at) {
        break;
      }
      work += (change.at - since) * speed;
      since = change.at;
      speed = change.speed;
    }
    return work + (at - since) * speed;
  };
  const auto time_of = [&](double wanted) {
    double work = 0;
    double since = 0;
    double speed = 1;
    for (const SpeedChange& change : schedule.changes) {
      const double more = (change.at - since) * speed;
      if (work + more >= wanted) {
        break;
      }
      work += more;
      since = change.at;
      speed = change.speed;
    }
    return since + (wanted - work) / speed;
  };
  std::vector<double> free_at(static_cast<std::size_t>(schedule.cores), 0);
  std::vector<double> ends;
  for (const Arrival& arrival : schedule.arrivals) {
    double& core = *std::min_element(free_at.begin(), free_at.end());
    core = std::max(core, work_until(arrival.at)) + arrival.demand;
    ends.push_back(time_of(core));
  }
  return ends;
}

TEST_CASE("work ends when an independent calculation says so") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const Schedule schedule = random_schedule(seed);
      Clock clock;
      Cpu cpu(clock.simulation, schedule.cores, scheduling);
      std::vector<double> ends(schedule.arrivals.size(), -1);
      Scope jobs(clock.simulation);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        start(compute_to(jobs, cpu, schedule.arrivals[i], ends[i]));
      }
      for (const SpeedChange& change : schedule.changes) {
        start(change_speed(jobs, cpu, Duration::from_nanoseconds(change.at), change.speed));
      }
      clock.run(100'000'000'000);
      const std::vector<double> expected =
          scheduling == CpuScheduling::fifo ? ends_of_fifo(schedule) : ends_of_sharing(schedule);
      double worst = 0;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        worst = std::max(worst, std::abs(ends[i] - expected[i]));
      }
      CAPTURE(seed, static_cast<int>(scheduling));
      // Each end is rounded to a nanosecond; at low speed, and down the line, these add up.
      CHECK(worst < 2'000);
    }
  }
}

// ---- Laws
// -----------------------------------------------------------------------------------------

struct BusyCores final : Cpu::BusyObserver {
  void busy_cores_changed(Time, std::int64_t by) override {
    busy += by;
    most = std::max(most, busy);
  }
  std::int64_t busy = 0;
  std::int64_t most = 0;
};

TEST_CASE("work done equals work received, whoever comes, dies or changes the speed") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      std::mt19937_64 random(seed);
      const Schedule schedule = random_schedule(seed);
      Clock clock;
      BusyCores observer;
      Cpu cpu(clock.simulation, schedule.cores, scheduling, &observer);
      std::vector<double> ends(schedule.arrivals.size(), -1);
      std::vector<std::unique_ptr<Scope>> owners;
      for (int i = 0; i < 30; ++i) {
        owners.push_back(std::make_unique<Scope>(clock.simulation));
      }
      Scope jobs(clock.simulation);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        start(compute_to(*owners[random() % 30], cpu, schedule.arrivals[i], ends[i]));
      }
      for (const SpeedChange& change : schedule.changes) {
        start(change_speed(jobs, cpu, Duration::from_nanoseconds(change.at), change.speed));
      }
      CAPTURE(seed, static_cast<int>(scheduling));
      std::int64_t now = 0;
      for (int look = 0; look < 60; ++look) {
        now += static_cast<std::int64_t>(random() % 10'000'000);
        clock.run(now);
        owners[random() % 30]->kill(KilledWork::stays_silent);
        clock.run(now);
        // Every end is rounded by up to half a nanosecond, at up to three times the nominal speed.
        REQUIRE(std::abs(cpu.work_done_seconds() - cpu.work_received_seconds()) < 300 * 1.5e-9);
        REQUIRE(observer.busy == cpu.busy_cores());
      }
      clock.run(100'000'000'000);
      CHECK(std::abs(cpu.work_done_seconds() - cpu.work_received_seconds()) < 300 * 1.5e-9);
      CHECK(cpu.busy_cores() == 0);
      CHECK(observer.busy == 0);
      CHECK(observer.most == schedule.cores);
    }
  }
}

TEST_CASE("looking at the work of a cpu does not change when it ends") {
  for (const CpuScheduling scheduling : {CpuScheduling::fifo, CpuScheduling::processor_sharing}) {
    const auto run = [&](bool look) {
      const Schedule schedule = random_schedule(77);
      Clock clock;
      Cpu cpu(clock.simulation, schedule.cores, scheduling);
      std::vector<double> ends(schedule.arrivals.size(), -1);
      Scope jobs(clock.simulation);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        start(compute_to(jobs, cpu, schedule.arrivals[i], ends[i]));
      }
      for (const SpeedChange& change : schedule.changes) {
        start(change_speed(jobs, cpu, Duration::from_nanoseconds(change.at), change.speed));
      }
      double seen = 0;
      for (std::int64_t now = 0; look && now < 1'000'000'000; now += 1'234'567) {
        clock.run(now);
        seen += cpu.work_done_seconds() + cpu.work_received_seconds();
      }
      CHECK(seen >= 0);
      clock.run(100'000'000'000);
      return ends;
    };
    CHECK(run(true) == run(false));
  }
}

// ---- Cores come and go ------------------------------------------------------------------------

Process change_cores(Scope& scope, Cpu& cpu, Duration when, std::int64_t cores) {
  co_await scope.simulation().delay(when);
  cpu.set_cores(cores);
  co_return Done();
}

TEST_CASE("a core that is taken away finishes its piece, and begins no other") {
  Clock clock;
  Cpu cpu(clock.simulation, 2, CpuScheduling::fifo);
  Scope jobs(clock.simulation);
  for (const char* name : {"a", "b", "c", "d"}) {
    start(compute(jobs, clock, cpu, 0_ns, 10_ns, name));
  }
  start(change_cores(jobs, cpu, 5_ns, 0));
  start(change_cores(jobs, cpu, 30_ns, 1));
  clock.simulation.run(Time::from_start(25_ns));
  CHECK(cpu.busy_cores() == 0);
  clock.simulation.run(Time::from_start(1_us));
  CHECK(clock.log == Log{"a@10", "b@10", "c waited 30@40", "d waited 40@50"});
  CHECK(cpu.work_done_seconds() == Approx(40e-9));
  CHECK(cpu.work_received_seconds() == Approx(40e-9));
}

TEST_CASE("cores that are taken away leave the others to be shared") {
  Clock clock;
  Cpu cpu(clock.simulation, 2, CpuScheduling::processor_sharing);
  Scope jobs(clock.simulation);
  start(compute(jobs, clock, cpu, 0_ns, 20_ns, "a"));
  start(compute(jobs, clock, cpu, 0_ns, 20_ns, "b"));
  start(change_cores(jobs, cpu, 10_ns, 1));  // half is done; at half the speed 20 more,
  start(change_cores(jobs, cpu, 20_ns, 0));  // of which 5 are done in ten;
  start(change_cores(jobs, cpu, 50_ns, 2));  // and 5 are left at full speed
  clock.simulation.run(Time::from_start(40_ns));
  CHECK(cpu.busy_cores() == 0);
  clock.simulation.run(Time::from_start(1_us));
  CHECK(clock.log == Log{"a waited 35@55", "b waited 35@55"});
  CHECK(cpu.work_done_seconds() == Approx(40e-9));
  CHECK(cpu.work_received_seconds() == Approx(40e-9));
}

}  // namespace
}  // namespace stampede
