#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stampede/base/json_fwd.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/sweep_settings.hpp"

namespace stampede {

/// All that a sweep depends on, as plain data: it can be written, read again on another machine,
/// and compared. Two plans with one hash give the same bytes.
struct SweepPlan {
  std::string version;  ///< of this program
  std::string name;     ///< of the scenario
  std::string file;     ///< of the scenario, absolute: files that it names are looked for beside it
  std::string text;     ///< of the scenario; "-" as its file means the standard input
  std::vector<std::string> settings;  ///< "path=value" as of --set, for all points
  std::vector<std::string> paths;     ///< of the parameters
  std::vector<bool> is_log;           ///< whether a parameter was varied by factors
  Design design = Design::grid;
  std::vector<std::vector<std::string>> points;  ///< values of the parameters; [point][parameter]
  std::vector<std::string> metrics;              ///< for tables and sensitivities
  std::string usl;  ///< the one of them that the Universal Scalability Law is fitted to; or none
  int shortened = 1;

  /// Of everything but `file`: the same sweep planned in another place is the same.
  std::uint64_t hash() const;
};

/// "app.replicas=4, app.workers=8"
std::string point_text(const SweepPlan& plan, std::size_t point);

/// The scenario at a point, checked as a whole.
ReadScenario read_point(const SweepPlan& plan, std::size_t point);

/// A point and what it costs.
struct PlannedPoint {
  std::size_t point = 0;
  std::int64_t replications = 0;
  Duration duration;  ///< simulated time of each of them
};

/// A plan whose points were all read.
struct CheckedPlan {
  Problems problems;  ///< each once, with the first point that it is found at in its text
  std::vector<PlannedPoint> points;  ///< all of them, unless there are errors
};

/// Reads every point, so that nothing can be wrong when the sweep has begun. Fills in the default
/// metrics and the name; metrics are looked for at every point.
CheckedPlan check_plan(SweepPlan& plan);

/// One point of a plan that was checked before. Throws FileError when it cannot be read any more: a
/// file that the scenario names has gone.
PlannedPoint planned_point(const SweepPlan& plan, std::size_t point);

Json plan_json(const SweepPlan& plan);
/// The inverse; throws FileError when it is not a plan of this version of the format. `text` is not
/// in it.
SweepPlan plan_from_json(const Json& json);

}  // namespace stampede
