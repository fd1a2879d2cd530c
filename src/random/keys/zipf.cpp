#include <algorithm>
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

/// Rejection-inversion: Hörmann, Derflinger: Rejection-Inversion to Generate Variates from Monotone
/// Discrete Distributions, ACM TOMACS 6 (1996). The hat is the density x^-s around each rank, its
/// integral is inverted, and nearly every draw is accepted. There is no table: an alias table of a
/// million keys draws faster by itself, but evicts from the processor's cache everything else that
/// the simulation touches.
class Zipf final : public KeyLaw {
 public:
  Zipf(const ZipfSettings& settings, const Context&)
      : last_(static_cast<double>(settings.count)),
        exponent_(settings.exponent),
        tilt_(1 - exponent_),
        lowest_(integral(1.5) - 1),
        highest_(integral(last_ + 0.5)),
        always_accepted_(2 - inverse(integral(2.5) - density(2))) {}

  /// The first ranks one by one, then ranges that grow by one part in fifty, with their means.
  static Theory theory(const ZipfSettings& settings) {
    constexpr double singly = 100;
    const auto count = static_cast<double>(settings.count);
    Theory ranges;
    double total = 0;
    for (double first = 1; first <= count;) {
      const double length =
          first <= singly ? 1 : std::min(std::ceil(first / 50), count - first + 1);
      // Midpoint rule: exact enough for a density that hardly changes within a range.
      const double middle = first + (length - 1) / 2;
      const double share = std::exp(-settings.exponent * std::log(middle));
      ranges.push_back({.count = length, .share = share});
      total += length * share;
      first += length;
    }
    for (KeyRange& range : ranges) {
      range.share /= total;
    }
    return ranges;
  }

  std::uint64_t sample(Draw& draw) override {
    for (;;) {
      const double area = highest_ + draw.uniform() * (lowest_ - highest_);
      const double x = inverse(area);
      const std::int64_t rank = nearest_rank(x);
      if (is_accepted(static_cast<double>(rank), x, area)) {
        return static_cast<std::uint64_t>(rank) - 1;
      }
    }
  }

  std::uint64_t count() const override { return static_cast<std::uint64_t>(last_); }

 private:
  /// Ranks count from 1 here, as in the paper. Rounding may carry x out of their range.
  std::int64_t nearest_rank(double x) const {
    const double inside = std::clamp(x, 1.0, last_);
    return static_cast<std::int64_t>(inside + 0.5);
  }

  bool is_accepted(double rank, double x, double area) const {
    return rank - x <= always_accepted_ || area >= integral(rank + 0.5) - density(rank);
  }

  double density(double x) const { return std::exp(-exponent_ * std::log(x)); }

  /// The integral of the density from 1 to x: (x^(1-s) - 1) / (1 - s), which is log x for s = 1.
  double integral(double x) const {
    const double log_x = std::log(x);
    return tilt_ == 0 ? log_x : std::expm1(tilt_ * log_x) / tilt_;
  }

  /// The x with that integral. Not by log1p, which costs as much as all the rest: log is exact
  /// enough but for s near 1, where a few terms of the series are.
  double inverse(double area) const {
    const double t = area * tilt_;
    if (std::abs(tilt_) < 1e-5) {
      return std::exp(area * (1 - t * (1.0 / 2 - t * (1.0 / 3 - t / 4))));
    }
    return std::exp(std::log(std::max(0.0, 1 + t)) / tilt_);
  }

  double last_;
  double exponent_;
  double tilt_;  ///< 1 - s
  double lowest_;
  double highest_;
  double always_accepted_;
};

const Register<KeyLaw, Zipf, ZipfSettings> registered{
    "zipf", "the key of rank r is asked for in proportion to 1 / r^exponent"};

}  // namespace
}  // namespace stampede
