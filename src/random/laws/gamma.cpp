#include <boost/random/gamma_distribution.hpp>
#include <optional>

#include "stampede/random/distribution.hpp"

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

struct ErlangSettings {
  Quantity mean;
  std::int64_t stages = 1;
};

void describe(Visitor& v, ErlangSettings& s) {
  v.field("mean", s.mean, "the mean of all stages together", required(), more_than(Quantity{0}));
  v.field("stages", s.stages, "how many exponential stages follow each other", required(),
          at_least(std::int64_t{1}), at_most(std::int64_t{1'000'000}));
}

class Gamma : public Law {
 public:
  Gamma(const GammaSettings& s, const Context&) : Gamma(shape_of(s), scale_of(s)) {}

  double sample(Draw& draw) const override {
    // A copy, because drawing is no const operation of Boost's; it is three numbers.
    auto law = law_;
    return law(draw);
  }

  double mean() const override { return law_.alpha() * law_.beta(); }
  double variance() const override { return law_.alpha() * law_.beta() * law_.beta(); }

 protected:
  Gamma(double shape, double scale) : law_(shape, scale) {}

 private:
  static double shape_of(const GammaSettings& s) {
    return s.shape ? *s.shape : 1 / (*s.cv * *s.cv);
  }
  static double scale_of(const GammaSettings& s) {
    return s.scale ? s.scale->value : s.mean->value / shape_of(s);
  }

  boost::random::gamma_distribution<double> law_;
};

/// A gamma law with a whole-numbered shape.
class Erlang final : public Gamma {
 public:
  Erlang(const ErlangSettings& s, const Context&)
      : Gamma(static_cast<double>(s.stages), s.mean.value / static_cast<double>(s.stages)) {}
};

const Register<Law, Gamma, GammaSettings> registered{
    "gamma", "skewed like the lognormal, with a lighter tail"};
const Register<Law, Erlang, ErlangSettings> registered_erlang{
    "erlang", "the sum of several exponential stages: steadier than one"};

}  // namespace
}  // namespace stampede
