#include "stampede/world/world.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "ab_test.hpp"
#include "flags.hpp"
#include "stampede/base/require.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/measure/meter.hpp"
#include "stampede/model/network.hpp"
#include "stampede/world/population.hpp"
#include "world/client_side.hpp"

namespace stampede {
namespace {

/// Gives every instance of a version, those that are there and those that come, what is wrong with
/// that version.
class DefectCarrier final : private FleetListener {
 public:
  DefectCarrier(Fleet& fleet, std::uint16_t version, std::unique_ptr<Fault> fault,
                std::uint64_t luck)
      : version_(version), luck_(luck), fault_(std::move(fault)) {
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      infect(fleet[i]);
    }
    fleet.listen(*this);
  }

 private:
  void added(Instance& instance) override { infect(instance); }
  void state_changed(Instance&) override {}

  void infect(Instance& instance) {
    if (instance.version() == version_) {
      disturbances_.push_back(
          fault_->strike({.targets = {&instance}, .luck = combine(luck_, instance.index())}));
    }
  }

  std::uint16_t version_;
  std::uint64_t luck_;
  std::unique_ptr<Fault> fault_;
  std::vector<std::unique_ptr<Disturbance>> disturbances_;
};

}  // namespace

/// Everything in a world. Members die in reverse order: processes before what they use.
struct World::Parts final : public Directory {
  Parts(const Scenario& scenario, std::uint64_t replication)
      : scenario(scenario),
        replication(replication),
        geography(scenario.regions),
        network(simulation, geography, scenario.network, scenario.run.seed, replication),
        tenants(scenario.traffic, scenario.run.seed, replication),
        recording(std::make_shared<Recording>(
            SliceGrid(scenario.run.duration, scenario.run.slice_length()))),
        scraped(simulation),
        flags(scenario, replication, simulation),
        change_is_over(simulation),
        own_processes(simulation) {
    make_components();
    for (auto& [name, component] : components) {
      component->connect(*this);
    }
    make_populations();
    make_faults();
    make_defects();
    make_rollouts();
    make_ab_tests();
  }

  Scope& scope() { return own_processes; }

  // ---- Directory ----

  Component& component(const ComponentName& name) override {
    for (auto& [known, component] : components) {
      if (known == name.name) {
        return *component;
      }
    }
    fail("a checked scenario names the unknown component '" + name.name + "'");
  }

  Endpoint& client(const ComponentName& name, std::uint32_t caller) override {
    Fleet& fleet = component(name).fleet();
    if (std::unique_ptr<Endpoint> own = component(name).client(caller)) {
      return *clients.emplace_back(std::move(own));
    }
    if (is_rolled_out(name.name)) {
      return *clients.emplace_back(std::make_unique<MembersClient>(members_of(fleet), caller));
    }
    if (fleet.size() == 1) {
      return fleet[0];
    }
    return *clients.emplace_back(std::make_unique<RoundRobinClient>(fleet, caller));
  }

  const Flag& flag(const std::string& name) const override { return flags.find(name); }

  // ---- Making ----

  void make_components() {
    for (const auto& population : scenario.traffic) {
      for (const auto& request : population.value.requests) {
        request_types.add(request.name);
      }
    }
    for (const auto& entry : scenario.components) {
      ComponentObserver& observer = watched(
          entry.name,
          recording->add_component(entry.name, entry.value.kind(), versions_of(entry.name).names));
      components.emplace_back(entry.name,
                              entry.value.make(Component::Context{.name = entry.name,
                                                                  .simulation = simulation,
                                                                  .network = network,
                                                                  .request_types = request_types,
                                                                  .observer = observer,
                                                                  .truth = truth,
                                                                  .seed = scenario.run.seed,
                                                                  .replication = replication,
                                                                  .tenants = &tenants}));
    }
  }

  /// The recorder, or a meter in front of it if somebody steers by what the component does.
  ComponentObserver& watched(const std::string& component, ComponentObserver& recorder) {
    const auto conditions = scenario.facts.all<Condition>();
    const bool is_watched =
        std::any_of(conditions.begin(), conditions.end(),
                    [&](const auto& condition) { return condition.what.component == component; });
    if (!is_watched && !is_rolled_out(component)) {
      return recorder;
    }
    return meters.try_emplace(component, recorder, scenario.monitoring.scrape_interval)
        .first->second;
  }

