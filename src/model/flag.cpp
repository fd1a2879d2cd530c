#include "stampede/model/flag.hpp"

#include <utility>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

std::vector<double> weights_of(const FlagSettings& settings) {
  std::vector<double> weights;
  for (const auto& variant : settings.variants) {
    weights.push_back(variant.value);
  }
  return weights;
}

}  // namespace

const EnumNames<Stickiness>& names(Stickiness) {
  static const EnumNames<Stickiness> table{
      {{Stickiness::user, "user"}, {Stickiness::request, "request"}}};
  return table;
}

void describe(Visitor& v, KillSwitchSettings& s) {
  v.shorthand("at");
  v.field("at", s.at, "when the flag is turned off, from t = 0; with `when`, not before", of_run());
  v.field("when", s.when,
          "turns it off as soon as monitoring sees this, such as app.error_rate > 5%");
  v.field("for", s.length, "then it is on again; to the end of the run unless given",
          more_than(Duration()), of_run());
  v.check(s.at || s.when, "", "is never thrown", "give `at` or `when`");
}

void describe(Visitor& v, RolloutStepSettings& s) {
  v.field("at", s.at, "from t = 0", required(), of_run());
  v.field("rollout", s.rollout, "share of users who take part from then on", required());
}

void describe(Visitor& v, FlagSettings& s) {
  v.field("variants", s.variants,
          "its variants with their relative weights among those who take part", required(),
          not_empty());
  v.field("rollout", s.rollout, "share of users who take part; all others get the default variant");
  v.field("schedule", s.schedule, "the rollout changes at these times, in this order");
  v.field("default", s.default_variant,
          "what all get who take no part; the first variant unless given");
  v.field("stickiness", s.stickiness, "what keeps its variant: a user, or only the request itself");
  v.field("bucketing", s.bucketing,
          "how variants follow from who the user is: our own way, or that of a flag system, with "
          "its traps");
  v.field("salt", s.salt, "tells this flag's luck from that of others; its name unless given");
  v.field("segments", s.segments, "only users of these segments take part; all unless given");
  v.field("kill_switch", s.kill_switch, "turns it off: everybody gets the default variant");

  double total = 0;
  bool is_negative = false;
  for (const auto& variant : s.variants) {
    total += variant.value;
    is_negative = is_negative || variant.value < 0;
  }
  v.check(!is_negative, "variants", "has a negative weight", "weights are relative shares");
  v.check(total > 0, "variants", "has no weight at all", "give at least one variant some");
  v.check(s.default_variant.empty() || s.variants.find(s.default_variant) != nullptr, "default",
          "is none of its variants", "name one of them");
  Duration before;
  bool is_ordered = true;
  for (const RolloutStepSettings& step : s.schedule) {
    is_ordered = is_ordered && step.at >= before;
    before = step.at;
  }
  v.check(is_ordered, "schedule", "goes back in time", "order it by `at`");
}

std::size_t FlagSettings::default_index() const {
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants[i].name == default_variant) {
      return i;
    }
  }
  return 0;
}

Flag::Flag(const std::string& name, const FlagSettings& settings, Reaches reaches)
    : name_(name),
      default_(settings.default_index()),
      stickiness_(settings.stickiness),
      bucketing_(settings.bucketing, name, settings.salt.empty() ? name : settings.salt,
                 weights_of(settings), settings.rollout.value),
      reaches_(std::move(reaches)) {
  for (const auto& variant : settings.variants) {
    variants_.push_back(variant.name);
  }
}

std::optional<std::size_t> Flag::find(const std::string& variant) const {
  for (std::size_t i = 0; i < variants_.size(); ++i) {
    if (variants_[i] == variant) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Flag::assigned(const Request& request) const {
  if (!is_on_ || !reaches_(request)) {
    return std::nullopt;
  }
  return bucketing_.of(unit_of(request));
}

}  // namespace stampede
