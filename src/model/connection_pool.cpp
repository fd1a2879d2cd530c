#include "stampede/model/connection_pool.hpp"

#include <algorithm>
#include <utility>

namespace stampede {

void describe(Visitor& v, ConnectionPoolSettings& s) {
  v.field("target", s.target, "the component that is called over these connections", required());
  v.field("max_size", s.max_size, "connections of each instance", at_least(1), at_most(1'000'000));
  v.field("connection_timeout", s.connection_timeout,
          "how long a call waits for one before it is rejected", more_than(Duration()));
  v.field(
      "set_up", s.set_up,
      "how long it takes to open one anew (handshakes, log-in) after it broke or a call over it "
      "was given up; all are open at first");
  v.declare(CallsOverPool{s.target.name, s.target.place});
}

void describe_connection_pools(Visitor& v, std::vector<ConnectionPoolSettings>& pools) {
  v.field("connection_pools", pools,
          "targets that each instance calls over a limited number of connections, all its steps "
          "together; calls to others need none");
  const bool has_two = std::any_of(pools.begin(), pools.end(), [&](const auto& pool) {
    return std::count_if(pools.begin(), pools.end(),
                         [&](const auto& other) { return other.target == pool.target; }) > 1;
  });
  v.check(!has_two, "connection_pools", "has two pools for one target", "keep one of them");
}

ConnectionPoolMeasures::ConnectionPoolMeasures(std::string_view kind)
    : connections{kind, Measure::level, "connections", "connections of its pools, in use or not"},
      in_use{kind, Measure::level, "connections_in_use", "those that a call holds"},
      utilization{kind, "connection_utilization", "share of the connections that a call holds",
                  in_use, connections},
      wait{kind, Measure::times, "connection_wait",
           "time that calls which got a connection waited for it"},
      timeouts{kind, Measure::count, "connection_timeouts",
               "calls that were rejected for want of a connection"},
      set_ups{kind, Measure::count, "connection_set_ups", "connections that were opened anew"} {}

ConnectionPool::Told::Told(const ConnectionPoolMeasures& measures, ComponentObserver& observer)
    : connections(observer.gauge(measures.connections)),
      in_use(observer.gauge(measures.in_use)),
      wait(observer.timing(measures.wait)),
      timeouts(observer.tally(measures.timeouts)),
      set_ups(observer.tally(measures.set_ups)) {}

/// One in use.
class ConnectionPool::Connection {
 public:
  Connection(ConnectionPool& pool, Slot slot)
      : pool_(pool), slot_(std::move(slot)), is_open_(pool.open_ > 0) {
    pool_.open_ -= is_open_ ? 1 : 0;
    pool_.told_.in_use.change(pool_.simulation_.now(), 1);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    pool_.open_ += is_open_ ? 1 : 0;
    pool_.told_.in_use.change(pool_.simulation_.now(), slot_ ? -1 : 0);
  }

  bool is_open() const { return is_open_; }
  void opened() { is_open_ = true; }
  void closed() { is_open_ = false; }
  /// It stays in use when this dies.
  void leak() {
    pool_.leaked_.push_back(std::move(slot_));
    is_open_ = false;
  }

