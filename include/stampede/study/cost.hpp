#pragma once

#include <optional>

#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Gives every component with a price its number `cost_per_h`: instances that are up, on average
/// over time, times the price of one for an hour.
void add_costs(const Scenario& scenario, Result& result);

/// The sum of them; none in a scenario without prices.
std::optional<double> total_cost(const Result& result);

}  // namespace stampede
