#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "components/load_balancer/health_check.hpp"
#include "components/load_balancer/heartbeats.hpp"
#include "components/load_balancer/outlier_detection.hpp"
#include "components/load_balancer/priorities.hpp"
#include "components/load_balancer/slow_start.hpp"
#include "components/load_balancer/sticky.hpp"
#include "components/load_balancer/zone_routing.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/discovery.hpp"
#include "stampede/model/limiter.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

struct LoadBalancerSettings {
  static constexpr const char* default_policy = "round_robin";

  ComponentName backends;
  Choice<LoadBalancingPolicy> policy = Choice<LoadBalancingPolicy>::of(default_policy);
  std::vector<double> weights;
  std::optional<HealthCheckSettings> health_check;
  std::optional<HeartbeatSettings> heartbeats;
  std::optional<OutlierDetectionSettings> outlier_detection;
  std::optional<Duration> timeout;
  Ratio healthy_panic_threshold{0.5};
  std::optional<SlowStartSettings> slow_start;
  std::optional<ZoneAwareSettings> zone_aware;
  std::optional<PrioritySettings> priorities;
  std::optional<StickySettings> sticky;
  DiscoverySettings discovery;
  AdmissionSettings admission;
  Distribution<Duration> processing;
  std::optional<CpuSettings> cpu;
  Capacity max_pending{1024};
  GuardList guards;
  PlacementSettings placement;
  Distribution<Duration> boot_time;
};
inline void describe(Visitor& v, LoadBalancerSettings& s) {
  v.field("backends", s.backends, "the component whose instances it sends requests to", required());
  v.declare(PassesOn{});
  v.field("policy", s.policy, "how a backend is chosen for each request");
  v.field("weights", s.weights,
          "weights of the backends in the order of their numbers, repeated in turn; all equal if "
          "empty");
  v.field("health_check", s.health_check,
          "probes that find out who is alive; without them a dead backend stays in use");
  v.field("heartbeats", s.heartbeats,
          "instead of probes: backends say that they are alive, and those not heard of are "
          "suspected");
  v.field("outlier_detection", s.outlier_detection,
          "leave out for a while who fails more than others, by what the balancer itself has seen");
  v.field(
      "timeout", s.timeout,
      "a request that its backend has not answered after this time ends as an error (HTTP 504); "
      "the backend goes on working for it",
      more_than(Duration()));
  v.field("healthy_panic_threshold", s.healthy_panic_threshold,
          "with a smaller share of healthy backends, all are used; 0% never does that",
          at_most(Ratio{1}));
  v.field("slow_start", s.slow_start, "ease in backends that become available during the run");
  v.field("zone_aware", s.zone_aware, "prefer backends in the balancer's own zone");
  v.field("priorities", s.priorities,
          "prefer backends in some places, and turn to others when too few of them are healthy");
  v.field("sticky", s.sticky, "send a session to the same backend as long as that is available");
  v.field("discovery", s.discovery, "how balancers learn which instances there are");
  describe_admission(v, s.admission);
  v.field("processing", s.processing, "work that a balancer does for each request");
  v.field("cpu", s.cpu, "cores of each balancer; without it, processing never waits for a core");
  v.field("max_pending", s.max_pending, "requests that may wait for a core; more are rejected");
  v.field(
      "guards", s.guards,
      "circuit breakers, bulkheads, limits in front of each backend, those of each balancer for "
      "itself, the outermost first; nobody waits at them");
  describe_placement(v, s.placement);
  v.field("boot_time", s.boot_time, "from the start of a balancer until it is ready");
  if (s.policy.kind() == LoadBalancerSettings::default_policy && s.weights.empty() && !s.sticky &&
      !s.zone_aware && !s.priorities) {
    v.declare(TakesTurns{s.backends.name});
  }
  v.check(!s.heartbeats || !s.health_check, "heartbeats",
          "are given besides health_check: one of them says who is alive", "leave one out");
  v.check(!s.priorities || !s.zone_aware, "priorities",
          "are given besides zone_aware: one of them says which zone a request goes to",
          "leave one out");
  if (s.outlier_detection) {
    v.declare(EjectsBackends{.backends = s.backends.name,
                             .max_ejection_percent = s.outlier_detection->max_ejection_percent,
                             .always_one = s.outlier_detection->always_eject_one_host});
  }
  v.check(std::all_of(s.weights.begin(), s.weights.end(), [](double w) { return w > 0; }),
          "weights", "must all be more than 0");
}

}  // namespace stampede
