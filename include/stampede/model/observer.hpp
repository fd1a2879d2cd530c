#pragma once

#include <cstdint>

#include "stampede/kernel/cpu.hpp"
#include "stampede/model/measures.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// One request's stay at one instance, told when it ends.
struct Visit {
  Time arrived;
  Duration waited;       ///< for a worker, all waits together
  Duration cpu_waited;   ///< for a core
  bool started = false;  ///< it got a worker (or needed none)
  std::uint32_t instance = 0;
  std::uint16_t version = 0;  ///< of the instance
  Outcome outcome = Outcome::ok;
};

/// What a component tells about the work that passes through it, while it happens. Models emit,
/// measures record.
class ComponentObserver : public Cpu::BusyObserver {
 public:
  virtual ~ComponentObserver() = default;

  /// A request is at the door and counts as in flight until `ended`.
  virtual void arrived(Time now) = 0;
  /// A request waits for a worker (by = 1), or waits no more (by = -1).
  virtual void queue_changed(Time now, std::int64_t by) = 0;
  /// Workers of this instance are held (by = 1) or given back (by = -1).
  virtual void busy_workers_changed(Time now, std::uint32_t instance, std::int64_t by) = 0;
  virtual void ended(Time now, const Visit& visit) = 0;
  /// A visit that took no time: it arrived and ended at once.
  virtual void passed(Time now, const Visit& visit) {
    arrived(now);
    ended(now, visit);
  }

  /// An instance was added (by = 1), before its capacity is told, or has left for good (by = -1).
  virtual void fleet_changed(Time now, std::int64_t by) {
    static_cast<void>(now), static_cast<void>(by);
  }
  /// Workers, cores and up instances that exist from now on more or less than before.
  virtual void capacity_changed(Time now, std::int64_t workers, std::int64_t cores,
                                std::int64_t instances) = 0;

  // What only components of this kind measure. A handle lives as long as the observer, and whoever
  // asks for the same measure gets the same one.
  virtual Tally& tally(const Measure& count) = 0;
  virtual Gauge& gauge(const Measure& level) = 0;
  virtual Timing& timing(const Measure& times) = 0;
};

/// What a population of users tells.
class PopulationObserver {
 public:
  virtual ~PopulationObserver() = default;

  virtual void sent(const Request& request) = 0;
  /// One of the attempts of a user request ended; the ones with `attempt` > 0 are retries.
  virtual void attempt_ended(const Request& attempt, Outcome outcome) = 0;
  /// A user request ended: its response reached the user `now`, or something else decided how it
  /// ends. `at_first_try` says that it had a single attempt, of which nothing was told.
  virtual void ended(const Request& request, Time now, const Response& response,
                     bool at_first_try) = 0;
};

}  // namespace stampede
