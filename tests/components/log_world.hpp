#pragma once

#include "components/queue_world.hpp"

// A small world around a log: publishers that know who leads what, services that consume in groups,
// and brokers that die and come back. What happened is told in short texts with times in
// milliseconds.
namespace stampede::test {

struct LogWorld : QueueWorld {
  /// A log "events" of these settings, and a target "db" that handlers may call. Publishers stand
  /// in the first zone.
  explicit LogWorld(const std::string& log, const std::string& zones = "[]",
                    const std::string& network_json = "{}")
      : QueueWorld(zones, network_json), db(add_target("db")) {
    Json json = Json::parse(log);
    json["kind"] = "log";
    add("events", json.dump());
  }
  /// A service that consumes the log, one message at a time, by calling "db". Unless it says
  /// otherwise, a rebalance takes no time.
  void add_consumer(const std::string& name = "app", const std::string& consume = "{}",
                    int replicas = 1) {
    Json settings = Json::parse(consume);
    settings["log"] = "events";
    if (!settings.contains("rebalance_pause")) {
      settings["rebalance_pause"] = "0s";
    }
    const Json service{{"replicas", replicas},
                       {"consume", settings},
                       {"handler", Json::array({Json{{"call", "db"}}})}};
    add_service(service.dump(), name);
  }
  void start() {
    QueueWorld::start();
    client = directory.components["events"]->client(0);
  }

  Sent& publish(std::uint64_t key = 0, std::uint32_t size = 0) {
    Request request;
    request.key = key;
    request.size = size;
    request.id = sent.size() + 1;
    request.luck = combine(7, request.id);
    request.sent = simulation.now();
    return sent.emplace_back(simulation, client->call(request));
  }
  void publish_many(int count) {
    for (int i = 0; i < count; ++i) {
      publish(static_cast<std::uint64_t>(i));
    }
  }
  /// What publishers heard, in the order of publishing.
  Texts heard() const {
    Texts texts;
    for (const Sent& one : sent) {
      texts.push_back(one.heard);
    }
    return texts;
  }

  void crash(const std::string& name, std::size_t i = 0,
             KilledWork how = KilledWork::answers_broken) {
    downs.emplace(std::pair(name, i), instance(name, i).hold_down(how));
  }
  void revive(const std::string& name, std::size_t i = 0) { downs.erase({name, i}); }

  /// The keys that handlers called the target for, in this order.
  std::vector<std::uint64_t> handled() const {
    std::vector<std::uint64_t> keys;
    for (const Request& request : db.requests) {
      keys.push_back(request.key);
    }
    return keys;
  }
  std::int64_t counted(const std::string& what, const std::string& name = "events") {
    return QueueWorld::counted(what, name);
  }
  std::int64_t lag(const std::string& name = "events") { return observer(name).level("lag"); }
  std::vector<double> times(const std::string& what, const std::string& name = "events") {
    return observer(name).times(what);
  }

  Target& db;
  std::unique_ptr<Endpoint> client;
  std::map<std::pair<std::string, std::size_t>, Knob::Hold> downs;
};

}  // namespace stampede::test
