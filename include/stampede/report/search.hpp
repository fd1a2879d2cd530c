#pragma once

#include <string>

#include "stampede/base/json.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/search.hpp"

namespace stampede {

/// What a search for a limit found, on a page of 80 columns and as JSON.
std::string limit_text(const SweepPlan& plan, const LimitFound& found, bool largest,
                       const SearchOptions& search, const TextStyle& style);
Json limit_json(const SweepPlan& plan, const LimitFound& found, bool largest,
                const SearchOptions& search);

/// The same of a search for the cheapest configuration.
std::string cheapest_text(const SweepPlan& plan, const CheapestFound& found, double confidence,
                          const TextStyle& style);
Json cheapest_json(const SweepPlan& plan, const CheapestFound& found, double confidence);

}  // namespace stampede
