#include "stampede/study/scalability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stampede/base/text.hpp"

namespace stampede {
namespace {

std::optional<double> size_of(const std::string& value) {
  const Parsed<double> size = parse_number(value);
  return size.value && *size.value > 0 ? size.value : std::nullopt;
}

Problem error(std::string what, std::string expected, std::string hint = {}) {
  return {Severity::error, {"--usl", 0, 0}, std::move(what), std::move(expected), std::move(hint)};
}

}  // namespace

Problems check_usl(const SweepPlan& plan) {
  if (plan.paths.size() != 1) {
    return {error(fmt::format("there are {} parameters", plan.paths.size()),
                  "one, which is the size of the system",
                  "such as --param users.arrivals.users=1..64..x2")};
  }
  std::set<double> sizes;
  for (const std::vector<std::string>& point : plan.points) {
    const std::optional<double> size = size_of(point[0]);
    if (!size) {
      return {
          error(fmt::format("{}={} is no size", plan.paths[0], point[0]), "plain numbers above 0")};
    }
    sizes.insert(*size);
  }
  if (sizes.size() < 4) {
    return {error(fmt::format("{} has {} values", plan.paths[0], sizes.size()),
                  "4 or more: the law has three coefficients")};
  }
  return {};
}

std::optional<UslFit> fit_usl(const SweepPlan& plan, const std::vector<PointResult>& points) {
  const auto metric = std::find(plan.metrics.begin(), plan.metrics.end(), plan.usl);
  if (plan.usl.empty() || metric == plan.metrics.end()) {
    return std::nullopt;
  }
  const auto index = static_cast<std::size_t>(metric - plan.metrics.begin());
  std::vector<ScalePoint> measured;
  for (const PointResult& point : points) {
    const double throughput = point.chosen[index].metric.value.estimate;
    if (std::isfinite(throughput)) {
      measured.push_back({size_of(plan.points[point.point][0]).value(), throughput});
    }
  }
  return fit_usl(measured);
}

}  // namespace stampede
