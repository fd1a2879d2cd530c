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

Decision decide_one(const CheckedExpectation& checked, const Expectation& expectation,
                    double error_of_meeting, double error_of_failing) {
  const bool below =
      expectation.relation == Relation::less || expectation.relation == Relation::at_most;
  const bool above =
      expectation.relation == Relation::more || expectation.relation == Relation::at_least;
  if (checked.verdict.kind == Verdict::Kind::no_data || !checked.observed) {
    return Decision::cannot_tell;
  }
  const Metric& metric = *checked.observed;
  if (!(below || above) || metric.value.n < 2 || std::isnan(metric.value.low)) {
    return by_verdict(checked.verdict);
  }
  if (is_sure(metric.value, expectation.value, !below, error_of_failing) &&
      checked.verdict.kind == Verdict::Kind::fail) {
    return Decision::fails;
  }
  const bool is_met = is_sure(metric.value, expectation.value, below, error_of_meeting) &&
                      checked.verdict.kind == Verdict::Kind::pass;
  return is_met && metric.supported ? Decision::meets : Decision::cannot_tell;
}

}  // namespace

Decided decide(const StudyResult& study, const std::vector<Expectation>& expectations,
               double error) {
  Decided decided;
  decided.decision = Decision::meets;
  for (std::size_t i = 0; i < study.expectations.size(); ++i) {
    const CheckedExpectation& checked = study.expectations[i];
    const Decision one = decide_one(checked, expectations[i], error,
                                    error / static_cast<double>(expectations.size()));
    const bool is_worse = one == Decision::fails
                              ? decided.decision != Decision::fails
                              : one == Decision::cannot_tell && decided.decision == Decision::meets;
    if (is_worse) {
      decided = {one, checked.text, checked.observed, checked.unit};
    }
  }
  return decided;
}

}  // namespace stampede
