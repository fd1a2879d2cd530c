#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "stampede/model/fault.hpp"

namespace stampede {

/// Which way messages go that a fault disturbs.
enum class LinkDirection { both, to, from };
inline const EnumNames<LinkDirection>& names(LinkDirection) {
  static const EnumNames<LinkDirection> table{
      {{LinkDirection::both, "both"}, {LinkDirection::to, "to"}, {LinkDirection::from, "from"}}};
  return table;
}

/// The paths between places that a fault disturbs.
struct PathsSettings {
  std::vector<ZoneName> between;
  std::vector<ZoneName> others;
  bool users = false;
  LinkDirection direction = LinkDirection::both;
};
inline void describe_paths(Visitor& v, PathsSettings& s) {
  v.field("between", s.between,
          "zones or regions whose links are disturbed; all links of the network unless given");
  v.field("and", s.others,
          "the zones or regions at their other ends, perhaps the same ones; everybody else, users "
          "included, unless given");
  v.field("users", s.users, "the links to users too, where `and` is given; only they if it is []");
  v.field("direction", s.direction,
          "both; to: only what is sent from `between` to the others; from: only what the others "
          "send");
  v.check(!s.between.empty() || (s.others.empty() && !s.users), "between", "must be given with and",
          "between: [eu-a], and: [eu-b]");
  v.check(!s.between.empty() || s.direction == LinkDirection::both, "direction",
          "is of the links of `between`, which is not given", "such as between: [eu-a]");
}

/// What a fault declares that loses messages on these paths.
inline LosesMessages losses_on(const PathsSettings& s) {
  const bool to_everybody = s.others.empty() && !s.users;
  return {.inside = to_everybody || !s.others.empty(), .of_users = to_everybody || s.users};
}

/// From where to where messages are disturbed, each pair once.
inline std::vector<std::pair<PlaceId, PlaceId>> paths_of(const PathsSettings& settings,
                                                         const Geography& geography) {
  const auto all_of = [&](const std::vector<ZoneName>& names) {
    std::vector<PlaceId> places;
    for (const ZoneName& name : names) {
      for (const PlaceId place : geography.zones_in(name.name)) {
        places.push_back(place);
      }
    }
    return places;
  };
  std::vector<PlaceId> ones = all_of(settings.between);
  std::vector<PlaceId> others = all_of(settings.others);
  const bool with_everybody = settings.others.empty() && !settings.users;
  for (std::size_t i = 0; i < geography.places().size(); ++i) {
    const auto place = static_cast<PlaceId>(i);
    const bool is_one = std::find(ones.begin(), ones.end(), place) != ones.end();
    if (settings.between.empty()) {
      others.push_back(place);
    } else if (geography.places()[i].of_users ? settings.users || with_everybody
                                              : with_everybody && !is_one) {
      others.push_back(place);
    }
  }
  if (settings.between.empty()) {
    ones = others;
  }
  std::vector<std::pair<PlaceId, PlaceId>> paths;
  for (const PlaceId one : ones) {
    for (const PlaceId other : others) {
      if (settings.direction != LinkDirection::from) {
        paths.emplace_back(one, other);
      }
      if (settings.direction != LinkDirection::to) {
        paths.emplace_back(other, one);
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

/// As the timeline of faults names them: "eu-a -> eu-b".
inline std::string text_of(const PathsSettings& settings) {
  const auto list = [](const std::vector<ZoneName>& names) {
    std::string text;
    for (const ZoneName& name : names) {
      text += (text.empty() ? "" : " ") + name.name;
    }
    return text;
  };
  if (settings.between.empty()) {
    return "all links";
  }
  std::string others = list(settings.others);
  if (settings.users) {
    others += others.empty() ? "users" : " users";
  }
  const std::string arrow = settings.direction == LinkDirection::both ? " <-> "
                            : settings.direction == LinkDirection::to ? " -> "
                                                                      : " <- ";
  return list(settings.between) + arrow + (others.empty() ? "everybody else" : others);
}

/// A fault of links: holds on the controls of their paths.
class PathFault : public Fault {
 public:
  PathFault(const FaultTimes& times, const PathsSettings& paths, const Context& context)
      : Fault(times),
        network_(context.network),
        paths_(paths_of(paths, context.network.geography())),
        whom_(text_of(paths)) {}

  std::string whom() const final { return whom_; }
  std::unique_ptr<Disturbance> strike(const Strike&) final {
    auto disturbance = std::make_unique<Holding>();
    for (const auto& [from, to] : paths_) {
      disturbance->add(hold(network_.controls(from, to)));
    }
    return disturbance;
  }

 protected:
  virtual Knob::Hold hold(PathControls& path) = 0;

 private:
  Network& network_;
  std::vector<std::pair<PlaceId, PlaceId>> paths_;
  std::string whom_;
};

}  // namespace stampede
