#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "stampede/base/json.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/load_balancing.hpp"
#include "support/own_measures.hpp"
#include "support/value_of.hpp"

// A small world around load balancers: backends that do as they are told, an observer that counts,
// and a policy that shows what it was given.
namespace stampede::test {

using namespace stampede::literals;

inline Time at(Duration since_start) { return Time::from_start(since_start); }

/// Answers each request after a latency; probes are answered at once.
class FakeBackend final : public Instance {
 public:
  FakeBackend(Simulation& simulation, std::uint32_t index, PlaceId place)
      : Instance("app-" + std::to_string(index), index, place),
        simulation_(simulation),
        inside_(simulation) {}

  Scope& scope() { return inside_; }
  Reply call(const Request& request) override {
    requests.push_back(request);
    return serve();
  }
  Reply probe(const Request&) override {
    probes.push_back(simulation_.now());
    if (!is_up() && is_silent_) {
      return fall_silent();
    }
    return Response::with(is_up() && !is_sick ? Outcome::ok : Outcome::unreachable);
  }
  void become(InstanceState state) { set_state(state); }

  Duration latency;
  Outcome answer = Outcome::ok;
  bool loses_answers = false;  ///< as a network does
  bool is_sick = false;        ///< probes fail
  std::vector<Request> requests;
  std::vector<Time> probes;
  int finished = 0;

 protected:
  void crash(KilledWork how) override {
    is_silent_ = how == KilledWork::stays_silent;
    set_state(InstanceState::down);
    inside_.kill(how);
  }
  void boot() override {
    is_silent_ = false;
    set_state(InstanceState::ready);
  }
  void speed_changed(double) override {}

 private:
  Reply serve() {
    Response response = Response::with(Outcome::unreachable);
    if (is_up()) {
      co_await simulation_.delay(latency);
      ++finished;
      response = Response::with(answer);
    } else if (is_silent_) {
      co_return Response::lost();
    }
    if (loses_answers) {
      co_return Response::lost();
    }
    co_return response;
  }
  Reply fall_silent() { co_return Response::lost(); }

  Simulation& simulation_;
  bool is_silent_ = false;
  Scope inside_;
};

class FakeBackends final : public Component {
 public:
  FakeBackends(Simulation& simulation, const std::vector<PlaceId>& places)
      : simulation_(simulation) {
    for (const PlaceId place : places) {
      add(place);
    }
  }
  FakeBackend& add(PlaceId place) {
    const auto index = static_cast<std::uint32_t>(fleet_.size());
    return static_cast<FakeBackend&>(
        fleet_.add(std::make_unique<FakeBackend>(simulation_, index, place)));
  }
  FakeBackend& operator[](std::size_t i) { return static_cast<FakeBackend&>(fleet_[i]); }
  void connect(Directory&) override {}
  Fleet& fleet() override { return fleet_; }

 private:
  Simulation& simulation_;
  Fleet fleet_;
};

class CountingObserver final : public KeepsOwnMeasures {
 public:
  void arrived(Time) override { ++arrivals; }
  void ended(Time, const Visit& visit) override {
    ++outcomes[static_cast<std::size_t>(visit.outcome)];
    visits.push_back(visit);
  }
  void queue_changed(Time, std::int64_t) override {}
  void busy_workers_changed(Time, std::uint32_t, std::int64_t) override {}
  void busy_cores_changed(Time now, std::int64_t by) override {
    busy_core_time += (now - busy_since) * busy_cores;
    busy_since = now;
    busy_cores += by;
  }
  void capacity_changed(Time, std::int64_t, std::int64_t cores, std::int64_t instances) override {
    cores_up += cores;
    instances_up += instances;
  }

  int count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  int ended_count() const { return static_cast<int>(visits.size()); }

  int arrivals = 0;
  std::array<int, outcome_count> outcomes{};
  std::vector<Visit> visits;
  std::int64_t busy_cores = 0;
  std::int64_t cores_up = 0;
  std::int64_t instances_up = 0;
  Duration busy_core_time;
  Time busy_since;
};

/// What a policy of the kind "spy" was shown last. It chooses the eligible backend with the fewest
/// requests in flight, the first one of equals.
struct Sight {
  std::map<BackendSlot, double> weights;
  bool equal_weights = true;
  std::map<BackendSlot, std::uint32_t> in_flight;
  std::vector<Outcome> ends;
  Duration last_latency;

