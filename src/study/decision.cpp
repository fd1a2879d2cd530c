#include "stampede/study/decision.hpp"

#include <algorithm>
#include <cmath>

#include "stampede/stats/estimate.hpp"

namespace stampede {
namespace {

Decision by_verdict(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::pass:
      return Decision::meets;
    case Verdict::Kind::fail:
      return Decision::fails;
    case Verdict::Kind::no_data:
      break;
  }
  return Decision::cannot_tell;
}

/// How many times wider the 95 % interval's side becomes when it may be wrong with `error`.
double widening(double error, std::int64_t n) {
  // Beyond this the two-sided confidence is not below 1 in double precision.
  const double one_sided = std::max(error, 1e-12);
  return t_critical(1 - 2 * one_sided, n - 1) / t_critical(0.95, n - 1);
}

/// Whether the number is below (or above, if it shall be) its limit for sure.
bool is_sure(const Estimate& value, double limit, bool below, double error) {
  const double side = below ? value.high - value.estimate : value.estimate - value.low;
  const double bound = value.estimate + (below ? side : -side) * widening(error, value.n);
  return below ? bound <= limit : bound >= limit;
}

Decision decide_one(const CheckedExpectation& checked, double error_of_meeting,
                    double error_of_failing) {
  const bool below = checked.relation == Relation::less || checked.relation == Relation::at_most;
  const bool above = checked.relation == Relation::more || checked.relation == Relation::at_least;
  if (checked.verdict.kind == Verdict::Kind::no_data || !checked.observed) {
    return Decision::cannot_tell;
  }
  const Metric& metric = *checked.observed;
  if (!(below || above) || checked.other || metric.value.n < 2 || std::isnan(metric.value.low)) {
    return by_verdict(checked.verdict);
  }
  if (is_sure(metric.value, checked.value, !below, error_of_failing) &&
      checked.verdict.kind == Verdict::Kind::fail) {
    return Decision::fails;
  }
  const bool is_met = is_sure(metric.value, checked.value, below, error_of_meeting) &&
                      checked.verdict.kind == Verdict::Kind::pass;
  return is_met && metric.supported ? Decision::meets : Decision::cannot_tell;
}

/// One that is worse than what was found so far takes its place.
void take(Decided& decided, Decision one, const CheckedExpectation& checked,
          std::string_view window) {
  const bool is_worse = one == Decision::fails
                            ? decided.decision != Decision::fails
                            : one == Decision::cannot_tell && decided.decision == Decision::meets;
  if (is_worse) {
    const std::string where = window.empty() ? "" : " " + std::string(window) + " the method";
    decided = {one, checked.text + where, checked.observed, checked.unit};
  }
}

/// An experiment that is to end otherwise than completed, or was stopped, is decided by its
/// verdict; else by its probes.
bool is_decided_by_verdict(const ChaosReport& chaos) {
  return chaos.expected != ChaosVerdict::completed || chaos.verdict == ChaosVerdict::aborted;
}

}  // namespace

Decided decide(const StudyResult& study, double error) {
  std::size_t count = study.expectations.size();
  const bool has_probes = study.chaos && !is_decided_by_verdict(*study.chaos);
  if (has_probes) {
    for (const ChaosWindow& window : study.chaos->windows) {
      count += window.decides ? window.probes.size() : 0;
    }
  }
  const double error_of_failing = error / static_cast<double>(std::max<std::size_t>(count, 1));
  Decided decided;
  decided.decision = Decision::meets;
  for (const CheckedExpectation& checked : study.expectations) {
    take(decided, decide_one(checked, error, error_of_failing), checked, {});
  }
  if (has_probes) {
    for (const ChaosWindow& window : study.chaos->windows) {
      for (const CheckedExpectation& probe : window.probes) {
        if (window.decides) {
          take(decided, decide_one(probe, error, error_of_failing), probe, window.name);
        }
      }
    }
  } else if (study.chaos && study.chaos->verdict != study.chaos->expected) {
    decided = {Decision::fails,
               "the experiment is " + std::string(name_of(study.chaos->verdict)),
               std::nullopt,
               {}};
  }
  return decided;
}

}  // namespace stampede
