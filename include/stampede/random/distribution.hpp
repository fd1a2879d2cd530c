#pragma once

#include <algorithm>
#include <memory>

#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// A probability law of non-negative numbers in a base unit: ns, bytes or 1.
/// New laws are files in src/random/laws.
class Law {
 public:
  static constexpr const char* registry = "distribution";
  static constexpr const char* scalar_kind = "constant";
  struct Context {};

  virtual ~Law() = default;
  virtual double sample(Draw& draw) const = 0;
  /// Of exactly the law that `sample` follows, truncation and caps included; may be infinite.
  virtual double mean() const = 0;
  virtual double variance() const = 0;
};

/// The law that has always this value.
Choice<Law> constant_law(double value);

/// What a Distribution of any unit is: a law, and how it was written. Copies share the law, which
/// never changes, so they are cheap and may be used from several threads.
class AnyDistribution {
 public:
  /// In the base unit (ns, bytes, 1); infinite for some heavy tails.
  double mean() const { return law_->mean(); }
  /// In the square of the base unit; infinite for some heavy tails.
  double variance() const { return law_->variance(); }
  bool is_zero() const { return mean() == 0; }
  bool is_constant() const { return variance() == 0; }

 protected:
  AnyDistribution();
  explicit AnyDistribution(Choice<Law> choice);

  const Law& law() const { return *law_; }

 private:
  friend class DistributionType;
  Choice<Law> choice_;
  std::shared_ptr<const Law> law_;
};

namespace detail {

/// Samples beyond this are cut to it: a heavy tail must neither overflow nor end a run. In time it
/// is 36 years, far beyond every run, and a sum of a few still fits; in data it is an exbibyte.
constexpr double greatest_sample = 0x1p60;

inline std::int64_t to_whole(double sample) {
  return static_cast<std::int64_t>(std::min(sample, greatest_sample) + 0.5);
}

template <class Unit>
struct BaseUnit;

template <>
struct BaseUnit<Duration> {
  static constexpr Dimension dimension = Dimension::duration;
  static Duration from(double ns) { return Duration::nanoseconds(to_whole(ns)); }
  static double to(Duration value) { return static_cast<double>(value.ns()); }
};

template <>
struct BaseUnit<Bytes> {
  static constexpr Dimension dimension = Dimension::bytes;
  static Bytes from(double bytes) { return Bytes{static_cast<std::uint64_t>(to_whole(bytes))}; }
  static double to(Bytes value) { return static_cast<double>(value.count); }
};

template <>
struct BaseUnit<double> {
  static constexpr Dimension dimension = Dimension::number;
  static double from(double value) { return value; }
  static double to(double value) { return value; }
};

}  // namespace detail

/// A random Duration, Bytes or double as the scenario describes it. Constant zero by default.
///
///     Distribution<Duration> compute = Distribution<Duration>::constant(4_ms);   // in settings
///     Duration demand = settings.compute.sample(draw);
///
/// In the text a plain value is a constant, anything else the law's name and settings:
///     compute: 4ms
///     compute: {lognormal: {mean: 4ms, cv: 1}}
template <class Unit>
class Distribution : public AnyDistribution {
 public:
  Distribution() = default;
  explicit Distribution(Choice<Law> choice) : AnyDistribution(std::move(choice)) {}
  static Distribution constant(Unit value) {
    return Distribution(constant_law(detail::BaseUnit<Unit>::to(value)));
  }

  /// Durations and Bytes are rounded to the nearest whole one and cut at 2^60 (36 years, 1 EiB).
  Unit sample(Draw& draw) const { return detail::BaseUnit<Unit>::from(law().sample(draw)); }
};

/// How a Distribution is read: as a Choice<Law> whose quantities have the unit's dimension. The law
/// is made at once, so that drawing starts without a look-up.
class DistributionType final : public Type {
 public:
  using Any = AnyDistribution& (*)(void*);

  DistributionType(Dimension dimension, const Type& unit, Any as_any)
      : dimension_(dimension), unit_(unit), any_(as_any) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json brief(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string example() const override { return unit_.example(); }
  std::string reference_text() const override;

 private:
  const Choice<Law>& choice(const void* distribution) const;

  Dimension dimension_;
  const Type& unit_;
  Any any_;
};

template <class Unit>
struct detail::TypeOf<Distribution<Unit>> {
  static const Type& get() {
    static const DistributionType type(BaseUnit<Unit>::dimension, type_of<Unit>(),
                                       [](void* distribution) -> AnyDistribution& {
                                         return *static_cast<Distribution<Unit>*>(distribution);
                                       });
    return type;
  }
};

}  // namespace stampede
