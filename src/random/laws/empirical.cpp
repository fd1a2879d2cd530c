#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

/// A point of the quantile function: this share of the draws lies at or below the value.
struct Point {
  double level;
  double value;
};

/// From level 0 to level 1, levels ascending strictly, values ascending.
using QuantileFunction = std::vector<Point>;

/// What measured the points knows nothing below the first of them but that no value is negative.
void start_at_zero(QuantileFunction& points) {
  if (points.front().level > 0) {
    points.insert(points.begin(), Point{0, 0});
  }
}

// ---- quantiles: {p50: 4ms, p99: 20ms, max: 1s} -------------------------------------------------

struct QuantileTable {
  std::vector<std::pair<std::string, Quantity>> written;
  QuantileFunction points;
};

/// The level of "min", "max" or "p99.9".
std::optional<double> level_of(std::string_view name) {
  if (name == "min") {
    return 0;
  }
  if (name == "max") {
    return 1;
  }
  static const std::regex percentile("p([0-9]{1,2}(\\.[0-9]{1,12})?)");
  std::cmatch match;
  if (!std::regex_match(name.data(), name.data() + name.size(), match, percentile)) {
    return std::nullopt;
  }
  return *parse_number(match[1].str()).value / 100;
}

// ---- file: latencies.csv -----------------------------------------------------------------------

constexpr std::uintmax_t most_bytes_of_a_file = 64 << 20;

struct SampleFileSettings {
  std::string path;
  std::optional<Quantity> unit;
};

void describe(Visitor& v, SampleFileSettings& s) {
  v.shorthand("path");
  v.field("path", s.path, "the file, relative to the scenario's", required());
  v.field("unit", s.unit, "what a number without a unit means in the file, such as 1ms",
          more_than(Quantity{0}));
}

struct SampleFile {
  SampleFileSettings settings;
  QuantileFunction points;
};

/// Reads a file of one value a line, or of `quantile,value` a line. Empty lines, lines that start
/// with # and a first line of words are passed over.
class SampleFileReader {
 public:
  SampleFileReader(const SampleFileSettings& settings, const Place& place, Reader& reader)
      : settings_(settings), place_(place), reader_(reader) {}

  /// Empty if there was a problem, which the reader was told.
  QuantileFunction read() {
    std::ifstream file;
    if (!open(file)) {
      return {};
    }
    std::string line;
    while (std::getline(file, line)) {
      ++line_number_;
      if (!take(line)) {
        return {};
      }
    }
    return finish();
  }

