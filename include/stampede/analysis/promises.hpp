#pragma once

#include <string>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Users who send nothing while they wait for an answer.
struct ClosedPopulation {
  std::string name;
  Duration think_time;  ///< mean
};
std::vector<ClosedPopulation> closed_populations(const Scenario& scenario);

/// Components whose instances a balancer asks in turn, without a preference: each is to get the
/// same share.
std::vector<std::string> asked_in_turn(const Scenario& scenario);

}  // namespace stampede
