#pragma once

#include <any>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "stampede/base/units.hpp"
#include "stampede/schema/type.hpp"

namespace stampede {

/// What the numbers of a `Quantity` mean where it stands: "4ms", "3KB", "2/s" or "4".
enum class Dimension { number, duration, bytes, rate };

/// The dimension in force on this thread. `Dimension::number` outside of every scope.
Dimension current_dimension();

/// Sets the dimension while it lives: a codec opens one around a law of durations.
class DimensionScope {
 public:
  explicit DimensionScope(Dimension dimension);
  ~DimensionScope();
  DimensionScope(const DimensionScope&) = delete;
  DimensionScope& operator=(const DimensionScope&) = delete;

 private:
  Dimension before_;
};

/// A number in the base unit of the dimension in force: ns, bytes, per second, or plain.
struct Quantity {
  double value = 0;
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
};

/// The family of units that a type's limits are given in; keeps `at_least(1)` away from durations.
enum class UnitFamily { none, number, duration, bytes, rate, bandwidth, ratio, length };

template <class T>
struct UnitFamilyOf
    : std::integral_constant<UnitFamily,
                             std::is_arithmetic_v<T> ? UnitFamily::number : UnitFamily::none> {};
template <>
struct UnitFamilyOf<Quantity> : std::integral_constant<UnitFamily, UnitFamily::number> {};
template <>
struct UnitFamilyOf<Duration> : std::integral_constant<UnitFamily, UnitFamily::duration> {};
template <>
struct UnitFamilyOf<Bytes> : std::integral_constant<UnitFamily, UnitFamily::bytes> {};
template <>
struct UnitFamilyOf<Rate> : std::integral_constant<UnitFamily, UnitFamily::rate> {};
template <>
struct UnitFamilyOf<Bandwidth> : std::integral_constant<UnitFamily, UnitFamily::bandwidth> {};
template <>
struct UnitFamilyOf<Ratio> : std::integral_constant<UnitFamily, UnitFamily::ratio> {};

// Magnitudes are long double because that holds every 64-bit whole number exactly (x86-64).
inline long double magnitude_of(Duration value) { return value.ns(); }
inline long double magnitude_of(Bytes value) { return value.count; }
inline long double magnitude_of(Rate value) { return value.per_second; }
inline long double magnitude_of(Bandwidth value) { return value.bytes_per_second; }
inline long double magnitude_of(Ratio value) { return value.value; }
inline long double magnitude_of(Quantity value) { return value.value; }
template <class Number>
requires std::is_arithmetic_v<Number>
long double magnitude_of(Number value) { return static_cast<long double>(value); }

/// A rule about one field, given after its meaning.
struct Limit {
  enum class Kind {
    at_least,
    more_than,
    at_most,
    less_than,
    required,
    alias,
    not_empty,
    of_run,
    inherits
  };
  Kind kind;
  long double magnitude = 0;
  std::string_view alias = {};
};

/// A limit that knows the family of its units until the field has checked it.
template <UnitFamily family>
struct Bound {
  Limit limit;
};

template <class T>
auto at_least(T value) {
  return Bound<UnitFamilyOf<T>::value>{{Limit::Kind::at_least, magnitude_of(value)}};
}
template <class T>
auto more_than(T value) {
  return Bound<UnitFamilyOf<T>::value>{{Limit::Kind::more_than, magnitude_of(value)}};
}
template <class T>
auto at_most(T value) {
  return Bound<UnitFamilyOf<T>::value>{{Limit::Kind::at_most, magnitude_of(value)}};
}
template <class T>
auto less_than(T value) {
  return Bound<UnitFamilyOf<T>::value>{{Limit::Kind::less_than, magnitude_of(value)}};
}
/// The field must be given.
inline Limit required() { return {Limit::Kind::required}; }
/// A list, map or text must have something in it.
inline Limit not_empty() { return {Limit::Kind::not_empty, 1}; }
/// A time of the run and not of the system: an instant counted from its start, or a stretch of it.
/// When a run is shortened, these are divided with it, so that things happen at the same share of
/// it; how long the system itself takes for something is never divided.
inline Limit of_run() { return {Limit::Kind::of_run}; }
/// Of a map of names: each of its values says only what is different from the struct that the field
/// is in, and means the rest as it is there. Must come after the fields that are inherited.
inline Limit inherits() { return {Limit::Kind::inherits}; }
/// Another name under which the field is accepted; `name` must be a literal.
inline Limit aliases(const char* name) { return {Limit::Kind::alias, 0, name}; }

/// One field as a visitor sees it.
struct Field {
  std::string_view name;
  void* value;
  const Type& type;
  std::string_view meaning;
  std::span<const Limit> limits;

  bool is_required() const;
  bool is_of_run() const;
  bool inherits() const;
  bool is_called(std::string_view key) const;  ///< its name or one of its aliases
};

/// What `describe(Visitor&, Settings&)` talks to. One description drives reading, echoing, the JSON
/// Schema and the reference; each is a Visitor.
class Visitor {
 public:
  virtual ~Visitor() = default;

  /// A key of the map: its name, where its value lives (which holds the default), what it means.
  template <class T, class... Limits>
  void field(std::string_view name, T& value, std::string_view meaning, const Limits&... limits) {
    const std::array<Limit, sizeof...(Limits)> all{erase<T>(limits)...};
    visit(Field{name, &value, type_of<T>(), meaning, all});
  }

  /// A scalar or list given in place of the map means the field of that name.
  virtual void shorthand(std::string_view field) { static_cast<void>(field); }

  /// A rule across fields: unless it holds, "<field> <what>" is an error at the field's place. It
  /// is judged only while reading, when the fields themselves were right.
  virtual void check(bool holds, std::string_view field, std::string_view what,
                     std::string_view hint = {}) {
    static_cast<void>(holds), static_cast<void>(field), static_cast<void>(what),
        static_cast<void>(hint);
  }
  /// The same for what is doubtful but allowed: a warning.
  virtual void doubt_unless(bool holds, std::string_view field, std::string_view what,
                            std::string_view hint = {}) {
    static_cast<void>(holds), static_cast<void>(field), static_cast<void>(what),
        static_cast<void>(hint);
  }

  /// Tells whoever checks the whole document what follows from these settings, as a value of a type
  /// that both know: `v.declare(HoldsWorkers{})`. Noted only while reading, when all was right so
  /// far.
  virtual void declare(const std::any& fact) { static_cast<void>(fact); }

  Dimension dimension() const { return current_dimension(); }

 protected:
  virtual void visit(const Field& field) = 0;

 private:
  template <class T>
  static Limit erase(const Limit& limit) {
    return limit;
  }
  template <class T, UnitFamily family>
  static Limit erase(const Bound<family>& bound) {
    static_assert(family == UnitFamilyOf<T>::value,
                  "a limit is given in the unit of its field, such as at_least(1_ms)");
    return bound.limit;
  }
};

/// A settings struct of a plug-in that has nothing to set.
struct NoSettings {};
inline void describe(Visitor&, NoSettings&) {}

}  // namespace stampede
