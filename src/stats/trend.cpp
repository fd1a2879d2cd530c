#include "stampede/stats/trend.hpp"

#include <cmath>
#include <cstddef>

namespace stampede {

double mann_kendall(std::span<const double> series) {
  double score = 0;
  double count = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    count += std::isnan(series[i]) ? 0 : 1;
    for (std::size_t j = i + 1; j < series.size(); ++j) {
      score += series[j] > series[i] ? 1 : series[j] < series[i] ? -1 : 0;
    }
  }
  if (count < 3) {
    return 0;
  }
  const double variance = count * (count - 1) * (2 * count + 5) / 18;
  const double continuous = score > 0 ? score - 1 : score < 0 ? score + 1 : 0;
  return continuous / std::sqrt(variance);
}

}  // namespace stampede
