#include "stampede/analysis/promises.hpp"

#include <string_view>

#include "stampede/model/load_balancing.hpp"

namespace stampede {

std::vector<ClosedPopulation> closed_populations(const Scenario& scenario) {
  std::vector<ClosedPopulation> populations;
  for (const auto& fact : scenario.facts.all<WaitsForAnswers>()) {
    for (const auto& population : scenario.traffic) {
      if (fact.path.starts_with("traffic." + population.name + ".")) {
        populations.push_back({population.name, fact.what.think_time});
      }
    }
  }
  return populations;
}

std::vector<std::string> asked_in_turn(const Scenario& scenario) {
  std::vector<std::string> components;
  for (const auto& fact : scenario.facts.all<TakesTurns>()) {
    components.push_back(fact.what.backends);
  }
  return components;
}

}  // namespace stampede
