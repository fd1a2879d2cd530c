// The scalar types: how each is read from text, shown, and matched by a JSON Schema.

#include <cmath>
#include <limits>
#include <string>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reader.hpp"

namespace stampede {
namespace {

constexpr const char* decimal = "[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?";

Json pattern(const std::string& regex) {
  return Json{{"type", "string"}, {"pattern", "^" + regex + "$"}};
}

/// Text with a unit, or the number 0.
Json zero_or(const std::string& regex) {
  return Json{{"anyOf", Json::array({pattern(regex), Json{{"const", 0}}})}};
}

/// 1 rather than 1.0.
Json shortest_json(double number) {
  constexpr double exact = 9e15;
  if (number == std::floor(number) && std::fabs(number) < exact) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

std::string duration_pattern() { return "(" + std::string(decimal) + "(ns|us|ms|s|m|h|d))+"; }
std::string bytes_pattern() { return decimal + std::string("([kKMGT]?B|[KMGT]iB)"); }
std::string rate_pattern() { return decimal + std::string("[kKMG]?/[smhd]"); }

/// What a scalar type adds to the common way of reading one.
template <class T>
class ScalarType : public Type {
 public:
  bool reads_maps() const override { return false; }

  void read(const Value& from, void* to, Reader& reader) const override {
    if (!from.is_scalar()) {
      reader.mismatch(from, *this);
      return;
    }
    if (from.quoted && !may_be_quoted()) {
      const bool would_do = parse(from.text).value.has_value();
      reader.mismatch(from, *this, would_do ? "remove the quotes" : "");
      return;
    }
    Parsed<T> parsed = parse(from.text);
    if (!parsed.value) {
      reader.mismatch(from, *this, std::move(parsed.hint));
      return;
    }
    *static_cast<T*>(to) = std::move(*parsed.value);
  }
  Json echo(const void* from) const override { return json(*static_cast<const T*>(from)); }

 protected:
  virtual Parsed<T> parse(std::string_view text) const = 0;
  virtual Json json(const T& value) const = 0;
  /// Whether "5s" in quotes is as good as 5s: so for all that is text in JSON.
  virtual bool may_be_quoted() const { return true; }
};

/// A scalar type with an order, on which limits act.
template <class T>
class MeasuredType : public ScalarType<T> {
 public:
  std::optional<long double> magnitude(const void* from) const override {
    return magnitude_of(*static_cast<const T*>(from));
  }
};

class BoolType final : public ScalarType<bool> {
 public:
  Json schema(SchemaWriter&) const override { return {{"type", "boolean"}}; }
  std::string text() const override { return "true or false"; }
  std::string reference_text() const override { return "true or false"; }

 protected:
  Parsed<bool> parse(std::string_view text) const override {
    if (text == "true" || text == "True" || text == "TRUE") {
      return {true, {}};
    }
    if (text == "false" || text == "False" || text == "FALSE") {
      return {false, {}};
    }
    const std::string word = normalized_word(text);
    if (word == "yes" || word == "on" || word == "y") {
      return {std::nullopt, "write true"};
    }
    if (word == "no" || word == "off" || word == "n") {
      return {std::nullopt, "write false"};
    }
    return {};
  }
  Json json(const bool& value) const override { return value; }
  bool may_be_quoted() const override { return false; }
};

template <class T>
class WholeType final : public MeasuredType<T> {
 public:
  Json schema(SchemaWriter&) const override {
    Json number{{"type", "integer"}};
    if constexpr (std::is_unsigned_v<T>) {
      number["minimum"] = 0;
    }
    return {{"anyOf", Json::array({number, pattern("-?[0-9]+(\\.[0-9]+)?[kKMG]")})}};
  }
  std::string text() const override { return "a whole number"; }
  std::string example() const override { return {}; }
  std::string reference_text() const override { return "whole number"; }
  Json of_magnitude(long double magnitude) const override { return static_cast<T>(magnitude); }

 protected:
  Parsed<T> parse(std::string_view text) const override {
    if constexpr (std::is_unsigned_v<T>) {
      return narrowed(parse_count(text));
    } else {
      return narrowed(parse_integer(text));
    }
  }
  Json json(const T& value) const override { return value; }
  bool may_be_quoted() const override { return false; }

 private:
  template <class Wide>
  static Parsed<T> narrowed(Parsed<Wide> parsed) {
    if (!parsed.value) {
      return {std::nullopt, std::move(parsed.hint)};
    }
    if (*parsed.value < static_cast<Wide>(std::numeric_limits<T>::min()) ||
        *parsed.value > static_cast<Wide>(std::numeric_limits<T>::max())) {
      return {std::nullopt, "the number is out of range"};
    }
    return {static_cast<T>(*parsed.value), {}};
  }
};

class NumberType final : public MeasuredType<double> {
 public:
  Json schema(SchemaWriter&) const override { return {{"type", "number"}}; }
  std::string text() const override { return "a number"; }
  std::string reference_text() const override { return "number"; }
  Json of_magnitude(long double magnitude) const override {
    return json(static_cast<double>(magnitude));
  }

 protected:
  Parsed<double> parse(std::string_view text) const override { return parse_number(text); }
  Json json(const double& value) const override { return shortest_json(value); }
  bool may_be_quoted() const override { return false; }
};

class TextType final : public ScalarType<std::string> {
 public:
  // An unquoted 1.10 or true is a number or a bool to YAML; here it is the text that was written.
  Json schema(SchemaWriter&) const override {
    return {{"type", Json::array({"string", "number", "boolean"})}};
  }
  std::string text() const override { return "a text"; }
  std::string reference_text() const override { return "text"; }
  std::optional<long double> magnitude(const void* from) const override {
    return static_cast<long double>(static_cast<const std::string*>(from)->size());
  }

 protected:
  Parsed<std::string> parse(std::string_view text) const override {
    return {std::string(text), {}};
  }
  Json json(const std::string& value) const override { return value; }
};

/// A value with a unit: the functions of base/text.hpp under one roof.
template <class T>
class UnitType : public MeasuredType<T> {
 public:
  using Parse = Parsed<T> (*)(std::string_view);

  UnitType(Parse how_to_parse, std::string text, std::string example, std::string reference_text,
           Json schema)
      : parse_(how_to_parse),
        text_(std::move(text)),
        example_(std::move(example)),
        reference_text_(std::move(reference_text)),
        schema_(std::move(schema)) {}

  Json schema(SchemaWriter&) const override { return schema_; }
  std::string text() const override { return text_; }
  std::string example() const override { return example_; }
  std::string reference_text() const override { return reference_text_; }

 protected:
  Parsed<T> parse(std::string_view text) const override { return parse_(text); }
  Json json(const T& value) const override { return to_text(value); }

 private:
  Parse parse_;
  std::string text_, example_, reference_text_;
  Json schema_;
};

class DurationType final : public UnitType<Duration> {
 public:
  DurationType()
      : UnitType(parse_duration, "a duration", "250ms", "duration", zero_or(duration_pattern())) {}
  Json of_magnitude(long double magnitude) const override {
    return to_text(Duration::nanoseconds(static_cast<std::int64_t>(magnitude)));
  }
  void shorten(void* value, std::int64_t divisor) const override {
    auto& time = *static_cast<Duration*>(value);
    if (!time.is_zero()) {
      time = std::max(Duration::nanoseconds(1), time / divisor);
    }
  }
};

class BytesType final : public UnitType<Bytes> {
 public:
  BytesType()
      : UnitType(parse_bytes, "an amount of data", "64MiB", "amount of data",
                 zero_or(bytes_pattern())) {}
  Json of_magnitude(long double magnitude) const override {
    return to_text(Bytes{static_cast<std::uint64_t>(magnitude)});
  }
};

class RateType final : public UnitType<Rate> {
 public:
  RateType() : UnitType(parse_rate, "a rate", "2000/s", "rate", zero_or(rate_pattern())) {}
  Json of_magnitude(long double magnitude) const override {
    return to_text(Rate{static_cast<double>(magnitude)});
  }
};

class BandwidthType final : public UnitType<Bandwidth> {
 public:
  BandwidthType()
      : UnitType(parse_bandwidth, "a bandwidth", "1Gbps", "bandwidth",
                 zero_or(decimal + std::string("([kKMGT]?bps|([kKMGT]?B|[KMGT]iB)/s)"))) {}
  Json of_magnitude(long double magnitude) const override {
    return to_text(Bandwidth{static_cast<double>(magnitude)});
  }
};

class RatioType final : public UnitType<Ratio> {
 public:
  RatioType() : UnitType(parse_ratio, "a share", "25%", "share", ratio_schema()) {}
  Json of_magnitude(long double magnitude) const override {
    return to_text(Ratio{static_cast<double>(magnitude)});
  }
  std::optional<long double> natural_maximum() const override { return 1; }

 private:
  static Json ratio_schema() {
    const Json share{{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
    return {{"anyOf", Json::array({pattern(decimal + std::string("%")), share})}};
  }
};

/// A number whose unit is that of the dimension in force.
class QuantityType final : public MeasuredType<Quantity> {
 public:
  Json schema(SchemaWriter&) const override {
    switch (current_dimension()) {
      case Dimension::duration:
        return zero_or(duration_pattern());
      case Dimension::bytes:
        return zero_or(bytes_pattern());
      case Dimension::rate:
        return zero_or(rate_pattern());
      case Dimension::number:
        break;
    }
    return {{"type", "number"}};
  }
  std::string text() const override {
    switch (current_dimension()) {
      case Dimension::duration:
        return "a duration";
      case Dimension::bytes:
        return "an amount of data";
      case Dimension::rate:
        return "a rate";
      case Dimension::number:
        break;
    }
    return "a number";
  }
  std::string example() const override {
    switch (current_dimension()) {
      case Dimension::duration:
        return "4ms";
      case Dimension::bytes:
        return "3KB";
      case Dimension::rate:
        return "2000/s";
      case Dimension::number:
        break;
    }
    return {};
  }
  // The reference describes a law once for all dimensions.
  std::string reference_text() const override { return "quantity"; }
  Json of_magnitude(long double magnitude) const override {
    return json(Quantity{static_cast<double>(magnitude)});
  }

 protected:
  Parsed<Quantity> parse(std::string_view text) const override {
    const auto quantity = [](Parsed<double> number) -> Parsed<Quantity> {
      if (!number.value) {
        return {std::nullopt, std::move(number.hint)};
      }
      return {Quantity{*number.value}, {}};
    };
    switch (current_dimension()) {
      case Dimension::duration:
        return quantity(parse_nanoseconds(text));
      case Dimension::bytes:
        return quantity(parse_byte_number(text));
      case Dimension::rate: {
        Parsed<Rate> rate = parse_rate(text);
        return rate.value ? Parsed<Quantity>{Quantity{rate.value->per_second}, {}}
                          : Parsed<Quantity>{std::nullopt, std::move(rate.hint)};
      }
      case Dimension::number:
        break;
    }
    return quantity(parse_number(text));
  }
  Json json(const Quantity& value) const override {
    switch (current_dimension()) {
      case Dimension::duration:
        return nanoseconds_to_text(value.value);
      case Dimension::bytes:
        return byte_number_to_text(value.value);
      case Dimension::rate:
        return to_text(Rate{value.value});
      case Dimension::number:
        break;
    }
    return shortest_json(value.value);
  }
  bool may_be_quoted() const override { return current_dimension() != Dimension::number; }
};

class ComponentNameType final : public Type {
 public:
  bool reads_maps() const override { return false; }
  void read(const Value& from, void* to, Reader& reader) const override {
    if (!from.is_scalar() || !is_valid_name(from.text)) {
      reader.mismatch(from, *this,
                      from.is_scalar() ? "names match [a-z][a-z0-9_-]*"
                      : from.is_map()
                          ? "only one; a service with handlers can send types of requests to others"
                          : std::string());
      return;
    }
    *static_cast<ComponentName*>(to) = {from.text, from.place};
    reader.refer(from.text, from.place);
  }
  Json echo(const void* from) const override {
    const auto& component = *static_cast<const ComponentName*>(from);
    return component.empty() ? Json(nullptr) : Json(component.name);
  }
  Json schema(SchemaWriter&) const override { return pattern("[a-z][a-z0-9_-]*"); }
  std::string text() const override { return "the name of a component"; }
  std::string reference_text() const override { return "component"; }
};

}  // namespace

Json Type::brief(const void* from) const { return echo(from); }
Json Type::of_magnitude(long double magnitude) const { return static_cast<double>(magnitude); }
std::string Type::reference_text() const { return text(); }

namespace detail {

const Type& TypeOf<bool>::get() {
  static const BoolType type;
  return type;
}
const Type& TypeOf<int>::get() {
  static const WholeType<int> type;
  return type;
}
const Type& TypeOf<std::int64_t>::get() {
  static const WholeType<std::int64_t> type;
  return type;
}
const Type& TypeOf<std::uint32_t>::get() {
  static const WholeType<std::uint32_t> type;
  return type;
}
const Type& TypeOf<std::uint64_t>::get() {
  static const WholeType<std::uint64_t> type;
  return type;
}
const Type& TypeOf<double>::get() {
  static const NumberType type;
  return type;
}
const Type& TypeOf<std::string>::get() {
  static const TextType type;
  return type;
}
const Type& TypeOf<Duration>::get() {
  static const DurationType type;
  return type;
}
const Type& TypeOf<Bytes>::get() {
  static const BytesType type;
  return type;
}
const Type& TypeOf<Rate>::get() {
  static const RateType type;
  return type;
}
const Type& TypeOf<Bandwidth>::get() {
  static const BandwidthType type;
  return type;
}
const Type& TypeOf<Ratio>::get() {
  static const RatioType type;
  return type;
}
const Type& TypeOf<Quantity>::get() {
  static const QuantityType type;
  return type;
}
const Type& TypeOf<ComponentName>::get() {
  static const ComponentNameType type;
  return type;
}

}  // namespace detail
}  // namespace stampede
