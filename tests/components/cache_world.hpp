#pragma once

#include "components/service_world.hpp"

// A small world around caches: stores that treat requests as they are told and know the truth, and
// readers that tell what they heard, as "ok@10", "miss@0" or "ok stale@30", times in milliseconds.
namespace stampede::test {

/// A store that treats one request after the other as it was told, the last treatment again and
/// again. What a read shows is what was committed when it came in; the rest of its time is the way
/// back. A write is committed when it is done.
class FakeStore final : public Instance {
 public:
  struct Treatment {
    Duration length;
    Outcome outcome = Outcome::ok;
    bool is_silent = false;
  };

  FakeStore(Simulation& simulation, Truth& truth, const std::string& name)
      : Instance(name + "-0", 0, 0),
        simulation_(simulation),
        truth_(truth),
        id_(truth.add_store()),
        inside_(simulation) {}

  Scope& scope() { return inside_; }
  Reply call(const Request& request) override {
    const Treatment treatment = treatments[std::min(requests.size(), treatments.size() - 1)];
    requests.push_back(request);
    log.push_back(fmt::format("{} {}@{}", request.operation == Operation::read ? "read" : "write",
                              request.key, ms(simulation_.now())));
    if (treatment.length.is_zero()) {
      return answer(request, treatment, stamp_of(request));
    }
    return treat(request, treatment);
  }
  Reply probe(const Request&) override { return Response(); }
  /// Somebody writes without telling the cache.
  void write(std::uint64_t key) {
    Request request;
    request.key = key;
    request.operation = Operation::write;
    static_cast<void>(stamp_of(request));
  }

  std::vector<Treatment> treatments{{}};
  std::vector<Request> requests;
  Texts log;  ///< "read 7@0"

 protected:
  void crash(KilledWork) override {}
  void boot() override {}
  void speed_changed(double) override {}

 private:
  DataStamp stamp_of(const Request& request) {
    if (request.operation == Operation::read) {
      return truth_.latest(id_, request.key);
    }
    const DataStamp stamp = truth_.begin_write(id_, request.key);
    truth_.commit(stamp, request.key);
    return stamp;
  }
  static Response answer(const Request& request, const Treatment& treatment, DataStamp stamp) {
    if (treatment.is_silent) {
      return Response::lost();
    }
    Response response = Response::with(treatment.outcome);
    if (response.ok()) {
      response.stamp = stamp;
      response.size = request.operation == Operation::read ? request.response_size : 0;
    }
    return response;
  }
  Reply treat(Request request, Treatment treatment) {
    const DataStamp seen = request.operation == Operation::read ? stamp_of(request) : DataStamp();
    co_await simulation_.delay(treatment.length);
    const bool is_written =
        request.operation != Operation::read && treatment.outcome == Outcome::ok;
    const DataStamp stamp = is_written ? stamp_of(request) : seen;
    const Response response = answer(request, treatment, stamp);
    co_return response;
  }

  Simulation& simulation_;
  Truth& truth_;
  std::uint16_t id_;
  Scope inside_;  ///< comes last: its jobs use all of the above
};

class FakeStoreComponent final : public Component {
 public:
  FakeStoreComponent(Simulation& simulation, Truth& truth, const std::string& name) {
    fleet_.add(std::make_unique<FakeStore>(simulation, truth, name));
  }
  void connect(Directory&) override {}
  Fleet& fleet() override { return fleet_; }

 private:
  Fleet fleet_;
};

/// A request that was sent to a cache or a service, and what its sender heard.
struct Question final : ReplyListener {
  Question(Simulation& simulation, Reply made) : simulation(simulation), reply(std::move(made)) {
    if (reply.done()) {
      answered(reply.answer());
    } else {
      reply.tell(*this);
    }
  }
  void answered(const Response& answer) override {
    response = answer;
    const std::string what = !answer.ok()        ? std::string(name_of(answer.outcome))
                             : answer.leased_out ? "leased out"
                             : !answer.found     ? "miss"
                             : answer.stale      ? "ok stale"
                                                 : "ok";
    heard = fmt::format("{}@{}", what, ms(simulation.now()));
  }
  void lost() override { heard = fmt::format("lost@{}", ms(simulation.now())); }

  Simulation& simulation;
  Reply reply;
  Response response;
  std::string heard = "nothing";
};

/// A store "db" and whatever is added to it; those who ask for "cache" do so as the `caller`-th of
/// its clients.
struct CacheWorld {
  explicit CacheWorld(const std::string& zones = "[]", const std::string& network_json = "{}")
      : CacheWorld(BalancerWorld::regions_of(zones), network_json) {}
  CacheWorld(const Named<RegionSettings>& regions, const std::string& network_json)
      : geography(regions),
        network(simulation, geography, BalancerWorld::read<NetworkSettings>(network_json), 1, 0),
        db(add_store("db")) {}

