#include "stampede/study/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

using Unit = ValueRange::Unit;

constexpr std::size_t most_values = 10'000;

template <class T>
std::optional<double> as_double(const Parsed<T>& parsed, double (*magnitude)(T)) {
  return parsed.value ? std::optional<double>(magnitude(*parsed.value)) : std::nullopt;
}

/// A whole number; "1.0" is meant as a number with a fraction, "1.5M" is a whole one.
std::optional<double> read_whole(std::string_view text) {
  const Parsed<std::int64_t> whole = parse_integer(text);
  const bool has_fraction = text.find_first_not_of("0123456789.+-") == std::string_view::npos &&
                            text.find('.') != std::string_view::npos;
  if (!whole.value || has_fraction) {
    return std::nullopt;
  }
  return static_cast<double>(*whole.value);
}

/// In the order in which a text is tried: "0" is a number unless the other end has a unit.
const std::array<Unit, 7> units{{
    {read_whole,
     [](double value) { return to_text(static_cast<std::int64_t>(std::llround(value))); }, true},
    {[](std::string_view text) { return parse_number(text).value; },
     [](double value) { return to_text(value); }, false},
    {[](std::string_view text) {
       return as_double<Ratio>(parse_ratio(text), [](Ratio ratio) { return ratio.value; });
     },
     [](double value) { return to_text(Ratio{value}); }, false},
    {[](std::string_view text) {
       return as_double<Duration>(parse_duration(text),
                                  [](Duration length) { return static_cast<double>(length.ns()); });
     },
     [](double value) { return to_text(Duration::from_nanoseconds(value)); }, false},
    {[](std::string_view text) {
       return as_double<Rate>(parse_rate(text), [](Rate rate) { return rate.per_second; });
     },
     [](double value) { return to_text(value) + "/s"; }, false},
    {[](std::string_view text) {
       return as_double<Bandwidth>(parse_bandwidth(text),
                                   [](Bandwidth width) { return width.bytes_per_second; });
     },
     [](double value) { return to_text(Bandwidth{value}); }, false},
    {[](std::string_view text) {
       return as_double<Bytes>(parse_bytes(text),
                               [](Bytes bytes) { return static_cast<double>(bytes.count); });
     },
     [](double value) { return to_text(Bytes{static_cast<std::uint64_t>(std::llround(value))}); },
     false},
}};

/// The first unit in which all of the texts can be read, with their values.
template <class Texts>
const Unit* common_unit(const Texts& texts, std::vector<double>& values) {
  for (const Unit& unit : units) {
    values.clear();
    for (const auto& text : texts) {
      if (const std::optional<double> value = unit.read(text)) {
        values.push_back(*value);
      }
    }
    if (values.size() == texts.size()) {
      return &unit;
    }
  }
  return nullptr;
}

