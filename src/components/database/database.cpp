#include <memory>
#include <string>
#include <vector>

#include "components/database/primary.hpp"
#include "components/database/quorum.hpp"

namespace stampede {
namespace {

const Measure reads{"database", Measure::count, "reads", "reads that were answered"};
const Measure stale_reads{"database", Measure::count, "stale_reads",
                          "those of them that showed what a committed write had replaced"};
const Measure stale_ratio{"database", "stale_ratio", "share of the reads that were stale",
                          stale_reads, reads};
const Measure writes{"database", Measure::count, "writes", "writes that were committed"};
const Measure lost_writes{"database", Measure::count, "lost_writes",
                          "committed writes that a fail-over lost"};
const Measure failovers{"database", Measure::count, "failovers",
                        "replicas that became the primary"};
const Measure hints{"database", Measure::count, "hints",
                    "writes handed to a copy when it came back"};
const Measure repairs{"database", Measure::count, "repairs",
                      "copies that a read found out of date and mended"};
const Measure lag{"database", Measure::times, "lag",
                  "time from a write at the primary until a replica has applied it"};
const Measure failover{"database", Measure::times, "failover",
                       "time from a primary's death until another takes writes (RTO)"};
const Measure data_loss{"database", Measure::times, "data_loss",
                        "age of the oldest lost write when the primary died (RPO)"};

}  // namespace

DatabaseTold::DatabaseTold(ComponentObserver& observer)
    : reads(observer.tally(stampede::reads)),
      stale_reads(observer.tally(stampede::stale_reads)),
      writes(observer.tally(stampede::writes)),
      lost_writes(observer.tally(stampede::lost_writes)),
      failovers(observer.tally(stampede::failovers)),
      hints(observer.tally(stampede::hints)),
      repairs(observer.tally(stampede::repairs)),
      lag(observer.timing(stampede::lag)),
      failover(observer.timing(stampede::failover)),
      data_loss(observer.timing(stampede::data_loss)) {}

namespace {

class Database final : public Component {
 public:
  Database(const DatabaseSettings& settings, const Context& context)
      : settings_(settings),
        context_(context),
        seed_(combine(combine(context.seed, context.replication), hash_bytes(context.name))),
        told_(context.observer),
        sharding_(settings.sharding.make(
            {.shards = static_cast<std::uint32_t>(settings.shards), .seed = seed_})),
        choices_(context.stream("copy")),
        scope_(context.simulation) {
    const std::uint16_t store = context.truth.add_store();
    const PlacementSettings placement{.replicas = settings.shards * settings.replicas,
                                      .zones = settings.zones};
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(placement, context.network.geography())) {
      fleet_.add(std::make_unique<DatabaseNode>(settings_, context_, told_, index, place));
      ++index;
    }
    for (std::uint32_t shard = 0; shard < static_cast<std::uint32_t>(settings.shards); ++shard) {
      add_shard(shard, store);
    }
  }

  void connect(Directory&) override {}
  void start() override {
    for (const std::unique_ptr<PrimaryAndReplicas>& shard : led_) {
      shard->start();
    }
  }
  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<Client>(*this);
  }
  Scope& scope() { return scope_; }

 private:
  /// What a driver does: finds the shard of a key, and which copy to ask.
  class Client final : public Endpoint {
   public:
    explicit Client(Database& database) : database_(database) {}
    Reply call(const Request& request) override { return database_.call(request); }

   private:
    Database& database_;
  };

