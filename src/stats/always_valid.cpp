#include "stampede/stats/always_valid.hpp"

#include <algorithm>
#include <cmath>

namespace stampede {

double mixture_likelihood_ratio(const NormalEstimate& seen, double tau) {
  const double prior = tau * tau;
  const double together = seen.variance + prior;
  return std::sqrt(seen.variance / together) *
         std::exp(prior * seen.value * seen.value / (2 * seen.variance * together));
}

double always_valid_p(const NormalEstimate& seen, double tau, double before) {
  return seen.variance > 0 ? std::min(before, 1 / mixture_likelihood_ratio(seen, tau)) : before;
}

double always_valid_margin(double variance, double tau, double alpha) {
  const double prior = tau * tau;
  const double together = variance + prior;
  return std::sqrt(variance * together / prior *
                   (2 * std::log(1 / alpha) + std::log(together / variance)));
}

}  // namespace stampede
