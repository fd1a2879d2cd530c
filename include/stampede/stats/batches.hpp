#pragma once

#include <cstddef>
#include <span>

/// Intervals from a single long run, by means of non-overlapping batches.

namespace stampede {

/// Into how many batches so many slices of a run are cut: the number from 20 to 30 that leaves the
/// fewest slices over, the largest of equals; 0 when there are fewer than 20 slices.
std::size_t number_of_batches(std::size_t slices);

/// How far neighbouring batches are alike.
struct BatchDependence {
  /// Of their deviations from the estimate, one batch apart. NaN when there are too few to tell.
  double autocorrelation;
  /// What makes an interval right that takes the batches for independent: √((1+ρ)/(1-ρ)), the
  /// ratio of standard errors when batch means are AR(1) with ρ > 0; otherwise 1 (Steiger et al.,
  /// ACM Trans. Modeling and Computer Simulation 15, 2005, pp. 39-73, who correct ASAP3's batches
  /// in this way; Skart does so too).
  double widening;
  /// Neighbours are more alike than chance makes independent ones once in a hundred: batches are
  /// too short. The autocorrelation is compared with its mean -1/n and deviation (n-2)/(n·√(n-1))
  /// under independence (Moran, Biometrika 35, 1948, pp. 255-260). Von Neumann's ratio is the same
  /// but for its ends, where a single odd batch would decide it.
  bool significant;
};

/// `deviations` of consecutive batches of one run; NaN marks one without data.
BatchDependence dependence_of(std::span<const double> deviations);

}  // namespace stampede
