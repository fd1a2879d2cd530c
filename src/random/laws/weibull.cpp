#include <algorithm>
#include <cmath>
#include <optional>

#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct WeibullSettings {
  double shape = 1;
  std::optional<Quantity> scale;
  std::optional<Quantity> mean;
};

void describe(Visitor& v, WeibullSettings& s) {
  v.field("shape", s.shape, "below 1 a heavier tail than the exponential's, above 1 a lighter one",
          required(), at_least(0.1));
  v.field("scale", s.scale, "the value that 1/e (37 %) of the draws exceed",
          more_than(Quantity{0}));
  v.field("mean", s.mean, "the mean, instead of the scale", more_than(Quantity{0}));
  v.check(s.scale.has_value() != s.mean.has_value(), "", "needs either scale or mean",
          "write for example {shape: 0.7, mean: …}");
}

class Weibull final : public Law {
 public:
  Weibull(const WeibullSettings& s, const Context&)
      : power_(1 / s.shape), scale_(s.scale ? s.scale->value : s.mean->value / moment(1)) {}

  double sample(Draw& draw) const override {
    return scale_ * std::pow(standard_exponential(draw), power_);
  }

  double mean() const override { return scale_ * moment(1); }
  double variance() const override {
    return scale_ * scale_ * std::max(0.0, moment(2) - moment(1) * moment(1));
  }

 private:
  /// Of the law with scale 1.
  double moment(int k) const { return std::tgamma(1 + k * power_); }

  double power_;
  double scale_;
};

const Register<Law, Weibull, WeibullSettings> registered{
    "weibull", "a power of an exponential: times to failure, stretched tails"};

}  // namespace
}  // namespace stampede
