#include "stampede/model/component.hpp"

namespace stampede {

RequestTypeId RequestTypes::add(std::string_view name) {
  if (const auto known = find(name)) {
    return *known;
  }
  names_.emplace_back(name);
  return static_cast<RequestTypeId>(names_.size() - 1);
}

std::optional<RequestTypeId> RequestTypes::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) {
      return static_cast<RequestTypeId>(i);
    }
  }
  return std::nullopt;
}

const Flag& Directory::flag(const std::string& name) const {
  fail("a checked scenario reads the unknown flag '" + name + "'");
}

void describe_placement(Visitor& v, PlacementSettings& s) {
  v.field("replicas", s.replicas, "number of instances", at_least(1), at_most(100'000));
  v.field("zones", s.zones,
          "zones or regions that the instances are spread over in turn; all if empty");
  v.declare(s);
}

PlacementSettings placement_in(const ZoneName& zone) {
  PlacementSettings placement;
  if (!zone.empty()) {
    placement.zones.push_back(zone);
  }
  return placement;
}

std::vector<PlaceId> places_of(const PlacementSettings& settings, const Geography& geography) {
  std::vector<PlaceId> candidates;
  for (const ZoneName& zones : settings.zones) {
    for (const PlaceId zone : geography.zones_in(zones.name)) {
      candidates.push_back(zone);
    }
  }
  if (candidates.empty()) {
    for (std::size_t zone = 0; zone < geography.zone_count(); ++zone) {
      candidates.push_back(static_cast<PlaceId>(zone));
    }
  }
  std::vector<PlaceId> places;
  for (std::size_t i = 0; i < static_cast<std::size_t>(settings.replicas); ++i) {
    places.push_back(candidates[i % candidates.size()]);
  }
  return places;
}

}  // namespace stampede
