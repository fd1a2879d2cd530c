#include "stampede/stats/bayesian.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "stampede/stats/multiple.hpp"
#include "stats/tests_reference.hpp"

namespace stampede {

TEST_CASE("posteriors of shares are SciPy's") {
  for (const scipy::Shares& one : scipy::shares) {
    const Posterior posterior = compare_shares({one.yes1, one.trials1}, {one.yes2, one.trials2},
                                               {.alpha = one.prior_alpha, .beta = one.prior_beta});
    CHECK(posterior.probability == Approx(one.probability).epsilon(1e-6));
    CHECK(chance_of_greater_share({one.yes1, one.trials1}, {one.yes2, one.trials2},
                                  {.alpha = one.prior_alpha, .beta = one.prior_beta}) ==
          posterior.probability);
    CHECK(posterior.expected_loss == Approx(one.loss).epsilon(1e-5).margin(1e-9));
  }
}

TEST_CASE("one yes and no trial beside nothing known: two to one") {
  // Beta(1, 1) against Beta(2, 1): P = ∫ 2x · x dx.
  const Posterior posterior = compare_shares({0, 0}, {1, 1}, {});
  CHECK(posterior.probability == Approx(2.0 / 3));
  // E[max(first - second, 0)] = ∫ (1 - x) x² dx.
  CHECK(posterior.expected_loss == Approx(1.0 / 12));
  CHECK(posterior.expected_loss_control == Approx(1.0 / 12 + 2.0 / 3 - 0.5));
}

TEST_CASE("a posterior of means lies between prior and data") {
  // Prior and data weigh the same: the mean halves, and so does the variance.
  const Posterior posterior = compare_means({1, 4}, 2);
  CHECK(posterior.probability == Approx(0.6381632));  // Φ(0.5/√2)
  CHECK(posterior.expected_loss_control - posterior.expected_loss == Approx(0.5));
  CHECK(compare_means({1, 4}, 1e6).probability == Approx(0.6914625));  // Φ(1/2)
}

TEST_CASE("corrections of p-values are those of R's p.adjust") {
  // p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), …), and an example in another order.
  const std::vector<double> p{0.01, 0.02, 0.03, 0.04, 0.05};
  const auto check = [](const std::vector<double>& found, const std::vector<double>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i] == Approx(expected[i]));
    }
  };
  check(adjusted(p, Correction::none), p);
  check(adjusted(p, Correction::bonferroni), {0.05, 0.10, 0.15, 0.20, 0.25});
  check(adjusted(p, Correction::holm), {0.05, 0.08, 0.09, 0.09, 0.09});
  check(adjusted(p, Correction::benjamini_hochberg), {0.05, 0.05, 0.05, 0.05, 0.05});
  const std::vector<double> mixed{0.8, 0.001, 0.04, 0.03};
  check(adjusted(mixed, Correction::bonferroni), {1, 0.004, 0.16, 0.12});
  check(adjusted(mixed, Correction::holm), {0.8, 0.004, 0.09, 0.09});
  check(adjusted(mixed, Correction::benjamini_hochberg), {0.8, 0.004, 0.16 / 3, 0.16 / 3});
  CHECK(adjusted({}, Correction::holm).empty());
}

}  // namespace stampede
