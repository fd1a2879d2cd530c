#include "stampede/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr Wide widest = ~Wide{0};
// Leaves room to multiply by the largest unit (a TiB, 2^40) in 128 bits.
constexpr int most_digits = 25;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// digits * 10^exponent, the value of a decimal text without rounding.
struct Decimal {
  bool negative = false;
  Wide digits = 0;
  int exponent = 0;
};

/// Reads [-]digits[.digits][e[+-]digits] off the front of `text`. Digits beyond `most_digits`
/// significant ones are cut: far below what any of our types can tell apart.
std::optional<Decimal> take_decimal(std::string_view& text) {
  std::string_view rest = text;
  Decimal decimal;
  if (rest.starts_with('-')) {
    decimal.negative = true;
    rest.remove_prefix(1);
  }
  if (rest.empty() || !is_digit(rest[0]) ||
      (rest.size() > 1 && rest[0] == '0' && is_digit(rest[1]))) {
    return std::nullopt;
  }
  int significant = 0;
  const auto take_digits = [&](int exponent_per_digit) {
    while (!rest.empty() && is_digit(rest[0])) {
      if (significant < most_digits) {
        decimal.digits = decimal.digits * 10 + static_cast<unsigned>(rest[0] - '0');
        significant += decimal.digits != 0;
        decimal.exponent += exponent_per_digit;
      } else {
        decimal.exponent += exponent_per_digit + 1;
      }
      rest.remove_prefix(1);
    }
  };
  take_digits(0);
  if (rest.size() > 1 && rest[0] == '.' && is_digit(rest[1])) {
    rest.remove_prefix(1);
    take_digits(-1);
  }
  if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
    std::string_view power = rest.substr(1);
    const bool below_one = power.starts_with('-');
    if (power.starts_with('-') || power.starts_with('+')) {
      power.remove_prefix(1);
    }
    if (!power.empty() && is_digit(power[0])) {
      int magnitude = 0;
      while (!power.empty() && is_digit(power[0])) {
        magnitude = std::min(magnitude * 10 + (power[0] - '0'), 100'000);
        power.remove_prefix(1);
      }
      decimal.exponent += below_one ? -magnitude : magnitude;
      rest = power;
    }
  }
  text = rest;
  return decimal;
}

/// What a unit is worth: factor * 10^exponent base units.
struct Unit {
  std::string_view name;
  std::uint64_t factor;
  int exponent;
};

constexpr std::uint64_t kibi = 1024;

constexpr std::array duration_units{
    Unit{"d", 86'400, 9}, Unit{"h", 3'600, 9}, Unit{"m", 60, 9}, Unit{"s", 1, 9},
    Unit{"ms", 1, 6},     Unit{"us", 1, 3},    Unit{"ns", 1, 0},
};
constexpr std::array byte_units{
    Unit{"B", 1, 0},
    Unit{"KB", 1, 3},
    Unit{"kB", 1, 3},
    Unit{"MB", 1, 6},
    Unit{"GB", 1, 9},
    Unit{"TB", 1, 12},
    Unit{"KiB", kibi, 0},
    Unit{"MiB", kibi* kibi, 0},
    Unit{"GiB", kibi* kibi* kibi, 0},
    Unit{"TiB", kibi* kibi* kibi* kibi, 0},
};
constexpr std::array bit_units{
    Unit{"bps", 1, 0},  Unit{"kbps", 1, 3}, Unit{"Kbps", 1, 3},
    Unit{"Mbps", 1, 6}, Unit{"Gbps", 1, 9}, Unit{"Tbps", 1, 12},
};
constexpr std::array count_units{
    Unit{"", 1, 0}, Unit{"k", 1, 3}, Unit{"K", 1, 3}, Unit{"M", 1, 6}, Unit{"G", 1, 9},
};
// Seconds in the interval of a rate.
constexpr std::array interval_units{
    Unit{"s", 1, 0},
    Unit{"m", 60, 0},
    Unit{"h", 3'600, 0},
    Unit{"d", 86'400, 0},
};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

/// A decimal times its unit.
Decimal times(Decimal decimal, const Unit& unit) {
  decimal.digits *= unit.factor;
  decimal.exponent += unit.exponent;
  return decimal;
}

std::string digits_of(Wide number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  return digits;
}

/// The nearest whole number, and whether nothing had to be rounded; none beyond 128 bits.
struct Whole {
  Wide value = 0;
  bool exact = true;
};
std::optional<Whole> to_whole(const Decimal& decimal) {
  Whole whole{decimal.digits, true};
  if (whole.value == 0) {
    return whole;
  }
  for (int i = 0; i < decimal.exponent; ++i) {
    if (whole.value > widest / 10) {
      return std::nullopt;
    }
    whole.value *= 10;
  }
  for (int i = decimal.exponent; i < 0; ++i) {
    whole.exact = whole.exact && whole.value % 10 == 0;
    // Truncated up to the last digit, which then decides: half rounds up.
    whole.value = i == -1 ? (whole.value + 5) / 10 : whole.value / 10;
    if (whole.value == 0) {
      break;
    }
  }
  return whole;
}

/// The nearest double; none if it is too large or vanishes.
std::optional<double> to_double(const Decimal& decimal) {
  if (decimal.digits == 0) {
    return 0.0;
  }
  const std::string text = digits_of(decimal.digits) + "e" + std::to_string(decimal.exponent);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value == 0) {
    return std::nullopt;
  }
  return decimal.negative ? -value : value;
}

template <class T>
Parsed<T> failed(std::string hint) {
  return {std::nullopt, std::move(hint)};
}

/// Why no number could be taken off `text`; empty if it does not even look like one.
std::string number_hint(std::string_view text) {
  std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (text.starts_with('+')) {
    return "write it without '+'";
  }
  if (digits.starts_with('.')) {
    return fmt::format("write 0{}", digits);
  }
  if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) {
    return "leading zeros are not allowed, for some take them to mean octal";
  }
  return {};
}

