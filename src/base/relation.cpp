#include "stampede/base/relation.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "stampede/base/require.hpp"
#include "stampede/base/text.hpp"

namespace stampede {
namespace {

// Those of two characters come before those that they begin with.
constexpr std::array<std::pair<std::string_view, Relation>, 7> relations{{
    {"<=", Relation::at_most},
    {">=", Relation::at_least},
    {"==", Relation::equal},
    {"<", Relation::less},
    {">", Relation::more},
    {"~", Relation::agrees},
    {"=", Relation::equal},
}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

bool may_be_in_path(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

std::optional<MetricPath> parse_path(std::string_view text) {
  text = trim(text);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size() ||
      !std::all_of(text.begin(), text.end(), may_be_in_path)) {
    return std::nullopt;
  }
  return MetricPath{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

/// "2 * app.latency.p99", "50% * app.latency.p99" or "app.latency.p99".
std::optional<ScaledPath> parse_scaled_path(std::string_view text) {
  double factor = 1;
  if (const std::size_t times = text.find('*'); times != std::string_view::npos) {
    const std::optional<Measurement> given = parse_measurement(text.substr(0, times));
    if (!given || (given->unit != "" && given->unit != "%") || !(given->value > 0)) {
      return std::nullopt;
    }
    factor = given->value;
    text.remove_prefix(times + 1);
  }
  const std::optional<MetricPath> path = parse_path(text);
  // Names begin with a letter: "3.x" is a number that went wrong.
  if (!path || !std::isalpha(static_cast<unsigned char>(path->subject.front()))) {
    return std::nullopt;
  }
  return ScaledPath{factor, *path};
}

}  // namespace

std::optional<Measurement> parse_measurement(std::string_view text) {
  text = trim(text);
  if (const auto number = parse_number(text).value) {
    return Measurement{*number, ""};
  }
  if (const auto duration = parse_nanoseconds(text).value) {
    return Measurement{*duration * 1e-9, "s"};
  }
  if (const auto rate = parse_rate(text).value) {
    return Measurement{rate->per_second, "/s"};
  }
  if (const auto ratio = parse_ratio(text).value) {
    return Measurement{ratio->value, "%"};
  }
  if (const auto count = parse_count(text).value) {
    return Measurement{static_cast<double>(*count), ""};
  }
  return std::nullopt;
}

std::optional<Comparison> parse_comparison(std::string_view text) {
  for (const auto& [symbol, relation] : relations) {
    const std::size_t at = text.find(symbol);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::optional<MetricPath> path = parse_path(text.substr(0, at));
    const std::string_view right = text.substr(at + symbol.size());
    if (!path) {
      return std::nullopt;
    }
    if (const std::optional<Measurement> value = parse_measurement(right)) {
      return Comparison{*path, relation, *value};
    }
    if (const std::optional<ScaledPath> other = parse_scaled_path(right)) {
      return Comparison{*path, relation, *other};
    }
    return std::nullopt;
  }
  return std::nullopt;
}

bool nearly_equal(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

bool holds(double observed, Relation relation, double value) {
  switch (relation) {
    case Relation::less:
      return observed < value;
    case Relation::at_most:
      return observed <= value || nearly_equal(observed, value);
    case Relation::more:
      return observed > value;
    case Relation::at_least:
      return observed >= value || nearly_equal(observed, value);
    case Relation::equal:
      return nearly_equal(observed, value);
    case Relation::agrees:
      break;
  }
  fail("whether two numbers agree takes an interval");
}

}  // namespace stampede
