#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stampede/model/component.hpp"
#include "stampede/model/fault.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Whether a component declares that it is `Fact`, by itself or in one of its blocks.
template <class Fact>
bool declares(const Scenario& scenario, const std::string& component) {
  const std::string path = "components." + component;
  for (const auto& fact : scenario.facts.all<Fact>()) {
    if (fact.path == path || fact.path.starts_with(path + ".")) {
      return true;
    }
  }
  return false;
}

/// How many instances the targets of faults meet, as far as that can be said without running. For
/// scenarios whose regions are right.
class Targets {
 public:
  explicit Targets(const Scenario& scenario);

  /// Those of a component, before `count` and `share`; nothing if it goes where others are, which
  /// shows when the world is made.
  std::optional<std::size_t> met(const TargetSettings& target, const std::string& component) const;

 private:
  const Scenario& scenario_;
  Geography geography_;
  std::map<std::string, std::vector<std::size_t>> instances_;  ///< by path of a component, by zone
};

}  // namespace stampede
