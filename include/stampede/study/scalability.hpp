#pragma once

#include <optional>
#include <vector>

#include "stampede/base/problem.hpp"
#include "stampede/stats/usl.hpp"
#include "stampede/study/sweep.hpp"

namespace stampede {

/// Whether the law that a plan asks for can be fitted at its points: one parameter, whose values
/// are four sizes or more.
Problems check_usl(const SweepPlan& plan);

/// The Universal Scalability Law of the plan's `usl`: its estimate at each point over the
/// parameter. Nothing if the plan has none, or too few points have finished.
std::optional<UslFit> fit_usl(const SweepPlan& plan, const std::vector<PointResult>& points);

}  // namespace stampede
