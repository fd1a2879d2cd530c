#include "stampede/model/fault.hpp"

#include <algorithm>
#include <cmath>

#include "stampede/base/require.hpp"

namespace stampede {

const EnumNames<TargetPick>& names(TargetPick) {
  static const EnumNames<TargetPick> table{
      {{TargetPick::first, "first"}, {TargetPick::random, "random"}}};
  return table;
}

const EnumNames<FailureUnit>& names(FailureUnit) {
  static const EnumNames<FailureUnit> table{{{FailureUnit::instance, "instance"},
                                             {FailureUnit::zone, "zone"},
                                             {FailureUnit::all, "all"}}};
  return table;
}

std::size_t TargetSettings::struck_among(std::size_t met) const {
  if (count) {
    return std::min(met, static_cast<std::size_t>(*count));
  }
  if (share) {
    return static_cast<std::size_t>(std::ceil(share->value * static_cast<double>(met) - 1e-9));
  }
  return met;
}

void describe(Visitor& v, TargetSettings& s) {
  v.shorthand("component");
  v.field("component", s.component, "the component whose instances are struck");
  v.field("zone", s.zone,
          "only instances in this zone or region; of every component if none is named");
  v.field("count", s.count, "only so many of them", at_least(1));
  v.field("share", s.share, "only this share of them, rounded up", more_than(Ratio{0}));
  v.field("pick", s.pick,
          "which, with count or share. first: by their index, always the same; random: others at "
          "each strike");
  v.check(!s.component.empty() || !s.zone.empty(), "component", "or zone must be given",
          "such as target: {component: app, count: 1} or target: {zone: eu-b}");
  v.check(!(s.count && s.share), "share", "and count are both given", "keep one of them");
  v.check(s.pick == TargetPick::first || s.count || s.share, "pick",
          "has nothing to choose: all are struck", "give count or share");
}

namespace {

thread_local int defect_scopes = 0;
thread_local bool defect_met_instances = false;

}  // namespace

DefectScope::DefectScope() {
  ++defect_scopes;
  defect_met_instances = false;
}
DefectScope::~DefectScope() { --defect_scopes; }
bool DefectScope::has_met_instances() { return defect_met_instances; }

void describe_times(Visitor& v, FaultTimes& s, FaultLength length) {
  if (defect_scopes > 0) {
    return;
  }
  v.field("at", s.at, "when it begins, from the first instant of traffic", at_least(Duration()),
          of_run());
  v.field(
      "when", s.when,
      "it begins when this is first seen to hold (not before `at`): a component, a metric that is "
      "monitored, a relation and a value");
  v.field("for", s.duration, "how long it lasts; to the end of the run unless given",
          more_than(Duration()), of_run());
  v.field("every", s.every, "it begins again so long after each beginning", more_than(Duration()),
          of_run());
  v.field("mtbf", s.mtbf,
          "instead of `at`: it strikes at random, each time after so long without it (the mean of "
          "the law is the mean time between failures); an interval such as {exponential: {mean: "
          "1000s}}");
  v.field("mttr", s.mttr,
          "with mtbf: how long each strike lasts (the mean of the law is the mean time to repair)");
  const bool lasts = length == FaultLength::lasting;
  v.check(s.at || s.when || s.mtbf, "at", "or when or mtbf must be given",
          "such as at: 60s, or when: app.utilization > 90%");
  v.check(!s.mtbf || (!s.at && !s.when && !s.every), "mtbf",
          "says when it strikes, and at, when or every says it too", "keep one of them");
  v.check(!s.mttr || s.mtbf, "mttr", "has no effect without mtbf", "`for` is a fixed length");
  v.check(!(s.mttr && s.duration), "mttr", "and for are both given", "keep one of them");
  v.check(!s.mtbf || s.mttr || s.duration || !lasts, "mttr", "or for must be given with mtbf",
          "how long does a strike last?");
  v.check(!s.mtbf || s.mtbf->mean() > 0, "mtbf", "is zero: it would strike without end",
          "such as mtbf: {exponential: {mean: 1000s}}");
  v.check(!s.every || (s.at && !s.when), "every", "counts from `at`, and from nothing else",
          "give at, and no when");
  v.check(!s.every || s.duration || !lasts, "every", "is given, but not for how long",
          "give for, shorter than every");
  v.check(!s.every || !s.duration || *s.duration < *s.every, "every",
          "is not longer than for: it would begin before it has ended", "lengthen it");
  v.declare(s);
  if (!lasts) {
    v.declare(DoesAllAtOnce{});
  }
}

void describe_fault(Visitor& v, FaultSettings& s, FaultLength length) {
  if (defect_scopes > 0) {
    defect_met_instances = true;
    return;
  }
  describe_times(v, s, length);
  v.field("target", s.target, "whom it strikes", required());
  v.field("each", s.each,
          "with mtbf: who fails as one. instance: every one at times of its own; zone: those of "
          "one zone together; all: all together");
  v.check(s.mtbf || s.each == FailureUnit::instance, "each", "has no effect without mtbf");
  const bool chooses = s.target.pick == TargetPick::random;
  v.check(!chooses || !s.mtbf || s.each != FailureUnit::instance, "target",
          "picks at random who strikes by itself: with mtbf, every instance has times of its own",
          "give each: all, or each: zone");
  v.declare(s);
}

const DisturbedTraffic& Fault::Context::traffic_called(const std::string& wanted) const {
  const auto found = std::find_if(traffic.begin(), traffic.end(),
                                  [&](const DisturbedTraffic& one) { return one.name == wanted; });
  require(found != traffic.end(), "a checked scenario has a fault of unknown traffic");
  return *found;
}

}  // namespace stampede
