#pragma once

#include <span>

#include "stampede/stats/proportions.hpp"

/// Two groups of numbers, and whether their means differ.

namespace stampede {

/// What a t test needs to know of a group of independent values.
struct GroupMoments {
  double count = 0;
  double mean = 0;
  double variance = 0;  ///< with n - 1
};
GroupMoments moments_of(std::span<const double> values);

struct WelchResult : TestOfDifference {
  double degrees_of_freedom;  ///< Welch and Satterthwaite's
};

/// Welch's t test of two means with unequal variances, the second less the first (Welch, Biometrika
/// 34, 1947; R's t.test). Both groups have at least two values; two constants give p = 1 if they
/// are equal and 0 otherwise.
WelchResult welch_t(const GroupMoments& first, const GroupMoments& second,
                    AlternativeHypothesis alternative = AlternativeHypothesis::two_sided,
                    double confidence = 0.95);

/// The probability that a t test of n₁ and ratio·n₁ values finds a difference of `delta` between
/// means of values with standard deviation `sd`: the noncentral t law with the pooled degrees of
/// freedom, for equal groups R's power.t.test (which, as here, neglects the wrong tail).
double power_of_means(double delta, double sd, double n1, const TestPlan& plan);
/// How many values the first group needs for that; not rounded, at least 2.
double sample_size_of_means(double delta, double sd, double power, const TestPlan& plan);

}  // namespace stampede
