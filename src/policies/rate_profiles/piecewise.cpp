#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/rate_profiles/piecewise_linear.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/schema/input_file.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

/// The rate that holds from this time on.
struct RatePoint {
  Duration at;
  Rate rate;
};

void describe(Visitor& v, RatePoint& s) {
  v.field("at", s.at, "when", required(), at_least(Duration()), of_run());
  v.field("rate", s.rate, "the rate at that time", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate}));
}

// ---- file: requests.csv -----------------------------------------------------------------------

struct RateFileSettings {
  std::string path;
  Duration per = Duration::nanoseconds(1'000'000'000);
};

void describe(Visitor& v, RateFileSettings& s) {
  v.shorthand("path");
  v.field("path", s.path,
          "a CSV file, relative to the scenario's, with a column time_s (seconds) or timestamp "
          "(2014-04-10 00:04:00) and a column rate or value",
          required());
  v.field("per", s.per, "the time in which the events of the second column happen, such as 5m",
          more_than(Duration()));
}

struct RateFile {
  RateFileSettings settings;
  std::vector<RatePoint> points;
};

/// The whole number that `text` is, if it is one.
std::optional<int> whole(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

/// Seconds since 1970 of "2014-04-10 00:04:00"; a 'T' may stand between, anything after is ignored.
std::optional<double> seconds_of_timestamp(std::string_view text) {
  if (text.size() < 19) {
    return std::nullopt;
  }
  const auto year = whole(text.substr(0, 4));
  const auto month = whole(text.substr(5, 2));
  const auto day = whole(text.substr(8, 2));
  const auto hour = whole(text.substr(11, 2));
  const auto minute = whole(text.substr(14, 2));
  const auto second = whole(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second || *month < 0 || *day < 0) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  const std::chrono::sys_days days = date;
  return static_cast<double>(days.time_since_epoch().count()) * 86400 + *hour * 3600 +
         *minute * 60 + *second;
}

/// Reads the file; without points if there was a problem, which the reader was told.
std::vector<RatePoint> read_rates(const RateFileSettings& settings, const Place& place,
                                  Reader& reader) {
  CsvFile csv(settings.path, place, reader);
  const bool has_seconds = csv.column("time_s") >= 0;
  const int time_column = csv.column(has_seconds ? "time_s" : "timestamp");
  const int rate_column = csv.column(csv.column("rate") >= 0 ? "rate" : "value");
  if (csv.is_good() && (time_column < 0 || rate_column < 0)) {
    csv.error("needs a first line with time_s or timestamp, and rate or value");
  }
  std::vector<RatePoint> points;
  std::optional<double> start;
  double last = 0;
  while (csv.next_row()) {
    const std::string_view text = csv.cell(time_column);
    const std::optional<double> time =
        has_seconds ? parse_number(text).value : seconds_of_timestamp(text);
    const std::optional<double> events = parse_number(csv.cell(rate_column)).value;
    if (!time || (has_seconds && *time < 0) || (start && *time < last)) {
      csv.error_at_line(time ? "goes back in time" : "does not begin with a time");
      break;
    }
    const double rate = events ? *events / settings.per.seconds() : -1;
    if (!(rate >= 0 && rate <= greatest_rate)) {
      csv.error_at_line("has no rate between 0 and 1G/s");
      break;
    }
    last = *time;
    if (!start) {
      start = has_seconds ? 0 : *time;
    }
    constexpr double century = 3.2e9;
    if (*time - *start > century) {
      csv.error_at_line("is more than a century from the beginning");
      break;
    }
    points.push_back({Duration::from_seconds(*time - *start), Rate{rate}});
  }
  if (csv.is_good() && points.empty()) {
    csv.error("holds no rates");
  }
  return csv.is_good() ? points : std::vector<RatePoint>();
}

}  // namespace

template <>
struct Codec<RateFile> {
  static void read(const Value& from, RateFile& to, Reader& reader) {
    RateFile file;
    const std::size_t errors_before = reader.errors();
    reader.read(from, file.settings);
    if (reader.errors() == errors_before) {
      file.points = read_rates(file.settings, from.place, reader);
      to = std::move(file);
    }
  }
  static Json echo(const RateFile& file) { return stampede::echo(file.settings); }
  static Json schema(SchemaWriter& writer) { return writer.of<RateFileSettings>(); }
  static std::string type_text() { return "the path of a CSV file, or {path: …, per: …}"; }
  static void document(ReferenceWriter& writer) { type_of<RateFileSettings>().document(writer); }
  static void shorten(RateFile& file, std::int64_t divisor) {
    for (RatePoint& point : file.points) {
      point.at = point.at / divisor;
    }
  }
};

namespace {

/// What the rate does between two points.
enum class Between { ramp, step };
const EnumNames<Between>& names(Between) {
  static const EnumNames<Between> table{{{Between::ramp, "ramp"}, {Between::step, "step"}}};
  return table;
}

struct PiecewiseSettings {
  std::vector<RatePoint> points;
  std::optional<RateFile> file;
  Between between = Between::ramp;
  double speed = 1;
  double scale = 1;
};

bool ascends(const std::vector<RatePoint>& points) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i].at < points[i - 1].at) {
      return false;
    }
  }
  return true;
}

void describe(Visitor& v, PiecewiseSettings& s) {
  v.shorthand("points");
  v.field("points", s.points, "rates at given times; the first holds before, the last afterwards");
  v.field("file", s.file, "a file of rates, such as counts taken from production", of_run());
  v.field("between", s.between,
          "ramp: straight from one rate to the next; step: each holds until "
          "the next");
  v.field("speed", s.speed, "how many times faster the points follow each other; rates stay",
          more_than(0.0), at_most(1e9));
  v.field("scale", s.scale, "what all rates are multiplied by", at_least(0.0), at_most(1e9));
  v.check(s.points.empty() == s.file.has_value(), "", "needs either points or a file",
          "write for example [{at: 0s, rate: 10/s}, {at: 5m, rate: 100/s}]");
  v.check(ascends(s.points), "points", "go back in time", "sort them by `at`");
}

class Piecewise final : public PiecewiseLinear {
 public:
  Piecewise(const PiecewiseSettings& settings, const Context&)
      : PiecewiseLinear(points(settings)) {}

 private:
  static std::vector<Point> points(const PiecewiseSettings& settings) {
    std::vector<Point> points;
    for (const RatePoint& point : settings.file ? settings.file->points : settings.points) {
      const Duration at = point.at.scaled(1 / settings.speed);
      if (settings.between == Between::step && !points.empty()) {
        points.push_back({at, points.back().per_second});
      }
      points.push_back({at, point.rate.per_second * settings.scale});
    }
    return points;
  }
};

const Register<RateProfile, Piecewise, PiecewiseSettings> registered{
    "piecewise", "rates at given times, written down or from a file"};

}  // namespace
}  // namespace stampede