 private:
  ConnectionPool& pool_;
  Slot slot_;
  bool is_open_;
};

ConnectionPool::ConnectionPool(const ConnectionPoolSettings& settings, Simulation& simulation,
                               const Told& told, const Stream& set_ups)
    : settings_(settings),
      simulation_(simulation),
      told_(told),
      set_ups_(set_ups),
      open_(settings.max_size),
      slots_(simulation, settings.max_size) {
  told_.connections.change(simulation.now(), settings.max_size);
}

namespace {

bool breaks_connection(Outcome outcome) {
  return outcome == Outcome::reset || outcome == Outcome::unreachable;
}

}  // namespace

Reply ConnectionPool::call(Scope& scope, ConnectionPool& pool, Endpoint& endpoint, Request request,
                           Time give_up, bool withdraws) {
  Simulation& simulation = scope.simulation();
  const Time asked = simulation.now();
  const Time timeout = asked + pool.settings_.connection_timeout;
  const Time limit = std::min({timeout, request.patience, give_up});
  Slot slot = co_await pool.slots_.acquire(request.priority, limit);
  if (!slot) {
    pool.told_.timeouts.add(limit == timeout ? 1 : 0);
    const Response refused = Response::with(limit == timeout   ? Outcome::rejected_limit
                                            : limit == give_up ? Outcome::timeout
                                                               : Outcome::abandoned);
    co_return refused;
  }
  pool.told_.wait.took(simulation.now() - asked);
  Connection connection(pool, std::move(slot));
  if (!connection.is_open()) {
    pool.told_.set_ups.add();
    Draw draw = pool.set_ups_.at(request.luck);
    const Duration length = pool.settings_.set_up.sample(draw);
    co_await simulation.delay(length);
    connection.opened();
    if (simulation.now() >= give_up) {
      const Response too_late = Response::with(Outcome::timeout);
      co_return too_late;
    }
  }
  Reply reply = endpoint.call(request);
  Withdrawal withdrawal(reply, withdraws);
  bool is_answered = true;
  connection.closed();  // if the caller dies with its call
  if (give_up < Time::never()) {
    is_answered = co_await reply.before(simulation, give_up);
  } else {
    co_await reply;
  }
  const Response response = is_answered ? reply.answer() : Response::with(Outcome::timeout);
  if (is_answered && !breaks_connection(response.outcome)) {
    connection.opened();
  }
  if (pool.leaking_ > 0) [[unlikely]] {
    Draw draw = pool.set_ups_.at(~request.luck);
    if (draw.chance(pool.leaking_)) {
      connection.leak();
    }
  }
  co_return response;
}

void ConnectionPool::leak(double share) { leaking_ = share; }

void ConnectionPool::recover() {
  told_.in_use.change(simulation_.now(), -static_cast<std::int64_t>(leaked_.size()));
  leaked_.clear();
}

ConnectionPools::ConnectionPools(const std::vector<ConnectionPoolSettings>& settings,
                                 const Component::Context& context,
                                 const ConnectionPoolMeasures& measures, std::size_t instances)
    : settings_(settings),
      context_(context),
      told_(measures, context.observer),
      pools_(settings.size()) {
  for (const ConnectionPoolSettings& pool : settings) {
    for (std::uint32_t i = 0; i < instances; ++i) {
      of(pool.target, i);
    }
  }
}

void ConnectionPools::close(std::uint32_t instance) {
  for (auto& pools : pools_) {
    if (instance < pools.size() && pools[instance]) {
      pools[instance]->close();
    }
  }
}

ConnectionPool* ConnectionPools::of(const ComponentName& target, std::uint32_t instance) {
  const auto found = std::find_if(
      settings_.begin(), settings_.end(),
      [&](const ConnectionPoolSettings& settings) { return settings.target == target; });
  if (found == settings_.end()) {
    return nullptr;
  }
  auto& pools = pools_[static_cast<std::size_t>(found - settings_.begin())];
  pools.resize(std::max(pools.size(), instance + std::size_t{1}));
  if (!pools[instance]) {
    pools[instance] = std::make_unique<ConnectionPool>(
        *found, context_.simulation, told_,
        context_.stream("connections to " + target.name + " of " + std::to_string(instance)));
  }
  return pools[instance].get();
}

template <class What>
void ConnectionPools::for_pools_of(std::uint32_t instance, const What& what) {
  for (auto& pools : pools_) {
    if (instance < pools.size() && pools[instance]) {
      what(*pools[instance]);
    }
  }
}

void ConnectionPools::leak(std::uint32_t instance, double share) {
  for_pools_of(instance, [&](ConnectionPool& pool) {
    pool.leak(share);
    if (share <= 0) {
      pool.recover();
    }
  });
}

void ConnectionPools::forget(std::uint32_t instance) {
  for_pools_of(instance, [](ConnectionPool& pool) { pool.recover(); });
}

}  // namespace stampede
