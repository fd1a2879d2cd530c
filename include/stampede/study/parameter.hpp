#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/schema/schema.hpp"

namespace stampede {

/// Everything between two ends that are written in one unit: "500/s..4k/s", "1s..1m log".
struct ValueRange {
  /// One of the units that values can be written in: how it is read and written.
  struct Unit {
    std::optional<double> (*read)(std::string_view text);
    std::string (*write)(double value);
    bool is_whole;  ///< there is nothing between 1 and 2
  };

  const Unit* unit = nullptr;
  double from = 0;
  double to = 0;
  bool is_log = false;  ///< equal steps of the share are equal factors of the value

  /// The value at a share of the way from one end to the other, share in [0, 1); with six
  /// significant digits, so that it can be read and written again. Of whole numbers each is as
  /// likely when the share is uniform.
  std::string at(double share) const;
  /// A value of the range as text, rounded as `at` does.
  std::string text(double value) const;
};

/// What a sweep varies: the path of a setting, as of `--set`, and what it is set to.
///
///     app.replicas=[4, 8, 12]           a list of any values
///     app.replicas=4..20..2             from 4 to 20 in steps of 2; units as in scenarios
///     app.replicas=4..64..x2            in steps of a factor: 4, 8, 16, 32, 64
///     app.replicas=4..20                every whole number, or, in a sample, anything between
///     app.handler.0.compute=1ms..50ms log   in a sample, as likely from 1 to 7 as from 7 to 50
struct Parameter {
  std::string text;
  Place place;
  std::string path;
  std::vector<std::string> values;  ///< of a list, or of a range with steps; else empty
  std::optional<ValueRange> range;  ///< of a range without
};

/// A scalar of text in the settings.
template <>
struct Codec<Parameter> {
  static void read(const Value& from, Parameter& to, Reader& reader);
  static Json echo(const Parameter& parameter);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
};
extern template class CodecType<Parameter>;

/// The values as numbers of one unit, on a logarithmic scale if asked for; none unless all of them
/// can be read so (and are positive where the scale asks for that).
std::optional<std::vector<double>> as_numbers(const std::vector<std::string>& values, bool is_log);

}  // namespace stampede
