#include "stampede/measure/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stampede {
namespace {

using VerdictKind = Verdict::Kind;

Verdict judge_agreement(const Estimate& observed, double value, std::optional<double> within,
                        double give_or_take) {
  if (observed.n < 2 || std::isnan(observed.low)) {
    return {VerdictKind::no_data, "it takes an interval, over at least two replications", {}};
  }
  const double half_width = value > observed.estimate ? observed.high - observed.estimate
                                                      : observed.estimate - observed.low;
  // Two independent estimates: their variances add up. 1.96 is the normal law's 97.5 % quantile.
  const double standard_error =
      std::hypot(half_width / t_critical(0.95, observed.n - 1), give_or_take / 1.96);
  const double allowed = t_critical(0.999, observed.n - 1) * standard_error;
  const double distance = std::abs(observed.estimate - value);
  if (distance > allowed && !nearly_equal(observed.estimate, value)) {
    return {VerdictKind::fail,
            standard_error > 0
                ? fmt::format("it is {:.1f} standard errors away", distance / standard_error)
                : "it is another one, and the same in all replications",
            {}};
  }
  const double widest =
      std::max(observed.high - observed.estimate, observed.estimate - observed.low);
  if (within && widest > *within * std::abs(value)) {
    return {VerdictKind::fail,
            fmt::format("its 95 % interval is ±{:.3g} % wide, more than {:.3g} %: the run is too "
                        "short to tell",
                        100 * widest / std::abs(value), 100 * *within),
            {}};
  }
  return {VerdictKind::pass, {}, {}};
}

/// Why a verdict on a bound might be chance.
std::string doubt_about(const Metric& metric, double value) {
  if (!metric.supported && !metric.unfinished) {
    return "there are too few samples for it";
  }
  if (metric.value.low < value && value < metric.value.high) {
    return "the 95 % interval holds values on both sides of the bound";
  }
  return {};
}

std::string doubt_about(const Metric& metric, double factor, const Metric& other) {
  if ((!metric.supported && !metric.unfinished) || (!other.supported && !other.unfinished)) {
    return "there are too few samples for it";
  }
  if (metric.value.low <= factor * other.value.high &&
      factor * other.value.low <= metric.value.high) {
    return "the 95 % intervals of the two overlap";
  }
  return {};
}

bool has_data(const std::optional<Metric>& metric) {
  return metric && !std::isnan(metric->value.estimate);
}

}  // namespace

Verdict judge(const std::optional<Metric>& metric, Relation relation, double value,
              std::optional<double> within, double give_or_take) {
  if (!has_data(metric)) {
    return {VerdictKind::no_data, "there is no data", {}};
  }
  if (relation == Relation::agrees) {
    return judge_agreement(metric->value, value, within, give_or_take);
  }
  const bool is_met = holds(metric->value.estimate, relation, value);
  // What is unfinished can only make it larger.
  if (is_met && metric->unfinished &&
      (relation == Relation::less || relation == Relation::at_most)) {
    return {VerdictKind::no_data, "requests that are still in flight would make it longer", {}};
  }
  return {is_met ? VerdictKind::pass : VerdictKind::fail, {}, doubt_about(*metric, value)};
}

Verdict judge_against(const std::optional<Metric>& metric, Relation relation, double factor,
                      const std::optional<Metric>& other) {
  if (!has_data(metric) || !has_data(other)) {
    return {VerdictKind::no_data, "there is no data", {}};
  }
  const bool is_met = holds(metric->value.estimate, relation, factor * other->value.estimate);
  const bool is_from_above = relation == Relation::less || relation == Relation::at_most;
  const Metric& smaller = is_from_above ? *metric : *other;
  // What is unfinished can only make it larger.
  if (is_met && relation != Relation::equal && smaller.unfinished) {
    return {VerdictKind::no_data, "requests that are still in flight would make it longer", {}};
  }
  return {is_met ? VerdictKind::pass : VerdictKind::fail, {}, doubt_about(*metric, factor, *other)};
}

}  // namespace stampede
