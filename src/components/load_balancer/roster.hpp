#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "components/load_balancer/death_watch.hpp"
#include "components/load_balancer/measures.hpp"
#include "components/load_balancer/settings.hpp"
#include "stampede/model/discovery.hpp"
#include "stampede/model/traffic_split.hpp"

namespace stampede {

/// What one balancer knows of its backends, and whom it therefore chooses: members as discovery
/// names them, health as its probes find it, requests in flight as it counts them itself.
///
/// A backend's slot is its index in its fleet, which is never used again.
class Roster final : private Discovery::Observer,
                     private HealthChecks::Listener,
                     private Heartbeats::Listener,
                     private OutlierDetection::Listener {
 public:
  static constexpr BackendSlot nobody = UINT32_MAX;

  class Listener {
   public:
    /// A backend was found healthy again, or was withdrawn: answers that went missing on the way
    /// from it will not come any more.
    virtual void given_up(BackendSlot slot) = 0;

   protected:
    ~Listener() = default;
  };

  /// `balancer` numbers the balancers of the component; `sessions` is null unless they are sticky,
  /// `deaths` unless balancers find out by themselves who is alive.
  Roster(const LoadBalancerSettings& settings, const Component::Context& context,
         std::uint32_t balancer, PlaceId place, StickySessions* sessions, DeathWatch* deaths,
         Listener& listener)
      : settings_(settings),
        simulation_(context.simulation),
        place_(place),
        sessions_(sessions),
        deaths_(deaths),
        listener_(listener),
        policies_(context.stream("policy " + std::to_string(balancer))),
        zones_(context.stream("zone")),
        levels_(context.stream("priority")),
        seed_(combine(combine(context.seed, context.replication), hash_bytes(context.name))),
        warming_(context.simulation) {
    if (settings.health_check) {
      HealthChecks::Listener& results = *this;
      health_.emplace(*settings.health_check, simulation_, place,
                      context.stream("health check " + std::to_string(balancer)), results);
    }
    if (settings.heartbeats) {
      Heartbeats::Listener& results = *this;
      heartbeats_.emplace(*settings.heartbeats, simulation_, context.network, place,
                          context.stream("heartbeats " + std::to_string(balancer)), results);
    }
    if (settings.outlier_detection) {
      OutlierDetection::Listener& results = *this;
      outliers_.emplace(*settings.outlier_detection, simulation_,
                        context.stream("outlier detection " + std::to_string(balancer)),
                        OutlierDetection::Told{context.observer.tally(ejections),
                                               context.observer.tally(ejection_overflows),
                                               context.observer.gauge(ejected),
                                               context.observer.gauge(judged_backends)},
                        results);
    }
    const Geography& geography = context.network.geography();
    if (settings.zone_aware) {
      group_of_.resize(geography.zone_count());
      std::iota(group_of_.begin(), group_of_.end(), std::size_t{0});
    }
    if (settings.priorities) {
      group_of_ = levels_of_places(*settings.priorities, geography, place);
      spilled_ = &context.observer.tally(spilled_requests);
      sent_ = &context.observer.tally(sent_requests);
    }
    if (!group_of_.empty()) {
      groups_.resize(*std::max_element(group_of_.begin(), group_of_.end()) + 1);
    }
  }

  Scope& scope() { return warming_; }

  /// `peers` is the fleet of balancers to which the owner belongs, itself included.
  void connect(Fleet& backends, Fleet& peers) {
    fleet_ = &backends;
    peers_ = &peers;
    if (const TrafficSplit* split = backends.split()) {
      split_ = split;
      by_version_.resize(split->version_count());
    }
    Discovery::Observer& news = *this;
    discovery_.emplace(simulation_, backends, settings_.discovery.delay, news);
  }

  /// Begins to work. At t = 0 the members count as healthy; a balancer that starts later knows the
  /// members but must probe them before it uses them.
  void start() {
    is_running_ = true;
    make_policies();
    if (outliers_) {
      outliers_->start();
    }
    for (BackendSlot slot = 0; slot < known_.size(); ++slot) {
      if (known_[slot].is_member) {
        join(slot);
      }
    }
    refresh();
  }

  /// Whom to send this request to; nobody if none is known to be able.
  BackendSlot choose(const Request& request, Time now) {
    if (all_.eligible.empty()) [[unlikely]] {
      return nobody;
    }
    if (sessions_ != nullptr) {
      const BackendSlot slot = sessions_->find(request);
      if (slot < known_.size() && known_[slot].eligible && is_of_right_version(slot, request)) {
        return slot;
      }
    }
    Candidates& candidates = is_split()    ? by_version_[split_->version_for(request)]
                             : is_divided_ ? candidates_for(request)
                                           : all_;
    if (candidates.eligible.empty()) [[unlikely]] {
      return nobody;  // of the version that the request is for, or of the level that it fell to
    }
    const BackendSlot slot = candidates.policy->choose(view_of(candidates), request, now);
    if (sessions_ != nullptr) {
      sessions_->remember(request, slot);
    }
    return slot;
  }

  /// An instance of the version that gets a copy of this request; nobody if none does.
  BackendSlot choose_mirror(const Request& request, Time now) {
    if (split_ == nullptr || !split_->is_mirroring()) [[likely]] {
      return nobody;
    }
    const std::optional<std::uint16_t> version = split_->mirror_for(request);
    if (!version || by_version_[*version].eligible.empty()) {
      return nobody;
    }
    Candidates& candidates = by_version_[*version];
    return candidates.policy->choose(view_of(candidates), request, now);
  }

  void started(BackendSlot slot) {
    ++backends_[slot].in_flight;
    ++in_flight_;
    all_.policy->started(slot, view_of(all_));
    if (Candidates* group = group_of(slot)) {
      group->policy->started(slot, view_of(*group));
    }
    if (Candidates* version = version_of(slot)) {
      version->policy->started(slot, view_of(*version));
    }
  }

  void ended(BackendSlot slot, Outcome outcome, Duration latency, Time now) {
    --backends_[slot].in_flight;
    --in_flight_;
    if (all_.eligible.empty()) [[unlikely]] {
      return;  // policies never see an empty view; the next one begins them anew
    }
    all_.policy->ended(slot, view_of(all_), outcome, latency, now);
    if (Candidates* group = group_of(slot)) {
      group->policy->ended(slot, view_of(*group), outcome, latency, now);
    }
    if (Candidates* version = version_of(slot)) {
      version->policy->ended(slot, view_of(*version), outcome, latency, now);
    }
  }

  /// What the balancer saw become of a request that it had sent to this backend: an answer, or none
  /// in time.
  void observed(BackendSlot slot, Outcome outcome) {
    if (outliers_) {
      outliers_->observed(slot, outcome);
    }
  }

  /// Requests in flight over all backends.
  std::uint64_t in_flight() const { return in_flight_; }

  /// The balancer dies, and all that it knew with it. Discovery goes on: what a new process would
  /// be told in the beginning is the same list.
  void forget() {
    warming_.kill(KilledWork::stays_silent);
    is_warming_ = false;
    if (health_) {
      health_->forget();
    }
    if (heartbeats_) {
      heartbeats_->forget();
    }
    if (outliers_) {
      outliers_->forget();
    }
    for (Backend& backend : backends_) {
      backend.in_flight = 0;
    }
    in_flight_ = 0;
    is_running_ = false;
    ++starts_;
  }

 private:
  struct Known {
    bool is_member = false;
    bool eligible = false;
    Time since;  ///< when it became healthy, or a member if there are no health checks
  };

  /// Backends to choose from, and who chooses.
  struct Candidates {
    std::unique_ptr<LoadBalancingPolicy> policy;
    std::vector<BackendSlot> eligible;
    bool equal_weights = true;
  };

  BackendView view_of(const Candidates& candidates) const {
    return BackendView(backends_, candidates.eligible, candidates.equal_weights);
  }

  /// The candidates of a backend's group if a policy looks after them.
  Candidates* group_of(BackendSlot slot) {
    if (groups_.empty()) {
      return nullptr;
    }
    Candidates& group = groups_[group_of_[backends_[slot].place]];
    return group.eligible.empty() ? nullptr : &group;
  }

  // ---- Versions of the backends, between which traffic may be split ----

  bool is_split() const { return split_ != nullptr && split_->is_on(); }
  bool is_of_right_version(BackendSlot slot, const Request& request) const {
    return !is_split() || (*fleet_)[slot].version() == split_->version_for(request);
  }
  /// The candidates of a backend's version if a policy looks after them.
  Candidates* version_of(BackendSlot slot) {
    if (by_version_.empty()) {
      return nullptr;
    }
    Candidates& version = by_version_[(*fleet_)[slot].version()];
    return version.eligible.empty() ? nullptr : &version;
  }

  Candidates& candidates_for(const Request& request) {
    return settings_.priorities ? candidates_by_priority(request) : candidates_by_zone(request);
  }
  Candidates& candidates_by_priority(const Request& request) {
    Draw draw = levels_.at(request.luck);
    const std::size_t level = level_for(shares_, draw.uniform());
    sent_->add();
    spilled_->add(level > 0 ? 1 : 0);
    return groups_[level];
  }
  Candidates& candidates_by_zone(const Request& request) {
    Draw draw = zones_.at(request.luck);
    const bool is_routed = draw.chance(settings_.zone_aware->routing_enabled.value);
    const double where = draw.uniform();
    return is_routed ? groups_[routes_.zone_for(where)] : all_;
  }

  void make_policies() {
    std::uint64_t number = 0;
    const auto make = [&](Candidates& candidates) {
      const Draw random = policies_.at(combine(starts_, number++));
      candidates.policy = settings_.policy.make({random, seed_});
      candidates.eligible.clear();
    };
    make(all_);
    for (Candidates& group : groups_) {
      make(group);
    }
    for (Candidates& version : by_version_) {
      make(version);
    }
  }

  // ---- What the balancer gets to know ----

  void appeared(Instance& instance) override {
    const BackendSlot slot = instance.index();
    while (backends_.size() <= slot) {
      Instance& next = (*fleet_)[backends_.size()];
      Backend backend;
      backend.name_hash = hash_bytes(next.name());
      backend.place = next.place();
      backends_.push_back(backend);
      known_.emplace_back();
    }
    known_[slot].is_member = true;
    if (is_running_) {
      join(slot);
      refresh();
    }
  }

  void vanished(Instance& instance) override {
    const BackendSlot slot = instance.index();
    known_[slot].is_member = false;
    if (is_running_) {
      if (health_) {
        health_->unwatch(slot);
      }
      if (heartbeats_) {
        heartbeats_->unwatch(slot);
      }
      if (outliers_) {
        outliers_->left(slot);
      }
      listener_.given_up(slot);
      refresh();
    }
  }

  /// A member comes under observation.
  void join(BackendSlot slot) {
    const Time now = simulation_.now();
    known_[slot].since = now;
    if (outliers_) {
      outliers_->joined(slot);
    }
    const auto watch = [&](auto& detector) {
      if (starts_ == 0 && now == Time()) {
        detector.watch_healthy((*fleet_)[slot]);
      } else {
        detector.watch_unknown((*fleet_)[slot]);
      }
    };
    if (health_) {
      watch(*health_);
    } else if (heartbeats_) {
      watch(*heartbeats_);
    }
  }

  void health_changed(BackendSlot slot, bool healthy) override {
    if (healthy) {
      known_[slot].since = simulation_.now();
      listener_.given_up(slot);
    } else {
      deaths_->suspected((*fleet_)[slot]);
    }
    refresh();
  }
  void probe_succeeded(BackendSlot slot) override {
    if (outliers_) {
      outliers_->probe_succeeded(slot);
    }
  }
  void ejections_changed() override { refresh(); }

  // ---- What follows from it ----

  /// Works out anew who is eligible, with which weight, and tells the policies.
  void refresh() {
    const bool in_panic = !settings_.priorities && is_in_panic();
    if (settings_.priorities) {
      share_load_between_levels();
    }
    for (BackendSlot slot = 0; slot < known_.size(); ++slot) {
      const bool trusts_nobody =
          settings_.priorities ? shares_[group_of_[backends_[slot].place]].in_panic : in_panic;
      known_[slot].eligible = known_[slot].is_member && (trusts_nobody || is_healthy(slot));
      backends_[slot].weight = weight_of(slot);
    }
    gather(all_, [](BackendSlot) { return true; });
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      gather(groups_[group],
             [this, group](BackendSlot slot) { return group_of_[backends_[slot].place] == group; });
    }
    for (std::size_t version = 0; version < by_version_.size(); ++version) {
      gather(by_version_[version],
             [this, version](BackendSlot slot) { return (*fleet_)[slot].version() == version; });
    }
    is_divided_ = settings_.priorities.has_value();
    if (settings_.zone_aware) {
      route_by_zone(in_panic);
    }
    if (!is_warming_ && is_any_warming()) {
      is_warming_ = true;
      static_cast<void>(warm_up());
    }
  }

