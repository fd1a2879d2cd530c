#include "stampede/stats/omission.hpp"

#include <algorithm>

#include "stampede/base/require.hpp"

namespace stampede {

Histogram corrected_for_omission(const Histogram& latencies, std::int64_t interval) {
  require(interval > 0, "requests are sent apart");
  // A freeze of hours at a pace of microseconds hides billions of requests. Beyond so many steps a
  // step stands for several: what they hid is spread as evenly.
  constexpr std::int64_t most_steps = 10'000;
  Histogram corrected = latencies;
  latencies.for_each_bucket([&](std::int64_t low, std::int64_t high, std::int64_t count) {
    const std::int64_t value = low + (high - low) / 2;
    const std::int64_t hidden = (value - 1) / interval;
    const std::int64_t each = std::max<std::int64_t>(1, (hidden + most_steps - 1) / most_steps);
    for (std::int64_t step = 1; step <= hidden; step += each) {
      const std::int64_t here = std::min(each, hidden - step + 1);
      corrected.record(value - step * interval, count * here);
    }
  });
  return corrected;
}

}  // namespace stampede
