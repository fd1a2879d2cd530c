#pragma once

#include <cstddef>
#include <span>

namespace stampede {

/// Where the warm-up ends.
struct Truncation {
  /// How many leading values to cut off; a multiple of the batch.
  std::size_t index = 0;
  /// The best cut would take more than half of the series, or the series is too short to tell:
  /// there is no telling whether the rest is steady. `index` is then no sound warm-up.
  bool run_too_short = false;
};

/// The marginal standard error rule: cut where Σ_{j>d}(Yⱼ-Ȳ_d)²/(k-d)², the squared half-width of
/// the remaining k-d batch means, is smallest (White, Simulation 69, 1997, pp. 323-334; White, Cobb
/// and Spratt, Proc. Winter Simulation Conference 2000, pp. 755-760, who find batches of 5 best).
/// Values that are means already, such as those of time slices, need no batching: `batch` = 1.
///
/// As in the literature, a best cut beyond half of the series is refused, and five batches always
/// remain, since the rule is erratic over fewer (Hoad, Robinson and Davies, J. Oper. Res. Soc. 61,
/// 2010). A steady but long-correlated series (0.9 and more from one of 100 values to the next) is
/// often refused too: it is too short to be told from a drift.
///
/// NaN marks a slice without data; it is left out of its batch. A rest that does not fill a batch
/// is not looked at. The series is best averaged over replications first. Takes linear time.
Truncation mser(std::span<const double> series, std::size_t batch = 5);

}  // namespace stampede
