#include "policies/analyses/normal_bound.hpp"
#include "stampede/model/analysis.hpp"

namespace stampede {
namespace {

struct FixedHorizonSettings {
  AnalysisUnit unit = AnalysisUnit::unit;
};
void describe(Visitor& v, FixedHorizonSettings& s) { describe_unit(v, s.unit); }

/// One look, after the planned number of users, however often the data could be seen before.
class FixedHorizon final : public Analysis {
 public:
  FixedHorizon(const FixedHorizonSettings& settings, const Context& context)
      : unit_(settings.unit), bound_(normal_bound(context.alpha)) {}

  Finding look(const Look& look) override {
    return look.is_last ? finding_of(z_of(difference_of(look, unit_)), bound_) : Finding::none;
  }

 private:
  AnalysisUnit unit_;
  double bound_;
};

const Register<Analysis, FixedHorizon, FixedHorizonSettings> registered{
    "fixed_horizon", "a z test of the difference, once, at the last look"};

}  // namespace
}  // namespace stampede