  bool is_rolled_out(const std::string& component) const {
    const auto declared = scenario.facts.all<RolloutSettings>();
    return std::any_of(declared.begin(), declared.end(),
                       [&](const auto& rollout) { return rollout.what.target.name == component; });
  }

  HasVersions versions_of(const std::string& component) const {
    for (const auto& versions : scenario.facts.all<HasVersions>()) {
      if (versions.path == "components." + component) {
        return versions.what;
      }
    }
    return {};
  }

  Members& members_of(Fleet& fleet) {
    for (const std::unique_ptr<Members>& known : members) {
      if (&known->fleet() == &fleet) {
        return *known;
      }
    }
    return *members.emplace_back(std::make_unique<Members>(simulation, fleet));
  }

  void make_populations() {
    std::uint16_t index = 0;
    for (const auto& entry : scenario.traffic) {
      Endpoint& target = client(entry.value.target, 0);
      populations.push_back(
          std::make_unique<UserPopulation>(UserPopulation::Context{.name = entry.name,
                                                                   .settings = entry.value,
                                                                   .simulation = simulation,
                                                                   .network = network,
                                                                   .request_types = request_types,
                                                                   .target = target,
                                                                   .recording = *recording,
                                                                   .seed = scenario.run.seed,
                                                                   .replication = replication,
                                                                   .index = index}));
      arrivals.push_back(entry.value.arrivals.make(ArrivalProcess::Context{
          .population = *populations.back(), .base_directory = scenario.base_directory}));
      disturbed_traffic.push_back({.name = entry.name,
                                   .index = index,
                                   .population = *populations.back(),
                                   .arrivals = entry.value.arrivals.theory()});
      ++index;
    }
  }

  Fault::Context fault_context(std::string name) {
    return {.name = std::move(name),
            .simulation = simulation,
            .network = network,
            .request_types = request_types,
            .traffic = disturbed_traffic,
            .seed = scenario.run.seed,
            .replication = replication};
  }