  void add_shard(std::uint32_t shard, std::uint16_t store) {
    std::vector<DatabaseNode*> nodes;
    const auto copies = static_cast<std::uint32_t>(settings_.replicas);
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
      nodes.push_back(&static_cast<DatabaseNode&>(fleet_[shard * copies + copy]));
    }
    if (settings_.has_primary()) {
      const PrimaryAndReplicas::Shared shared{.settings = settings_,
                                              .simulation = context_.simulation,
                                              .network = context_.network,
                                              .truth = context_.truth,
                                              .told = told_,
                                              .store = store,
                                              .lags = context_.stream("replication lag"),
                                              .applies = context_.stream("apply")};
      led_.push_back(
          std::make_unique<PrimaryAndReplicas>(shared, std::move(nodes), combine(seed_, shard)));
    } else {
      const Quorum::Shared shared{.settings = settings_,
                                  .simulation = context_.simulation,
                                  .truth = context_.truth,
                                  .told = told_,
                                  .store = store};
      quorums_.push_back(std::make_unique<Quorum>(shared, std::move(nodes)));
    }
  }

  Reply call(const Request& request) {
    const std::uint32_t shard = sharding_->shard_of(request.key);
    if (!settings_.has_primary()) {
      return quorums_[shard]->call(request);
    }
    PrimaryAndReplicas& copies = *led_[shard];
    if (request.operation != Operation::read) {
      const bool is_remembered = settings_.read_from == ReadFrom::read_your_writes;
      return is_remembered ? write_and_remember(*this, copies, request)
                           : copies.primary().call(request);
    }
    return copy_to_read(copies, request).call(request);
  }

  DatabaseNode& copy_to_read(PrimaryAndReplicas& copies, const Request& request) {
    if (settings_.read_from == ReadFrom::primary || copies.size() == 1) {
      return copies.primary();
    }
    // Every copy that may be asked is as likely: the n-th one replaces the choice with 1/n.
    Draw draw = choices_.at(request.luck);
    DatabaseNode* chosen = &copies.primary();
    std::uint64_t candidates = 0;
    int best_nearness = 0;
    for (std::size_t copy = 0; copy < copies.size(); ++copy) {
      if (copies.is_known_down(copy) || !may_read(copies, copy, request)) {
        continue;
      }
      const int nearness =
          settings_.read_from == ReadFrom::nearest ? nearness_of(copies.node(copy), request) : 0;
      if (candidates == 0 || nearness > best_nearness) {
        chosen = &copies.node(copy);
        candidates = 1;
        best_nearness = nearness;
      } else if (nearness == best_nearness) {
        ++candidates;
        const std::uint64_t pick = draw.below(candidates);
        chosen = pick == 0 ? &copies.node(copy) : chosen;
      }
    }
    return *chosen;
  }

  bool may_read(PrimaryAndReplicas& copies, std::size_t copy, const Request& request) {
    if (settings_.read_from == ReadFrom::replica) {
      return !copies.is_primary(copy);
    }
    if (settings_.read_from == ReadFrom::read_your_writes && !copies.is_primary(copy)) {
      const auto own = last_writes_.find(combine(request.user, sharding_->shard_of(request.key)));
      return own == last_writes_.end() || copies.has(copy, own->second);
    }
    return true;
  }

  int nearness_of(const DatabaseNode& node, const Request& request) const {
    const Geography& geography = context_.network.geography();
    if (node.place() == request.from) {
      return 2;
    }
    return geography.places()[node.place()].region == geography.places()[request.from].region ? 1
                                                                                              : 0;
  }

  static Reply write_and_remember(Database& database, PrimaryAndReplicas& copies, Request request) {
    Reply reply = copies.primary().call(request);
    const Response response = co_await reply.relayed();
    if (response.ok()) {
      const std::uint32_t shard = database.sharding_->shard_of(request.key);
      database.last_writes_[combine(request.user, shard)] = response.stamp;
    }
    co_return response;
  }

  DatabaseSettings settings_;
  Context context_;
  std::uint64_t seed_;
  DatabaseTold told_;
  std::unique_ptr<Sharding> sharding_;
  Stream choices_;
  tsl::robin_map<std::uint64_t, DataStamp> last_writes_;  ///< by user and shard
  Fleet fleet_;
  std::vector<std::unique_ptr<PrimaryAndReplicas>> led_;  ///< by shard
  std::vector<std::unique_ptr<Quorum>> quorums_;
  Scope scope_;
};

const Register<Component, Database, DatabaseSettings> registered{
    "database", "a store of items by key, in shards and copies"};

}  // namespace
}  // namespace stampede
