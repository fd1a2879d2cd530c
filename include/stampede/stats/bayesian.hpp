#pragma once

#include "stampede/stats/always_valid.hpp"
#include "stampede/stats/proportions.hpp"

/// Two groups in the words of Bayes. The prior is stated: a posterior is no better than it, and
/// stopping when it looks good does have a type I error.

namespace stampede {

/// Beta(alpha, beta): what is believed of a share before any trial; Beta(1, 1) is "anything alike".
struct BetaPrior {
  double alpha = 1;
  double beta = 1;
};

/// What is believed of "the second is greater than the first" afterwards.
struct Posterior {
  double probability;            ///< that the second is greater
  double expected_loss;          ///< of choosing the second: E[max(first - second, 0)]
  double expected_loss_control;  ///< of choosing the first
};

/// Shares of yes, each with the same prior, by numerical integration; right to about 1e-8.
Posterior compare_shares(const Successes& first, const Successes& second, const BetaPrior& prior);

/// The first of these numbers alone, at a sixth of the cost.
double chance_of_greater_share(const Successes& first, const Successes& second,
                               const BetaPrior& prior);

/// A difference known as δ̂ with a variance, and believed N(0, prior_sd²) beforehand; the prior is
/// conjugate, so that the posterior is normal (Gelman et al.: Bayesian Data Analysis, 3rd ed. 2013,
/// §2.5).
Posterior compare_means(const NormalEstimate& difference, double prior_sd);

}  // namespace stampede