  std::vector<BackendSlot> eligible() const {
    std::vector<BackendSlot> slots;
    for (const auto& [slot, weight] : weights) {
      slots.push_back(slot);
    }
    return slots;
  }
};
/// By the order in which the spies were made: one for each start of each balancer.
std::vector<std::unique_ptr<Sight>>& sights();

struct BalancerWorld {
  explicit BalancerWorld(const std::string& zones = "[]", const std::string& network_json = "{}")
      : geography(regions_of(zones)),
        network(simulation, geography, read<NetworkSettings>(network_json), 1, 0) {
    sights().clear();
  }

  template <class T>
  static T read(const std::string& json) {
    T result;
    Problems problems;
    Reader reader(problems);
    reader.read(value_of(Json::parse(json)), result);
    for (const Problem& problem : problems) {
      FAIL(problem.what << "; " << problem.expected);
    }
    return result;
  }
  /// The zones of the region "eu", or regions with their zones.
  static Named<RegionSettings> regions_of(const std::string& zones) {
    if (zones.starts_with("{")) {
      return read<Named<RegionSettings>>(zones);
    }
    Named<RegionSettings> regions;
    RegionSettings region;
    region.zones = read<std::vector<std::string>>(zones);
    if (!region.zones.empty()) {
      regions.add("eu", region);
    }
    return regions;
  }

  FakeBackends& add_backends(std::vector<PlaceId> places, const std::string& name = "app") {
    auto made = std::make_unique<FakeBackends>(simulation, places);
    FakeBackends& backends = *made;
    directory.components[name] = std::move(made);
    return backends;
  }
  /// A balancer of these settings, to which `backends` and `kind` are added.
  Component& add_balancer(const std::string& settings, const std::string& backends = "app",
                          const std::string& name = "balancer") {
    Json json = Json::parse(settings);
    json["kind"] = "load_balancer";
    json["backends"] = backends;
    const auto choice = read<Choice<Component>>(json.dump());
    directory.components[name] = choice.make(Component::Context{.name = name,
                                                                .simulation = simulation,
                                                                .network = network,
                                                                .request_types = types,
                                                                .observer = observers[name],
                                                                .truth = truth,
                                                                .seed = 1,
                                                                .replication = 0});
    choices.push_back(choice);
    return *directory.components[name];
  }
  void start() {
    for (auto& [name, component] : directory.components) {
      component->connect(directory);
    }
    for (auto& [name, component] : directory.components) {
      component->start();
    }
  }

  void run(Duration until) { simulation.run(at(until)); }

  Endpoint& balancer(std::size_t i = 0, const std::string& name = "balancer") {
    return directory.components[name]->fleet()[i];
  }
  Instance& balancer_instance(std::size_t i = 0, const std::string& name = "balancer") {
    return directory.components[name]->fleet()[i];
  }
  /// Sends a request of this user now; the reply stays here.
  Reply& send(std::uint64_t user = 0, std::size_t balancer_index = 0,
              const std::string& name = "balancer") {
    Request request;
    request.id = next_id++;
    request.luck = combine(7, request.id);
    request.user = user;
    return replies.emplace_back(balancer(balancer_index, name).call(request));
  }
  CountingObserver& observer(const std::string& name = "balancer") { return observers[name]; }

  /// The laws that hold in every run and at every moment.
  void check_laws() {
    for (auto& [name, component] : directory.components) {
      INFO(name);
      CHECK(component->fleet().broken_law() == "");
      CHECK(observers[name].arrivals >= observers[name].ended_count());
    }
  }

  struct Components final : Directory {
    Component& component(const ComponentName& name) override { return *components.at(name.name); }
    Endpoint& client(const ComponentName& name, std::uint32_t) override {
      return components.at(name.name)->fleet()[0];
    }
    std::map<std::string, std::unique_ptr<Component>> components;
  };

  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes types;
  Truth truth;
  std::map<std::string, CountingObserver> observers;
  std::vector<Choice<Component>> choices;
  Components directory;
  std::deque<Reply> replies;
  std::uint64_t next_id = 1;
};

}  // namespace stampede::test
