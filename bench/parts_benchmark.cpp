// Parts of the hot path, each alone: what an operation costs in ns.

#include <benchmark/benchmark.h>

#include "stampede/kernel/event_queue.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/random/variates.hpp"
#include "stampede/stats/slices.hpp"

using namespace stampede;

namespace {

/// The hold model: pop the earliest of N pending events, push one an exponential time later.
void event_queue_hold(benchmark::State& state) {
  EventQueue queue;
  Draw draw(1, 1);
  std::uint64_t order = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    queue.push({static_cast<std::int64_t>(standard_exponential(draw) * 1e9), order++});
  }
  for (auto _ : state) {
    const Event event = *queue.front();
    queue.pop();
    queue.push({event.time + static_cast<std::int64_t>(standard_exponential(draw) * 1e9), order++});
  }
}
BENCHMARK(event_queue_hold)->Arg(2)->Arg(32)->Arg(1000)->Arg(100'000)->Arg(1'000'000);

struct Owner {
  explicit Owner(Simulation& simulation) : slots(simulation, 1), jobs(simulation) {}
  Scope& scope() { return jobs; }

  Process delays() {
    for (;;) {
      co_await jobs.simulation().delay(Duration::nanoseconds(1));
    }
  }
  Process slot_and_delay() {
    for (;;) {
      Slot slot = co_await slots.acquire();
      co_await jobs.simulation().delay(Duration::nanoseconds(1));
    }
  }
  Process child() {
    co_await jobs.simulation().delay(Duration::nanoseconds(1));
    co_return Done();
  }
  Process calls() {
    for (;;) {
      Process work = child();
      co_await work;
    }
  }

  Slots slots;
  Scope jobs;
};

template <class Start>
void run_until_done(benchmark::State& state, Start start) {
  Simulation simulation;
  Owner owner(simulation);
  start(owner);
  const std::int64_t steps = 1'000'000;
  for (auto _ : state) {
    simulation.run(simulation.now() + Duration::nanoseconds(steps));
  }
  state.SetItemsProcessed(state.iterations() * steps);
}

void delay_and_resume(benchmark::State& state) {
  run_until_done(state, [](Owner& owner) { static_cast<void>(owner.delays()); });
}
BENCHMARK(delay_and_resume);

void slot_taken_and_given_back(benchmark::State& state) {
  run_until_done(state, [](Owner& owner) { static_cast<void>(owner.slot_and_delay()); });
}
BENCHMARK(slot_taken_and_given_back);

void call_in_a_frame_of_its_own(benchmark::State& state) {
  run_until_done(state, [](Owner& owner) { static_cast<void>(owner.calls()); });
}
BENCHMARK(call_in_a_frame_of_its_own);

void exponential_keyed_by_request(benchmark::State& state) {
  const Stream stream(1, 0, "app", "work");
  std::uint64_t luck = 0;
  for (auto _ : state) {
    Draw draw = stream.at(++luck);
    benchmark::DoNotOptimize(standard_exponential(draw));
  }
}
BENCHMARK(exponential_keyed_by_request);

void latency_recorded(benchmark::State& state) {
  SlicedHistogram histogram;
  std::int64_t value = 1;
  for (auto _ : state) {
    histogram.record(value);
    value = (value * 5 + 12345) & 0xfffffff;
  }
}
BENCHMARK(latency_recorded);

void level_changed(benchmark::State& state) {
  SlicedLevel level;
  std::int64_t now = 0;
  for (auto _ : state) {
    ++now;
    level.change(Time::from_start(Duration::nanoseconds(now)), now % 2 == 0 ? -1 : 1);
  }
}
BENCHMARK(level_changed);

}  // namespace