 private:
  bool open(std::ifstream& file) {
    const std::filesystem::path path =
        std::filesystem::path(reader_.base_directory) / settings_.path;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      return problem("is not there, or is no file");
    }
    if (std::filesystem::file_size(path, error) > most_bytes_of_a_file) {
      return problem("is larger than 64 MiB");
    }
    file.open(path);
    return file.good() || problem("cannot be read");
  }

  bool take(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#') {
      return true;
    }
    const bool is_header =
        values_.empty() && levels_.empty() && !header_seen_ &&
        (std::isalpha(static_cast<unsigned char>(line[0])) != 0 || line[0] == '"');
    if (is_header) {
      header_seen_ = true;
      return true;
    }
    const std::size_t comma = line.find(',');
    const bool has_level = comma != std::string_view::npos;
    if (!values_.empty() && has_level == levels_.empty()) {
      return problem_at_line("has another number of columns than the lines before");
    }
    if (has_level && !take_level(trimmed(line.substr(0, comma)))) {
      return false;
    }
    return take_value(has_level ? trimmed(line.substr(comma + 1)) : line);
  }

  bool take_level(std::string_view text) {
    const std::optional<Ratio> level = parse_ratio(text).value;
    if (!level || level->value < 0 || level->value > 1) {
      return problem_at_line("starts with '" + std::string(text) +
                             "', expected a quantile from 0 to 1");
    }
    if (!levels_.empty() && level->value <= levels_.back()) {
      return problem_at_line("does not ascend: quantiles go upwards");
    }
    levels_.push_back(level->value);
    return true;
  }

  bool take_value(std::string_view text) {
    const std::optional<double> value = parse_value(text);
    if (!value || *value < 0) {
      return problem_at_line("has '" + std::string(text) + "' as value" +
                             (parse_number(text).value && !settings_.unit
                                  ? "; say what a number without a unit means, such as unit: 1ms"
                                  : ""));
    }
    if (!levels_.empty() && !values_.empty() && *value < values_.back()) {
      return problem_at_line("does not ascend: values go upwards with their quantiles");
    }
    values_.push_back(*value);
    return true;
  }

  std::optional<double> parse_value(std::string_view text) const {
    const Dimension dimension = current_dimension();
    const std::optional<double> number = parse_number(text).value;
    if (number && (settings_.unit || dimension == Dimension::number)) {
      return *number * (settings_.unit ? settings_.unit->value : 1);
    }
    switch (dimension) {
      case Dimension::duration:
        return parse_nanoseconds(text).value;
      case Dimension::bytes:
        return parse_byte_number(text).value;
      case Dimension::rate: {
        const std::optional<Rate> rate = parse_rate(text).value;
        return rate ? std::optional(rate->per_second) : std::nullopt;
      }
      case Dimension::number:
        break;
    }
    return std::nullopt;
  }

  QuantileFunction finish() {
    if (values_.empty()) {
      problem("holds no values");
      return {};
    }
    if (levels_.empty()) {
      spread_levels();
    } else if (levels_.back() < 1) {
      problem("has no value for quantile 1, the maximum");
      return {};
    }
    QuantileFunction points;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      points.push_back({levels_[i], values_[i]});
    }
    start_at_zero(points);
    return points;
  }

  /// Sorted samples lie evenly between quantile 0 and 1: definition 7 of Hyndman, Fan: Sample
  /// Quantiles in Statistical Packages, The American Statistician 50 (1996).
  void spread_levels() {
    if (values_.size() == 1) {
      values_.push_back(values_.front());
    }
    std::sort(values_.begin(), values_.end());
    const auto last = static_cast<double>(values_.size() - 1);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      levels_.push_back(static_cast<double>(i) / last);
    }
  }

  static std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) {
      return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  }

  bool problem(const std::string& what) {
    reader_.error(place_, "the file '" + settings_.path + "'" + reader_.in_path() + " " + what);
    return false;
  }
  bool problem_at_line(const std::string& what) {
    return problem("is wrong: line " + std::to_string(line_number_) + " " + what);
  }

  const SampleFileSettings& settings_;
  const Place& place_;
  Reader& reader_;
  std::vector<double> levels_;  ///< empty while the file has one column
  std::vector<double> values_;
  bool header_seen_ = false;
  int line_number_ = 0;
};

}  // namespace

template <>
struct Codec<QuantileTable> {
  static void read(const Value& from, QuantileTable& to, Reader& reader) {
    if (!from.is_map()) {
      reader.mismatch(from, type_text());
      return;
    }
    QuantileTable table;
    const std::size_t errors_before = reader.errors();
    for (const Value::Member& member : from.members) {
      read_point(member, table, reader);
    }
    if (reader.errors() == errors_before && is_function(from, table, reader)) {
      to = std::move(table);
    }
  }

  static Json echo(const QuantileTable& table) {
    Json json = Json::object();
    for (const auto& [name, value] : table.written) {
      json[name] = type_of<Quantity>().echo(&value);
    }
    return json;
  }

  static Json schema(SchemaWriter& writer) {
    Json json = Json::object();
    json["type"] = "object";
    json["patternProperties"]["^(min|max|p[0-9]{1,2}(\\.[0-9]{1,12})?)$"] = writer.of<Quantity>();
    json["additionalProperties"] = false;
    json["required"] = {"max"};
    return json;
  }

  static std::string type_text() { return "percentiles, such as {p50: …, p99: …, max: …}"; }

 private:
  static void read_point(const Value::Member& member, QuantileTable& table, Reader& reader) {
    const std::optional<double> level = level_of(member.key);
    if (!level) {
      reader.error(member.key_place, "unknown percentile '" + member.key + "'" + reader.in_path(),
                   "min, max or a percentile such as p50 or p99.9");
      return;
    }
    Quantity value;
    reader.read(member.value, value, member.key);
    if (value.value < 0) {
      reader.mismatch(member.value, "nothing negative");
    }
    table.written.emplace_back(member.key, value);
    table.points.push_back({*level, value.value});
  }