  bool is_healthy(BackendSlot slot) const {
    return (!health_ || health_->is_healthy(slot)) &&
           (!heartbeats_ || heartbeats_->is_healthy(slot)) &&
           (!outliers_ || !outliers_->is_ejected(slot));
  }

  void share_load_between_levels() {
    shares_.assign(groups_.size(), PriorityLevel());
    for (BackendSlot slot = 0; slot < known_.size(); ++slot) {
      if (known_[slot].is_member) {
        PriorityLevel& level = shares_[group_of_[backends_[slot].place]];
        level.hosts += 1;
        level.healthy += is_healthy(slot) ? 1 : 0;
      }
    }
    share_load(shares_, settings_.priorities->overprovisioning_factor / 100.0,
               settings_.healthy_panic_threshold.value);
  }

  /// Envoy's panic: so few seem healthy that the checks themselves are not believed.
  bool is_in_panic() const {
    double members = 0;
    double healthy = 0;
    for (BackendSlot slot = 0; slot < known_.size(); ++slot) {
      if (known_[slot].is_member) {
        members += 1;
        healthy += is_healthy(slot) ? 1 : 0;
      }
    }
    return healthy < settings_.healthy_panic_threshold.value * members;
  }

  double weight_of(BackendSlot slot) const {
    const std::vector<double>& weights = settings_.weights;
    const double base = weights.empty() ? 1 : weights[slot % weights.size()];
    return is_young(slot) ? base * slow_start_factor(*settings_.slow_start, age_of(slot)) : base;
  }

