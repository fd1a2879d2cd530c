#pragma once

#include <array>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <cstddef>

#include "stampede/random/stream.hpp"

namespace stampede {

/// Exponential with mean 1 and normal with mean 0 and standard deviation 1, both by Boost.Random's
/// ziggurats (Marsaglia, Tsang: The Ziggurat Method for Generating Random Variables, JSS 2000).
/// In one draw of a hundred they call exp or log, whose last bit the C library may round
/// differently on processors without fused multiply-add.
inline double standard_exponential(Draw& draw) {
  return boost::random::exponential_distribution<double>()(draw);
}

inline double standard_normal(Draw& draw) {
  return boost::random::normal_distribution<double>()(draw);
}

/// Exponentials in order, the same as drawn one by one. They are drawn ahead: the rounds of one
/// Philox block wait for each other, those of several blocks do not.
class ExponentialSequence {
 public:
  explicit ExponentialSequence(const Draw& draw) : draw_(draw) {}

  double operator()() {
    if (next_ == ahead_.size()) {
      for (double& number : ahead_) {
        number = standard_exponential(draw_);
      }
      next_ = 0;
    }
    return ahead_[next_++];
  }

 private:
  Draw draw_;
  std::array<double, 16> ahead_{};
  std::size_t next_ = 16;
};

/// Gamma with scale 1: Marsaglia, Tsang: A Simple Method for Generating Gamma Variables, ACM TOMS
/// 26 (2000). A fifth of the cost of Boost.Random's, whose method needs a tangent, a logarithm and
/// an exponential for each try.
class StandardGamma {
 public:
  explicit StandardGamma(double shape)
      : power_(shape < 1 ? 1 / shape : 0), d_((shape < 1 ? shape + 1 : shape) - 1.0 / 3) {
    c_ = 1 / std::sqrt(9 * d_);
  }

  double operator()(Draw& draw) const {
    const double x = at_least_one(draw);
    // A shape below 1 comes from the next higher one and a power of a uniform number (their §6).
    return power_ == 0 ? x : x * std::pow(draw.uniform(), power_);
  }

 private:
  double at_least_one(Draw& draw) const {
    for (;;) {
      const double z = standard_normal(draw);
      const double root = 1 + c_ * z;
      if (root <= 0) {
        continue;
      }
      const double v = root * root * root;
      const double u = draw.uniform();
      const double square = z * z;
      // The first test decides nearly always and needs no logarithm.
      if (u < 1 - 0.0331 * square * square ||
          std::log(u) < square / 2 + d_ * (1 - v + std::log(v))) {
        return d_ * v;
      }
    }
  }

  double power_;  ///< 1 / shape if the shape is below 1, else 0
  double d_;
  double c_;
};

}  // namespace stampede