  /// Sorts the points and says what keeps them from being a quantile function.
  static bool is_function(const Value& from, QuantileTable& table, Reader& reader) {
    QuantileFunction& points = table.points;
    std::sort(points.begin(), points.end(),
              [](const Point& a, const Point& b) { return a.level < b.level; });
    if (points.empty() || points.back().level < 1) {
      reader.error(from.place, "no max" + reader.in_path(), "the greatest value, such as max: …",
                   "a tail cannot be guessed: say where it ends");
      return false;
    }
    for (std::size_t i = 1; i < points.size(); ++i) {
      if (points[i].level <= points[i - 1].level) {
        reader.error(from.place, "the same percentile twice" + reader.in_path());
        return false;
      }
      if (points[i].value < points[i - 1].value) {
        reader.error(from.place, "a percentile below a lower one" + reader.in_path(),
                     "values that go upwards with their percentiles");
        return false;
      }
    }
    start_at_zero(points);
    return true;
  }
};

template <>
struct Codec<SampleFile> {
  static void read(const Value& from, SampleFile& to, Reader& reader) {
    SampleFile file;
    const std::size_t errors_before = reader.errors();
    reader.read(from, file.settings);
    if (reader.errors() != errors_before) {
      return;
    }
    file.points = SampleFileReader(file.settings, from.place, reader).read();
    to = std::move(file);
  }

  static Json echo(const SampleFile& file) { return stampede::echo(file.settings); }
  static Json schema(SchemaWriter& writer) { return writer.of<SampleFileSettings>(); }
  static std::string type_text() { return "the path of a file, or {path: …, unit: …}"; }
  static void document(ReferenceWriter& writer) { type_of<SampleFileSettings>().document(writer); }
};

namespace {

struct EmpiricalSettings {
  std::optional<QuantileTable> quantiles;
  std::optional<SampleFile> file;
};

void describe(Visitor& v, EmpiricalSettings& s) {
  v.field("quantiles", s.quantiles,
          "measured percentiles and the maximum; below the lowest the law reaches down to 0 unless "
          "min is given");
  v.field("file", s.file,
          "a file with a measured value on each line, or with quantile,value on each line");
  v.check(s.quantiles.has_value() != s.file.has_value(), "", "needs either quantiles or a file",
          "write for example {quantiles: {p50: …, p99: …, max: …}}");
}

/// By inversion of the quantile function, straight between the points that are known.
class Empirical final : public Law {
 public:
  Empirical(const EmpiricalSettings& s, const Context&)
      : points_(s.quantiles ? s.quantiles->points : s.file->points) {}

  double sample(Draw& draw) const override {
    const double level = draw.uniform();
    const auto above =
        std::upper_bound(points_.begin() + 1, points_.end() - 1, level,
                         [](double wanted, const Point& point) { return wanted < point.level; });
    const Point& high = *above;
    const Point& low = *(above - 1);
    return low.value + (high.value - low.value) * ((level - low.level) / (high.level - low.level));
  }

  double mean() const override {
    double mean = 0;
    for (std::size_t i = 1; i < points_.size(); ++i) {
      mean += share(i) * (points_[i - 1].value + points_[i].value) / 2;
    }
    return mean;
  }

  /// Around the mean, so that nothing cancels; a straight piece from a to b is a uniform law, whose
  /// mean square is (a² + ab + b²) / 3.
  double variance() const override {
    const double centre = mean();
    double variance = 0;
    for (std::size_t i = 1; i < points_.size(); ++i) {
      const double a = points_[i - 1].value - centre;
      const double b = points_[i].value - centre;
      variance += share(i) * (a * a + a * b + b * b) / 3;
    }
    return variance;
  }

 private:
  /// The probability of the piece that ends at point i.
  double share(std::size_t i) const { return points_[i].level - points_[i - 1].level; }

  QuantileFunction points_;
};

const Register<Law, Empirical, EmpiricalSettings> registered{
    "empirical", "what was measured: a table of percentiles or a file"};

}  // namespace
}  // namespace stampede
