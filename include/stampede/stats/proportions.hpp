#pragma once

#include <cstdint>

/// Two groups of yes or no, and whether their shares of yes differ.

namespace stampede {

/// So many yes among so many trials; whole numbers.
struct Successes {
  std::int64_t yes = 0;
  std::int64_t trials = 0;

  double share() const { return static_cast<double>(yes) / static_cast<double>(trials); }
};

/// What would count against "no difference": any difference, or a second group that is greater, or
/// less, than the first.
enum class AlternativeHypothesis { two_sided, greater, less };

/// What a test says of a difference, the second group less the first.
struct TestOfDifference {
  double difference;
  double low;  ///< of the two-sided interval at the confidence asked for
  double high;
  double statistic;  ///< z or t; positive when the second group is greater
  double p_value;
};

/// The two-proportion z test: z = (p₂-p₁)/√(p(1-p)(1/n₁+1/n₂)) with the pooled share p, without a
/// correction for continuity; R's prop.test(correct=FALSE) gives z². The interval has the unpooled
/// standard error (Wald). Both groups have trials; where nobody or everybody says yes p is 1 and z
/// is 0. Trust it from about five yes and five no in each group on; below, fisher_exact.
TestOfDifference two_proportion_z(
    const Successes& first, const Successes& second,
    AlternativeHypothesis alternative = AlternativeHypothesis::two_sided, double confidence = 0.95);

/// Fisher's exact test of a 2×2 table: the probability, given how many said yes in both groups
/// together, of a table at least as extreme. Two-sided: of all tables that are no more likely than
/// the one observed (within 1e-7, as R's fisher.test). Its true type I error is below the nominal
/// one. Takes time proportional to the number of possible tables.
double fisher_exact(const Successes& first, const Successes& second,
                    AlternativeHypothesis alternative = AlternativeHypothesis::two_sided);

/// A comparison of two groups before it is made: `alpha` is the probability of finding a difference
/// where there is none; `sides` is 2 or 1.
struct TestPlan {
  double alpha = 0.05;
  int sides = 2;
  /// Size of the second group as a multiple of the first.
  double ratio = 1;
};

/// The probability that a z test of n₁ and ratio·n₁ trials finds the difference between shares p1
/// and p2 (Fleiss, Levin, Paik: Statistical Methods for Rates and Proportions, 3rd ed. 2003,
/// ch. 4); for equal groups R's power.prop.test.
double power_of_proportions(double p1, double p2, double n1, const TestPlan& plan);
/// How many trials the first group needs for that; not rounded. p1 ≠ p2.
double sample_size_of_proportions(double p1, double p2, double power, const TestPlan& plan);

}  // namespace stampede
