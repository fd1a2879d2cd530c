#pragma once

#include <string>

#include "stampede/base/json.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/compare.hpp"

namespace stampede {

/// A comparison on a page of 80 columns: what was compared, each number with its change and the
/// verdict, and of three and more scenarios what is perhaps the best.
std::string comparison_text(const ScenarioComparison& comparison, const TextStyle& style);

/// All of it for programs.
Json comparison_json(const ScenarioComparison& comparison);

/// One line for each number and alternative: metric,scenario,baseline,value,baseline_value,
/// difference,low,high,n,verdict,more_replications,variance_reduction.
std::string comparison_csv(const ScenarioComparison& comparison);

}  // namespace stampede
