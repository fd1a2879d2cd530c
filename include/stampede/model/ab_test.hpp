#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/model/analysis.hpp"
#include "stampede/model/flag.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/schema/schema.hpp"
#include "stampede/stats/multiple.hpp"

namespace stampede {

/// What is measured of users.
enum class UserMetric {
  value,     ///< what they do: convert, spend; drawn by a law for each variant
  latency,   ///< of their good answers, in seconds
  failures,  ///< share of their requests that ended otherwise than ok
};
const EnumNames<UserMetric>& names(UserMetric);

/// How often a value is drawn.
enum class ValuePer {
  user,     ///< once, with the first good answer
  request,  ///< with each good answer
};
const EnumNames<ValuePer>& names(ValuePer);

/// When somebody counts as a participant of a test.
enum class Exposure {
  sent,      ///< with the first request, whatever becomes of it
  answered,  ///< with the first good answer: a tag on the page does the counting
};
const EnumNames<Exposure>& names(Exposure);

/// The law of a user metric under one variant: with `probability` it is drawn from `amount`, else
/// it is 0. A conversion has amount 1, revenue an amount in some currency.
struct ValueSettings {
  Ratio probability{1};
  Distribution<double> amount = Distribution<double>::constant(1);
};
void describe(Visitor& v, ValueSettings& s);

struct MetricSettings {
  UserMetric kind = UserMetric::value;
  ValuePer per = ValuePer::user;
  /// Share of users who ever have a value; the same for all variants. Requests of one user resemble
  /// each other all the more the smaller it is.
  Ratio prospects{1};
  Named<ValueSettings> variants;
};
void describe(Visitor& v, MetricSettings& s);

/// Something that must not get worse: an increase by this share of the control's level, or more,
/// is harm.
struct GuardrailSettings {
  UserMetric metric = UserMetric::latency;
  Ratio worse_by{0};
};
void describe(Visitor& v, GuardrailSettings& s);

enum class OnHarm { go_on, kill };
const EnumNames<OnHarm>& names(OnHarm);

struct AbTestSettings {
  std::string flag;
  std::string traffic;  ///< may be left out where there is only one
  std::string request;  ///< participants are those who send this type; any unless given
  Exposure exposure = Exposure::sent;
  std::string control;    ///< the flag's first variant unless given
  std::string treatment;  ///< its second one unless given
  MetricSettings metric;
  std::uint64_t users = 0;  ///< planned, of both variants together
  int looks = 1;            ///< after equal numbers of them
  Ratio alpha{0.05};
  Ratio power{0.8};
  double effect = 0;  ///< the difference that one hopes to tell
  Named<Choice<Analysis>> analyses;
  Named<GuardrailSettings> guardrails;
  Correction correction = Correction::holm;
  OnHarm on_harm = OnHarm::go_on;

  /// The positions of the two among the flag's variants, which are two at least.
  std::size_t control_index(const FlagSettings& of) const;
  std::size_t treatment_index(const FlagSettings& of) const;
};
const EnumNames<Correction>& names(Correction);
void describe(Visitor& v, AbTestSettings& s);

}  // namespace stampede
