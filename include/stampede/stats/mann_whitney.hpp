#pragma once

#include <span>

namespace stampede {

/// How far the values of one sample lie above those of another.
struct MannWhitney {
  double statistic;  ///< W of R: pairs in which the experiment is greater, ties counting half
  double p_value;    ///< two-sided
  double estimate;   ///< Hodges and Lehmann's shift: about the median of all differences
  double low;        ///< of the confidence interval of the shift
  double high;
};

/// The Mann-Whitney test with the interval of the Hodges-Lehmann shift, experiment less control, by
/// the normal approximation with corrections for ties and continuity: what R gives for
/// wilcox.test(experiment, control, conf.int=TRUE, conf.level=…, exact=FALSE, correct=TRUE), and
/// Kayenta's judge with it.
///
/// The interval's ends are where a step function of the shift crosses a quantile. They are found as
/// R finds them, by Brent's method (Algorithms for Minimization without Derivatives, 1973, ch. 4)
/// to 1e-4 absolute, and are as exact as that: give it values whose differences are large beside
/// 1e-4 (milliseconds rather than seconds). Where the function is level, which of its zeros is the
/// estimate follows from the iterates, so that any other method would differ.
///
/// Both samples have values, and not all of them are the same.
MannWhitney mann_whitney(std::span<const double> experiment, std::span<const double> control,
                         double confidence);

}  // namespace stampede
