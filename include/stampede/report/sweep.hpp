#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/report/style.hpp"
#include "stampede/stats/usl.hpp"
#include "stampede/study/sensitivity.hpp"
#include "stampede/study/sweep.hpp"

namespace stampede {

/// A sweep and what is known of it; its reports are functions of this and of nothing else.
struct SweepReport {
  const SweepPlan& plan;
  std::vector<PointResult> points;  ///< finished ones, in order
  std::vector<FailedPoint> failed;
  std::vector<Sensitivity> sensitivities;
  std::optional<UslFit> usl;  ///< of the plan's `usl`, if it could be fitted

  bool is_partial() const { return points.size() < plan.points.size(); }
};

/// Every number of every point, one a line: point, a column for each parameter, metric, estimate,
/// low, high, n (RFC 4180). Metrics are paths of result.json; counts have no interval.
std::string sweep_csv(const SweepReport& report);

/// The chosen metrics of every point, expectations, warnings, and the sensitivities.
Json sweep_json(const SweepReport& report);

/// The same for people, on a page of 80 columns.
std::string sweep_text(const SweepReport& report, const TextStyle& style);

}  // namespace stampede
