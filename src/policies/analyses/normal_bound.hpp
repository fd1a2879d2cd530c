#pragma once

#include "stampede/stats/sequential.hpp"

namespace stampede {

/// What |Z| exceeds with probability alpha.
inline double normal_bound(double alpha) {
  return pocock_bounds(equal_looks(1), alpha, Sides::two).front();
}

}  // namespace stampede
