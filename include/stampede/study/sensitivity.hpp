#pragma once

#include <string>
#include <vector>

#include "stampede/stats/estimate.hpp"
#include "stampede/study/sweep.hpp"

namespace stampede {

/// What one parameter of a sweep does to a metric, all others being averaged over.
struct Effect {
  std::string path;
  std::string from;  ///< values of the parameter, as text
  std::string to;
  /// By how much the metric changes from the one value to the other. The interval is over
  /// replications: all points of a replication share their luck, so that the effect is computed
  /// within each replication and the effects of R replications are independent.
  Estimate change;
  /// Of the metric's variation over the points, what this parameter alone accounts for.
  double share = 0;
};

/// Which parameter moves a metric most.
struct Sensitivity {
  std::string metric;
  /// "main_effects" in a grid: the means of the points of each value, compared between the values
  /// with the smallest and the largest mean (Box, Hunter, Hunter: Statistics for Experimenters, 2nd
  /// ed. 2005, §5); the share is the variance of those means. "regression" in a sample: a linear
  /// model of all parameters, the change being its slope times the range of the sample, the share
  /// the squared standardised coefficient (Saltelli et al.: Global Sensitivity Analysis. The
  /// Primer, 2008, §1.2.5). Empty when there is no ranking; `why_not` says why.
  std::string method;
  std::string why_not;
  std::vector<Effect> effects;  ///< the largest change first
  double explained = 0;  ///< of the variation, by all effects together; the rest is interplay,
                         ///< bends and chance
};

/// The sensitivity of each metric of the plan.
std::vector<Sensitivity> sensitivities(const SweepPlan& plan,
                                       const std::vector<PointResult>& points);

}  // namespace stampede
