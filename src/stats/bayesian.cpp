#include "stampede/stats/bayesian.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <cstddef>

#include "normal_law.hpp"
#include "stampede/base/require.hpp"

namespace stampede {
namespace {

using Beta = boost::math::beta_distribution<>;

Beta posterior_of(const Successes& seen, const BetaPrior& prior) {
  return Beta(prior.alpha + static_cast<double>(seen.yes),
              prior.beta + static_cast<double>(seen.trials - seen.yes));
}
/// The law whose density is x/E[X] times the other's.
Beta weighted_by_itself(const Beta& law) { return Beta(law.alpha() + 1, law.beta()); }

/// P(second > first) = ∫ f₂(x) F₁(x) dx, over all of the second but 2e-12 of it.
double chance_of_more(const Beta& first, const Beta& second) {
  constexpr double left_out = 1e-12;
  const double low = boost::math::quantile(second, left_out);
  const double high = boost::math::quantile(boost::math::complement(second, left_out));
  // Panels as wide as two standard deviations of the narrower law.
  const double narrower =
      std::min(boost::math::standard_deviation(first), boost::math::standard_deviation(second));
  const int panels =
      static_cast<int>(std::clamp(std::ceil((high - low) / (2 * narrower)), 8.0, 1000.0));
  const double width = (high - low) / panels;
  const auto integrand = [&](double x) {
    return boost::math::pdf(second, x) * boost::math::cdf(first, x);
  };
  double sum = 0;
  for (int panel = 0; panel < panels; ++panel) {
    const double from = low + panel * width;
    sum += boost::math::quadrature::gauss<double, 10>::integrate(integrand, from, from + width);
  }
  return sum;
}

/// E[max(first - second, 0)]: x times a Beta density is a Beta density (Stucchio: Bayesian A/B
/// Testing at VWO, 2015).
double expected_excess(const Beta& first, const Beta& second) {
  return boost::math::mean(first) * chance_of_more(second, weighted_by_itself(first)) -
         boost::math::mean(second) * chance_of_more(weighted_by_itself(second), first);
}

}  // namespace

Posterior compare_shares(const Successes& first, const Successes& second, const BetaPrior& prior) {
  require(prior.alpha > 0 && prior.beta > 0, "a prior is a law");
  const Beta before = posterior_of(first, prior);
  const Beta after = posterior_of(second, prior);
  Posterior posterior{};
  posterior.probability = chance_of_more(before, after);
  posterior.expected_loss = expected_excess(before, after);
  posterior.expected_loss_control = expected_excess(after, before);
  return posterior;
}

double chance_of_greater_share(const Successes& first, const Successes& second,
                               const BetaPrior& prior) {
  return chance_of_more(posterior_of(first, prior), posterior_of(second, prior));
}

Posterior compare_means(const NormalEstimate& difference, double prior_sd) {
  const double prior = prior_sd * prior_sd;
  const double together = prior + difference.variance;
  const double mean = difference.value * prior / together;
  const double sd = std::sqrt(difference.variance * prior / together);
  const double z = mean / sd;
  Posterior posterior{};
  posterior.probability = normal_cdf(z);
  posterior.expected_loss = sd * normal_density(z) - mean * normal_cdf(-z);
  posterior.expected_loss_control = sd * normal_density(z) + mean * normal_cdf(z);
  return posterior;
}

}  // namespace stampede
