#include "stampede/world/world.hpp"

#include <algorithm>
#include <cmath>
#include <map>

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
        own_processes(simulation) {
    make_components();
    for (auto& [name, component] : components) {
      component->connect(*this);
    }
    make_populations();
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
      ++index;
    }
    for (const Choice<Fault>& fault : scenario.faults) {
      faults.push_back(fault.make({}));
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

  Process strike(Fault& fault, const std::string& kind) {
    co_await simulation.until(Time::from_start(fault.settings().earliest()));
    if (const std::optional<Condition>& when = fault.settings().when) {
      const Metrics& metrics = meters.at(when->component);
      while (!when->is_met(metrics, scenario.monitoring.window)) {
        co_await scraped.wait();
      }
    }
    const std::vector<Instance*> targets = targets_of(fault.settings().target);
    fault.begin(targets);
    fault_events.push_back({seconds_now(), kind, names_of(targets), true});
    if (fault.settings().duration) {
      co_await simulation.delay(*fault.settings().duration);
      fault.end();
      fault_events.push_back({seconds_now(), kind, names_of(targets), false});
    }
    co_return Done();
  }

  /// Divided, not multiplied: 240 s shall read 240.
  double seconds_now() const { return static_cast<double>(simulation.now().ns()) / 1e9; }

  std::vector<Instance*> targets_of(const TargetSettings& wanted) {
    std::vector<PlaceId> zones = geography.zones_in(wanted.zone.name);
    std::vector<Instance*> targets;
    for (auto& [name, component] : components) {
      if (!wanted.component.empty() && wanted.component.name != name) {
        continue;
      }
      Fleet& fleet = component->fleet();
      for (std::size_t i = 0; i < fleet.size(); ++i) {
        const bool is_there = wanted.zone.empty() || std::find(zones.begin(), zones.end(),
                                                               fleet[i].place()) != zones.end();
        if (is_there && fleet[i].state() != InstanceState::gone) {
          targets.push_back(&fleet[i]);
        }
      }
    }
    if (wanted.count) {
      targets.resize(std::min(targets.size(), static_cast<std::size_t>(*wanted.count)));
    }
    if (wanted.share) {
      targets.resize(static_cast<std::size_t>(
          std::ceil(wanted.share->value * static_cast<double>(targets.size()) - 1e-9)));
    }
    return targets;
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
  std::vector<std::pair<std::string, std::unique_ptr<Component>>> components;
  std::vector<std::unique_ptr<Endpoint>> clients;
  std::vector<std::unique_ptr<UserPopulation>> populations;
  std::vector<std::unique_ptr<ArrivalProcess>> arrivals;
  std::vector<std::unique_ptr<Fault>> faults;
  std::vector<FaultEvent> fault_events;
  Signal scraped;
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
  for (std::size_t i = 0; i < parts.faults.size(); ++i) {
    static_cast<void>(parts.strike(*parts.faults[i], parts.scenario.faults[i].kind()));
  }

  const Time end = Time::from_start(parts.scenario.run.duration);
  parts.simulation.run(end, stop);

  WorldRecord record;
  record.events = parts.simulation.resumption_count();
  record.complete = parts.simulation.now() == end;
  if (record.complete) {
    parts.recording->close_slice(end);
    record.broken_law = parts.broken_law();
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
