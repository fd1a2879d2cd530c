#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/kernel/slots.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/measures.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// As HikariCP's maximumPoolSize and connectionTimeout.
struct ConnectionPoolSettings {
  ComponentName target;
  int max_size = 10;
  Duration connection_timeout = Duration::nanoseconds(30'000'000'000);
  Distribution<Duration> set_up;
};
void describe(Visitor& v, ConnectionPoolSettings& s);

/// What a component declares of itself (Visitor::declare): it keeps connections to this target.
struct CallsOverPool {
  std::string target;
  Place place;  ///< where it says so
};

/// Adds the field `connection_pools` to those of whatever settings hold them.
void describe_connection_pools(Visitor& v, std::vector<ConnectionPoolSettings>& pools);

/// What all pools of a component measure together.
struct ConnectionPoolMeasures {
  explicit ConnectionPoolMeasures(std::string_view kind);

  Measure connections;
  Measure in_use;
  Measure utilization;
  Measure wait;
  Measure timeouts;
  Measure set_ups;
};

/// The connections that one caller keeps to one component. A call holds one from before it is sent
/// until the caller has its answer or gives up; with all of them in use, it waits in line.
///
/// All are open at first. One that was given up while the callee still owed an answer, or that
/// broke, is closed (what would still come over it is nobody's answer), and has to be set up again
/// by the next call that takes it.
///
/// A call that leaks keeps its connection for ever: nobody gives it back before the process dies or
/// the leak is mended.
class ConnectionPool {
 public:
  /// What it tells of itself, together with all other pools of the component that it belongs to.
  struct Told {
    Told(const ConnectionPoolMeasures& measures, ComponentObserver& observer);
    Gauge& connections;
    Gauge& in_use;
    Timing& wait;
    Tally& timeouts;
    Tally& set_ups;
  };

  ConnectionPool(const ConnectionPoolSettings& settings, Simulation& simulation, const Told& told,
                 const Stream& set_ups);

  /// Nobody will call over it any more.
  void close() { told_.connections.change(simulation_.now(), -settings_.max_size); }

  /// A call to `endpoint` over a connection, in the scope of the caller, who stops waiting at
  /// `give_up` and then withdraws the call if `withdraws`. Without a connection within the
  /// connection_timeout it is rejected (limit).
  static Reply call(Scope& scope, ConnectionPool& pool, Endpoint& endpoint, Request request,
                    Time give_up, bool withdraws);

  /// From now on this share of calls leaks.
  void leak(double share);
  /// What has leaked comes back, closed.
  void recover();

 private:
  class Connection;

  const ConnectionPoolSettings& settings_;
  Simulation& simulation_;
  Told told_;
  Stream set_ups_;
  std::int64_t open_;  ///< of those that nobody uses
  Slots slots_;
  double leaking_ = 0;
  std::vector<Slot> leaked_;
};

/// The pools of all instances of a component: each has one of its own for each target.
class ConnectionPools {
 public:
  /// Those of the first `instances` are open from the start.
  ConnectionPools(const std::vector<ConnectionPoolSettings>& settings,
                  const Component::Context& context, const ConnectionPoolMeasures& measures,
                  std::size_t instances);

  /// Null if calls to this target need no connection.
  ConnectionPool* of(const ComponentName& target, std::uint32_t instance);
  /// That instance has left for good, and its connections are no more.
  void close(std::uint32_t instance);

  /// Of all pools of an instance, as ConnectionPool::leak; with 0, what has leaked comes back.
  void leak(std::uint32_t instance, double share);
  /// The process of that instance died.
  void forget(std::uint32_t instance);

 private:
  template <class What>
  void for_pools_of(std::uint32_t instance, const What& what);

  const std::vector<ConnectionPoolSettings>& settings_;
  Component::Context context_;
  ConnectionPool::Told told_;
  std::vector<std::vector<std::unique_ptr<ConnectionPool>>> pools_;  ///< by target, by instance
};

}  // namespace stampede
