#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "components/balancer_world.hpp"
#include "stampede/base/json.hpp"
#include "stampede/model/component.hpp"

// A small world around components, above all services: targets that treat calls as they are told,
// and an observer that keeps account. What happened is told in short texts with times in
// milliseconds, as "ok@10".
namespace stampede::test {

using Texts = std::vector<std::string>;

inline double ms(Time time) { return static_cast<double>(time.ns()) / 1e6; }
inline double ms(Duration length) { return static_cast<double>(length.ns()) / 1e6; }
inline std::string text_of(Outcome outcome, Time when) {
  return fmt::format("{}@{}", name_of(outcome), ms(when));
}

/// How a target treats one call.
struct Treatment {
  Duration length;
  Outcome outcome = Outcome::ok;
};

/// Something to call: treats one request after the other as it was told, the last treatment again
/// and again. Does not end before it is done, whatever becomes of the caller.
class Target final : public Instance {
 public:
  Target(Simulation& simulation, const std::string& name)
      : Instance(name + "-0", 0, 0), simulation_(simulation), inside_(simulation) {}

  Scope& scope() { return inside_; }
  Reply call(const Request& request) override {
    const Treatment treatment = treatments[std::min(requests.size(), treatments.size() - 1)];
    requests.push_back(request);
    began.push_back(ms(simulation_.now()));
    return treat(treatment.length, treatment.outcome);
  }
  Reply probe(const Request&) override { return Response(); }

  std::vector<Treatment> treatments{{}};
  std::vector<Request> requests;
  std::vector<double> began;     ///< ms
  std::vector<double> finished;  ///< ms

 protected:
  void crash(KilledWork) override {}
  void boot() override {}
  void speed_changed(double) override {}

 private:
  Reply treat(Duration length, Outcome outcome) {
    co_await simulation_.delay(length);
    finished.push_back(ms(simulation_.now()));
    const Response response = Response::with(outcome);
    co_return response;
  }

  Simulation& simulation_;
  Scope inside_;  ///< comes last: its jobs use all of the above
};

class TargetComponent final : public Component {
 public:
  TargetComponent(Simulation& simulation, const std::string& name) {
    fleet_.add(std::make_unique<Target>(simulation, name));
  }
  void connect(Directory&) override {}
  Fleet& fleet() override { return fleet_; }

 private:
  Fleet fleet_;
};

/// Keeps the levels that a component tells of, the times that it takes, and its visits as "ok@30
/// waited 10 cpu 5".
class RecordingObserver final : public KeepsOwnMeasures {
 public:
  Timing& timing(const Measure& measure) override { return times_[measure.name()]; }
  std::vector<double> times(const std::string& name) { return times_[name].values; }  ///< ms

  void arrived(Time) override {
    ++arrivals;
    ++in_flight;
  }
  void ended(Time now, const Visit& visit) override {
    --in_flight;
    visits.push_back(visit);
    std::string text = text_of(visit.outcome, now);
    if (!visit.waited.is_zero()) {
      text += fmt::format(" waited {}", ms(visit.waited));
    }
    if (!visit.cpu_waited.is_zero()) {
      text += fmt::format(" cpu {}", ms(visit.cpu_waited));
    }
    ends.push_back(text);
    is_lawful = is_lawful && in_flight >= 0 && visit.arrived + visit.waited <= now;
  }
  void queue_changed(Time, std::int64_t by) override {
    queue += by;
    is_lawful = is_lawful && queue >= 0;
  }
  void busy_workers_changed(Time, std::uint32_t, std::int64_t by) override {
    busy_workers += by;
    is_lawful = is_lawful && busy_workers >= 0;
  }
  void busy_cores_changed(Time, std::int64_t by) override {
    busy_cores += by;
    is_lawful = is_lawful && busy_cores >= 0;
  }
  void capacity_changed(Time, std::int64_t more_workers, std::int64_t more_cores,
                        std::int64_t more_instances) override {
    workers += more_workers;
    cores += more_cores;
    instances += more_instances;
    is_lawful = is_lawful && workers >= 0 && cores >= 0 && instances >= 0;
  }

  bool is_idle() const {
    return in_flight == 0 && queue == 0 && busy_workers == 0 && busy_cores == 0;
  }
  int count(Outcome outcome) const {
    return static_cast<int>(
        std::count_if(visits.begin(), visits.end(),
                      [outcome](const Visit& visit) { return visit.outcome == outcome; }));
  }

