#include "stampede/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace stampede {
namespace {

constexpr int digits_of_numbers = 3;
constexpr int digits_of_widths = 2;

/// So many significant digits without an exponent; what is larger keeps all before the point.
std::string with_digits(double value, int digits) {
  if (value == 0) {
    return "0";
  }
  int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  // Rounding may add a digit before the point: 9.996 is 10.0, not 10.00.
  const double next = std::pow(10.0, exponent + 1);
  if (std::abs(value) >= next * (1 - 0.5 * std::pow(10.0, -digits))) {
    ++exponent;
  }
  if (exponent < -4) {
    return fmt::format("{:.{}e}", value, digits - 1);
  }
  return fmt::format("{:.{}f}", value, std::max(0, digits - 1 - exponent));
}

struct Unit {
  double size;
  std::string_view name;
};

/// The unit in which three digits show at least 1 of it. Minutes and hours begin late, because 90s
/// reads better than 1.50min.
Unit unit_of_time(double seconds, const TextStyle& style) {
  const double magnitude = std::abs(seconds);
  if (magnitude >= 3 * 3600) {
    return {3600, "h"};
  }
  if (magnitude >= 10 * 60) {
    return {60, "min"};
  }
  if (magnitude >= 0.9995 || magnitude == 0) {
    return {1, "s"};
  }
  if (magnitude >= 0.9995e-3) {
    return {1e-3, "ms"};
  }
  if (magnitude >= 0.9995e-6) {
    return {1e-6, style.utf8 ? "µs" : "us"};
  }
  return {1e-9, "ns"};
}

Unit unit_of_rate(double per_second) {
  const double magnitude = std::abs(per_second);
  if (magnitude >= 0.9995e6) {
    return {1e6, "M/s"};
  }
  if (magnitude >= 0.9995e4) {
    return {1e3, "k/s"};
  }
  return {1, "/s"};
}

std::string in_unit(double value, const Unit& unit, int digits, const TextStyle& style) {
  if (!std::isfinite(value)) {
    return style.utf8 ? "–" : "-";
  }
  return with_digits(value / unit.size, digits) + std::string(unit.name);
}

}  // namespace

std::string seconds_text(double seconds, const TextStyle& style) {
  return in_unit(seconds, unit_of_time(seconds, style), digits_of_numbers, style);
}

std::string seconds_text_like(double like, double seconds, const TextStyle& style) {
  return in_unit(seconds, unit_of_time(like, style), digits_of_widths, style);
}

std::string rate_text(double per_second, const TextStyle& style) {
  return in_unit(per_second, unit_of_rate(per_second), digits_of_numbers, style);
}

std::string rate_text_like(double like, double per_second, const TextStyle& style) {
  return in_unit(per_second, unit_of_rate(like), digits_of_widths, style);
}

std::string share_text(double share, const TextStyle& style) {
  if (!std::isfinite(share)) {
    return in_unit(share, {}, 0, style);
  }
  const double percent = share * 100;
  const double distance = std::min(std::abs(percent), std::abs(100 - percent));
  if (distance == 0) {
    return fmt::format("{:.0f}%", percent);
  }
  // Two significant digits of the distance, but no more than a millionth of a percent.
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(distance))), 1, 6);
  return fmt::format("{:.{}f}%", percent, decimals);
}

std::string share_text_like(double, double share, const TextStyle& style) {
  return in_unit(share, {0.01, "%"}, digits_of_widths, style);
}

std::string plain_text(double value, const TextStyle& style) {
  return in_unit(value, {1, ""}, digits_of_numbers, style);
}

std::string plain_text_like(double, double value, const TextStyle& style) {
  return in_unit(value, {1, ""}, digits_of_widths, style);
}

std::string metric_text(MetricUnit unit, double value, const TextStyle& style) {
  switch (unit) {
    case MetricUnit::seconds:
      return seconds_text(value, style);
    case MetricUnit::per_second:
      return rate_text(value, style);
    case MetricUnit::share:
      return share_text(value, style);
    case MetricUnit::number:
      break;
  }
  return plain_text(value, style);
}

std::string metric_text_like(MetricUnit unit, double like, double value, const TextStyle& style) {
  switch (unit) {
    case MetricUnit::seconds:
      return seconds_text_like(like, value, style);
    case MetricUnit::per_second:
      return rate_text_like(like, value, style);
    case MetricUnit::share:
      return share_text_like(like, value, style);
    case MetricUnit::number:
      break;
  }
  return plain_text_like(like, value, style);
}

std::string count_text(std::int64_t count) {
  const std::string digits = fmt::format("{}", count);
  const std::size_t sign = digits[0] == '-' ? 1 : 0;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) {
      text += ',';
    }
    text += digits[i];
  }
  return text;
}

}  // namespace stampede
