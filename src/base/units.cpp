#include "stampede/base/units.hpp"

#include <stdexcept>

namespace stampede {

void throw_time_overflow() {
  throw std::overflow_error(
      "simulated time left the range of 64-bit nanoseconds (292 years); scale the scenario's "
      "durations down");
}

}  // namespace stampede