  void make_faults() {
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
      faults.push_back(scenario.faults[i].make(fault_context(fault_name(i))));
    }
    if (scenario.chaos) {
      method.prepare(scenario.chaos->method, "chaos.method", *this);
      rollbacks.prepare(scenario.chaos->rollbacks, "chaos.rollbacks", *this);
    }
  }

  void make_defects() {
    for (auto& [name, component] : components) {
      const HasVersions versions = versions_of(name);
      for (std::size_t version = 0; version < versions.defects.size(); ++version) {
        for (std::size_t i = 0; i < versions.defects[version].size(); ++i) {
          const std::string defect =
              name + "." + versions.names[version] + ".defects." + std::to_string(i);
          defects.push_back(std::make_unique<DefectCarrier>(
              component->fleet(), static_cast<std::uint16_t>(version),
              versions.defects[version][i].fault.make(fault_context(defect)), hash_bytes(defect)));
        }
      }
    }
  }

  void make_rollouts() {
    for (const auto& entry : scenario.rollouts) {
      const RolloutSettings& settings = rollout_settings(entry.name);
      rollouts.push_back(entry.value.make({.name = entry.name,
                                           .kind = entry.value.kind(),
                                           .simulation = simulation,
                                           .geography = geography,
                                           .target = component(settings.target),
                                           .metrics = meters.at(settings.target.name),
                                           .scraped = scraped,
                                           .scrape_interval = scenario.monitoring.scrape_interval,
                                           .window = scenario.monitoring.window}));
    }
  }

  const RolloutSettings& rollout_settings(const std::string& name) const {
    for (const auto& rollout : scenario.facts.all<RolloutSettings>()) {
      if (rollout.path == "rollouts." + name) {
        return rollout.what;
      }
    }
    fail("a checked scenario has a rollout without settings");
  }

  void make_ab_tests() {
    for (const auto& test : scenario.ab_tests) {
      const AbTestSettings& settings = test.value;
      std::size_t whose = 0;
      while (!settings.traffic.empty() && scenario.traffic[whose].name != settings.traffic) {
        ++whose;
      }
      UserPopulation& population = *populations[whose];
      Flag& flag = flags.find(settings.flag);
      ab_tests.push_back(std::make_unique<RunningAbTest>(RunningAbTest::Context{
          .name = test.name,
          .settings = settings,
          .flag_settings = *scenario.flags.find(settings.flag),
          .flag = flag,
          .type = settings.request.empty() ? std::nullopt : population.type(settings.request),
          .simulation = simulation,
          .seed = scenario.run.seed,
          .replication = replication,
          .kill = [this, &flag] { flags.kill(flag); }}));
      const auto [observer, is_new] = ab_test_observers.try_emplace(whose, population.observer());
      observer->second.add(*ab_tests.back());
      population.tell(observer->second);
    }
  }

  // ---- Running ----

  Process keep_slices(std::atomic<std::int64_t>* simulated_ns) {
    const SliceGrid& grid = recording->grid();
    for (std::size_t i = 1; i < grid.count(); ++i) {
      co_await simulation.until(grid.boundary(i));
      recording->close_slice(grid.boundary(i));
      if (simulated_ns != nullptr) {
        simulated_ns->store(simulation.now().ns(), std::memory_order_relaxed);
      }
    }
    co_return Done();
  }

  Process scrape() {
    for (;;) {
      co_await simulation.delay(scenario.monitoring.scrape_interval);
      for (auto& [component, meter] : meters) {
        meter.scrape(simulation.now());
      }
      scraped.raise();
    }
  }

  // ---- Rollouts ----

  /// Begins a rollout when its time has come, the one before it is through, and nobody else is at
  /// its component. Whoever has stopped half way through keeps it.
  Process roll_out(std::size_t index) {
    Rollout& rollout = *rollouts[index];
    const RolloutSettings& settings = rollout.settings();
    if (!settings.after.empty()) {
      Rollout& before = rollout_called(settings.after);
      while (!is_decided(before.record().verdict)) {
        co_await before.decided().wait();
      }
      if (before.record().verdict != RolloutVerdict::promoted) {
        co_return Done();
      }
      co_await simulation.delay(settings.at);
    } else {
      co_await simulation.until(Time::from_start(settings.at));
    }
    if (settings.when) {
      const Metrics& metrics = meters.at(settings.when->component);
      while (!settings.when->is_met(metrics, scenario.monitoring.window)) {
        co_await scraped.wait();
      }
    }
    const std::string component = settings.target.name;
    while (in_change.contains(component)) {
      co_await change_is_over.wait();
    }
    in_change.insert(component);
    Process running = rollout.run();
    co_await running;
    const RolloutVerdict verdict = rollout.record().verdict;
    if (verdict == RolloutVerdict::promoted || verdict == RolloutVerdict::rolled_back) {
      in_change.erase(component);
      change_is_over.raise();
    }
    co_return Done();
  }

  Rollout& rollout_called(const std::string& name) {
    for (std::size_t i = 0; i < rollouts.size(); ++i) {
      if (scenario.rollouts[i].name == name) {
        return *rollouts[i];
      }
    }
    fail("a checked scenario has a rollout after an unknown one");
  }

  // ---- Faults ----

  /// What fails as one under a fault: one instance, those of a zone, or all that it strikes.
  struct FailureGroup {
    std::string name{};  ///< of its luck; empty: all
    Instance* instance = nullptr;
    std::optional<PlaceId> zone{};

    bool has(const Instance& other) const {
      return (instance == nullptr || instance == &other) && (!zone || *zone == other.place());
    }
  };

  std::vector<FailureGroup> groups_of(const Fault& fault) {
    const FaultSettings& settings = fault.settings();
    std::vector<FailureGroup> groups;
    if (!settings.mtbf || !fault.strikes_instances() || settings.each == FailureUnit::all) {
      groups.emplace_back();
    } else if (settings.each == FailureUnit::zone) {
      for (std::size_t zone = 0; zone < geography.zone_count(); ++zone) {
        FailureGroup group{.name = geography.places()[zone].name,
                           .zone = static_cast<PlaceId>(zone)};
        if (!met_by(settings.target, group).empty()) {
          groups.push_back(std::move(group));
        }
      }
    } else {
      std::vector<Instance*> instances = met_by(settings.target, FailureGroup());
      instances.resize(settings.target.struck_among(instances.size()));
      for (Instance* instance : instances) {
        groups.push_back({.name = instance->name(), .instance = instance});
      }
    }
    return groups;
  }

  /// A fault at work.
  struct Struck {
    std::string whom;
    std::unique_ptr<Disturbance> disturbance;  ///< null: it has done all that it does
  };

  /// Strikes those of a group that the fault's target means, chosen by `pick`.
  Struck begin_strike(Fault& fault, const std::string& kind, const FailureGroup& group, Draw pick,
                      std::uint64_t luck) {
    std::vector<Instance*> targets;
    if (fault.strikes_instances()) {
      const TargetSettings& target = fault.settings().target;
      std::vector<Instance*> met = met_by(target, group);
      fault.narrow(met);
      targets = picked_from(std::move(met), target, group, pick);
    }
    Struck struck;
    struck.whom = fault.strikes_instances() ? names_of(targets) : fault.whom();
    struck.disturbance = fault.strike({.targets = std::move(targets), .luck = luck});
    fault_events.push_back({seconds_now(), kind, struck.whom, true});
    return struck;
  }

  void end_strike(const std::string& kind, Struck& struck) {
    struck.disturbance.reset();
    fault_events.push_back({seconds_now(), kind, struck.whom, false});
  }

  /// Strikes a group when its time has come, and ends; over and over if the fault does so.
  Process strike(std::size_t index, FailureGroup group) {
    Fault& fault = *faults[index];
    const std::string& kind = scenario.faults[index].kind();
    const FaultSettings& settings = fault.settings();
    const std::string name = fault_name(index) + (group.name.empty() ? "" : "." + group.name);
    const Stream times_between(scenario.run.seed, replication, name, "mtbf");
    const Stream times_to_repair(scenario.run.seed, replication, name, "mttr");
    const Stream picks(scenario.run.seed, replication, name, "pick");
    Time next = Time::from_start(settings.earliest());
    for (std::uint64_t n = 0;; ++n) {
      if (settings.mtbf) {
        Draw draw = times_between.at(n);
        next = simulation.now() + settings.mtbf->sample(draw);
      }
      co_await simulation.until(next);
      if (settings.when) {
        const Metrics& metrics = meters.at(settings.when->component);
        while (!settings.when->is_met(metrics, scenario.monitoring.window)) {
          co_await scraped.wait();
        }
      }
      Struck struck = begin_strike(fault, kind, group, picks.at(n), combine(hash_bytes(name), n));
      std::optional<Duration> length = settings.duration;
      if (settings.mttr) {
        Draw draw = times_to_repair.at(n);
        length = settings.mttr->sample(draw);
      }
      if (length) {
        co_await simulation.delay(*length);
        end_strike(kind, struck);
      }
      if (!settings.every && !settings.mtbf) {
        if (struck.disturbance) {
          lasting.push_back(std::move(struck.disturbance));
        }
        co_return Done();
      }
      if (settings.every) {
        next = next + *settings.every;
      }
    }
  }

  // ---- The chaos experiment ----

  /// The method of an experiment or its rollbacks, on its way: what begins and ends, and when.
  struct Course {
    struct Turn {
      Duration at;  ///< from t = 0, if everything goes as planned
      std::size_t step;
      bool begins;
    };
    /// A step while it is at work.
    struct AtWork {
      std::size_t step;
      Struck struck;
    };

    void prepare(const ChaosSteps& planned, const std::string& path, Parts& parts) {
      for (std::size_t i = 0; i < planned.steps.size(); ++i) {
        const ChaosStep& step = planned.steps[i];
        names.push_back(path + "." + std::to_string(i));
        kinds.push_back(step.fault.kind());
        faults.push_back(step.fault.has_value() ? step.fault.make(parts.fault_context(names.back()))
                                                : std::unique_ptr<Fault>());
        if (!step.fault.has_value()) {
          continue;
        }
        turns.push_back({step.begins, i, true});
        if (!step.length.is_zero()) {
          turns.push_back({step.begins + step.length, i, false});
        }
      }
      // Of what happens at one instant the ends come first.
      std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
        return a.at != b.at ? a.at < b.at : a.begins < b.begins;
      });
      ends = planned.ends;
    }

    std::vector<std::string> names;              ///< of each step
    std::vector<std::string> kinds;              ///< of each step; empty: a pause
    std::vector<std::unique_ptr<Fault>> faults;  ///< of each step; null: a pause
    std::vector<Turn> turns;                     ///< in their order
    Duration ends;
    std::vector<AtWork> at_work;
    bool is_over = false;
  };

  void begin(Course& course, std::size_t step) {
    const std::string& name = course.names[step];
    const Draw pick = Stream(scenario.run.seed, replication, name, "pick").at(0);
    Struck struck = begin_strike(*course.faults[step], course.kinds[step], FailureGroup(), pick,
                                 hash_bytes(name));
    if (struck.disturbance) {
      course.at_work.push_back({step, std::move(struck)});
    }
  }

  void end(Course& course, std::size_t step) {
    const auto found =
        std::find_if(course.at_work.begin(), course.at_work.end(),
                     [step](const Course::AtWork& at_work) { return at_work.step == step; });
    if (found != course.at_work.end()) {
      end_strike(course.kinds[step], found->struck);
      course.at_work.erase(found);
    }
  }

  /// Nothing more begins, and what is at work ends.
  void finish(Course& course) {
    course.is_over = true;
    while (!course.at_work.empty()) {
      end(course, course.at_work.back().step);
    }
  }

  /// The method, and after it the rollbacks.
  Process follow_method() {
    for (std::size_t i = 0; i < method.turns.size(); ++i) {
      co_await simulation.until(Time::from_start(method.turns[i].at));
      if (method.is_over) {
        co_return Done();
      }
      take_turn(method, i);
    }
    co_await simulation.until(Time::from_start(method.ends));
    if (!method.is_over) {
      finish(method);
      static_cast<void>(roll_back());
    }
    co_return Done();
  }

  /// Begins now, earlier than planned if the method was stopped.
  Process roll_back() {
    const Duration earlier = method.ends - simulation.now().since_start();
    for (std::size_t i = 0; i < rollbacks.turns.size(); ++i) {
      const Time due = Time::from_start(rollbacks.turns[i].at - earlier);
      co_await simulation.until(std::max(due, simulation.now()));
      take_turn(rollbacks, i);
    }
    co_return Done();
  }

  void take_turn(Course& course, std::size_t turn) {
    const Course::Turn& now = course.turns[turn];
    if (now.begins) {
      begin(course, now.step);
    } else {
      end(course, now.step);
    }
  }

  /// Stops the method when a scrape shows that a condition is met.
  Process watch_stop_conditions() {
    co_await simulation.until(Time::from_start(scenario.chaos->method.begins));
    while (!method.is_over) {
      co_await scraped.wait();
      for (const Condition& condition : scenario.chaos->stop_conditions) {
        if (!method.is_over &&
            condition.is_met(meters.at(condition.component), scenario.monitoring.window)) {
          abort = ChaosAbort{seconds_now(), condition.text};
          finish(method);
          static_cast<void>(roll_back());
        }
      }
    }
    co_return Done();
  }

  static std::string fault_name(std::size_t index) { return "faults." + std::to_string(index); }

  /// Divided, not multiplied: 240 s shall read 240.
  double seconds_now() const { return static_cast<double>(simulation.now().ns()) / 1e9; }

  /// The instances of a group that meet the conditions of a target, before it chooses among them.
  std::vector<Instance*> met_by(const TargetSettings& wanted, const FailureGroup& group) {
    const std::vector<PlaceId> zones = geography.zones_in(wanted.zone.name);
    std::vector<Instance*> met;
    for (auto& [name, component] : components) {
      if (!wanted.component.empty() && wanted.component.name != name) {
        continue;
      }
      Fleet& fleet = component->fleet();
      for (std::size_t i = 0; i < fleet.size(); ++i) {
        const bool is_there = wanted.zone.empty() || std::find(zones.begin(), zones.end(),
                                                               fleet[i].place()) != zones.end();
        if (is_there && group.has(fleet[i]) && fleet[i].state() != InstanceState::gone) {
          met.push_back(&fleet[i]);
        }
      }
    }
    return met;
  }

  /// Those that are struck. An instance that is struck by itself was chosen beforehand.
  static std::vector<Instance*> picked_from(std::vector<Instance*> met,
                                            const TargetSettings& wanted, const FailureGroup& group,
                                            Draw& draw) {
    if (group.instance != nullptr) {
      return met;
    }
    const std::size_t count = wanted.struck_among(met.size());
    if (wanted.pick == TargetPick::first) {
      met.resize(count);
      return met;
    }
    std::vector<std::size_t> positions(met.size());
    std::iota(positions.begin(), positions.end(), std::size_t{0});
    for (std::size_t i = 0; i < count; ++i) {
      std::swap(positions[i], positions[i + draw.below(positions.size() - i)]);
    }
    positions.resize(count);
    std::sort(positions.begin(), positions.end());
    std::vector<Instance*> picked;
    for (const std::size_t position : positions) {
      picked.push_back(met[position]);
    }
    return picked;
  }

  static std::string names_of(const std::vector<Instance*>& targets) {
    std::string names;
    for (const Instance* target : targets) {
      names += (names.empty() ? "" : " ") + target->name();
    }
    return names;
  }

  std::string broken_law() {
    std::string broken = recording->finish(simulation.now());
    for (auto& [name, component] : components) {
      if (broken.empty()) {
        broken = component->fleet().broken_law();
      }
    }
    return broken;
  }

  const Scenario& scenario;
  std::uint64_t replication;
  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes request_types;
  TenantsOfPopulations tenants;
  Truth truth;
  std::shared_ptr<Recording> recording;
  std::map<std::string, Meter> meters;  ///< of the components that somebody steers by
  Signal scraped;
  RunningFlags flags;
  std::vector<std::pair<std::string, std::unique_ptr<Component>>> components;
  std::vector<std::unique_ptr<Endpoint>> clients;
  std::vector<std::unique_ptr<RunningAbTest>> ab_tests;
  std::map<std::size_t, AbTestObserver> ab_test_observers;  ///< by population
  std::vector<std::unique_ptr<UserPopulation>> populations;
  std::vector<std::unique_ptr<ArrivalProcess>> arrivals;
  std::vector<DisturbedTraffic> disturbed_traffic;
  std::vector<std::unique_ptr<Fault>> faults;
  std::vector<std::unique_ptr<Disturbance>> lasting;  ///< to the end of the run
  std::vector<FaultEvent> fault_events;
  std::vector<std::unique_ptr<DefectCarrier>> defects;
  std::vector<std::unique_ptr<Members>> members;
  Course method;
  Course rollbacks;
  std::optional<ChaosAbort> abort;
  std::set<std::string> in_change;  ///< components that a rollout is at
  Signal change_is_over;
  std::vector<std::unique_ptr<Rollout>> rollouts;
  Scope own_processes;
};

