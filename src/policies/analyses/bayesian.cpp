#include <cstdint>
#include <optional>

#include "stampede/model/analysis.hpp"
#include "stampede/stats/bayesian.hpp"

namespace stampede {
namespace {

struct BetaSettings {
  double alpha = 1;
  double beta = 1;
};
void describe(Visitor& v, BetaSettings& s) {
  v.field("alpha", s.alpha, "as if so many less one had said yes before", more_than(0.0));
  v.field("beta", s.beta, "as if so many less one had said no before", more_than(0.0));
}

struct BayesianSettings {
  Ratio probability{0.95};
  BetaSettings share_prior;
  std::optional<double> difference_prior;
  AnalysisUnit unit = AnalysisUnit::unit;
};
void describe(Visitor& v, BayesianSettings& s) {
  v.field("probability", s.probability,
          "it finds a difference when one side is better with this probability, at any look",
          more_than(Ratio{0.5}), less_than(Ratio{1}));
  v.field("share_prior", s.share_prior,
          "what is believed of each share before, where users do something or do not: "
          "Beta(alpha, beta)");
  v.field("difference_prior", s.difference_prior,
          "of other metrics the difference is believed to be normal around 0 with this standard "
          "deviation; as if nothing were known unless given",
          more_than(0.0));
  describe_unit(v, s.unit);
}

/// "The treatment is better with 95 %": it promises nothing about how often that is wrong when one
/// looks until it is said.
class Bayesian final : public Analysis {
 public:
  Bayesian(const BayesianSettings& settings, const Context&) : settings_(settings) {}

  Finding look(const Look& look) override {
    const double higher = chance_of_higher(look);
    const double enough = settings_.probability.value;
    return higher >= enough       ? Finding::higher
           : 1 - higher >= enough ? Finding::lower
                                  : Finding::none;
  }

 private:
  double chance_of_higher(const Look& look) const {
    if (look.control.is_yes_or_no && settings_.unit == AnalysisUnit::unit) {
      return chance_of_greater_share(successes_of(look.control), successes_of(look.treatment),
                                     {settings_.share_prior.alpha, settings_.share_prior.beta});
    }
    constexpr double anything = 1e9;
    const NormalEstimate difference = difference_of(look, settings_.unit);
    return compare_means(difference, settings_.difference_prior.value_or(
                                         anything * std::sqrt(difference.variance)))
        .probability;
  }
  static Successes successes_of(const GroupData& group) {
    return {std::llround(group.units.sum_y()), std::llround(group.units.count())};
  }

  BayesianSettings settings_;
};

const Register<Analysis, Bayesian, BayesianSettings> registered{
    "bayesian", "the probability that one side is better, with a stated prior"};

}  // namespace
}  // namespace stampede