/// 0.1 + 0.2 is 0.3.
double rounded(double value, int digits) {
  return parse_number(fmt::format("{:.{}g}", value, digits)).value.value_or(value);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

/// Splits at commas that stand in no bracket and no quote.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items{""};
  int depth = 0;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
    if (c == ',' && depth == 0 && quote == '\0') {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  for (std::string& item : items) {
    item = trimmed(item);
  }
  return items;
}

std::vector<std::string_view> split_range(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dots = text.find("..");
    parts.push_back(trimmed(text.substr(0, dots)));
    if (dots == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(dots + 2);
  }
}

/// From one end to the other, by `next`; a hair beyond the end is the end.
template <class Next>
std::vector<std::string> stepped(const Unit& unit, double from, double to, Next next) {
  std::vector<std::string> values;
  const double slack = 1e-9 * std::max(std::abs(from), std::abs(to));
  for (std::size_t i = 0; values.size() <= most_values; ++i) {
    const double value = next(static_cast<double>(i));
    if (from <= to ? value > to + slack : value < to - slack) {
      break;
    }
    values.push_back(unit.write(rounded(value, 15)));
  }
  return values;
}

/// Reads what stands right of the '='. Gives what is wrong with it, or nothing.
std::string read_values(std::string_view text, Parameter& to) {
  if (text.empty()) {
    return "values after the '='";
  }
  if (text.front() == '[') {
    if (text.back() != ']' || trimmed(text.substr(1, text.size() - 2)).empty()) {
      return "a list of at least one value in brackets";
    }
    to.values = split_list(text.substr(1, text.size() - 2));
    return {};
  }
  constexpr std::string_view log_word = " log";
  const bool is_log = text.ends_with(log_word);
  std::vector<std::string_view> parts =
      split_range(is_log ? text.substr(0, text.size() - log_word.size()) : text);
  if (parts.size() == 1) {
    to.values = {std::string(text)};
    return {};
  }
  if (parts.size() > 3 || (is_log && parts.size() == 3)) {
    return "a range such as 4..20, 4..20..2, 4..64..x2 or 1..100 log";
  }
  const bool by_factor = parts.size() == 3 && parts[2].starts_with('x');
  std::optional<double> factor;
  if (by_factor) {
    factor = parse_number(parts[2].substr(1)).value;
    parts.pop_back();
  }
  std::vector<double> numbers;
  const Unit* unit = common_unit(parts, numbers);
  if (unit == nullptr) {
    return "a range whose ends and step are written in one unit, such as 500/s..2k/s..100/s";
  }
  if ((is_log || by_factor) && !(numbers[0] > 0 && numbers[1] > 0)) {
    return "positive ends where steps are factors";
  }
  if (by_factor) {
    if (!factor || !(numbers[0] < numbers[1] ? *factor > 1 : *factor > 0 && *factor < 1)) {
      return "a factor that leads from one end to the other, such as x2";
    }
    to.values = stepped(*unit, numbers[0], numbers[1],
                        [&](double i) { return numbers[0] * std::pow(*factor, i); });
  } else if (parts.size() == 3) {
    if (!(numbers[0] <= numbers[1] ? numbers[2] > 0 : numbers[2] < 0)) {
      return "a step that leads from one end to the other";
    }
    to.values = stepped(*unit, numbers[0], numbers[1],
                        [&](double i) { return numbers[0] + i * numbers[2]; });
  } else if (!(numbers[0] < numbers[1])) {
    return "a range from a smaller to a larger value";
  } else {
    to.range = ValueRange{unit, numbers[0], numbers[1], is_log};
  }
  if (to.values.size() > most_values) {
    return fmt::format("at most {} values", most_values);
  }
  return {};
}

}  // namespace

std::string ValueRange::at(double share) const {
  // The last whole number is as wide as the others.
  const double width = unit->is_whole ? 1 : 0;
  return text(is_log ? from * std::pow((to + width) / from, share)
                     : from + (to + width - from) * share);
}

std::string ValueRange::text(double value) const {
  value = unit->is_whole ? std::floor(value) : rounded(value, 6);
  return unit->write(std::clamp(value, from, to));
}

void Codec<Parameter>::read(const Value& from, Parameter& to, Reader& reader) {
  if (!from.is_scalar()) {
    reader.mismatch(from, type_text());
    return;
  }
  to = Parameter{};
  to.text = from.text;
  to.place = from.place;
  const std::string_view text = trimmed(to.text);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || trimmed(text.substr(0, equals)).empty()) {
    reader.mismatch(from, type_text());
    return;
  }
  to.path = trimmed(text.substr(0, equals));
  if (const std::string expected = read_values(trimmed(text.substr(equals + 1)), to);
      !expected.empty()) {
    reader.mismatch(from, expected);
  }
}

Json Codec<Parameter>::echo(const Parameter& parameter) { return parameter.text; }

Json Codec<Parameter>::schema(SchemaWriter&) {
  return {{"type", "string"}, {"pattern", R"(^\s*[^=\s]+\s*=\s*\S.*$)"}};
}

std::string Codec<Parameter>::type_text() {
  return "a path of a setting, '=' and values: a list or a range, such as "
         "app.replicas=[4, 8] or app.replicas=4..20..2";
}

template class CodecType<Parameter>;

std::optional<std::vector<double>> as_numbers(const std::vector<std::string>& values, bool is_log) {
  std::vector<double> numbers;
  if (common_unit(values, numbers) == nullptr) {
    return std::nullopt;
  }
  if (is_log) {
    for (double& number : numbers) {
      if (!(number > 0)) {
        return std::nullopt;
      }
      number = std::log(number);
    }
  }
  return numbers;
}

}  // namespace stampede
