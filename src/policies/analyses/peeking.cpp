#include "policies/analyses/normal_bound.hpp"
#include "stampede/model/analysis.hpp"

namespace stampede {
namespace {

struct PeekingSettings {
  AnalysisUnit unit = AnalysisUnit::unit;
};
void describe(Visitor& v, PeekingSettings& s) { describe_unit(v, s.unit); }

/// What people do: a test for a single look, at every look, until it says yes. Its true type I
/// error grows with the looks (Armitage, McPherson, Rowe: JRSS A 132, 1969).
class Peeking final : public Analysis {
 public:
  Peeking(const PeekingSettings& settings, const Context& context)
      : unit_(settings.unit), bound_(normal_bound(context.alpha)) {}

  Finding look(const Look& look) override {
    return finding_of(z_of(difference_of(look, unit_)), bound_);
  }

 private:
  AnalysisUnit unit_;
  double bound_;
};

const Register<Analysis, Peeking, PeekingSettings> registered{
    "peeking", "a z test at every look as if it were the only one, which is wrong"};

}  // namespace
}  // namespace stampede