/// Whether a word is one of those that a text lists: "s" is among "ns, us, ms, s, m, h or d".
bool is_among(std::string_view word, std::string_view words) {
  constexpr std::string_view separators = " ,()";
  while (!words.empty()) {
    const std::size_t end = std::min(words.find_first_of(separators), words.size());
    if (!word.empty() && words.substr(0, end) == word) {
      return true;
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string unit_hint(std::string_view number, std::string_view unit, std::string_view of_what,
                      std::string_view units, std::string_view example_unit) {
  if (unit.empty()) {
    return fmt::format("add a unit, such as {}{}", number, example_unit);
  }
  if (unit.starts_with(' ')) {
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    if (is_among(unit, units)) {
      return fmt::format("write it without a space: {}{}", number, unit);
    }
  }
  if (unit.starts_with('_') || unit.starts_with(',')) {
    return "write the digits without separators";
  }
  return fmt::format("'{}' is no unit of {}; use {}", unit, of_what, units);
}

constexpr std::string_view negative_hint = "it cannot be negative";
constexpr std::string_view range_hint = "the number is out of range";

/// A number with one unit, or 0.
struct Measured {
  Decimal decimal;  // in base units
  std::string hint;
  bool ok = false;
};

Measured measure(std::string_view text, std::span<const Unit> units, std::string_view of_what,
                 std::string_view unit_names, std::string_view example_unit) {
  std::string_view rest = text;
  const std::optional<Decimal> decimal = take_decimal(rest);
  if (!decimal) {
    return {{}, number_hint(text), false};
  }
  if (decimal->negative) {
    return {{}, std::string(negative_hint), false};
  }
  if (rest.empty() && decimal->digits == 0) {
    return {*decimal, {}, true};
  }
  const Unit* unit = find_unit(units, rest);
  if (unit == nullptr) {
    const std::string_view number = text.substr(0, text.size() - rest.size());
    return {{}, unit_hint(number, rest, of_what, unit_names, example_unit), false};
  }
  return {times(*decimal, *unit), {}, true};
}

/// The parts of a duration, each in ns: "1h30m" has two, from the larger unit to the smaller.
struct DurationParts {
  std::vector<Decimal> parts;
  std::string hint;
};

DurationParts split_duration(std::string_view text) {
  DurationParts result;
  std::string_view rest = text;
  const Unit* previous = nullptr;
  while (!rest.empty()) {
    const std::string_view from = rest;
    const std::optional<Decimal> decimal = take_decimal(rest);
    if (!decimal) {
      return {{}, number_hint(from)};
    }
    if (decimal->negative) {
      return {{}, std::string(negative_hint)};
    }
    if (rest.empty() && decimal->digits == 0 && previous == nullptr) {
      return {{*decimal}, {}};
    }
    const std::string_view number = from.substr(0, from.size() - rest.size());
    const std::size_t unit_length = std::min(rest.find_first_of("0123456789-+."), rest.size());
    const std::string_view name = rest.substr(0, unit_length);
    const Unit* unit = find_unit(duration_units, name);
    if (unit == nullptr) {
      return {{}, unit_hint(number, name, "time", "ns, us, ms, s, m, h or d", "s")};
    }
    if (previous != nullptr && unit <= previous) {
      return {{}, "write larger units before smaller ones, such as 1h30m"};
    }
    result.parts.push_back(times(*decimal, *unit));
    previous = unit;
    rest.remove_prefix(unit_length);
  }
  return result;
}

std::optional<Wide> sum_of_whole(const std::vector<Decimal>& parts) {
  Wide sum = 0;
  for (const Decimal& part : parts) {
    const std::optional<Whole> whole = to_whole(part);
    if (!whole || whole->value > widest - sum) {
      return std::nullopt;
    }
    sum += whole->value;
  }
  return sum;
}

/// digits * 10^exponent written out: "1.5", "1500000"; with an exponent only if it gets too long.
std::string plain_text(Wide digits, int exponent) {
  if (digits == 0) {
    return "0";
  }
  while (digits % 10 == 0) {
    digits /= 10;
    ++exponent;
  }
  std::string text = digits_of(digits);
  const int length = static_cast<int>(text.size());
  if (exponent >= 0) {
    if (length + exponent <= 21) {
      return text + std::string(static_cast<std::size_t>(exponent), '0');
    }
  } else if (exponent > -25) {
    if (length <= -exponent) {
      text.insert(0, static_cast<std::size_t>(-exponent - length + 1), '0');
    }
    text.insert(text.size() - static_cast<std::size_t>(-exponent), ".");
    return text;
  }
  return text + "e" + std::to_string(exponent);
}

/// The fewest digits that read back as the same double.
Decimal shortest(double value) {
  const std::string text = fmt::format("{}", value);
  std::string_view rest = text;
  const std::optional<Decimal> decimal = take_decimal(rest);
  require(decimal.has_value() && rest.empty(), "a double has no decimal form");
  return *decimal;
}

std::string to_text_of_parts(std::uint64_t nanoseconds) {
  constexpr std::uint64_t second = 1'000'000'000;
  for (const Unit& unit : std::span(duration_units).first(3)) {
    const std::uint64_t length = unit.factor * second;
    if (nanoseconds % length == 0) {
      return fmt::format("{}{}", nanoseconds / length, unit.name);
    }
  }
  if (nanoseconds >= second) {
    return plain_text(nanoseconds, -9) + "s";
  }
  if (nanoseconds >= 1'000'000) {
    return plain_text(nanoseconds, -6) + "ms";
  }
  if (nanoseconds >= 1'000) {
    return plain_text(nanoseconds, -3) + "us";
  }
  return fmt::format("{}ns", nanoseconds);
}

template <class T>
Parsed<T> parse_whole(std::string_view text, Wide most_negative, Wide most_positive) {
  std::string_view rest = text;
  const std::optional<Decimal> decimal = take_decimal(rest);
  if (!decimal) {
    return failed<T>(number_hint(text));
  }
  const Unit* unit = find_unit(count_units, rest);
  if (unit == nullptr) {
    if (rest.starts_with('_') || rest.starts_with(',')) {
      return failed<T>("write the digits without separators");
    }
    return failed<T>(fmt::format("after the digits only k, M or G may stand, not '{}'", rest));
  }
  const std::optional<Whole> whole = to_whole(times(*decimal, *unit));
  if (!whole) {
    return failed<T>(std::string(range_hint));
  }
  if (!whole->exact) {
    return failed<T>("it must be whole");
  }
  if (decimal->negative && whole->value != 0 && most_negative == 0) {
    return failed<T>(std::string(negative_hint));
  }
  if (whole->value > (decimal->negative ? most_negative : most_positive)) {
    return failed<T>(std::string(range_hint));
  }
  const auto magnitude = static_cast<std::uint64_t>(whole->value);
  return {static_cast<T>(decimal->negative ? ~magnitude + 1 : magnitude), {}};
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  const DurationParts duration = split_duration(text);
  if (duration.parts.empty()) {
    return failed<Duration>(duration.hint);
  }
  const std::optional<Wide> sum = sum_of_whole(duration.parts);
  if (!sum || *sum > static_cast<Wide>(Duration::max().ns())) {
    return failed<Duration>("the longest is 292 years (2562047h)");
  }
  const bool written_as_zero = std::all_of(duration.parts.begin(), duration.parts.end(),
                                           [](const Decimal& part) { return part.digits == 0; });
  if (*sum == 0 && !written_as_zero) {
    return failed<Duration>("the shortest is 1ns");
  }
  return {Duration::nanoseconds(static_cast<std::int64_t>(*sum)), {}};
}

Parsed<double> parse_nanoseconds(std::string_view text) {
  const DurationParts duration = split_duration(text);
  if (duration.parts.empty()) {
    return failed<double>(duration.hint);
  }
  if (duration.parts.size() == 1) {
    const std::optional<double> value = to_double(duration.parts[0]);
    return value ? Parsed<double>{value, {}} : failed<double>(std::string(range_hint));
  }
  const std::optional<Wide> sum = sum_of_whole(duration.parts);
  return sum ? Parsed<double>{static_cast<double>(*sum), {}}
             : failed<double>(std::string(range_hint));
}

namespace {

constexpr std::string_view byte_unit_names = "B, KB, MB, GB, TB, KiB, MiB, GiB or TiB";

Measured measure_bytes(std::string_view text) {
  return measure(text, byte_units, "data", byte_unit_names, "B");
}

}  // namespace

Parsed<Bytes> parse_bytes(std::string_view text) {
  const Measured bytes = measure_bytes(text);
  if (!bytes.ok) {
    return failed<Bytes>(bytes.hint);
  }
  const std::optional<Whole> whole = to_whole(bytes.decimal);
  if (!whole || whole->value > std::numeric_limits<std::uint64_t>::max()) {
    return failed<Bytes>("the most is 16777215TiB");
  }
  if (whole->value == 0 && bytes.decimal.digits != 0) {
    return failed<Bytes>("the least is 1B");
  }
  return {Bytes{static_cast<std::uint64_t>(whole->value)}, {}};
}

Parsed<double> parse_byte_number(std::string_view text) {
  const Measured bytes = measure_bytes(text);
  if (!bytes.ok) {
    return failed<double>(bytes.hint);
  }
  const std::optional<double> value = to_double(bytes.decimal);
  return value ? Parsed<double>{value, {}} : failed<double>(std::string(range_hint));
}

Parsed<Rate> parse_rate(std::string_view text) {
  std::string_view rest = text;
  const std::optional<Decimal> decimal = take_decimal(rest);
  if (!decimal) {
    return failed<Rate>(number_hint(text));
  }
  if (decimal->negative) {
    return failed<Rate>(std::string(negative_hint));
  }
  if (rest.empty() && decimal->digits == 0) {
    return {Rate{0}, {}};
  }
  const std::size_t slash = rest.find('/');
  const Unit* multiple = find_unit(count_units, rest.substr(0, std::min(slash, rest.size())));
  const Unit* interval =
      slash == std::string_view::npos ? nullptr : find_unit(interval_units, rest.substr(slash + 1));
  if (multiple == nullptr || interval == nullptr) {
    const std::string_view number = text.substr(0, text.size() - rest.size());
    return failed<Rate>(rest.empty() || rest.starts_with(' ')
                            ? fmt::format("add a unit, such as {}/s", number)
                            : fmt::format("'{}' is no unit of rate; use /s, /m, /h or /d, such as "
                                          "{}/s",
                                          rest, number));
  }
  const std::optional<double> value = to_double(times(*decimal, *multiple));
  const double per_second = value ? *value / static_cast<double>(interval->factor) : 0;
  if (!value || (per_second == 0 && decimal->digits != 0)) {
    return failed<Rate>(std::string(range_hint));
  }
  return {Rate{per_second}, {}};
}

Parsed<Bandwidth> parse_bandwidth(std::string_view text) {
  constexpr std::string_view names = "bps, kbps, Mbps, Gbps (bits) or KB/s, MB/s, GB/s (bytes)";
  const bool in_bytes = text.ends_with("/s");
  const Measured amount =
      in_bytes ? measure(text.substr(0, text.size() - 2), byte_units, "bandwidth", names, "B")
               : measure(text, bit_units, "bandwidth", names, "Mbps");
  if (!amount.ok) {
    return failed<Bandwidth>(amount.hint);
  }
  const std::optional<double> value = to_double(amount.decimal);
  if (!value) {
    return failed<Bandwidth>(std::string(range_hint));
  }
  return {Bandwidth{in_bytes ? *value : *value / 8}, {}};
}

Parsed<Ratio> parse_ratio(std::string_view text) {
  std::string_view rest = text;
  std::optional<Decimal> decimal = take_decimal(rest);
  if (!decimal) {
    return failed<Ratio>(number_hint(text));
  }
  if (decimal->negative) {
    return failed<Ratio>(std::string(negative_hint));
  }
  const bool percent = rest == "%";
  if (!percent && !rest.empty()) {
    return failed<Ratio>("write a percentage such as 25%, or a number from 0 to 1");
  }
  decimal->exponent -= percent ? 2 : 0;
  const std::optional<double> value = to_double(*decimal);
  if (!value) {
    return failed<Ratio>(std::string(range_hint));
  }
  if (!percent && *value > 1) {
    return failed<Ratio>(
        fmt::format("a plain number is a share from 0 to 1; a percentage is written {}%", text));
  }
  return {Ratio{*value}, {}};
}

Parsed<std::int64_t> parse_integer(std::string_view text) {
  constexpr Wide most = std::numeric_limits<std::int64_t>::max();
  return parse_whole<std::int64_t>(text, most + 1, most);
}

Parsed<std::uint64_t> parse_count(std::string_view text) {
  return parse_whole<std::uint64_t>(text, 0, std::numeric_limits<std::uint64_t>::max());
}

Parsed<double> parse_number(std::string_view text) {
  std::string_view rest = text;
  const std::optional<Decimal> decimal = take_decimal(rest);
  if (!decimal) {
    return failed<double>(number_hint(text));
  }
  if (!rest.empty()) {
    return failed<double>(rest.starts_with('_') || rest.starts_with(',')
                              ? "write the digits without separators"
                              : fmt::format("it is a plain number, without '{}'", rest));
  }
  const std::optional<double> value = to_double(*decimal);
  return value ? Parsed<double>{value, {}} : failed<double>(std::string(range_hint));
}

std::string to_text(Duration value) {
  if (value.is_zero()) {
    return "0s";
  }
  const auto ns = static_cast<std::uint64_t>(value.ns());
  return value.ns() < 0 ? "-" + to_text_of_parts(~ns + 1) : to_text_of_parts(ns);
}

std::string nanoseconds_to_text(double nanoseconds) {
  if (!std::isfinite(nanoseconds)) {
    return fmt::format("{}ns", nanoseconds);
  }
  const double magnitude = std::fabs(nanoseconds);
  const std::string sign = std::signbit(nanoseconds) && magnitude != 0 ? "-" : "";
  if (magnitude == std::floor(magnitude) && magnitude < 9e15) {
    return sign + to_text(Duration::nanoseconds(static_cast<std::int64_t>(magnitude)));
  }
  const Decimal decimal = shortest(magnitude);
  const Unit* unit = &duration_units.back();
  for (const Unit& larger : std::span(duration_units).subspan(3)) {
    if (magnitude >= to_double(Decimal{false, 1, larger.exponent})) {
      unit = &larger;
      break;
    }
  }
  return sign + plain_text(decimal.digits, decimal.exponent - unit->exponent) +
         std::string(unit->name);
}

std::string to_text(Bytes value) {
  if (value.count == 0) {
    return "0B";
  }
  std::string best = fmt::format("{}B", value.count);
  for (const Unit& unit : byte_units) {
    if (unit.name == "B" || unit.name == "kB") {
      continue;
    }
    std::string text;
    if (unit.exponent == 0) {
      if (value.count % unit.factor != 0) {
        continue;
      }
      text = fmt::format("{}{}", value.count / unit.factor, unit.name);
    } else {
      text = plain_text(value.count, -unit.exponent) + std::string(unit.name);
    }
    // "0.2KB" is no better than "200B".
    if (!text.starts_with("0.") && text.size() <= best.size()) {
      best = text;
    }
  }
  return best;
}

std::string byte_number_to_text(double bytes) {
  if (bytes >= 0 && bytes < 9e15 && bytes == std::floor(bytes)) {
    return to_text(Bytes{static_cast<std::uint64_t>(bytes)});
  }
  return fmt::format("{}B", bytes);
}

std::string to_text(Rate value) {
  if (!std::isfinite(value.per_second)) {
    return fmt::format("{}/s", value.per_second);
  }
  const std::string sign = value.per_second < 0 ? "-" : "";
  const double magnitude = std::fabs(value.per_second);
  std::string best;
  for (const Unit& interval : interval_units) {
    const double count = magnitude * static_cast<double>(interval.factor);
    if (!std::isfinite(count)) {
      continue;
    }
    const Decimal decimal = shortest(count);
    const std::string text =
        fmt::format("{}/{}", plain_text(decimal.digits, decimal.exponent), interval.name);
    if (best.empty() || (text.size() < best.size() && parse_rate(text).value == Rate{magnitude})) {
      best = text;
    }
  }
  return sign + best;
}

std::string to_text(Bandwidth value) {
  const double bits = value.bytes_per_second * 8;
  if (!std::isfinite(bits) || bits < 0) {
    return fmt::format("{}B/s", value.bytes_per_second);
  }
  const Decimal in_bits = shortest(bits);
  std::string best = plain_text(in_bits.digits, in_bits.exponent) + "bps";
  const auto consider = [&](const Decimal& decimal, const Unit& unit, std::string_view suffix) {
    const std::string text = plain_text(decimal.digits, decimal.exponent - unit.exponent) +
                             std::string(unit.name) + std::string(suffix);
    if (!text.starts_with("0.") && text.size() < best.size()) {
      best = text;
    }
  };
  for (const Unit& unit : bit_units) {
    if (unit.name != "Kbps") {
      consider(in_bits, unit, "");
    }
  }
  for (const Unit& unit : byte_units) {
    if (unit.factor == 1 && unit.name != "kB") {
      consider(shortest(value.bytes_per_second), unit, "/s");
    }
  }
  return best;
}

std::string to_text(Ratio value) {
  if (!std::isfinite(value.value) || value.value < 0) {
    return fmt::format("{}", value.value);
  }
  const Decimal decimal = shortest(value.value);
  return plain_text(decimal.digits, decimal.exponent + 2) + "%";
}

std::string to_text(std::int64_t value) { return fmt::format("{}", value); }
std::string to_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string to_text(double value) { return fmt::format("{}", value); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> before_last(width), last(width), row(width);
  for (std::size_t j = 0; j < width; ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string normalized_word(std::string_view word) {
  std::string normalized;
  for (const char c : word) {
    if (c >= 'A' && c <= 'Z') {
      normalized += static_cast<char>(c - 'A' + 'a');
    } else {
      normalized += c == '-' ? '_' : c;
    }
  }
  return normalized;
}

namespace {

std::string letters_only(std::string_view word) {
  std::string letters = normalized_word(word);
  std::erase(letters, '_');
  return letters;
}

// Words beyond this are nobody's typing mistake; it also bounds the work on hostile input.
constexpr std::size_t longest_word = 64;

/// How far a candidate is from a word, smaller is nearer; none if it cannot have been meant.
std::optional<std::size_t> farness(const std::string& letters, std::string_view candidate) {
  constexpr std::size_t begins_with = 3;
  const std::string other = letters_only(candidate);
  const std::size_t shorter = std::min(letters.size(), other.size());
  const std::size_t distance = edit_distance(letters, other);
  const std::size_t tolerated = shorter <= 2 ? 0 : shorter <= 4 ? 1 : 2;
  if (distance <= tolerated) {
    return distance;
  }
  if (shorter >= 3 && letters.substr(0, shorter) == other.substr(0, shorter)) {
    return begins_with;
  }
  return std::nullopt;
}

}  // namespace

std::string closest_match(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > longest_word) {
    return {};
  }
  const std::string letters = letters_only(word);
  const std::string* best = nullptr;
  auto best_rank = std::tuple(std::numeric_limits<std::size_t>::max(), std::size_t{0});
  for (const std::string& candidate : candidates) {
    const std::optional<std::size_t> distance = farness(letters, candidate);
    if (!distance) {
      continue;
    }
    const auto rank = std::tuple(*distance, candidate.size());
    if (best == nullptr || rank < best_rank) {
      best = &candidate;
      best_rank = rank;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string one_of(const std::vector<std::string>& names, std::string_view word) {
  constexpr std::size_t readable = 12;
  constexpr std::size_t shown_of_many = 8;
  std::vector<std::string> shown = names;
  if (names.size() > readable) {
    const std::string letters = letters_only(word.substr(0, longest_word));
    if (!word.empty()) {
      std::stable_sort(shown.begin(), shown.end(), [&](const auto& a, const auto& b) {
        return edit_distance(letters, letters_only(a)) < edit_distance(letters, letters_only(b));
      });
    }
    shown.resize(shown_of_many);
  }
  std::string text = names.size() > 1 ? "one of " : "";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    text += (i == 0 ? "" : ", ") + shown[i];
  }
  if (shown.size() < names.size()) {
    text += fmt::format(" and {} more", names.size() - shown.size());
  }
  return text;
}

bool is_valid_name(std::string_view name) {
  if (name.empty() || !(name[0] >= 'a' && name[0] <= 'z')) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
  });
}

}  // namespace stampede
