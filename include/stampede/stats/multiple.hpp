#pragma once

#include <span>
#include <vector>

namespace stampede {

/// How several tests are judged together.
enum class Correction {
  none,
  bonferroni,         ///< probability of any false rejection, whatever their dependence
  holm,               ///< the same, and never rejects less (Holm, Scand. J. Statistics 6, 1979)
  benjamini_hochberg  ///< expected share of false ones among the rejections (JRSS B 57, 1995)
};

/// p-values that can be compared with alpha as if each were the only one, as R's p.adjust gives
/// them, in the order given.
std::vector<double> adjusted(std::span<const double> p_values, Correction correction);

}  // namespace stampede
