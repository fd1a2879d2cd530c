#include "stampede/stats/multiple.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace stampede {

std::vector<double> adjusted(std::span<const double> p_values, Correction correction) {
  std::vector<double> result(p_values.begin(), p_values.end());
  const std::size_t count = p_values.size();
  const auto n = static_cast<double>(count);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  switch (correction) {
    case Correction::none:
      break;
    case Correction::bonferroni:
      for (double& p : result) {
        p = std::min(1.0, n * p);
      }
      break;
    case Correction::holm: {
      double before = 0;
      for (std::size_t i = 0; i < count; ++i) {
        before = std::max(before, (n - static_cast<double>(i)) * p_values[order[i]]);
        result[order[i]] = std::min(1.0, before);
      }
      break;
    }
    case Correction::benjamini_hochberg: {
      double after = 1;
      for (std::size_t i = count; i > 0; --i) {
        after = std::min(after, n / static_cast<double>(i) * p_values[order[i - 1]]);
        result[order[i - 1]] = after;
      }
      break;
    }
  }
  return result;
}

}  // namespace stampede
