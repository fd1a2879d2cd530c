#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede::test {

/// What the coroutines of a test see: a simulation, and a log of what happened when, as "a@5" (ns).
///
/// A test declares its Clock, then what its processes use, and their Scope last, so that they die
/// first.
struct Clock {
  Clock() = default;
  explicit Clock(SimulationLimits limits) : simulation(limits) {}

  void note(const std::string& what) {
    log.push_back(what + "@" + std::to_string(simulation.now().ns()));
  }
  void run(std::int64_t until_ns) { simulation.run(at(until_ns)); }

  static Time at(std::int64_t ns) { return Time::from_start(Duration::nanoseconds(ns)); }

  Simulation simulation;
  std::vector<std::string> log;
};

using Log = std::vector<std::string>;

/// Lets a process run by itself.
inline void start(const Process&) {}

/// An answer for tests. Killed work answers -1.
struct Number {
  Number() = default;
  explicit Number(int value) : value(value) {}
  static Number broken() { return Number(-1); }

  int value = 0;
};

/// Notes `what` when the delay is over, or never if it dies before.
inline Process note_after(Scope& scope, Clock& clock, Duration delay, std::string what) {
  co_await scope.simulation().delay(delay);
  clock.note(what);
  co_return Done();
}

/// Answers after a delay, and notes that it did.
inline Job<Number> answer_after(Scope& scope, Clock& clock, Duration delay, int value) {
  co_await scope.simulation().delay(delay);
  clock.note("answer " + std::to_string(value));
  co_return Number(value);
}

}  // namespace stampede::test
