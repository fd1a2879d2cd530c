#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reader.hpp"

namespace stampede {

/// How many times faster a record is replayed than it was made.
struct Speed {
  double factor = 1;

  /// When something happens in the run that was that long after the record's beginning; never if
  /// that is beyond a century.
  Time when(double nanoseconds) const {
    const double scaled = nanoseconds / factor;
    constexpr double horizon = 0x1p62;
    return scaled < horizon ? Time::from_start(Duration::from_nanoseconds(scaled)) : Time::never();
  }
};

template <>
struct Codec<Speed> {
  static void read(const Value& from, Speed& to, Reader& reader) {
    std::string_view text = from.text;
    if (from.is_scalar() && text.ends_with('x')) {
      text.remove_suffix(1);
    }
    const std::optional<double> factor = from.is_scalar() ? parse_number(text).value : std::nullopt;
    if (!factor || !(*factor >= 1e-9 && *factor <= 1e9)) {
      reader.mismatch(from, type_text());
      return;
    }
    to.factor = *factor;
  }
  static Json echo(const Speed& speed) { return to_text(speed.factor) + "x"; }
  static Json schema(SchemaWriter&) {
    return Json{
        {"anyOf", Json::array({Json{{"type", "number"}, {"exclusiveMinimum", 0}},
                               Json{{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)?x$"}}})}};
  }
  static std::string type_text() { return "how many times faster, such as 10x"; }
};

/// What a user should know of a record that does not end with the run, more or less; empty if it
/// does. `last` is when its last request is due.
inline std::string length_note(const std::string& file, Time last, Time end_of_run) {
  if (last > end_of_run) {
    return fmt::format("{} is longer than the run: it takes {:.6g} s", file, last.seconds());
  }
  if (last.seconds() < 0.95 * end_of_run.seconds()) {
    return fmt::format("{} is shorter than the run: after {:.6g} s nothing more is sent", file,
                       last.seconds());
  }
  return {};
}

/// Two notes as one.
inline std::string joined(std::string first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

}  // namespace stampede
