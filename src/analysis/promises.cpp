#include "stampede/analysis/promises.hpp"

#include <optional>

#include "stampede/model/arrivals.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/rollout.hpp"

namespace stampede {

std::vector<ClosedPopulation> closed_populations(const Scenario& scenario) {
  std::vector<ClosedPopulation> populations;
  for (const auto& population : scenario.traffic) {
    const std::optional<ArrivalTheory> theory = population.value.arrivals.theory();
    if (theory && theory->is_closed) {
      populations.push_back({population.name, Duration::from_seconds(theory->think.mean)});
    }
  }
  return populations;
}

std::vector<std::string> asked_in_turn(const Scenario& scenario) {
  std::vector<std::string> components;
  for (const auto& fact : scenario.facts.all<TakesTurns>()) {
    components.push_back(fact.what.backends);
  }
  for (const auto& rollout : scenario.facts.all<RolloutSettings>()) {
    std::erase(components, rollout.what.target.name);  // instances come and go
  }
  return components;
}

}  // namespace stampede
