#pragma once

#include <string>

#include "stampede/analysis/predict.hpp"
#include "stampede/analysis/redundancy.hpp"
#include "stampede/base/json.hpp"
#include "stampede/report/style.hpp"

namespace stampede {

/// What theory says of a scenario, on a page of 80 columns: traffic, components, the bottleneck and
/// how far the load may grow, single points of failure, and what is left out.
std::string theory_text(const Prediction& prediction, const Redundancy& redundancy,
                        const TextStyle& style);

/// The same as data. Members have the names that observed numbers have in result.json; what is
/// unknown or without bound is null. Numbers have six digits: the last bits of formulas may differ
/// between machines.
Json theory_json(const Prediction& prediction, const Redundancy& redundancy);

}  // namespace stampede
