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

/// What a user should know of a replay that did not end with its run; empty if it did, more or
/// less. `sent` of `total` requests went out; the last one is due at `last`.
inline std::string length_note(const std::string& file, Time now, Time last, std::size_t sent,
                               std::size_t total) {
  if (sent < total) {
    return fmt::format("{}: {} of {} requests were sent until the run ended at {:.6g} s", file,
                       sent, total, now.seconds());
  }
  if ((now - last).seconds() > 0.01 * now.seconds()) {
    return fmt::format(
        "{}: the last request was sent at {:.6g} s, before the run ended at {:.6g} s", file,
        last.seconds(), now.seconds());
  }
  return {};
}

/// Two notes as one.
inline std::string joined(std::string first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

}  // namespace stampede