  Duration age_of(BackendSlot slot) const { return simulation_.now() - known_[slot].since; }
  /// Within its slow start; what was there in the first instant never had one.
  bool is_young(BackendSlot slot) const {
    return settings_.slow_start && known_[slot].since > Time() &&
           age_of(slot) < settings_.slow_start->window;
  }
  bool is_any_warming() const {
    for (const BackendSlot slot : all_.eligible) {
      if (is_young(slot)) {
        return true;
      }
    }
    return false;
  }

  template <class Belongs>
  void gather(Candidates& candidates, Belongs belongs) {
    candidates.eligible.clear();
    candidates.equal_weights = true;
    for (BackendSlot slot = 0; slot < known_.size(); ++slot) {
      if (known_[slot].eligible && belongs(slot)) {
        candidates.eligible.push_back(slot);
        candidates.equal_weights =
            candidates.equal_weights &&
            backends_[slot].weight == backends_[candidates.eligible.front()].weight;
      }
    }
    if (!candidates.eligible.empty()) {
      candidates.policy->eligible_changed(view_of(candidates));
    }
  }

  void route_by_zone(bool in_panic) {
    is_divided_ =
        !in_panic && !all_.eligible.empty() &&
        all_.eligible.size() >= static_cast<std::size_t>(settings_.zone_aware->min_cluster_size);
    if (!is_divided_) {
      return;
    }
    std::vector<std::int64_t> balancers(groups_.size());
    for (std::size_t i = 0; i < peers_->size(); ++i) {
      balancers[(*peers_)[i].place()] += (*peers_)[i].state() == InstanceState::gone ? 0 : 1;
    }
    std::vector<std::int64_t> backends(groups_.size());
    for (std::size_t zone = 0; zone < groups_.size(); ++zone) {
      backends[zone] = static_cast<std::int64_t>(groups_[zone].eligible.size());
    }
    routes_.update(balancers, backends, place_);
  }

