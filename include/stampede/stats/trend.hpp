#pragma once

#include <span>

namespace stampede {

/// Whether a series rises or falls all along, whatever its shape: the Mann-Kendall statistic, which
/// counts the pairs that rise less those that fall, divided by its standard deviation where there
/// is no trend (Mann, Econometrica 13, 1945, pp. 245-259; with the correction for continuity,
/// without that for ties). Close to standard normal from ten values on. Above 3 a series of
/// independent values has a rising trend with an error of 1 in 700. Takes quadratic time. NaN
/// values make no pairs; 0 when there are fewer than three.
double mann_kendall(std::span<const double> series);

}  // namespace stampede
