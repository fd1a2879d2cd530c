#pragma once

#include <cstdint>
#include <span>

#include "stampede/stats/estimate.hpp"

/// Two estimates of the same number in two scenarios whose replications share their luck (common
/// random numbers): what differs between them is then the scenario's doing more than chance's.

namespace stampede {

struct PairedDifference {
  /// The second less the first, with its interval; n pairs.
  Estimate value;
  /// How many times the variance would be larger if the two had luck of their own,
  /// Σ(aᵢ² + bᵢ²)/Σ(bᵢ-aᵢ)²: pairing is worth so many times the replications. Infinite when all
  /// pairs differ by the same; NaN when there is nothing to tell.
  double variance_reduction;
};

/// `first` and `second` with their deviations (see mean_deviations and its neighbours), of which
/// those of one index belong together; a pair of which one is NaN is left out.
///
/// The interval is d ± t·√(Σ(bᵢ-aᵢ)²/(n(n-1))) with n-1 degrees of freedom. For means this is the
/// classical paired t interval (Law, Simulation Modeling and Analysis, 5th ed. 2015, §10.2.1), for
/// ratios of sums the paired ratio estimator, for percentiles it takes the paired deviations from
/// the quantiles of the merged histograms.
PairedDifference paired_difference(double first, std::span<const double> first_deviations,
                                   double second, std::span<const double> second_deviations,
                                   double confidence);

/// The confidence that each of `count` intervals needs for all of them to hold together with
/// `confidence`, whatever their dependence (Bonferroni).
double simultaneous(double confidence, std::int64_t count);

/// About how many replications it takes until the half-width, now `half_width` over `n`, is
/// `target`: it shrinks as 1/√n.
double replications_for(double half_width, std::int64_t n, double target);

}  // namespace stampede
