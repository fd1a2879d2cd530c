#pragma once

#include <string>
#include <vector>

#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/replications.hpp"

namespace stampede {

/// Where numbers are not what the scenario lets one expect: closed users that hide what is slow,
/// instances that get unequal shares though a balancer takes turns. (What can be doubted without
/// knowing the scenario is among the result's own warnings.)
std::vector<std::string> doubts_about(const Scenario& scenario, const Result& result,
                                      const std::vector<Replication>& replications);

}  // namespace stampede