  FakeStore& add_store(const std::string& name) {
    auto made = std::make_unique<FakeStoreComponent>(simulation, truth, name);
    auto& store = static_cast<FakeStore&>(made->fleet()[0]);
    directory.components[name] = std::move(made);
    return store;
  }
  /// A component of these settings, to which the kind is added. Warnings are kept.
  void add(const std::string& kind, const std::string& settings, const std::string& name) {
    Json json = Json::parse(settings);
    json["kind"] = kind;
    Choice<Component> choice;
    Problems problems;
    Reader reader(problems);
    reader.read(value_of(json), choice);
    for (const Problem& problem : problems) {
      INFO(problem.what << "; " << problem.expected);
      REQUIRE(problem.severity == Severity::warning);
      warnings.push_back(problem.what);
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
  void add_cache(const std::string& settings, const std::string& name = "cache") {
    add("cache", settings, name);
  }
  void add_app(const std::string& settings, const std::string& name = "app") {
    add("service", settings, name);
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

  Instance& instance(const std::string& name = "cache", std::size_t i = 0) {
    return directory.components[name]->fleet()[i];
  }
  RecordingObserver& observer(const std::string& name = "cache") { return observers[name]; }
  std::int64_t counted(const std::string& what, const std::string& name = "cache") {
    return observers[name].counted(what);
  }
  std::int64_t level(const std::string& what, const std::string& name = "cache") {
    return observers[name].level(what);
  }

  // ---- What somebody does now ----

  Question& send(Request request, const std::string& name = "cache", std::uint32_t caller = 0) {
    request.id = asked.size() + 1;
    request.luck = combine(7, request.id);
    Endpoint*& client = clients[{name, caller}];
    if (client == nullptr) {
      client = &directory.client(ComponentName{name, {}}, caller);
    }
    return asked.emplace_back(simulation, client->call(request));
  }
  /// Of an item of 100 bytes.
  Question& read(std::uint64_t key, const std::string& name = "cache", std::uint32_t caller = 0) {
    Request request;
    request.key = key;
    request.response_size = 100;
    return send(request, name, caller);
  }
  Question& write(std::uint64_t key, std::uint32_t size = 100, const std::string& name = "cache",
                  std::uint32_t caller = 0) {
    Request request;
    request.key = key;
    request.size = size;
    request.operation = Operation::write;
    return send(request, name, caller);
  }
  /// Makes copies of an item invalid.
  Question& invalidate(std::uint64_t key, const std::string& name = "cache",
                       std::uint32_t caller = 0) {
    return ask(Operation::invalidate, key, name, caller);
  }
  /// Removes the item itself.
  Question& remove(std::uint64_t key, const std::string& name = "cache") {
    return ask(Operation::remove, key, name, 0);
  }
  Question& ask(Operation operation, std::uint64_t key, const std::string& name,
                std::uint32_t caller) {
    Request request;
    request.key = key;
    request.operation = operation;
    return send(request, name, caller);
  }

  /// What was heard since the last time that somebody looked, in the order of asking.
  Texts heard() {
    Texts texts;
    for (; seen < asked.size(); ++seen) {
      texts.push_back(asked[seen].heard);
    }
    return texts;
  }

  /// What holds in every run and at every moment.
  void check_laws() {
    for (auto& [name, component] : directory.components) {
      INFO(name);
      CHECK(component->fleet().broken_law() == "");
      CHECK(observers[name].is_lawful);
      for (const char* level : {"entries", "bytes", "dirty"}) {
        CHECK(observers[name].level(level) >= 0);
      }
    }
  }

  /// Finds components as the world does.
  struct Components final : Directory {
    Component& component(const ComponentName& name) override { return *components.at(name.name); }
    Endpoint& client(const ComponentName& name, std::uint32_t caller) override {
      Fleet& fleet = component(name).fleet();
      if (std::unique_ptr<Endpoint> own = component(name).client(caller)) {
        return *clients.emplace_back(std::move(own));
      }
      return fleet[caller % fleet.size()];
    }
    std::map<std::string, std::unique_ptr<Component>> components;
    std::vector<std::unique_ptr<Endpoint>> clients;
  };

  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes types;
  Truth truth;
  std::map<std::string, RecordingObserver> observers;
  std::vector<Choice<Component>> choices;
  Components directory;
  FakeStore& db;
  std::map<std::pair<std::string, std::uint32_t>, Endpoint*> clients;
  std::deque<Question> asked;
  std::size_t seen = 0;
  Texts warnings;
};

}  // namespace stampede::test
