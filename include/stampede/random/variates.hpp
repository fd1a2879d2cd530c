#pragma once

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/normal_distribution.hpp>

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

}  // namespace stampede
