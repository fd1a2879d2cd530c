#include <optional>

#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct GammaSettings {
  std::optional<Quantity> mean;
  std::optional<double> cv;
  std::optional<double> shape;
  std::optional<Quantity> scale;
};

void describe(Visitor& v, GammaSettings& s) {
  v.field("mean", s.mean, "the mean; goes with cv", more_than(Quantity{0}));
  v.field("cv", s.cv, "the coefficient of variation: standard deviation over mean", more_than(0.0));
  v.field("shape", s.shape, "1 / cv²; goes with scale", more_than(0.0));
  v.field("scale", s.scale, "the mean over the shape", more_than(Quantity{0}));
  const bool by_moments = s.mean.has_value() && s.cv.has_value();
  const bool by_shape = s.shape.has_value() && s.scale.has_value();
  const bool mixed = (s.mean || s.cv) && (s.shape || s.scale);
  v.check((by_moments || by_shape) && !mixed, "", "needs either mean and cv, or shape and scale",
          "write for example {mean: …, cv: 0.5}");
}

class Gamma final : public Law {
 public:
  Gamma(const GammaSettings& s, const Context&)
      : shape_(shape_of(s)), scale_(scale_of(s)), standard_(shape_) {}

  double sample(Draw& draw) const override { return scale_ * standard_(draw); }
  double mean() const override { return shape_ * scale_; }
  double variance() const override { return shape_ * scale_ * scale_; }

 private:
  static double shape_of(const GammaSettings& s) {
    return s.shape ? *s.shape : 1 / (*s.cv * *s.cv);
  }
  static double scale_of(const GammaSettings& s) {
    return s.scale ? s.scale->value : s.mean->value / shape_of(s);
  }

  double shape_;
  double scale_;
  StandardGamma standard_;
};

const Register<Law, Gamma, GammaSettings> registered{
    "gamma", "skewed like the lognormal, with a lighter tail"};

}  // namespace
}  // namespace stampede
