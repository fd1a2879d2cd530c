#include "stampede/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stampede {
namespace {

std::string missing(const TextStyle& style) { return style.utf8 ? "–" : "-"; }

/// Three significant digits without an exponent; large numbers keep all digits before the point.
std::string three_digits(double value) {
  const double magnitude = std::abs(value);
  if (magnitude == 0) {
    return "0";
  }
  // The digits before the point are counted after rounding: 9.996 is 10.0, not 10.00.
  const int before = magnitude >= 99.95 ? 3 : magnitude >= 9.995 ? 2 : magnitude >= 0.9995 ? 1 : 0;
  if (before == 0 && magnitude < 0.0005) {
    return fmt::format("{:.1e}", value);
  }
  return fmt::format("{:.{}f}", value, 3 - before);
}

}  // namespace

std::string seconds_text(double seconds, const TextStyle& style) {
  // A unit begins where three digits show at least 1 of it; minutes and hours begin late, because
  // 90s reads better than 1.50min.
  const double magnitude = std::abs(seconds);
  if (!std::isfinite(seconds)) {
    return missing(style);
  }
  if (magnitude == 0) {
    return "0s";
  }
  if (magnitude >= 3 * 3600) {
    return three_digits(seconds / 3600) + "h";
  }
  if (magnitude >= 10 * 60) {
    return three_digits(seconds / 60) + "min";
  }
  if (magnitude >= 0.9995) {
    return three_digits(seconds) + "s";
  }
  if (magnitude >= 0.9995e-3) {
    return three_digits(seconds * 1e3) + "ms";
  }
  if (magnitude >= 0.9995e-6) {
    return three_digits(seconds * 1e6) + (style.utf8 ? "µs" : "us");
  }
  return three_digits(seconds * 1e9) + "ns";
}

std::string rate_text(double per_second, const TextStyle& style) {
  const double magnitude = std::abs(per_second);
  if (!std::isfinite(per_second)) {
    return missing(style);
  }
  if (magnitude >= 0.9995e6) {
    return three_digits(per_second / 1e6) + "M/s";
  }
  if (magnitude >= 0.9995e4) {
    return three_digits(per_second / 1e3) + "k/s";
  }
  return three_digits(per_second) + "/s";
}

std::string share_text(double share, const TextStyle& style) {
  if (!std::isfinite(share)) {
    return missing(style);
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

std::string plain_text(double value, const TextStyle& style) {
  return std::isfinite(value) ? three_digits(value) : missing(style);
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
