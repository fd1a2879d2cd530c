#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "stampede/random/distribution.hpp"

namespace stampede {
namespace {

struct ParetoSettings {
  double shape = 1;
  Quantity minimum;
  std::optional<Quantity> cap;
};

void describe(Visitor& v, ParetoSettings& s) {
  v.field(
      "shape", s.shape,
      "how fast the tail falls; up to 2 the variance, up to 1 the mean is infinite without a cap",
      required(), more_than(0.0));
  v.field("minimum", s.minimum, "the least value", required(), more_than(Quantity{0}));
  v.field("cap", s.cap, "the greatest value: the law is cut there (bounded Pareto)");
  v.check(!s.cap || s.cap->value > s.minimum.value, "cap", "is not above the minimum",
          "raise cap or lower minimum");
}

/// By inversion. With a cap it is the bounded Pareto law, the law given that the cap is not
/// exceeded: Harchol-Balter: Performance Modeling and Design of Computer Systems (2013), 20.4.
class Pareto final : public Law {
 public:
  Pareto(const ParetoSettings& s, const Context&)
      : shape_(s.shape),
        minimum_(s.minimum.value),
        log_range_(s.cap ? std::log(s.cap->value / minimum_) : infinite),
        cap_(s.cap ? s.cap->value : infinite),
        kept_(-std::expm1(-shape_ * log_range_)) {}

  double sample(Draw& draw) const override {
    const double exceeded = 1 - kept_ * draw.uniform();
    return std::min(cap_, minimum_ * std::pow(exceeded, -1 / shape_));
  }

  double mean() const override { return minimum_ * moment(1); }
  double variance() const override {
    if (std::isinf(moment(2))) {
      return infinite;
    }
    return minimum_ * minimum_ * std::max(0.0, moment(2) - moment(1) * moment(1));
  }

 private:
  static constexpr double infinite = std::numeric_limits<double>::infinity();

  /// The k-th moment of the law with minimum 1: the integral of a·x^(k-a-1) from 1 to the cap, over
  /// the probability that the cap leaves.
  double moment(int k) const {
    const double excess = k - shape_;
    if (excess >= 0 && std::isinf(log_range_)) {
      return infinite;
    }
    const double integral =
        std::abs(excess) < 1e-12 ? log_range_ : std::expm1(excess * log_range_) / excess;
    return shape_ * integral / kept_;
  }

  double shape_;
  double minimum_;
  double log_range_;  ///< log(cap / minimum)
  double cap_;
  double kept_;  ///< the part of the uncapped law that lies below the cap
};

const Register<Law, Pareto, ParetoSettings> registered{
    "pareto", "a heavy, power-law tail: sizes of files, stragglers"};

}  // namespace
}  // namespace stampede
