#pragma once

#include "stampede/base/units.hpp"

namespace stampede {

/// No rate may exceed one event a nanosecond, the resolution of time.
constexpr double greatest_rate = 1e9;

/// The instant `ns` nanoseconds after `from`, rounded; never if that is more than a century away,
/// or if `ns` is infinite or no number.
inline Time later(Time from, double ns) {
  constexpr double horizon = 0x1p62;
  return static_cast<double>(from.ns()) + ns < horizon ? from + Duration::from_nanoseconds(ns)
                                                       : Time::never();
}

}  // namespace stampede
