#include "stampede/model/ab_test.hpp"

#include "stampede/base/require.hpp"

namespace stampede {

const EnumNames<AnalysisUnit>& names(AnalysisUnit) {
  static const EnumNames<AnalysisUnit> table{
      {{AnalysisUnit::unit, "user"}, {AnalysisUnit::request, "request"}}};
  return table;
}

void describe_unit(Visitor& v, AnalysisUnit& unit) {
  v.field("unit", unit,
          "what counts as independent: users (whoever was assigned), or each of their requests, "
          "which overstates what is known where users were assigned");
}

const EnumNames<UserMetric>& names(UserMetric) {
  static const EnumNames<UserMetric> table{{{UserMetric::value, "value"},
                                            {UserMetric::latency, "latency"},
                                            {UserMetric::failures, "failures"}}};
  return table;
}

const EnumNames<ValuePer>& names(ValuePer) {
  static const EnumNames<ValuePer> table{
      {{ValuePer::user, "user"}, {ValuePer::request, "request"}}};
  return table;
}

const EnumNames<Exposure>& names(Exposure) {
  static const EnumNames<Exposure> table{
      {{Exposure::sent, "sent"}, {Exposure::answered, "answered"}}};
  return table;
}

const EnumNames<OnHarm>& names(OnHarm) {
  static const EnumNames<OnHarm> table{{{OnHarm::go_on, "continue"}, {OnHarm::kill, "kill"}}};
  return table;
}

const EnumNames<Correction>& names(Correction) {
  static const EnumNames<Correction> table{
      {{Correction::none, "none"},
       {Correction::bonferroni, "bonferroni"},
       {Correction::holm, "holm"},
       {Correction::benjamini_hochberg, "benjamini_hochberg"}}};
  return table;
}

void describe(Visitor& v, ValueSettings& s) {
  v.field("probability", s.probability, "how often there is a value at all; otherwise it is 0");
  v.field("amount", s.amount, "the value then; 1 makes it a conversion");
}

void describe(Visitor& v, MetricSettings& s) {
  v.shorthand("kind");
  v.field("kind", s.kind,
          "value (what users do: convert, spend), latency (of their good answers, in seconds) or "
          "failures (share of their requests)");
  v.field("per", s.per,
          "a value is drawn once for each user, with the first good answer, or for each request "
          "with a good answer");
  v.field("prospects", s.prospects,
          "share of users who ever have a value, whatever the variant; the smaller, the more do "
          "the requests of one user resemble each other");
  v.field("variants", s.variants, "the law of the value under each variant of the test");
  v.check(s.kind == UserMetric::value || s.variants.empty(), "variants",
          "is for values only: this metric is measured", "leave it out");
  for (const auto& variant : s.variants) {
    v.check(variant.value.probability.value <= s.prospects.value + 1e-9, "prospects",
            "are fewer than the users who shall have a value under '" + variant.name + "'",
            "raise it, or lower the probability");
  }
}

void describe(Visitor& v, GuardrailSettings& s) {
  v.shorthand("metric");
  v.field("metric", s.metric, "what must not get worse: latency or failures", required());
  v.field("worse_by", s.worse_by,
          "share of the control's level by which it may be worse without being harm");
  v.check(s.metric != UserMetric::value, "metric", "is the metric of the test itself",
          "use latency or failures");
}

void describe(Visitor& v, AbTestSettings& s) {
  v.field("flag", s.flag, "whose variants are compared", required());
  v.field("traffic", s.traffic, "whose users are compared; needed where there are several");
  v.field("request", s.request,
          "participants are those who send requests of this type, and these requests are what is "
          "measured; all requests unless given");
  v.field("exposure", s.exposure,
          "when somebody counts as a participant: with the first request sent, or only with the "
          "first good answer, as tags on pages count");
  v.field("control", s.control, "a variant of the flag; the first unless given");
  v.field("treatment", s.treatment, "what it is compared with; the flag's second unless given");
  v.field("metric", s.metric, "what is compared");
  v.field("users", s.users, "how many participants are planned, of both variants together",
          required(), at_least(std::uint64_t{4}));
  v.field("looks", s.looks, "how often the data are looked at, after equal numbers of participants",
          at_least(1), at_most(100));
  v.field("alpha", s.alpha, "probability of finding a difference where there is none",
          more_than(Ratio{0}), less_than(Ratio{1}));
  v.field("power", s.power,
          "probability of finding `effect`, for the number of users it would take",
          more_than(Ratio{0}), less_than(Ratio{1}));
  v.field("effect", s.effect,
          "the difference that one hopes to tell, in units of the metric; msprt is tuned to it",
          at_least(0.0));
  v.field("analyses", s.analyses, "how the same data are judged, each by itself", required(),
          not_empty());
  v.field("guardrails", s.guardrails, "what must not get worse, tested one-sided at every look");
  v.field("correction", s.correction, "how several guardrails are judged together");
  v.field("on_harm", s.on_harm, "what a breached guardrail leads to: nothing, or the flag is off");
  v.check(static_cast<std::uint64_t>(s.looks) <= s.users / 4, "looks",
          "are more than a quarter of the users", "look less often");
  std::vector<std::string> variants;
  for (const std::string& variant : {s.control, s.treatment}) {
    if (!variant.empty()) {
      variants.push_back(variant);
    }
  }
  v.check(s.control.empty() || s.control != s.treatment, "treatment", "is the control",
          "compare two variants");
  for (const auto& variant : s.metric.variants) {
    variants.push_back(variant.name);
  }
  v.declare(ReadsFlag{s.flag, variants});
}

namespace {

std::size_t index_of(const FlagSettings& flag, const std::string& variant) {
  for (std::size_t i = 0; i < flag.variants.size(); ++i) {
    if (flag.variants[i].name == variant) {
      return i;
    }
  }
  fail("a checked scenario compares the unknown variant '" + variant + "'");
}

}  // namespace

std::size_t AbTestSettings::control_index(const FlagSettings& of) const {
  if (control.empty()) {
    return !treatment.empty() && index_of(of, treatment) == 0 ? 1 : 0;
  }
  return index_of(of, control);
}

std::size_t AbTestSettings::treatment_index(const FlagSettings& of) const {
  if (treatment.empty()) {
    return control_index(of) == 1 ? 0 : 1;
  }
  return index_of(of, treatment);
}

}  // namespace stampede
