#include "stampede/world/world.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "ab_test.hpp"
#include "flags.hpp"
#include "stampede/base/require.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/measure/meter.hpp"
#include "stampede/model/network.hpp"
#include "stampede/world/population.hpp"

namespace stampede {
namespace {

/// Client-side round robin: each call goes to the next instance, whatever became of it.
class RoundRobinClient final : public Endpoint {
 public:
  RoundRobinClient(Fleet& fleet, std::uint32_t first) : fleet_(fleet), next_(first) {}

  Reply call(const Request& request) override {
    Instance& instance = fleet_[next_ % fleet_.size()];
    ++next_;
    return instance.call(request);
  }

 private:
  Fleet& fleet_;
  std::uint64_t next_;
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
        own_processes(simulation) {
    make_components();
    for (auto& [name, component] : components) {
      component->connect(*this);
    }
    make_populations();
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
      ComponentObserver& observer =
          watched(entry.name, recording->add_component(entry.name, entry.value.kind()));
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
    for (const auto& condition : scenario.facts.all<Condition>()) {
      if (condition.what.component == component) {
        return meters.try_emplace(component, recorder, scenario.monitoring.scrape_interval)
            .first->second;
      }
    }
    return recorder;
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
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
      faults.push_back(scenario.faults[i].make({.name = fault_name(i),
                                                .simulation = simulation,
                                                .network = network,
                                                .request_types = request_types,
                                                .traffic = disturbed_traffic,
                                                .seed = scenario.run.seed,
                                                .replication = replication}));
    }
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
      std::vector<Instance*> targets;
      if (fault.strikes_instances()) {
        Draw draw = picks.at(n);
        targets = picked_from(met_by(settings.target, group), settings.target, group, draw);
      }
      const std::string whom = fault.strikes_instances() ? names_of(targets) : fault.whom();
      std::unique_ptr<Disturbance> disturbance =
          fault.strike({.targets = std::move(targets), .luck = combine(hash_bytes(name), n)});
      fault_events.push_back({seconds_now(), kind, whom, true});
      std::optional<Duration> length = settings.duration;
      if (settings.mttr) {
        Draw draw = times_to_repair.at(n);
        length = settings.mttr->sample(draw);
      }
      if (length) {
        co_await simulation.delay(*length);
        disturbance.reset();
        fault_events.push_back({seconds_now(), kind, whom, false});
      }
      if (!settings.every && !settings.mtbf) {
        if (disturbance) {
          lasting.push_back(std::move(disturbance));
        }
        co_return Done();
      }
      if (settings.every) {
        next = next + *settings.every;
      }
    }
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

  const Time end = Time::from_start(parts.scenario.run.duration);
  parts.simulation.run(end, stop);

  WorldRecord record;
  record.events = parts.simulation.resumption_count();
  record.complete = parts.simulation.now() == end;
  if (record.complete) {
    parts.recording->close_slice(end);
    record.broken_law = parts.broken_law();
    for (const std::unique_ptr<RunningAbTest>& test : parts.ab_tests) {
      parts.recording->keep(test->record());
    }
  }
  record.recording = parts.recording;
  record.faults = parts.fault_events;
  for (const std::unique_ptr<ArrivalProcess>& arrivals : parts.arrivals) {
    if (std::string note = arrivals->note(); !note.empty()) {
      record.notes.push_back(std::move(note));
    }
  }
  return record;
}

}  // namespace stampede
