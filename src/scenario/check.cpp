#include "check.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "stampede/base/text.hpp"

namespace stampede {
namespace {

class Checker {
 public:
  Checker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems), geography_(scenario.regions) {
    for (const auto& component : scenario.components) {
      components_.push_back(component.name);
    }
  }

  void run() {
    check_names();
    check_references();
    check_traffic();
  }

 private:
  void error(const Place& place, std::string what, std::string expected = {},
             std::string hint = {}) {
    problems_.push_back(
        {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
  }

  /// Traffic and components share the names that results and `expect:` use.
  void check_names() {
    for (const auto& population : scenario_.traffic) {
      if (scenario_.components.find(population.name) != nullptr) {
        error(population.place,
              "'" + population.name + "' is the name of traffic and of a component", {},
              "rename one of them");
      }
    }
    std::set<std::string> seen;
    for (const auto& region : scenario_.regions) {
      for (const std::string& zone : region.value.zones) {
        if (!seen.insert(zone).second || scenario_.regions.find(zone) != nullptr) {
          error(region.place, "zone '" + zone + "' of region '" + region.name + "' is named twice",
                {}, "names of zones and regions are unique");
        }
      }
    }
  }

  void check_references() {
    for (const ComponentReference& reference : scenario_.references) {
      if (scenario_.components.find(reference.name) == nullptr) {
        error(reference.place,
              "there is no component '" + reference.name + "' for " + reference.path,
              one_of(components_, reference.name), did_you_mean(reference.name, components_));
      }
    }
  }

  void check_traffic() {
    for (const auto& population : scenario_.traffic) {
      const TrafficSettings& traffic = population.value;
      double total = 0;
      bool open = traffic.requests.empty();
      for (const auto& request : traffic.requests) {
        total += request.value.share ? request.value.share->value : 0;
        open = open || !request.value.share;
      }
      if (total > 1 + 1e-9 || (!open && std::abs(total - 1) > 1e-9)) {
        error(population.place,
              "the shares of traffic." + population.name + ".requests add up to " +
                  to_text(Ratio{total}),
              "100%", open ? "lower some" : "leave one share out: it takes the rest");
      }
      check_shares(population, "regions", traffic.users.regions);
      check_shares(population, "segments", traffic.users.segments);
      check_shares(population, "tenants", traffic.users.tenants);
      for (const auto& region : traffic.users.regions) {
        if (!geography_.region(region.name)) {
          error(region.place, "there is no region '" + region.name + "'",
                one_of(geography_.regions(), region.name),
                did_you_mean(region.name, geography_.regions()));
        }
      }
    }
  }

  template <class Population>
  void check_shares(const Population& population, const std::string& what,
                    const Named<Ratio>& shares) {
    double total = 0;
    for (const auto& share : shares) {
      total += share.value.value;
    }
    if (!shares.empty() && std::abs(total - 1) > 1e-9) {
      error(shares[0].place,
            "the shares of traffic." + population.name + ".users." + what + " add up to " +
                to_text(Ratio{total}),
            "100%");
    }
  }

  static std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
    const std::string match = closest_match(word, names);
    return match.empty() ? std::string() : "did you mean '" + match + "'?";
  }

  const Scenario& scenario_;
  Problems& problems_;
  Geography geography_;
  std::vector<std::string> components_;
};

}  // namespace

void check(const Scenario& scenario, Problems& problems) { Checker(scenario, problems).run(); }

}  // namespace stampede
