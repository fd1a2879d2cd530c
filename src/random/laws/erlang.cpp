#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct ErlangSettings {
  Quantity mean;
  std::uint32_t stages = 1;
};

void describe(Visitor& v, ErlangSettings& s) {
  v.field("mean", s.mean, "the mean of all stages together", required(), more_than(Quantity{0}));
  v.field("stages", s.stages, "how many exponential stages follow each other", required(),
          at_least(1), at_most(1'000'000));
}

/// The gamma law whose shape is the number of stages.
class Erlang final : public Law {
 public:
  Erlang(const ErlangSettings& s, const Context&)
      : shape_(s.stages), scale_(s.mean.value / shape_), standard_(shape_) {}

  double sample(Draw& draw) const override { return scale_ * standard_(draw); }
  double mean() const override { return shape_ * scale_; }
  double variance() const override { return shape_ * scale_ * scale_; }

 private:
  double shape_;
  double scale_;
  StandardGamma standard_;
};

const Register<Law, Erlang, ErlangSettings> registered{
    "erlang", "the sum of several exponential stages: steadier than one"};

}  // namespace
}  // namespace stampede
