#pragma once

#include <cstdint>
#include <vector>

#include "stampede/model/request.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Envoy's zone aware routing: keep traffic in the balancer's own zone as far as every backend
/// still gets the same load.
struct ZoneAwareSettings {
  Ratio routing_enabled{1};
  int min_cluster_size = 6;
};
inline void describe(Visitor& v, ZoneAwareSettings& s) {
  v.shorthand("routing_enabled");
  v.field("routing_enabled", s.routing_enabled, "share of requests that are routed by zone",
          at_most(Ratio{1}));
  v.field("min_cluster_size", s.min_cluster_size,
          "with fewer healthy backends, zones are not looked at", at_least(1));
}

/// Which share of a balancer's requests goes to which zone.
///
/// Let a zone's local share be its share of all balancers, hence of the arriving traffic, and its
/// upstream share that of all backends. If the own zone's upstream share is at least its local one,
/// everything stays there. Else the part upstream / local stays, and the rest goes to the zones
/// with capacity left, in proportion to their residual capacity upstream − local (Envoy,
/// ZoneAwareLoadBalancerBase::regenerateLocalityRoutingStructures). Counts are compared crosswise,
/// so that equal shares are equal exactly.
class ZoneRoutes {
 public:
  /// `balancers` and `backends` count them by zone; some of both exist.
  void update(const std::vector<std::int64_t>& balancers, const std::vector<std::int64_t>& backends,
              PlaceId own) {
    const std::int64_t all_balancers = sum(balancers);
    const std::int64_t all_backends = sum(backends);
    routes_.clear();
    const std::int64_t local = balancers[own] * all_backends;
    const std::int64_t upstream = backends[own] * all_balancers;
    if (upstream > 0) {
      const bool all = upstream >= local;
      routes_.push_back(
          {all ? 1.0 : static_cast<double>(upstream) / static_cast<double>(local), own});
      if (all) {
        return;
      }
    }
    const double kept = routes_.empty() ? 0 : routes_.front().up_to;
    std::int64_t residual_sum = 0;
    for (std::size_t zone = 0; zone < backends.size(); ++zone) {
      residual_sum += residual(balancers[zone], backends[zone], all_balancers, all_backends);
    }
    std::int64_t residual_until = 0;
    for (std::size_t zone = 0; zone < backends.size(); ++zone) {
      const std::int64_t here =
          residual(balancers[zone], backends[zone], all_balancers, all_backends);
      if (here > 0) {
        residual_until += here;
        const double part = static_cast<double>(residual_until) / static_cast<double>(residual_sum);
        routes_.push_back({kept + (1 - kept) * part, static_cast<PlaceId>(zone)});
      }
    }
  }

  /// The zone for a number drawn uniformly from (0, 1).
  PlaceId zone_for(double uniform) const {
    std::size_t i = 0;
    while (i + 1 < routes_.size() && uniform >= routes_[i].up_to) {
      ++i;
    }
    return routes_[i].zone;
  }

 private:
  struct Route {
    double up_to;  ///< cumulative share
    PlaceId zone;
  };

  static std::int64_t sum(const std::vector<std::int64_t>& counts) {
    std::int64_t total = 0;
    for (const std::int64_t count : counts) {
      total += count;
    }
    return total;
  }
  static std::int64_t residual(std::int64_t balancers, std::int64_t backends,
                               std::int64_t all_balancers, std::int64_t all_backends) {
    const std::int64_t left = backends * all_balancers - balancers * all_backends;
    return left > 0 ? left : 0;
  }

  std::vector<Route> routes_;
};

}  // namespace stampede
