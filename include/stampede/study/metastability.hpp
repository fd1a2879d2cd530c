#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "stampede/study/parameter.hpp"
#include "stampede/study/replications.hpp"
#include "stampede/study/sweep_plan.hpp"

namespace stampede {

/// The scenario cannot be asked for metastability; the text says why.
class NotMetastable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct MetastabilityOptions {
  std::size_t loads = 6;   ///< from one end of the range to the other
  double precision = 0.1;  ///< of triggers and of the safe load, relative
  double well = 0.9;       ///< goodput over what is sent, from which on the system is well
  Duration hold;           ///< each load of the staircase; zero: the run's length over ten
};

/// What was found at one load.
struct LoadLevel {
  std::string load;
  double going_up = 0;     ///< share of goodput in what is sent, while the load rises step by step
  double coming_down = 0;  ///< the same at the same load on the way back, in the same world
  bool is_well_without = false;  ///< before the trigger
  /// The largest trigger after which the system was well again in every replication; none: it is
  /// not well without one, or not even after the smallest.
  std::optional<std::string> recovers_from;
  /// The smallest one after which it was not; none: it recovers from all of them.
  std::optional<std::string> kept_down_by;
};

struct MetastabilityFound {
  std::vector<LoadLevel> levels;  ///< by load
  /// The largest load seen at which no trigger of the range keeps the system down: below it lies
  /// the safe margin. None if the smallest one is not safe.
  std::optional<std::string> safe;
  std::optional<std::string> vulnerable;  ///< the smallest load seen at which one does
  std::int64_t worlds = 0;                ///< that were run
  bool is_partial = false;                ///< interrupted
};

/// Looks for a collapse that outlives its trigger (Bronson, Aghayev, Charapko, Zhu: Metastable
/// Failures in Distributed Systems, HotOS 2021).
///
/// Hysteresis: without any fault, the load goes up in steps from one end of `load` to the other and
/// down again in one world; each step is judged by its second half. Where a load is borne on the
/// way up and not on the way down, the system has two states.
///
/// Triggers: at each load the trigger is bisected. The system recovers from one if in every
/// replication the share of goodput in the last quarter of the time after the faults is at least
/// `well`; before them (the second half of that time) it must be too. The larger the trigger the
/// worse, and the larger the load: of both the finder makes use.
///
/// `plan` is of the scenario with the paths of the load (the rate of the arrivals of `population`)
/// and of the trigger, and has their four ends as points. Throws NotMetastable when the scenario
/// has no faults with an end, ReplicationFailed when a world fails.
MetastabilityFound find_metastability(const SweepPlan& plan, const std::string& population,
                                      const ValueRange& load, const ValueRange& trigger,
                                      const MetastabilityOptions& wish,
                                      const ReplicationOptions& options);

}  // namespace stampede
