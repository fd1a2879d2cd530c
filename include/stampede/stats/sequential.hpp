#pragma once

#include <span>
#include <vector>

/// Looking at an experiment more than once: group-sequential tests.
///
/// A test statistic Zₖ ~ N(θ√tₖ, 1) is looked at K times, at information fractions
/// 0 < t₁ < … < t_K ≤ 1 (the share of all users of the plan that were seen by then, for means and
/// shares), with Cov(Zⱼ, Zₖ) = √(tⱼ/tₖ). The first look at which it is beyond its bound ends the
/// experiment. θ is the drift: the mean of Z at t = 1.

namespace stampede {

/// Whether a look rejects on |Z| or on Z.
enum class Sides { one = 1, two = 2 };

/// The probability that look k is the first to cross its bound: by numerical integration of the
/// density of what went on (Armitage, McPherson, Rowe: JRSS A 132, 1969, pp. 235-244; Jennison and
/// Turnbull: Group Sequential Methods, 2000, ch. 19), right to about 1e-10.
std::vector<double> crossing_probabilities(std::span<const double> information,
                                           std::span<const double> bounds, double drift,
                                           Sides sides);

/// k/K for k = 1 … K.
std::vector<double> equal_looks(int looks);

/// The probability of rejecting at some look where nothing differs, if each look is judged as if it
/// were the only one: |Z| beyond the normal quantile of alpha. With five looks at 5 % it is 14.2 %.
double error_of_peeking(std::span<const double> information, double alpha, Sides sides);

/// A constant bound at every look (Pocock, Biometrika 64, 1977).
std::vector<double> pocock_bounds(std::span<const double> information, double alpha, Sides sides);

/// Bounds C/√tₖ, so wide at first that the last is hardly wider than that of a single look (O'Brien
/// and Fleming, Biometrics 35, 1979).
std::vector<double> obrien_fleming_bounds(std::span<const double> information, double alpha,
                                          Sides sides);

/// How much of alpha may be spent up to information fraction t (Lan and DeMets, Biometrika 70,
/// 1983, pp. 659-663). The number of looks and their times need not be known beforehand.
enum class Spending {
  obrien_fleming,  ///< 2 - 2Φ(z_{a/2}/√t) for each side, with a = alpha/sides
  pocock,          ///< alpha·ln(1 + (e - 1)t)
};
double spent(Spending rule, double alpha, double t, Sides sides);
/// Bounds that spend at each look what the rule allows up to then.
std::vector<double> spending_bounds(std::span<const double> information, double alpha,
                                    Spending rule, Sides sides);

/// The probability of crossing at any look.
double total_crossing(std::span<const double> information, std::span<const double> bounds,
                      double drift, Sides sides);

/// The drift at which the bounds are crossed with this probability. Its square, divided by that of
/// a test with a single look, is how many times the users the plan needs at most.
double drift_for_power(std::span<const double> information, std::span<const double> bounds,
                       double power, Sides sides);

}  // namespace stampede
