#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "stampede/model/network.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// What a balancer looks at to find who is near.
enum class Nearness { zone, region };
inline const EnumNames<Nearness>& names(Nearness) {
  static const EnumNames<Nearness> table{{{Nearness::zone, "zone"}, {Nearness::region, "region"}}};
  return table;
}

/// Envoy's levels of priority: requests go to backends of the first level as long as enough of
/// them are healthy, and spill over to the next ones by and by.
struct PrioritySettings {
  std::vector<std::vector<ZoneName>> levels;
  std::optional<Nearness> nearest;
  int overprovisioning_factor = 140;
};
inline void describe(Visitor& v, PrioritySettings& s) {
  v.shorthand("levels");
  v.field("levels", s.levels,
          "zones or regions of the first level, of the second, and so on, the same for all "
          "balancers; backends elsewhere make one more level, the last");
  v.field("nearest", s.nearest,
          "instead of levels; region: the balancer's own region is the first level, the others "
          "the second. zone: its own zone, then the rest of its region, then the others");
  v.field(
      "overprovisioning_factor", s.overprovisioning_factor,
      "in percent: a level is as good as well while its share of healthy backends times this is at "
      "least 100%",
      at_least(100));
  v.check(s.levels.empty() == s.nearest.has_value(), "levels",
          "or nearest must be given, and only one of them", "such as nearest: region");
}

/// The levels of all places, as a balancer at `own` sees them; from 0.
inline std::vector<std::size_t> levels_of_places(const PrioritySettings& settings,
                                                 const Geography& geography, PlaceId own) {
  std::vector<std::size_t> levels(geography.places().size(), settings.levels.size());
  if (settings.nearest) {
    for (std::size_t place = 0; place < levels.size(); ++place) {
      const bool is_abroad = geography.places()[place].region != geography.places()[own].region;
      const bool looks_at_zones = *settings.nearest == Nearness::zone;
      levels[place] = is_abroad ? (looks_at_zones ? 2 : 1) : looks_at_zones && place != own ? 1 : 0;
    }
    return levels;
  }
  for (std::size_t level = settings.levels.size(); level-- > 0;) {
    for (const ZoneName& name : settings.levels[level]) {
      for (const PlaceId zone : geography.zones_in(name.name)) {
        levels[zone] = level;
      }
    }
  }
  return levels;
}

/// How many backends a level has, how many of them are healthy, and what follows from it.
struct PriorityLevel {
  double hosts = 0;
  double healthy = 0;
  bool in_panic = false;  ///< all of them are used
  double load = 0;        ///< its share of the requests
};

/// Shares requests out between levels (Envoy, "Priority levels" and LoadBalancerBase):
///
///     health(P) = min(100 %, factor · healthy / hosts)
///     normalized total = min(100 %, Σ health)
///     load(P) = min(100 % − loads before, health(P) / normalized total)
///
/// A level whose share of healthy backends is below the panic threshold is in panic, unless the
/// normalized total is 100 %. If all are, load goes by their numbers of hosts. With nobody healthy
/// and no panic, all goes to the first level. (Envoy calculates in whole per cent and rounds down;
/// this does not.)
inline void share_load(std::vector<PriorityLevel>& levels, double overprovisioning_factor,
                       double panic_threshold) {
  constexpr double rounding = 1e-9;
  const auto health = [&](const PriorityLevel& level) {
    const double share = level.hosts > 0 ? level.healthy / level.hosts : 0;
    return std::min(1.0, overprovisioning_factor * share);
  };
  double total = 0;
  double hosts = 0;
  for (const PriorityLevel& level : levels) {
    total += health(level);
    hosts += level.hosts;
  }
  const bool is_enough = total >= 1 - rounding;
  total = is_enough ? 1 : total;
  bool all_in_panic = true;
  for (PriorityLevel& level : levels) {
    const double share = level.hosts > 0 ? level.healthy / level.hosts : 0;
    level.in_panic = !is_enough && share < panic_threshold;
    all_in_panic = all_in_panic && level.in_panic;
  }
  double left = 1;
  for (PriorityLevel& level : levels) {
    if (all_in_panic) {
      level.load = hosts > 0 ? level.hosts / hosts : 0;
    } else if (total > 0) {
      level.load = std::min(left, health(level) / total);
    } else {
      level.load = &level == &levels.front() ? 1 : 0;
    }
    left -= level.load;
  }
}

/// The level for a number drawn uniformly from (0, 1).
inline std::size_t level_for(const std::vector<PriorityLevel>& levels, double uniform) {
  double up_to = 0;
  std::size_t last = 0;  // with any load: rounding may leave a little over
  for (std::size_t i = 0; i < levels.size(); ++i) {
    up_to += levels[i].load;
    last = levels[i].load > 0 ? i : last;
    if (uniform < up_to) {
      return i;
    }
  }
  return last;
}

}  // namespace stampede