  int arrivals = 0;
  std::vector<Visit> visits;
  Texts ends;
  std::int64_t in_flight = 0;
  std::int64_t queue = 0;
  std::int64_t busy_workers = 0;
  std::int64_t busy_cores = 0;
  std::int64_t workers = 0;
  std::int64_t cores = 0;
  std::int64_t instances = 0;
  bool is_lawful = true;  ///< no level was ever below zero, no wait longer than the stay

 private:
  struct Times final : Timing {
    void took(Duration time) override { values.push_back(ms(time)); }
    std::vector<double> values;
  };
  std::map<std::string, Times> times_;
};

/// A request that was sent, and what its sender heard.
struct Sent final : ReplyListener {
  explicit Sent(Simulation& simulation, Reply made)
      : simulation(simulation), reply(std::move(made)) {
    if (reply.done()) {
      answered(reply.answer());
    } else {
      reply.tell(*this);
    }
  }
  void answered(const Response& response) override {
    heard = text_of(response.outcome, simulation.now());
  }
  void lost() override { heard = fmt::format("lost@{}", ms(simulation.now())); }

  Simulation& simulation;
  Reply reply;
  std::string heard = "nothing";
};

/// Any components, each added with its settings.
struct ComponentWorld {
  explicit ComponentWorld(const std::string& zones = "[]", const std::string& network_json = "{}")
      : geography(BalancerWorld::regions_of(zones)),
        network(simulation, geography, BalancerWorld::read<NetworkSettings>(network_json), 1, 0) {}

  Target& add_target(const std::string& name) {
    auto made = std::make_unique<TargetComponent>(simulation, name);
    auto& target = static_cast<Target&>(made->fleet()[0]);
    directory.components[name] = std::move(made);
    return target;
  }
  /// A component of these settings, to which the kind is added. It may call what is there already.
  void add(const std::string& name, const std::string& kind, const std::string& settings) {
    Json json = Json::parse(settings);
    json["kind"] = kind;
    Choice<Component> choice;
    Problems problems;
    Reader reader(problems);
    reader.read(value_of(json), choice);
    for (const Problem& problem : problems) {
      INFO(problem.what << "; " << problem.expected);
      REQUIRE(problem.severity == Severity::warning);
    }
    directory.components[name] = choice.make(Component::Context{.name = name,
                                                                .simulation = simulation,
                                                                .network = network,
                                                                .request_types = types,
                                                                .observer = observers[name],
                                                                .truth = truth,
                                                                .seed = 1,
                                                                .replication = 0});
    choices.push_back(choice);
    directory.components[name]->connect(directory);
    directory.components[name]->start();
  }

  void run(Duration until) { simulation.run(at(until)); }

  Instance& instance(const std::string& name = "app", std::size_t i = 0) {
    return directory.components[name]->fleet()[i];
  }
  RecordingObserver& observer(const std::string& name = "app") { return observers[name]; }

  /// Sends a request now, with luck of its own unless it has some.
  Sent& send_to(Endpoint& callee, Request request) {
    request.id = sent.size() + 1;
    request.luck = request.luck != 0 ? request.luck : combine(7, request.id);
    return sent.emplace_back(simulation, callee.call(request));
  }
  Sent& send(Request request = {}, const std::string& name = "app") {
    return send_to(instance(name), request);
  }
  void send_many(int count) {
    for (int i = 0; i < count; ++i) {
      send();
    }
  }
  /// What the senders heard, in the order of sending.
  Texts heard() const {
    Texts texts;
    for (const Sent& one : sent) {
      texts.push_back(one.heard);
    }
    return texts;
  }

  /// What holds in every run and at every moment.
  void check_laws() {
    for (auto& [name, component] : directory.components) {
      INFO(name);
      CHECK(component->fleet().broken_law() == "");
      CHECK(observers[name].is_lawful);
    }
  }

  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes types;
  Truth truth;
  std::map<std::string, RecordingObserver> observers;
  std::vector<Choice<Component>> choices;
  BalancerWorld::Components directory;
  std::deque<Sent> sent;
};

/// A service "app" that may call the targets "db" and "cache".
struct ServiceWorld : ComponentWorld {
  explicit ServiceWorld(const std::string& settings, const std::string& zones = "[]",
                        const std::string& network_json = "{}")
      : ComponentWorld(zones, network_json), db(add_target("db")), cache(add_target("cache")) {
    add_service("app", settings);
  }

  void add_service(const std::string& name, const std::string& settings) {
    add(name, "service", settings);
  }

  Target& db;
  Target& cache;
};

}  // namespace stampede::test
