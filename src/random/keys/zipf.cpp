#include <cmath>

#include "stampede/random/keys.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// Above this the integral of the hat is no longer exact enough in doubles to tell ranks apart.
constexpr std::uint64_t most_keys = 1'000'000'000'000;

struct ZipfSettings {
  std::uint64_t count = 1;
  double exponent = 1;
};

void describe(Visitor& v, ZipfSettings& s) {
  v.field("count", s.count, "how many keys there are", required(), at_least(1), at_most(most_keys));
  v.field("exponent", s.exponent,
          "popularity falls as 1 / rank^exponent; web traffic lies around 0.6 to 1", at_least(0.0),
          at_most(100.0));
}

/// (exp(x) - 1) / x, continued by 1 at 0.
double expm1_over_x(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }

/// log(1 + x) / x, continued by 1 at 0.
double log1p_over_x(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }

/// Rejection-inversion: Hörmann, Derflinger: Rejection-Inversion to Generate Variates from Monotone
/// Discrete Distributions, ACM TOMACS 6 (1996). The hat is the density x^-s around each rank, its
/// integral is inverted, and nearly every draw is accepted. There is no table: an alias table of a
/// million keys draws faster by itself, but evicts from the processor's cache everything else that
/// the simulation touches.
class Zipf final : public KeyLaw {
 public:
  Zipf(const ZipfSettings& settings, const Context&)
      : count_(settings.count),
        exponent_(settings.exponent),
        lowest_(integral(1.5) - 1),
        highest_(integral(static_cast<double>(count_) + 0.5)),
        always_accepted_(2 - inverse(integral(2.5) - density(2))) {}

  std::uint64_t sample(Draw& draw) override {
    for (;;) {
      const double area = highest_ + draw.uniform() * (lowest_ - highest_);
      const double x = inverse(area);
      const double rank = nearest_rank(x);
      if (rank - x <= always_accepted_ || area >= integral(rank + 0.5) - density(rank)) {
        return static_cast<std::uint64_t>(rank) - 1;
      }
    }
  }

  std::uint64_t count() const override { return count_; }

 private:
  /// Ranks count from 1 here, as in the paper. Rounding may leave the range at its ends by one.
  double nearest_rank(double x) const {
    const double rank = std::floor(x + 0.5);
    const double last = static_cast<double>(count_);
    return rank < 1 ? 1 : rank > last ? last : rank;
  }

  double density(double x) const { return std::exp(-exponent_ * std::log(x)); }

  /// The integral of the density from 1 to x: (x^(1-s) - 1) / (1 - s), which is log x for s = 1.
  double integral(double x) const {
    const double log_x = std::log(x);
    return expm1_over_x((1 - exponent_) * log_x) * log_x;
  }

  double inverse(double area) const {
    // Rounding may carry the argument of the logarithm below its pole.
    const double t = std::max(-1.0, area * (1 - exponent_));
    return std::exp(log1p_over_x(t) * area);
  }

  std::uint64_t count_;
  double exponent_;
  double lowest_;
  double highest_;
  double always_accepted_;
};

const Register<KeyLaw, Zipf, ZipfSettings> registered{
    "zipf", "the key of rank r is asked for in proportion to 1 / r^exponent"};

}  // namespace
}  // namespace stampede
