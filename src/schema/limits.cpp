#include "limits.hpp"

#include "stampede/base/json.hpp"

namespace stampede {
namespace {

bool holds(const Limit& limit, long double magnitude) {
  switch (limit.kind) {
    case Limit::Kind::at_least:
    case Limit::Kind::not_empty:
      return magnitude >= limit.magnitude;
    case Limit::Kind::more_than:
      return magnitude > limit.magnitude;
    case Limit::Kind::at_most:
      return magnitude <= limit.magnitude;
    case Limit::Kind::less_than:
      return magnitude < limit.magnitude;
    case Limit::Kind::required:
    case Limit::Kind::alias:
    case Limit::Kind::of_run:
    case Limit::Kind::inherits:
      break;
  }
  return true;
}

std::string limit_text(const Field& field, const Limit& limit) {
  const auto amount = [&] {
    const Json json = field.type.of_magnitude(limit.magnitude);
    return json.is_string() ? json.get<std::string>() : json.dump();
  };
  switch (limit.kind) {
    case Limit::Kind::at_least:
      return "at least " + amount();
    case Limit::Kind::more_than:
      return "more than " + amount();
    case Limit::Kind::at_most:
      return "at most " + amount();
    case Limit::Kind::less_than:
      return "less than " + amount();
    case Limit::Kind::not_empty:
      return "not empty";
    case Limit::Kind::required:
    case Limit::Kind::alias:
    case Limit::Kind::of_run:
    case Limit::Kind::inherits:
      break;
  }
  return {};
}

}  // namespace

std::optional<Limit> natural_limit(const Field& field) {
  const std::optional<long double> maximum = field.type.natural_maximum();
  if (!maximum) {
    return std::nullopt;
  }
  for (const Limit& limit : field.limits) {
    if (limit.kind == Limit::Kind::at_most || limit.kind == Limit::Kind::less_than) {
      return std::nullopt;
    }
  }
  return Limit{Limit::Kind::at_most, *maximum};
}

std::string limits_text(const Field& field) {
  std::string text;
  const auto add = [&](const Limit& limit) {
    const std::string one = limit_text(field, limit);
    if (!one.empty()) {
      text += (text.empty() ? "" : " and ") + one;
    }
  };
  for (const Limit& limit : field.limits) {
    add(limit);
  }
  if (const std::optional<Limit> natural = natural_limit(field)) {
    add(*natural);
  }
  return text;
}

std::string after_type(const Field& field) {
  std::string bounds = limits_text(field);
  if (bounds.empty()) {
    return {};
  }
  return (bounds.starts_with("not ") ? ", " : " of ") + bounds;
}

bool within_limits(const Field& field, long double magnitude) {
  for (const Limit& limit : field.limits) {
    if (!holds(limit, magnitude)) {
      return false;
    }
  }
  const std::optional<Limit> natural = natural_limit(field);
  return !natural || holds(*natural, magnitude);
}

}  // namespace stampede
