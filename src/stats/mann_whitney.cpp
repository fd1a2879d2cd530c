#include "stampede/stats/mann_whitney.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "normal_law.hpp"
#include "stampede/base/require.hpp"

namespace stampede {
namespace {

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

/// Two sorted samples, of which the first can be shifted.
class Ranks {
 public:
  Ranks(std::span<const double> x, std::span<const double> y)
      : x_(x.begin(), x.end()), y_(y.begin(), y.end()) {
    std::sort(x_.begin(), x_.end());
    std::sort(y_.begin(), y_.end());
  }

  double least_difference() const { return x_.front() - y_.back(); }
  double greatest_difference() const { return x_.back() - y_.front(); }
  bool are_constants() const { return x_.front() == x_.back() && y_.front() == y_.back(); }

  /// Pairs in which x - shift is greater than y, ties counting half; and how far that is from a
  /// half of all pairs, as a standard normal statistic.
  struct Statistic {
    double wins;
    double z;
  };
  Statistic at(double shift, bool is_corrected) const {
    const auto n = static_cast<double>(x_.size());
    const auto m = static_cast<double>(y_.size());
    double wins = 0;
    double ties = 0;  // Σ(t³ - t) over groups of equal values
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < x_.size() || j < y_.size()) {
      const bool has_x = i < x_.size();
      const double value =
          !has_x || (j < y_.size() && y_[j] <= x_[i] - shift) ? y_[j] : x_[i] - shift;
      const std::size_t below = j;
      while (j < y_.size() && y_[j] == value) {
        ++j;
      }
      const std::size_t before = i;
      while (i < x_.size() && x_[i] - shift == value) {
        ++i;
      }
      wins += static_cast<double>(i - before) * static_cast<double>(below + j) / 2;
      const auto equal = static_cast<double>(i - before + j - below);
      ties += equal * equal * equal - equal;
    }
    const double off = wins - n * m / 2;
    const double variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)));
    const double correction = is_corrected ? sign(off) / 2 : 0;
    return {wins, variance > 0 ? (off - correction) / std::sqrt(variance) : 0};
  }

 private:
  std::vector<double> x_;
  std::vector<double> y_;
};

/// A zero of f between a and b, where its values fa and fb differ in sign: Brent's method with the
/// iterates of R's uniroot (zeroin.c), which are a part of the answer where f is a step function.
template <class Function>
double brent_zero(Function f, double a, double b, double fa, double fb, double tolerance) {
  double c = a;
  double fc = fa;
  if (fa == 0) {
    return a;
  }
  if (fb == 0) {
    return b;
  }
  constexpr int most = 1000;
  for (int step = 0; step <= most; ++step) {
    const double previous = b - a;
    if (std::abs(fc) < std::abs(fb)) {
      a = b;
      b = c;
      c = a;
      fa = fb;
      fb = fc;
      fc = fa;
    }
    const double enough = 2 * std::numeric_limits<double>::epsilon() * std::abs(b) + tolerance / 2;
    double next = (c - b) / 2;
    if (std::abs(next) <= enough || fb == 0) {
      return b;
    }
    if (std::abs(previous) >= enough && std::abs(fa) > std::abs(fb)) {
      const double span = c - b;
      double p = 0;
      double q = 0;
      if (a == c) {
        const double s = fb / fa;
        p = span * s;
        q = 1 - s;
      } else {
        const double r = fa / fc;
        const double s = fb / fc;
        const double t = fb / fa;
        p = t * (span * r * (r - s) - (b - a) * (s - 1));
        q = (r - 1) * (s - 1) * (t - 1);
      }
      if (p > 0) {
        q = -q;
      } else {
        p = -p;
      }
      if (p < 0.75 * span * q - std::abs(enough * q) / 2 && p < std::abs(previous * q / 2)) {
        next = p / q;
      }
    }
    if (std::abs(next) < enough) {
      next = next > 0 ? enough : -enough;
    }
    a = b;
    fa = fb;
    b += next;
    fb = f(b);
    if ((fb > 0 && fc > 0) || (fb < 0 && fc < 0)) {
      c = a;
      fc = fa;
    }
  }
  return b;
}

constexpr double tolerance = 1e-4;

/// The shift at which the statistic crosses z; an end of the range if it never does.
double crossing(const Ranks& ranks, double z, bool is_corrected) {
  const double least = ranks.least_difference();
  const double greatest = ranks.greatest_difference();
  const auto beyond = [&](double shift) { return ranks.at(shift, is_corrected).z - z; };
  const double at_least = beyond(least);
  if (at_least <= 0) {
    return least;
  }
  const double at_greatest = beyond(greatest);
  if (at_greatest >= 0) {
    return greatest;
  }
  return brent_zero(beyond, least, greatest, at_least, at_greatest, tolerance);
}

}  // namespace

MannWhitney mann_whitney(std::span<const double> experiment, std::span<const double> control,
                         double confidence) {
  require(!experiment.empty() && !control.empty(), "both samples have values");
  const Ranks ranks(experiment, control);
  const Ranks::Statistic unshifted = ranks.at(0, /*is_corrected=*/true);
  MannWhitney result{};
  result.statistic = unshifted.wins;
  result.p_value = p_of_z(unshifted.z, AlternativeHypothesis::two_sided);
  if (ranks.are_constants()) {
    result.estimate = result.low = result.high = ranks.least_difference();
    return result;
  }
  const double z = normal_quantile((1 + confidence) / 2);
  result.low = crossing(ranks, z, /*is_corrected=*/true);
  result.high = crossing(ranks, -z, /*is_corrected=*/true);
  result.estimate = crossing(ranks, 0, /*is_corrected=*/false);
  return result;
}

}  // namespace stampede
