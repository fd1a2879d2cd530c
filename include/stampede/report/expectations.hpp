#pragma once

#include <string>
#include <vector>

#include "stampede/base/json_fwd.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/expectations.hpp"

namespace stampede {

/// A line for each, with what was observed to the right of it, or below when there is no room.
std::string expectations_text(const std::vector<CheckedExpectation>& expectations,
                              const TextStyle& style);
Json expectations_json(const std::vector<CheckedExpectation>& expectations);

/// "PASS" or "FAIL", or signs where UTF-8 is understood.
std::string mark(bool good, const TextStyle& style);

/// A number of a result with its interval, and why it cannot be told where it cannot.
Json metric_json(const Metric& metric);

}  // namespace stampede
