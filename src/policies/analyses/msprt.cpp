#include <optional>

#include "stampede/model/analysis.hpp"

namespace stampede {
namespace {

struct MsprtSettings {
  std::optional<double> tau;
  AnalysisUnit unit = AnalysisUnit::unit;
};
void describe(Visitor& v, MsprtSettings& s) {
  v.field("tau", s.tau,
          "size of the differences that it is tuned to, as a standard deviation; the `effect` of "
          "the test unless given",
          more_than(0.0));
  describe_unit(v, s.unit);
}

/// Always-valid p-values: however often one looks, and whenever one stops (Johari et al. 2022).
class Msprt final : public Analysis {
 public:
  Msprt(const MsprtSettings& settings, const Context& context)
      : unit_(settings.unit), tau_(settings.tau.value_or(context.effect)), alpha_(context.alpha) {}

  Finding look(const Look& look) override {
    const NormalEstimate difference = difference_of(look, unit_);
    // Without a size to look for, that of one standard error at the end of the plan.
    const double tau = tau_ > 0 ? tau_ : std::sqrt(difference.variance * look.information);
    p_ = always_valid_p(difference, tau, p_);
    if (p_ > alpha_) {
      return Finding::none;
    }
    return difference.value > 0 ? Finding::higher : Finding::lower;
  }

 private:
  AnalysisUnit unit_;
  double tau_;
  double alpha_;
  double p_ = 1;
};

const Register<Analysis, Msprt, MsprtSettings> registered{
    "msprt", "always-valid p-values: a mixture sequential probability ratio test"};

}  // namespace
}  // namespace stampede
