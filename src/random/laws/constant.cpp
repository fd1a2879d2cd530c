#include "stampede/random/distribution.hpp"

namespace stampede {
namespace {

struct ConstantSettings {
  Quantity value;
};

void describe(Visitor& v, ConstantSettings& s) {
  v.shorthand("value");
  v.field("value", s.value, "the one value it has", required(), at_least(Quantity{0}));
}

class Constant final : public Law {
 public:
  Constant(const ConstantSettings& settings, const Context&) : value_(settings.value.value) {}

  double sample(Draw&) const override { return value_; }
  double mean() const override { return value_; }
  double variance() const override { return 0; }

 private:
  double value_;
};

const Register<Law, Constant, ConstantSettings> registered{"constant", "always the same value"};

}  // namespace

Choice<Law> constant_law(double value) {
  return Choice<Law>::of("constant", ConstantSettings{Quantity{value}});
}

}  // namespace stampede
