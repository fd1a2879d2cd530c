#pragma once

#include <algorithm>
#include <cstdint>

#include "stampede/base/units.hpp"

namespace stampede {

/// The part of a capacity that a list of a policy may take, in whole weights, rounded down. For
/// what must never be empty, ask for at least 1.
inline std::uint64_t share_of(std::uint64_t capacity, Ratio share, std::uint64_t at_least = 0) {
  const double part = static_cast<double>(capacity) * share.value;
  // 0.8 and 0.1 are a little off in binary: a tenth of 30 is 3, whatever the last bit says.
  const auto whole = static_cast<std::uint64_t>(part * (1 + 0x1p-50));
  return std::min(capacity, std::max(at_least, whole));
}

}  // namespace stampede
