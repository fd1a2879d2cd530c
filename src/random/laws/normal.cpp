#include <cmath>

#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct NormalSettings {
  Quantity mean;
  Quantity stddev;
};

void describe(Visitor& v, NormalSettings& s) {
  v.field("mean", s.mean, "the centre of the bell; the mean before negative values are left out",
          required(), at_least(Quantity{0}));
  v.field("stddev", s.stddev, "the standard deviation before negative values are left out",
          required(), at_least(Quantity{0}));
}

/// Truncated at 0: a negative value is drawn again. The centre is not negative, so two draws are
/// enough on average at the worst.
class Normal final : public Law {
 public:
  Normal(const NormalSettings& settings, const Context&)
      : centre_(settings.mean.value), spread_(settings.stddev.value) {}

  double sample(Draw& draw) const override {
    for (;;) {
      const double x = centre_ + spread_ * standard_normal(draw);
      if (x >= 0) {
        return x;
      }
    }
  }

  /// Johnson, Kotz, Balakrishnan: Continuous Univariate Distributions 1 (1994), 13.10.1.
  double mean() const override { return centre_ + spread_ * hazard(); }
  double variance() const override {
    const double shift = hazard();
    return spread_ * spread_ * (1 - shift * (shift + relative_centre()));
  }

 private:
  /// How many standard deviations the centre lies above the cut.
  double relative_centre() const { return spread_ > 0 ? centre_ / spread_ : 0; }

  /// The density of the standard normal at the cut over the probability above it.
  double hazard() const {
    if (spread_ <= 0) {
      return 0;
    }
    const double z = relative_centre();
    const double density = 0.3989422804014327 * std::exp(-z * z / 2);
    const double above = std::erfc(-z * 0.7071067811865476) / 2;
    return density / above;
  }

  double centre_;
  double spread_;
};

const Register<Law, Normal, NormalSettings> registered{
    "normal", "the bell curve, truncated at 0: negative values are drawn again"};

}  // namespace
}  // namespace stampede
