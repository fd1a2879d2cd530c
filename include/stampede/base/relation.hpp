#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace stampede {

/// How a measured number is compared with the one that was expected of it.
enum class Relation : std::uint8_t {
  less,      ///< "<"
  at_most,   ///< "<="
  more,      ///< ">"
  at_least,  ///< ">="
  equal,     ///< "=="
  agrees,    ///< "~": as far as its interval can tell
};

/// A value with or without a unit.
struct Measurement {
  double value = 0;  ///< in seconds, shares, per second, or plain
  std::string unit;  ///< what it was written in: "s", "%", "/s" or none
};
std::optional<Measurement> parse_measurement(std::string_view text);

/// A metric of something: "app.latency.p99".
struct MetricPath {
  std::string subject;  ///< "app"
  std::string metric;   ///< "latency.p99"

  std::string text() const { return subject + "." + metric; }
};

/// So many times a metric of something: "2 * app.latency.p99", or just "app.latency.p99".
struct ScaledPath {
  double factor = 1;
  MetricPath path;
};

/// A metric of something compared with a value, "app.latency.p99 < 250ms", or with another metric,
/// "app.latency.p99 < 2 * cache.latency.p99".
struct Comparison {
  MetricPath path;
  Relation relation = Relation::less;
  std::variant<Measurement, ScaledPath> with;
};
std::optional<Comparison> parse_comparison(std::string_view text);

/// Equal but for the rounding of seconds to double.
bool nearly_equal(double a, double b);
/// Whether `observed` stands in this relation to `value`; not for `agrees`, which takes more than
/// two numbers.
bool holds(double observed, Relation relation, double value);

}  // namespace stampede
