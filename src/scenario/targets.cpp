#include "targets.hpp"

#include <numeric>

namespace stampede {

Targets::Targets(const Scenario& scenario) : scenario_(scenario), geography_(scenario.regions) {
  for (const auto& placement : scenario.facts.all<PlacementSettings>()) {
    std::vector<std::size_t>& counts = instances_[placement.path];
    counts.resize(geography_.zone_count());
    for (const PlaceId zone : places_of(placement.what, geography_)) {
      ++counts[zone];
    }
  }
}

std::optional<std::size_t> Targets::met(const TargetSettings& target,
                                        const std::string& component) const {
  const bool is_meant = target.component.empty() || target.component.name == component;
  if (!is_meant || declares<OnUsersDevices>(scenario_, component)) {
    return 0;
  }
  if (!target.zone.empty() && declares<StandsWithUsers>(scenario_, component)) {
    return 0;
  }
  const auto placed = instances_.find("components." + component);
  if (placed == instances_.end()) {
    return std::nullopt;
  }
  const std::vector<std::size_t>& counts = placed->second;
  if (target.zone.empty()) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  }
  std::size_t met = 0;
  for (const PlaceId place : geography_.zones_in(target.zone.name)) {
    met += counts[place];
  }
  return met;
}

}  // namespace stampede
