#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/kernel/simulation.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/network.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/model/theory.hpp"
#include "stampede/model/truth.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

class Component;
class Flag;
class MessageSource;
class RecordLog;
class Releases;

/// The names of request types, the same numbers over the whole scenario.
class RequestTypes {
 public:
  RequestTypeId add(std::string_view name);  ///< the old number if the name is known
  std::optional<RequestTypeId> find(std::string_view name) const;
  const std::string& name(RequestTypeId type) const { return names_[type]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

/// Which users belong together.
class Tenants {
 public:
  virtual ~Tenants() = default;
  /// A number for the tenant of the user who sent it, the same for a name in all populations; 0 for
  /// all users who belong to none.
  virtual std::uint64_t tenant_of(const Request& request) const = 0;
};

/// Finds the components that others refer to; all of them exist when it is handed out.
class Directory {
 public:
  virtual ~Directory() = default;

  virtual Component& component(const ComponentName& name) = 0;

  /// How a caller reaches a component without a balancer: as the component's own client does it, or
  /// else by client-side round robin over its instances, beginning with the `caller`-th, or at the
  /// only instance itself. Lives as long as the world; each caller takes one of its own.
  virtual Endpoint& client(const ComponentName& name, std::uint32_t caller) = 0;

  /// A feature flag of the scenario.
  virtual const Flag& flag(const std::string& name) const;
};

/// A named part of the topology: a fleet of instances and what runs beside them.
///
/// Made from its settings, then connected when all others are made, then started.
class Component {
 public:
  static constexpr const char* registry = "component";

  /// What a component is given of the world; all of it outlives the component.
  struct Context {
    std::string name;
    Simulation& simulation;
    Network& network;
    RequestTypes& request_types;
    ComponentObserver& observer;
    Truth& truth;
    std::uint64_t seed;
    std::uint64_t replication;
    const Tenants* tenants = nullptr;  ///< null: all users belong to none

    /// The random stream of one purpose of this component.
    Stream stream(std::string_view purpose) const {
      return Stream(seed, replication, name, purpose);
    }
  };

  using Theory = ComponentTheory;

  virtual ~Component() = default;

  virtual void connect(Directory& directory) = 0;
  /// Begins whatever runs by itself (health checks, background work).
  virtual void start() {}
  virtual Fleet& fleet() = 0;
  /// How its `caller`-th caller finds the right one of its instances, where it matters which one is
  /// asked; null where any will do. All components are connected when it is first called.
  virtual std::unique_ptr<Endpoint> client(std::uint32_t caller) {
    static_cast<void>(caller);
    return nullptr;
  }
  /// How its fleet can be changed while it runs; null where it cannot.
  virtual Releases* releases() { return nullptr; }
  /// Where consumers receive what was published to it; null where messages are not kept.
  virtual MessageSource* messages() { return nullptr; }
  /// Where consumer groups read what was published to it; null where there is no log.
  virtual RecordLog* records() { return nullptr; }
};

// What a component may declare of itself (Visitor::declare), for those who look at a scenario as a
// whole without running it.

/// Its workers are held while it waits for those that it calls.
struct HoldsWorkers {};
/// Requests may have to wait in a line in front of it, which those without patience leave.
struct HasQueue {};
/// It does something of its own with this type of request.
struct HandlesType {
  std::string type;
  std::string key;  ///< of its settings, where it says so: "handlers.checkout"
  Place place;      ///< of that key, if it is known
};
/// It keeps copies of what others hold, in instances that can be told to forget them.
struct HoldsCopies {};
/// A store that holds nothing until somebody writes into it.
struct BeginsEmpty {};
/// It writes into the component of that name, or into what is behind that.
struct WritesInto {
  std::string target;
};
/// It writes what it reads from one component into another, which becomes a view of the first.
struct MakesView {
  std::string view;
  std::string source;
  Place place;  ///< where the view's name stands
};
/// Its instances stand where users are, in no zone.
struct StandsWithUsers {};
/// Whatever it cannot answer by itself goes on to the one component behind it.
struct PassesOn {};
/// One of its instances leads the others, or each leads some part of what they hold.
struct HasLeaders {};
/// Its instances hold copies of the same data, which follow each other by themselves.
struct KeepsCopiesInStep {};
/// It tells callers where to go, and passes nothing on by itself.
struct ResolvesNames {};
/// It is on the devices of users, who need an identity for it: traffic begins there, nobody else
/// reaches it, and it has no instances that could fail.
struct OnUsersDevices {};
/// It calls others with this type of request, whatever type it was given.
struct SendsType {
  std::string type;
};

/// Where the replicas of a component stand: spread in turn over these zones or regions, or over
/// all.
struct PlacementSettings {
  int replicas = 1;
  std::vector<ZoneName> zones;
};
/// Adds the fields `replicas` and `zones` to those of whatever settings hold them, and declares
/// them.
void describe_placement(Visitor& v, PlacementSettings& s);
/// A single instance in this zone, or in the first one if it is empty.
PlacementSettings placement_in(const ZoneName& zone);
std::vector<PlaceId> places_of(const PlacementSettings& settings, const Geography& geography);

}  // namespace stampede
