#pragma once

#include "stampede/base/problem.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Finds what is wrong between the parts of a scenario: names that lead nowhere, shares that do not
/// add up, parts that nothing reaches.
void check(const Scenario& scenario, Problems& problems);

}  // namespace stampede
