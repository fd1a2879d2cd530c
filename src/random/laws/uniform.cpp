#include "stampede/random/distribution.hpp"

namespace stampede {
namespace {

struct UniformSettings {
  Quantity low;
  Quantity high;
};

void describe(Visitor& v, UniformSettings& s) {
  v.field("low", s.low, "the least value", at_least(Quantity{0}));
  v.field("high", s.high, "the greatest value", required(), at_least(Quantity{0}));
  v.check(s.low.value <= s.high.value, "high", "is less than low", "exchange them");
}

class Uniform final : public Law {
 public:
  Uniform(const UniformSettings& settings, const Context&)
      : low_(settings.low.value), width_(settings.high.value - settings.low.value) {}

  double sample(Draw& draw) const override { return low_ + width_ * draw.uniform(); }
  double mean() const override { return low_ + width_ / 2; }
  double variance() const override { return width_ * width_ / 12; }

 private:
  double low_;
  double width_;
};

const Register<Law, Uniform, UniformSettings> registered{
    "uniform", "any value between low and high, all equally likely"};

}  // namespace
}  // namespace stampede
