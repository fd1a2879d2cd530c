#include "stampede/study/cost.hpp"

namespace stampede {

void add_costs(const Scenario& scenario, Result& result) {
  for (Subject& component : result.components) {
    const double* price = scenario.prices.find(component.name);
    const Metric* replicas = component.find("replicas");
    if (price == nullptr || replicas == nullptr) {
      continue;
    }
    Metric cost = *replicas;
    cost.name = "cost_per_h";
    for (double* value : {&cost.value.estimate, &cost.value.low, &cost.value.high}) {
      *value *= *price;
    }
    component.metrics.push_back(std::move(cost));
  }
}

std::optional<double> total_cost(const Result& result) {
  std::optional<double> total;
  for (const Subject& component : result.components) {
    if (const Metric* cost = component.find("cost_per_h")) {
      total = total.value_or(0) + cost->value.estimate;
    }
  }
  return total;
}

}  // namespace stampede
