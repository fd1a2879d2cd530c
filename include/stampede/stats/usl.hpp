#pragma once

#include <optional>
#include <span>

#include "stampede/stats/estimate.hpp"

namespace stampede {

/// One measured point of scalability: how much work is done with how many users, cores or
/// instances.
struct ScalePoint {
  double size = 0;        ///< N > 0: users, cores, instances
  double throughput = 0;  ///< X(N)
};

/// The Universal Scalability Law X(N) = γN / (1 + α(N - 1) + βN(N - 1)) (Gunther: Guerrilla
/// Capacity Planning, 2007, ch. 4 and 6), fitted to points. Each interval is a 95 % one by the
/// delta method, from the residuals, with Student's t for n - 3 degrees of freedom; `n` is the
/// number of points.
struct UslFit {
  Estimate contention;  ///< α ≥ 0: the serial share, Amdahl's law for β = 0
  Estimate coherency;   ///< β ≥ 0: the price of every pair that must agree
  Estimate unit;        ///< γ: throughput of size 1
  /// Where throughput is greatest, √((1 - α)/β); without a value it grows for ever.
  std::optional<Estimate> peak_size;
  /// What it is there; with β = 0 the asymptote γ/α; without a value there is no limit at all.
  std::optional<double> peak_throughput;
  double residual = 0;  ///< standard error of the residuals
  double r_squared = 0;

  double throughput(double size) const;
};

/// Least squares by Levenberg and Marquardt (Marquardt, SIAM J. Applied Mathematics 11, 1963), kept
/// within α, β ≥ 0: a coefficient that would be negative is 0, and the intervals of the others are
/// those of the smaller model. Nothing with fewer than four points of different sizes, or without
/// any throughput.
std::optional<UslFit> fit_usl(std::span<const ScalePoint> points);

}  // namespace stampede
