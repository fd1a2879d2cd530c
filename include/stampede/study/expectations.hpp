#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stampede/base/problem.hpp"
#include "stampede/measure/judge.hpp"
#include "stampede/measure/metrics.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// A line of `expect:` and what became of it.
struct CheckedExpectation {
  std::string text;  ///< as written
  std::string unit;  ///< of the number: "s", "/s", "%" or ""
  std::optional<Metric> observed;
  Verdict verdict;
  Relation relation = Relation::less;
  double value = 0;                  ///< what was expected
  std::optional<Metric> other = {};  ///< what it was compared with in place of a value
};

/// What can be known before a run: that the numbers exist, and that their units are right.
Problems check_expectations(const Scenario& scenario);

/// The number that a path as of `expect:` names in results of this scenario, such as
/// "shoppers.latency.p99"; nullptr, and a Problem at `place`, if there is none.
const MetricInfo* metric_at(const Scenario& scenario, const std::string& path, const Place& place,
                            Problems& problems);

/// Judges one of them by the result of its window. Without `with_precision` a `~` does not ask for
/// the half-width of its `within`: a shortened run cannot have it.
CheckedExpectation judge_expectation(const Expectation& expectation, const Result& result,
                                     bool with_precision);
/// The same of several that are about the same window.
std::vector<CheckedExpectation> judge_expectations(const std::vector<Expectation>& expectations,
                                                   const Result& result, bool with_precision);

}  // namespace stampede
