#pragma once

#include <span>
#include <string>

#include "stampede/base/json.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/study.hpp"

namespace stampede {

/// Known answers of one scenario, each with its exact value beside the observed one: a table of 80
/// columns.
std::string selftest_text(const StudyResult& study, const TextStyle& style);

/// How many agreed, and how likely it is that a right simulator has one that does not. Partial:
/// interrupted before all scenarios were run.
std::string selftest_verdict_text(std::span<const StudyResult> studies, bool is_partial,
                                  const TextStyle& style);

/// The same for tools; nothing in it differs between two runs of the same version.
Json selftest_json(std::span<const StudyResult> studies, bool is_partial);

}  // namespace stampede
