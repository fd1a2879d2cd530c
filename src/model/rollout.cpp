#include "stampede/model/rollout.hpp"

namespace stampede {

void describe_rollout(Visitor& v, RolloutSettings& s) {
  v.field("target", s.target, "the component that gets another version", required());
  v.field("to", s.to, "the name of that version, one of the component's `versions`", required(),
          not_empty());
  v.field("at", s.at,
          "when it begins, from the first instant of traffic; with `after`, from that one's end",
          at_least(Duration()), of_run());
  v.field("after", s.after,
          "another rollout that has to be promoted first: stages of a pipeline, one region after "
          "the other");
  v.field("when", s.when,
          "not before this is seen to hold, such as app.error_rate < 0.1%: a release that waits "
          "until the errors of the last window are within the budget");
  v.field("zone", s.zone, "only instances in this zone or region are replaced");
  v.field("min_ready", s.min_ready,
          "how long an instance must have been ready without a break to count as available",
          at_least(Duration()), aliases("min_ready_seconds"));
  v.field("progress_deadline", s.progress_deadline,
          "without an instance that became available for so long, the rollout has failed",
          more_than(Duration()), aliases("progress_deadline_seconds"));
  v.declare(s);
}

const EnumNames<RolloutVerdict>& names(RolloutVerdict) {
  static const EnumNames<RolloutVerdict> table{{{RolloutVerdict::pending, "pending"},
                                                {RolloutVerdict::running, "running"},
                                                {RolloutVerdict::promoted, "promoted"},
                                                {RolloutVerdict::rolled_back, "rolled_back"},
                                                {RolloutVerdict::paused, "paused"},
                                                {RolloutVerdict::stalled, "stalled"},
                                                {RolloutVerdict::no_verdict, "no_verdict"}}};
  return table;
}

}  // namespace stampede
