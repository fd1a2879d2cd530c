#include "stampede/stats/sequential.hpp"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "normal_law.hpp"
#include "stampede/base/require.hpp"

namespace stampede {
namespace {

/// The score S(t) = Z√t, a Brownian motion with drift, of the experiments that crossed no bound so
/// far: its density at the last look, as masses at the nodes of a Gauss-Legendre rule.
class Walk {
 public:
  Walk(std::span<const double> information, double drift, Sides sides)
      : information_(information), drift_(drift), sides_(sides) {
    double before = 0;
    for (const double t : information) {
      require(t > before, "information fractions increase");
      before = t;
    }
  }

  /// The probability of crossing `bound` at the next look, and no bound before.
  double crossing(double bound) const {
    const double step = information_[next_] - time_;
    const double spread = std::sqrt(step);
    const double level = bound * std::sqrt(information_[next_]);
    double probability = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const double mean = nodes_[i] + drift_ * step;
      double beyond = normal_cdf((mean - level) / spread);
      if (sides_ == Sides::two) {
        beyond += normal_cdf((-level - mean) / spread);
      }
      probability += masses_[i] * beyond;
    }
    return probability;
  }

  /// Those that do not cross it go on to the look after.
  void go_on(double bound) {
    const double now = information_[next_];
    const double step = now - time_;
    const double spread = std::sqrt(step);
    ++next_;
    if (next_ == information_.size()) {
      return;
    }
    const double level = bound * std::sqrt(now);
    const double reach = 9 * std::sqrt(now);
    const double middle = drift_ * now;
    const double low = std::max(sides_ == Sides::two ? -level : middle - reach, middle - reach);
    const double high = std::min(level, middle + reach);
    // Panels as wide as two standard deviations of the narrower of the steps that meet here.
    const double width = 2 * std::min(spread, std::sqrt(information_[next_] - now));
    std::vector<double> nodes;
    std::vector<double> masses;
    if (low < high) {
      const auto panels = static_cast<std::size_t>(std::ceil((high - low) / width));
      const double half = (high - low) / static_cast<double>(panels) / 2;
      for (std::size_t panel = 0; panel < panels; ++panel) {
        const double centre = low + (2 * static_cast<double>(panel) + 1) * half;
        for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
          for (const double side : {-1.0, 1.0}) {
            nodes.push_back(centre + side * half * Rule::abscissa()[i]);
            masses.push_back(half * Rule::weights()[i] * density(nodes.back(), step, spread));
          }
        }
      }
    }
    nodes_ = std::move(nodes);
    masses_ = std::move(masses);
    time_ = now;
  }

 private:
  using Rule = boost::math::quadrature::gauss<double, 10>;

  double density(double at, double step, double spread) const {
    double sum = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      sum += masses_[i] * normal_density((at - nodes_[i] - drift_ * step) / spread);
    }
    return sum / spread;
  }

  std::span<const double> information_;
  double drift_;
  Sides sides_;
  std::size_t next_ = 0;
  double time_ = 0;
  std::vector<double> nodes_{0};
  std::vector<double> masses_{1};
};

/// Where a decreasing function of a bound is 0.
template <class Function>
double bound_at(Function excess) {
  constexpr double greatest = 38;  // of the normal law no double is left beyond
  if (excess(greatest) >= 0) {
    return greatest;
  }
  std::uintmax_t steps = 200;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, 0.0, greatest, boost::math::tools::eps_tolerance<double>(44), steps);
  return (bracket.first + bracket.second) / 2;
}

/// Bounds of a given shape that are crossed with probability alpha where nothing differs.
template <class Shape>
std::vector<double> scaled_bounds(std::span<const double> information, double alpha, Sides sides,
                                  Shape shape) {
  const auto bounds = [&](double constant) {
    std::vector<double> all;
    for (const double t : information) {
      all.push_back(constant * shape(t));
    }
    return all;
  };
  return bounds(bound_at([&](double constant) {
    return total_crossing(information, bounds(constant), 0, sides) - alpha;
  }));
}

}  // namespace

std::vector<double> crossing_probabilities(std::span<const double> information,
                                           std::span<const double> bounds, double drift,
                                           Sides sides) {
  require(information.size() == bounds.size(), "each look has a bound");
  Walk walk(information, drift, sides);
  std::vector<double> probabilities;
  for (const double bound : bounds) {
    probabilities.push_back(walk.crossing(bound));
    walk.go_on(bound);
  }
  return probabilities;
}

double total_crossing(std::span<const double> information, std::span<const double> bounds,
                      double drift, Sides sides) {
  double total = 0;
  for (const double probability : crossing_probabilities(information, bounds, drift, sides)) {
    total += probability;
  }
  return total;
}

std::vector<double> equal_looks(int looks) {
  std::vector<double> information;
  for (int k = 1; k <= looks; ++k) {
    information.push_back(static_cast<double>(k) / looks);
  }
  return information;
}

double error_of_peeking(std::span<const double> information, double alpha, Sides sides) {
  const double bound = normal_quantile(1 - alpha / static_cast<int>(sides));
  return total_crossing(information, std::vector<double>(information.size(), bound), 0, sides);
}

std::vector<double> pocock_bounds(std::span<const double> information, double alpha, Sides sides) {
  return scaled_bounds(information, alpha, sides, [](double) { return 1.0; });
}

std::vector<double> obrien_fleming_bounds(std::span<const double> information, double alpha,
                                          Sides sides) {
  return scaled_bounds(information, alpha, sides, [](double t) { return 1 / std::sqrt(t); });
}

double spent(Spending rule, double alpha, double t, Sides sides) {
  if (rule == Spending::pocock) {
    return alpha * std::log(1 + (std::exp(1.0) - 1) * t);
  }
  const auto count = static_cast<double>(sides);
  return count * 2 * normal_cdf(normal_quantile(alpha / count / 2) / std::sqrt(t));
}

std::vector<double> spending_bounds(std::span<const double> information, double alpha,
                                    Spending rule, Sides sides) {
  Walk walk(information, 0, sides);
  std::vector<double> bounds;
  double before = 0;
  for (const double t : information) {
    const double now = spent(rule, alpha, t, sides);
    bounds.push_back(bound_at([&](double bound) { return walk.crossing(bound) - (now - before); }));
    walk.go_on(bounds.back());
    before = now;
  }
  return bounds;
}

double drift_for_power(std::span<const double> information, std::span<const double> bounds,
                       double power, Sides sides) {
  std::uintmax_t steps = 200;
  constexpr double greatest = 40;
  const auto bracket = boost::math::tools::toms748_solve(
      [&](double drift) { return total_crossing(information, bounds, drift, sides) - power; }, 0.0,
      greatest, boost::math::tools::eps_tolerance<double>(40), steps);
  return (bracket.first + bracket.second) / 2;
}

}  // namespace stampede
