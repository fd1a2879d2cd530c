#include <memory>
#include <vector>

#include "stampede/kernel/slots.hpp"
#include "stampede/model/server.hpp"
#include "stampede/model/sharding.hpp"

namespace stampede {
namespace {

struct ConnectionSettings {
  int workers = 1;
  QueueSettings queue;
};
void describe(Visitor& v, ConnectionSettings& s) {
  v.shorthand("workers");
  v.field("workers", s.workers, "requests that each node serves at a time", required(), at_least(1),
          at_most(1'000'000));
  v.field("queue", s.queue, "the line in front of them; full means rejected");
}

struct DatabaseSettings {
  int shards = 1;
  Choice<Sharding> sharding = Choice<Sharding>::of("hash");
  std::vector<ZoneName> zones;
  Distribution<Duration> read;
  std::optional<Distribution<Duration>> write;
  std::optional<ConnectionSettings> concurrency;
  std::optional<CpuSettings> cpu;
  Ratio error_rate;
  Distribution<Duration> boot_time;
};
void describe(Visitor& v, DatabaseSettings& s) {
  v.field("shards", s.shards, "parts that the keys are divided into", at_least(1),
          at_most(100'000));
  v.field("sharding", s.sharding, "which shard a key belongs to");
  v.field("zones", s.zones, "where the nodes stand, in turn; all zones unless given");
  v.field("read", s.read, "work of a read", required());
  v.field("write", s.write, "work of a write; that of a read unless given");
  v.field("concurrency", s.concurrency, "requests served at a time; without it, no limit");
  v.field("cpu", s.cpu, "cores of each node; without it, work never waits for a core");
  v.field("error_rate", s.error_rate, "share of requests that are worked on and fail nevertheless");
  v.field("boot_time", s.boot_time, "from the start of a node until it is ready");
}

class DatabaseNode final : public Server {
 public:
  DatabaseNode(const DatabaseSettings& settings, const Component::Context& context,
               std::uint16_t store, std::uint32_t index, PlaceId place)
      : Server(context,
               {.cpu = settings.cpu,
                .workers = settings.concurrency ? settings.concurrency->workers : 0,
                .boot_time = settings.boot_time},
               index, place),
        settings_(settings),
        truth_(context.truth),
        store_(store),
        work_(context.stream("work")) {
    if (settings.concurrency) {
      queue_capacity_ = settings.concurrency->queue.capacity.value;
      workers_.emplace(context.simulation, settings.concurrency->workers,
                       settings.concurrency->queue.discipline);
    }
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

 private:
  Reply serve(const Request& asked) override {
    const Request request = asked;
    Response response;
    {
      Stay stay(*this);
      if (is_full()) {
        stay.end(Outcome::rejected_queue_full);
      } else {
        Worker worker(*this);
        if (workers_) {
          if (workers_->has_free()) {
            worker.hold(workers_->take_free());
          } else {
            Queueing queueing(*this, &stay);
            Slot slot = co_await workers_->acquire(request.priority, request.patience);
            worker.hold(std::move(slot));
          }
        }
        if (workers_ && !worker) {
          stay.end(Outcome::abandoned);
        } else {
          stay.start();
          const Duration demand = demand_of(request);
          const Duration waited = co_await cpu().work(demand);
          stay.add_cpu_wait(waited);
          if (fails(request)) {
            stay.end(Outcome::error);
          } else {
            response.stamp = request.operation == Operation::read
                                 ? truth_.latest(store_, request.key)
                                 : truth_.commit(store_, request.key);
            stay.end(Outcome::ok);
          }
        }
      }
      response.outcome = stay.outcome();
    }
    response.version = version();
    response.size =
        response.ok() && request.operation == Operation::read ? request.response_size : 0;
    co_return response;
  }

  Duration demand_of(const Request& request) const {
    Draw draw = work_.at(request.luck);
    const bool is_read = request.operation == Operation::read || !settings_.write;
    return is_read ? settings_.read.sample(draw) : settings_.write->sample(draw);
  }

  bool is_full() const {
    return workers_ && !workers_->has_free() && workers_->waiting() >= queue_capacity_;
  }

  const DatabaseSettings& settings_;
  Truth& truth_;
  std::uint16_t store_;
  Stream work_;
  std::optional<Slots> workers_;
  std::uint64_t queue_capacity_ = 0;
  Knob::Hold own_errors_;
};

class Database final : public Component {
 public:
  Database(const DatabaseSettings& settings, const Context& context)
      : settings_(settings),
        sharding_(
            settings.sharding.make({.shards = static_cast<std::uint32_t>(settings.shards),
                                    .seed = combine(combine(context.seed, context.replication),
                                                    hash_bytes(context.name))})) {
    const std::uint16_t store = context.truth.add_store();
    const PlacementSettings placement{.replicas = settings.shards, .zones = settings.zones};
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(placement, context.network.geography())) {
      fleet_.add(std::make_unique<DatabaseNode>(settings_, context, store, index, place));
      ++index;
    }
  }

  void connect(Directory&) override {}
  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<Router>(*this);
  }

 private:
  /// Sends each request to the shard of its key.
  class Router final : public Endpoint {
   public:
    explicit Router(Database& database) : database_(database) {}
    Reply call(const Request& request) override {
      return database_.fleet_[database_.sharding_->shard_of(request.key)].call(request);
    }

   private:
    Database& database_;
  };

  DatabaseSettings settings_;
  std::unique_ptr<Sharding> sharding_;
  Fleet fleet_;
};

const Register<Component, Database, DatabaseSettings> registered{
    "database", "a store of items by key, in shards"};

}  // namespace
}  // namespace stampede
