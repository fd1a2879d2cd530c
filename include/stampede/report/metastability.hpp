#pragma once

#include <string>

#include "stampede/base/json_fwd.hpp"
#include "stampede/report/style.hpp"
#include "stampede/study/metastability.hpp"

namespace stampede {

/// What was found as a page of 80 columns: a line for each load, and the safe load.
std::string metastability_text(const SweepPlan& plan, const MetastabilityFound& found,
                               const MetastabilityOptions& wish, const TextStyle& style);

Json metastability_json(const SweepPlan& plan, const MetastabilityFound& found,
                        const MetastabilityOptions& wish);

}  // namespace stampede