World::World(const Scenario& scenario, std::uint64_t replication)
    : parts_(std::make_unique<Parts>(scenario, replication)) {}

World::~World() = default;

WorldRecord World::run(const std::atomic<bool>* stop, std::atomic<std::int64_t>* simulated_ns) {
  Parts& parts = *parts_;
  static_cast<void>(parts.keep_slices(simulated_ns));
  if (!parts.meters.empty()) {
    static_cast<void>(parts.scrape());
  }
  for (auto& [name, component] : parts.components) {
    component->start();
  }
  for (const std::unique_ptr<ArrivalProcess>& arrivals : parts.arrivals) {
    arrivals->start();
  }
  parts.flags.start(parts.meters, parts.scraped, [&parts](const std::string& flag, bool off) {
    parts.fault_events.push_back({parts.seconds_now(), "kill_switch", flag, off});
  });
  for (std::size_t i = 0; i < parts.faults.size(); ++i) {
    for (Parts::FailureGroup& group : parts.groups_of(*parts.faults[i])) {
      static_cast<void>(parts.strike(i, std::move(group)));
    }
  }

  for (std::size_t i = 0; i < parts.rollouts.size(); ++i) {
    static_cast<void>(parts.roll_out(i));
  }
  if (parts.scenario.chaos) {
    static_cast<void>(parts.follow_method());
    if (!parts.scenario.chaos->stop_conditions.empty()) {
      static_cast<void>(parts.watch_stop_conditions());
    }
  }

  const Time end = Time::from_start(parts.scenario.run.duration);
  parts.simulation.run(end, stop);

  WorldRecord record;
  record.events = parts.simulation.resumption_count();
  record.complete = parts.simulation.now() == end;
  if (record.complete) {
    for (const std::unique_ptr<Rollout>& rollout : parts.rollouts) {
      record.rollouts.push_back(rollout->record());
      parts.recording->add_rollout(record.rollouts.back());
    }
    parts.recording->close_slice(end);
    record.broken_law = parts.broken_law();
    for (const std::unique_ptr<RunningAbTest>& test : parts.ab_tests) {
      parts.recording->keep(test->record());
    }
  }
  record.recording = parts.recording;
  record.faults = parts.fault_events;
  record.abort = parts.abort;
  for (const std::unique_ptr<ArrivalProcess>& arrivals : parts.arrivals) {
    if (std::string note = arrivals->note(); !note.empty()) {
      record.notes.push_back(std::move(note));
    }
  }
  return record;
}

}  // namespace stampede
