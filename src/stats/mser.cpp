#include "stampede/stats/mser.hpp"

#include <cmath>
#include <limits>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

// The mean of those that hold data; NaN when none does.
double batch_mean(std::span<const double> values) {
  double sum = 0;
  std::size_t present = 0;
  for (const double value : values) {
    if (!std::isnan(value)) {
      sum += value;
      ++present;
    }
  }
  return present == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : sum / static_cast<double>(present);
}

}  // namespace

Truncation mser(std::span<const double> series, std::size_t batch) {
  require(batch > 0, "a batch holds values");
  constexpr std::size_t never_cut = 5;
  const std::size_t batches = series.size() / batch;
  if (batches < 2 * never_cut) {
    return {0, true};
  }

  // From the end, so that each step adds one batch to a running mean and sum of squares (Welford).
  double mean = 0;
  double squares = 0;
  double count = 0;
  double best = std::numeric_limits<double>::infinity();
  std::size_t best_cut = 0;
  for (std::size_t cut = batches; cut-- > 0;) {
    const double value = batch_mean(series.subspan(cut * batch, batch));
    if (!std::isnan(value)) {
      count += 1;
      const double deviation = value - mean;
      mean += deviation / count;
      squares += deviation * (value - mean);
    }
    const bool candidate = cut + never_cut <= batches && count >= static_cast<double>(never_cut);
    // Of equal cuts the earliest, which keeps the most data.
    if (candidate && squares / (count * count) <= best) {
      best = squares / (count * count);
      best_cut = cut;
    }
  }
  const bool found = best < std::numeric_limits<double>::infinity();
  return {best_cut * batch, !found || 2 * best_cut > batches};
}

}  // namespace stampede
