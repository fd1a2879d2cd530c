#include "stampede/model/fault.hpp"

namespace stampede {

void describe(Visitor& v, TargetSettings& s) {
  v.shorthand("component");
  v.field("component", s.component, "the component whose instances are struck");
  v.field("zone", s.zone,
          "only instances in this zone or region; of every component if none is named");
  v.field("count", s.count, "only so many of them", at_least(1));
  v.field("share", s.share, "only this share of them, rounded up", more_than(Ratio{0}));
  v.check(!s.component.empty() || !s.zone.empty(), "component", "or zone must be given",
          "such as target: {component: app, count: 1} or target: {zone: eu-b}");
  v.check(!(s.count && s.share), "share", "and count are both given", "keep one of them");
}

void describe_fault(Visitor& v, FaultSettings& s) {
  v.field("at", s.at, "when it begins, from the first instant of traffic", at_least(Duration()),
          of_run());
  v.field(
      "when", s.when,
      "it begins when this is first seen to hold (not before `at`): a component, a metric that is "
      "monitored, a relation and a value");
  v.field("for", s.duration, "how long it lasts; to the end of the run unless given",
          more_than(Duration()), of_run());
  v.field("target", s.target, "whom it strikes", required());
  v.check(s.at || s.when, "at", "or when must be given",
          "such as at: 60s, or when: app.utilization > 90%");
  v.declare(s);
}

}  // namespace stampede
