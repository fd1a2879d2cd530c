#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace stampede {

/// A number with its 95 % interval over `n` independent replications, or over n batches of one.
/// With n < 2 there is no interval and low and high are NaN; without data the estimate is NaN too.
struct Estimate {
  double estimate = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  std::int64_t n = 0;
};

/// One replication's part of a ratio: sums whose quotient is of interest.
struct Fraction {
  double numerator = 0;
  double denominator = 0;
};

/// The value that Student's t with `degrees_of_freedom` ≥ 1 exceeds in absolute value with
/// probability 1 - confidence, so that mean ± this · standard error is the two-sided interval.
double t_critical(double confidence, std::int64_t degrees_of_freedom);

/// The mean of independent replications with Student's t interval. NaN marks a replication without
/// data and is left out.
Estimate mean_estimate(std::span<const double> replications);

/// The ratio of pooled sums, Σ numerator / Σ denominator, with the interval of the classical ratio
/// estimator r (Cochran, Sampling Techniques, 3rd ed. 1977, §6.3): r ± t·√(Σ(yᵢ-r·xᵢ)²/(R(R-1)))/x̄
/// with R-1 degrees of freedom. For numbers such as the mean latency, whose replications differ in
/// their number of requests: the mean of means would be biased. NaN when no denominator is > 0.
Estimate ratio_estimate(std::span<const Fraction> replications);

/// The quantile of the merged histogram with q ± t·√(Σ(qᵢ-q)²/(R(R-1))), where qᵢ is the quantile
/// in replication i alone (NaN: no data, left out). The deviations are taken from the merged
/// quantile, so that the bias of quantiles of short replications widens the interval.
Estimate quantile_estimate(double merged, std::span<const double> replications);

/// A share of yes among yes or no (availability: ok among all), pooled over replications as
/// Σ numerator / Σ denominator, with an interval that stays right near 0 and 1 and lies within
/// [0, 1].
///
/// Requests of one replication share their luck: an outage fails thousands of them together. The
/// ratio estimator's variance, compared with that of independent requests, gives the design effect,
/// and the number of requests divided by it is the number of independent ones that would tell as
/// much. On these effective counts, reduced for the R-1 degrees of freedom of the variance, the
/// interval is Clopper and Pearson's (Korn and Graubard, Survey Methodology 24, 1998, pp. 193-201).
///
/// Requests count at most once each (a design effect below 1 is taken as 1), because with few
/// failures a small one is chance. Without a single failure the design effect cannot be seen and is
/// 1: the bound then speaks of failures that strike requests singly, and cannot speak of a rare
/// outage that no replication met.
Estimate proportion_estimate(std::span<const Fraction> replications);

/// How far each replication moves an estimate: dᵢ such that √(Σdᵢ²/(R(R-1))) is its standard error,
/// as in the three intervals above. NaN where the replication has no data. Estimates of two
/// scenarios that share their luck are compared by the differences of these.
std::vector<double> mean_deviations(std::span<const double> replications);
/// (yᵢ - r·xᵢ)/x̄, the linearised ratio.
std::vector<double> ratio_deviations(std::span<const Fraction> replications);
/// qᵢ - q.
std::vector<double> quantile_deviations(double merged, std::span<const double> replications);

/// estimate ± t·√(Σdᵢ²/(n(n-1))) over the n deviations that are not NaN.
Estimate interval_of(double estimate, std::span<const double> deviations, double confidence = 0.95);

/// Whether `count` samples can tell the q-quantile: at least ten are expected beyond it, on the
/// shorter side. The distribution-free interval for a quantile ends at the order statistic of rank
/// n·q + 1.96·√(n·q·(1-q)) (David and Nagaraja, Order Statistics, 3rd ed. 2003, §7.1), which exists
/// only from four samples beyond; ten keep its end inside the sample, away from the maximum.
bool supported(double q, std::int64_t count);
/// How many times as many samples it would take, 1 or more; NaN without any sample.
double times_the_samples(double q, std::int64_t count);

}  // namespace stampede
