#pragma once

#include "components/service_world.hpp"

// A small world around a database: users that read and write, as a driver would, and know which
// write they were shown. What they heard is told as "ok@10", times in milliseconds.
namespace stampede::test {

struct DatabaseWorld : ComponentWorld {
  /// A database "db" of these settings, to which the kind is added. Users stand in the first zone.
  explicit DatabaseWorld(const std::string& settings, const std::string& zones = "[]",
                         const std::string& network_json = "{}")
      : ComponentWorld(zones, network_json) {
    add("db", "database", settings);
    client = directory.components["db"]->client(0);
  }

  Sent& read(std::uint64_t key = 0, std::uint64_t user = 0, PlaceId from = 0) {
    return ask(Operation::read, key, user, from);
  }
  Sent& write(std::uint64_t key = 0, std::uint64_t user = 0, PlaceId from = 0) {
    return ask(Operation::write, key, user, from);
  }
  Sent& ask(Operation operation, std::uint64_t key, std::uint64_t user = 0, PlaceId from = 0) {
    Request request;
    request.operation = operation;
    request.key = key;
    request.user = user;
    request.from = from;
    return send_to(*client, request);
  }
  /// Lets one user write, again and again, and another one read the same key.
  void write_every(Duration interval, int times, std::uint64_t key = 0) {
    static_cast<void>(write_all(*this, interval, times, key));
  }

  Instance& node(std::size_t i) { return instance("db", i); }
  RecordingObserver& seen() { return observer("db"); }
  std::int64_t counted(const std::string& what) { return seen().counted(what); }

  /// Keeps a node down from now on, until `revive`.
  void crash(std::size_t i, KilledWork how = KilledWork::answers_broken) {
    downs.emplace(i, node(i).hold_down(how));
  }
  void revive(std::size_t i) { downs.erase(i); }

  Scope& scope() { return users; }

  std::unique_ptr<Endpoint> client;
  std::map<std::size_t, Knob::Hold> downs;
  Scope users{simulation};

 private:
  static Process write_all(DatabaseWorld& world, Duration interval, int times, std::uint64_t key) {
    for (int i = 0; i < times; ++i) {
      world.write(key);
      co_await world.simulation.delay(interval);
    }
    co_return Done();
  }
};

/// The number of the write that was read; 0 is how the store began.
inline std::uint64_t shown(const Sent& read) {
  REQUIRE(read.reply.done());
  REQUIRE(read.reply.answer().ok());
  return read.reply.answer().stamp.write();
}
inline bool is_stale(const Sent& read) { return read.reply.answer().stale; }

}  // namespace stampede::test
