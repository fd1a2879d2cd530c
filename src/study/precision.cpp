#include "stampede/study/precision.hpp"

#include <algorithm>
#include <cmath>

#include "stampede/base/relation.hpp"
#include "stampede/measure/metrics.hpp"

namespace stampede {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

ReachedPrecision check(const PrecisionGoal& goal, const Result& result) {
  ReachedPrecision reached{goal, find_metric(result, goal.path), NAN, NAN};
  if (reached.observed) {
    const Estimate& value = reached.observed->value;
    reached.half_width = std::max(value.estimate - value.low, value.high - value.estimate);
    reached.allowed =
        goal.is_relative ? goal.within / (1 + goal.within) * std::abs(value.estimate) : goal.within;
    reached.is_met = reached.observed->supported && reached.half_width <= reached.allowed;
  }
  return reached;
}

}  // namespace

std::optional<PrecisionGoal> parse_precision(std::string_view text) {
  constexpr std::string_view word = " within ";
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view path = trimmed(text.substr(0, at));
  const std::optional<Measurement> within =
      parse_measurement(trimmed(text.substr(at + word.size())));
  if (path.find('.') == std::string_view::npos || !within || !(within->value > 0)) {
    return std::nullopt;
  }
  return PrecisionGoal{std::string(text), std::string(path), within->value, within->unit == "%"};
}

std::vector<ReachedPrecision> check_precision(const std::vector<PrecisionGoal>& goals,
                                              const Result& result) {
  std::vector<ReachedPrecision> reached;
  for (const PrecisionGoal& goal : goals) {
    reached.push_back(check(goal, result));
  }
  return reached;
}

}  // namespace stampede