  /// Renews the weights as long as somebody is in slow start.
  Process warm_up() {
    while (is_any_warming()) {
      const Duration step = settings_.slow_start->window / slow_start_steps;
      co_await simulation_.delay(std::max(step, Duration::nanoseconds(1)));
      refresh();
    }
    is_warming_ = false;
    co_return Done();
  }

  const LoadBalancerSettings& settings_;
  Simulation& simulation_;
  PlaceId place_;
  StickySessions* sessions_;
  DeathWatch* deaths_;
  Listener& listener_;
  Stream policies_;
  Stream zones_;
  Stream levels_;
  std::uint64_t seed_;
  Fleet* fleet_ = nullptr;
  Fleet* peers_ = nullptr;

  std::vector<Backend> backends_;  ///< by slot, as policies see them
  std::vector<Known> known_;       ///< by slot
  std::uint64_t in_flight_ = 0;
  Candidates all_;
  std::vector<std::size_t> group_of_;    ///< by place: its zone, or its level of priority
  std::vector<Candidates> groups_;       ///< empty unless it matters where backends are
  std::vector<PriorityLevel> shares_;    ///< by level
  const TrafficSplit* split_ = nullptr;  ///< null unless the backends have several versions
  std::vector<Candidates> by_version_;   ///< empty likewise
  ZoneRoutes routes_;
  Tally* sent_ = nullptr;
  Tally* spilled_ = nullptr;
  bool is_divided_ = false;  ///< each request goes to one of the groups
  bool is_warming_ = false;
  bool is_running_ = false;
  std::uint64_t starts_ = 0;  ///< how often the balancer has started before

  std::optional<HealthChecks> health_;
  std::optional<Heartbeats> heartbeats_;
  std::optional<OutlierDetection> outliers_;
  std::optional<Discovery> discovery_;
  Scope warming_;
};

}  // namespace stampede
