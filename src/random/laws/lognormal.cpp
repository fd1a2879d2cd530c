#include <cmath>
#include <optional>

#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

constexpr double normal_quantile_99 = 2.3263478740408408;

struct LognormalSettings {
  std::optional<Quantity> mean;
  std::optional<double> cv;
  std::optional<Quantity> median;
  std::optional<Quantity> p99;
};

void describe(Visitor& v, LognormalSettings& s) {
  v.field("mean", s.mean, "the mean; goes with cv", more_than(Quantity{0}));
  v.field("cv", s.cv, "the coefficient of variation: standard deviation over mean", at_least(0.0));
  v.field("median", s.median, "the value that half of the draws exceed; goes with p99",
          more_than(Quantity{0}));
  v.field("p99", s.p99, "the value that one draw of a hundred exceeds", more_than(Quantity{0}));
  const bool by_moments = s.mean.has_value() && s.cv.has_value();
  const bool by_percentiles = s.median.has_value() && s.p99.has_value();
  const bool mixed = (s.mean || s.cv) && (s.median || s.p99);
  v.check((by_moments || by_percentiles) && !mixed, "",
          "needs either mean and cv, or median and p99", "write for example {mean: …, cv: 1}");
  v.check(!by_percentiles || s.median->value <= s.p99->value, "p99", "is less than the median",
          "exchange them");
}

/// exp of a normal variate, times the median.
class Lognormal final : public Law {
 public:
  Lognormal(const LognormalSettings& s, const Context&) {
    if (s.median) {
      median_ = s.median->value;
      sigma_ = std::log(s.p99->value / median_) / normal_quantile_99;
    } else {
      const double cv = *s.cv;
      sigma_ = std::sqrt(std::log1p(cv * cv));
      median_ = s.mean->value / std::sqrt(1 + cv * cv);
    }
  }

  double sample(Draw& draw) const override {
    return median_ * std::exp(sigma_ * standard_normal(draw));
  }

  double mean() const override { return median_ * std::exp(sigma_ * sigma_ / 2); }
  double variance() const override { return mean() * mean() * std::expm1(sigma_ * sigma_); }

 private:
  double median_;
  double sigma_;
};

const Register<Law, Lognormal, LognormalSettings> registered{
    "lognormal", "skewed with a moderate tail, as most measured latencies"};

}  // namespace
}  // namespace stampede
