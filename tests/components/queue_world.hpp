#pragma once

#include "components/service_world.hpp"
#include "stampede/model/messages.hpp"

// A small world around queues: publishers and consumers that do as they are told, services that
// consume, and an observer that keeps account. What happened is told in short texts with times in
// milliseconds.
namespace stampede::test {

/// Keeps levels and times of a component, besides its counts.
class QueueObserver final : public KeepsOwnMeasures {
 public:
  void arrived(Time) override { ++in_flight; }
  void ended(Time now, const Visit& visit) override {
    --in_flight;
    ends.push_back(text_of(visit.outcome, now));
  }
  void queue_changed(Time, std::int64_t by) override { queue += by; }
  void busy_workers_changed(Time, std::uint32_t, std::int64_t) override {}
  void busy_cores_changed(Time, std::int64_t) override {}
  void capacity_changed(Time, std::int64_t, std::int64_t, std::int64_t) override {}
  Gauge& gauge(const Measure& measure) override { return levels_[measure.name()]; }
  Timing& timing(const Measure& measure) override { return times_[measure.name()]; }

  std::int64_t level(const std::string& name) { return levels_[name].value; }
  std::vector<double> times(const std::string& name) { return times_[name].values; }

  std::int64_t in_flight = 0;
  std::int64_t queue = 0;
  Texts ends;

 private:
  struct Level final : Gauge {
    void change(Time, std::int64_t by) override { value += by; }
    std::int64_t value = 0;
  };
  struct Times final : Timing {
    void took(Duration time) override { values.push_back(ms(time)); }
    std::vector<double> values;
  };
  std::map<std::string, Level> levels_;
  std::map<std::string, Times> times_;
};

/// Somebody asked for a message, and what came: "key 7 (2)@30" for the second delivery of the
/// message with that key.
struct Asked final : JobListener<Delivery> {
  Asked(Simulation& simulation, Job<Delivery> asked)
      : simulation(simulation), job(std::move(asked)) {
    if (job.done()) {
      answered(job.answer());
    } else {
      job.tell(*this);
    }
  }
  void answered(const Delivery& answer) override {
    delivery = answer;
    heard = answer.has_message() ? fmt::format("key {} ({})@{}", answer.request.key, answer.times(),
                                               ms(simulation.now()))
            : answer.outcome == Outcome::ok ? fmt::format("nothing@{}", ms(simulation.now()))
                                            : text_of(answer.outcome, simulation.now());
  }
  void lost() override { heard = fmt::format("lost@{}", ms(simulation.now())); }

  Simulation& simulation;
  Job<Delivery> job;
  Delivery delivery;
  std::string heard = "waits";
};

struct QueueWorld {
  explicit QueueWorld(const std::string& zones = "[]", const std::string& network_json = "{}")
      : geography(BalancerWorld::regions_of(zones)),
        network(simulation, geography, BalancerWorld::read<NetworkSettings>(network_json), 1, 0) {}

  Target& add_target(const std::string& name) {
    auto made = std::make_unique<TargetComponent>(simulation, name);
    auto& target = static_cast<Target&>(made->fleet()[0]);
    directory.components[name] = std::move(made);
    return target;
  }
  void add(const std::string& name, const std::string& settings) {
    Choice<Component> choice;
    Problems problems;
    Reader reader(problems);
    reader.read(value_of(Json::parse(settings)), choice);
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
  }
  /// A queue "q", given without the kind.
  void add_queue(const std::string& settings, const std::string& name = "q") {
    Json json = Json::parse(settings);
    json["kind"] = "queue";
    add(name, json.dump());
  }
  void add_service(const std::string& settings, const std::string& name = "app") {
    Json json = Json::parse(settings);
    json["kind"] = "service";
    add(name, json.dump());
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

  Instance& instance(const std::string& name, std::size_t i = 0) {
    return directory.components[name]->fleet()[i];
  }
  MessageSource& source(const std::string& name = "q") {
    return *directory.components[name]->messages();
  }
  QueueObserver& observer(const std::string& name = "q") { return observers[name]; }
  std::int64_t counted(const std::string& what, const std::string& name = "q") {
    return observers[name].counted(what);
  }

  // ---- What somebody does now ----

  Sent& publish(std::uint64_t key, const std::string& name = "q", Request request = {}) {
    request.key = key;
    request.id = sent.size() + 1;
    request.luck = combine(7, request.id);
    return sent.emplace_back(simulation, instance(name).call(request));
  }
  Asked& receive(Duration wait_time = 1000_s, const Connection* connection = nullptr,
                 const std::string& name = "q") {
    const MessageSource::Receive ask{
        .luck = ++luck, .wait_time = wait_time, .connection = connection};
    return asked.emplace_back(simulation, source(name).receive(ask));
  }
  Sent& settle(const Asked& received, Settlement settlement, Duration redelivery_delay = {},
               const std::string& name = "q") {
    if (settlement != Settlement::failed) {
      source(name).was_processed(received.delivery.receipt, settlement);
    }
    const MessageSource::Report report{.luck = ++luck,
                                       .receipt = received.delivery.receipt,
                                       .settlement = settlement,
                                       .redelivery_delay = redelivery_delay};
    return sent.emplace_back(simulation, source(name).settle(report));
  }

  /// What came to those who asked, in the order of asking.
  Texts received() const {
    Texts texts;
    for (const Asked& one : asked) {
      texts.push_back(one.heard);
    }
    return texts;
  }

  /// What holds in every run and at every moment.
  void check_laws() {
    for (auto& [name, component] : directory.components) {
      INFO(name);
      CHECK(component->fleet().broken_law() == "");
      CHECK(observers[name].in_flight >= 0);
      for (const char* level : {"backlog", "delayed", "unsettled"}) {
        CHECK(observers[name].level(level) >= 0);
      }
    }
  }

  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes types;
  Truth truth;
  std::map<std::string, QueueObserver> observers;
  std::vector<Choice<Component>> choices;
  BalancerWorld::Components directory;
  std::deque<Sent> sent;
  std::deque<Asked> asked;
  std::uint64_t luck = 0;
};

}  // namespace stampede::test
