#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct ExponentialSettings {
  Quantity mean;
};

void describe(Visitor& v, ExponentialSettings& s) {
  v.shorthand("mean");
  v.field("mean", s.mean, "the mean, which is the standard deviation too", required(),
          at_least(Quantity{0}));
}

class Exponential final : public Law {
 public:
  Exponential(const ExponentialSettings& settings, const Context&) : mean_(settings.mean.value) {}

  double sample(Draw& draw) const override { return mean_ * standard_exponential(draw); }
  double mean() const override { return mean_; }
  double variance() const override { return mean_ * mean_; }

 private:
  double mean_;
};

const Register<Law, Exponential, ExponentialSettings> registered{
    "exponential", "without memory; the service time of M/M/1"};

}  // namespace
}  // namespace stampede
