#pragma once

#include <cstdint>

namespace stampede {

/// How a measured number is compared with the one that was expected of it.
enum class Relation : std::uint8_t {
  less,      ///< "<"
  at_most,   ///< "<="
  more,      ///< ">"
  at_least,  ///< ">="
  equal,     ///< "=="
  agrees,    ///< "~": as far as its interval can tell
};

}  // namespace stampede
