#include <memory>
#include <string>
#include <vector>

#include "components/database/multi_primary.hpp"
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
                          "committed writes that a fail-over took back, or that gave way to one "
                          "that had not seen them"};
const Measure conflicts{"database", Measure::count, "conflicts",
                        "writes to the same key of which neither had seen the other; one was lost"};
const Measure failed_updates{"database", Measure::count, "failed_updates",
                             "updates of items that had been written since they were read"};
const Measure failovers{"database", Measure::count, "failovers",
                        "dead primaries that others took over from"};
const Detector failover_detector{"failover", failovers};
const Measure fallbacks{"database", Measure::count, "fallbacks",
                        "times that a primary went on without its replicas"};
const Measure hints{"database", Measure::count, "hints",
                    "writes handed to a copy when it came back"};
const Measure repairs{"database", Measure::count, "repairs",
                      "copies that a read found out of date and mended"};
const Measure moved{"database", Measure::count, "moved", "items that resharding moved"};
const Measure lag{"database", Measure::times, "lag",
                  "time from a write at the primary until a replica has applied it"};
const Measure convergence{"database", Measure::times, "convergence",
                          "time from a write until all copies had it, where all are primaries"};
const Measure failover{"database", Measure::times, "failover",
                       "time from a primary's death until another takes writes (RTO)"};
const Measure data_loss{"database", Measure::times, "data_loss",
                        "age of the oldest lost write when the primary died (RPO)"};
const Measure split_brain{"database", Measure::times, "split_brain",
                          "time for which a primary that was replaced went on beside the new one"};
const Measure lock_wait{"database", Measure::times, "lock_wait",
                        "time that writes waited for others to the same key"};
const Measure resharding{"database", Measure::times, "resharding",
                         "time that it took to move them all"};

}  // namespace

DatabaseTold::DatabaseTold(ComponentObserver& observer)
    : reads(observer.tally(stampede::reads)),
      stale_reads(observer.tally(stampede::stale_reads)),
      writes(observer.tally(stampede::writes)),
      lost_writes(observer.tally(stampede::lost_writes)),
      conflicts(observer.tally(stampede::conflicts)),
      failed_updates(observer.tally(stampede::failed_updates)),
      failovers(observer.tally(stampede::failovers)),
      fallbacks(observer.tally(stampede::fallbacks)),
      hints(observer.tally(stampede::hints)),
      repairs(observer.tally(stampede::repairs)),
      moved(observer.tally(stampede::moved)),
      lag(observer.timing(stampede::lag)),
      convergence(observer.timing(stampede::convergence)),
      failover(observer.timing(stampede::failover)),
      data_loss(observer.timing(stampede::data_loss)),
      split_brain(observer.timing(stampede::split_brain)),
      lock_wait(observer.timing(stampede::lock_wait)),
      resharding(observer.timing(stampede::resharding)) {}

namespace {

class Database final : public Component {
 public:
  Database(const DatabaseSettings& settings, const Context& context)
      : settings_(settings),
        context_(context),
        seed_(combine(combine(context.seed, context.replication), hash_bytes(context.name))),
        told_(context.observer),
        store_(context.truth.add_store()),
        homes_(settings_, seed_, store_),
        choices_(context.stream("copy")),
        scope_(context.simulation) {
    const auto shards = static_cast<std::uint32_t>(settings.most_shards());
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(settings_.placement(), context.network.geography())) {
      fleet_.add(std::make_unique<DatabaseNode>(settings_, context_, told_, index, place));
      ++index;
    }
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      add_shard(shard);
    }
  }

  static Theory theory(const DatabaseSettings& settings) {
    const double copies = settings.replicas;
    ShardsTheory shards{.sharding = settings.sharding,
                        .shards = static_cast<double>(settings.shards),
                        .copies = copies};
    if (settings.is_quorum()) {
      shards.reads_asked = shards.reads_among = copies;
      shards.reads_needed = answers_needed(settings.read_consistency, settings.replicas);
      shards.writes_asked = shards.writes_among = copies;
      shards.writes_needed = answers_needed(settings.write_consistency, settings.replicas);
    } else if (settings.is_multi_primary()) {
      shards.reads_among = shards.writes_among = copies;
    }
    if (settings.has_primary() && settings.read_from != ReadFrom::primary) {
      shards.reads_among = settings.read_from == ReadFrom::replica ? copies - 1 : copies;
    }
    shards.fails_over = settings.failover.has_value();
    Theory theory{.shards = shards};
    if (settings.concurrency) {
      theory.workers = settings.concurrency->workers;
      theory.room = theory_of(settings.concurrency->queue.capacity);
      theory.discipline = settings.concurrency->queue.discipline;
      if (std::string remark = remark_on(settings.concurrency->queue); !remark.empty()) {
        theory.remarks.push_back(std::move(remark));
      }
    }
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    theory.handlers = {{.operation = Operation::read, .flow = Flow::compute(settings.read)},
                       {.flow = Flow::compute(settings.write_work())}};
    const auto leave_out = [&](bool is_on, const char* what) {
      if (is_on) {
        theory.remarks.push_back(std::string(what) + " is left out");
      }
    };
    leave_out(settings.resharding.has_value(), "resharding");
    leave_out(settings.compaction.has_value(), "compaction");
    leave_out(settings.locks, "waiting for locks");
    leave_out(settings.has_primary() && settings.replicas > 1 &&
                  settings.replication != ReplicationKind::async,
              "the wait for replicas");
    return theory;
  }

  void connect(Directory&) override {}
  void start() override {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      static_cast<DatabaseNode&>(fleet_[i]).begin_to_compact();
    }
    for (const std::unique_ptr<PrimaryAndReplicas>& shard : led_) {
      shard->start();
    }
    for (const std::unique_ptr<MultiPrimary>& shard : active_) {
      shard->start();
    }
    if (settings_.resharding) {
      static_cast<void>(reshard(*this));
    }
  }
  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<ClientOf<Database>>(*this);
  }
  Scope& scope() { return scope_; }

 private:
  friend class ClientOf<Database>;  // what a driver does: finds the shard of a key, and the copy

  void add_shard(std::uint32_t shard) {
    std::vector<DatabaseNode*> nodes;
    const auto copies = static_cast<std::uint32_t>(settings_.replicas);
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
      nodes.push_back(&static_cast<DatabaseNode&>(fleet_[shard * copies + copy]));
    }
    const ShardContext shared{.settings = settings_,
                              .simulation = context_.simulation,
                              .network = context_.network,
                              .truth = context_.truth,
                              .told = told_,
                              .homes = homes_,
                              .store = store_,
                              .shard = shard,
                              .luck = combine(seed_, shard),
                              .lags = context_.stream("replication lag"),
                              .applies = context_.stream("apply"),
                              .clocks = context_.stream("clock")};
    if (settings_.has_primary()) {
      led_.push_back(std::make_unique<PrimaryAndReplicas>(shared, std::move(nodes)));
      homes_.belongs_to(shard, *led_.back());
    } else if (settings_.is_multi_primary()) {
      active_.push_back(std::make_unique<MultiPrimary>(shared, std::move(nodes)));
      homes_.belongs_to(shard, *active_.back());
    } else {
      quorums_.push_back(std::make_unique<Quorum>(shared, std::move(nodes)));
      homes_.belongs_to(shard, *quorums_.back());
    }
  }

  Reply call(const Request& request) {
    return homes_.is_moving() ? ask_home(*this, request)
                              : ask(homes_.shard_of(request.key), request);
  }

  /// Follows a key that moves while its shard is asked.
  static Reply ask_home(Database& database, Request request) {
    std::uint32_t shard = 0;
    Response response;
    do {
      shard = database.homes_.shard_of(request.key);
      Reply reply = database.ask(shard, request);
      response = co_await reply.relayed();
    } while (response.outcome == Outcome::error && !database.homes_.is_home(shard, request.key));
    co_return response;
  }

  Reply ask(std::uint32_t shard, const Request& request) {
    if (settings_.is_quorum()) {
      return quorums_[shard]->call(request);
    }
    if (settings_.is_multi_primary()) {
      MultiPrimary& copies = *active_[shard];
      const auto may_ask = [](std::size_t) { return true; };
      return choose(copies, copies.node(0), request, /*nearest=*/true, may_ask).call(request);
    }
    PrimaryAndReplicas& copies = *led_[shard];
    if (request.operation != Operation::read) {
      const bool is_remembered = settings_.read_from == ReadFrom::read_your_writes;
      return is_remembered ? write_and_remember(*this, copies, request)
                           : copies.primary_for(request.from).call(request);
    }
    return copy_to_read(copies, request).call(request);
  }

  DatabaseNode& copy_to_read(PrimaryAndReplicas& copies, const Request& request) {
    if (settings_.read_from == ReadFrom::primary || copies.size() == 1) {
      return copies.primary_for(request.from);
    }
    const auto may_ask = [&](std::size_t copy) { return may_read(copies, copy, request); };
    return choose(copies, copies.primary(), request, settings_.read_from == ReadFrom::nearest,
                  may_ask);
  }

  /// One of the copies that are not known to be down and may be asked; if there is none, `last`.
  template <class Copies, class MayAsk>
  DatabaseNode& choose(Copies& copies, DatabaseNode& last, const Request& request, bool nearest,
                       MayAsk may_ask) {
    // Every copy that may be asked is as likely: the n-th one replaces the choice with 1/n.
    Draw draw = choices_.at(request.luck);
    DatabaseNode* chosen = &last;
    std::uint64_t candidates = 0;
    int best_nearness = 0;
    for (std::size_t copy = 0; copy < copies.size(); ++copy) {
      if (copies.is_known_down(copy) || !may_ask(copy)) {
        continue;
      }
      const int nearness = nearest ? nearness_of(copies.node(copy), request) : 0;
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
      const auto own = last_writes_.find(session_of(request));
      return own == last_writes_.end() || copies.has(copy, own->second);
    }
    return true;
  }

  /// Of a user with the shard of the request's key.
  std::uint64_t session_of(const Request& request) const {
    return combine(combine(request.population, request.user), homes_.shard_of(request.key));
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
    Reply reply = copies.primary_for(request.from).call(request);
    const Response response = co_await reply.relayed();
    if (response.ok()) {
      DataStamp& last = database.last_writes_[database.session_of(request)];
      last = last.write() < response.stamp.write() ? response.stamp : last;  // answers may overtake
    }
    co_return response;
  }

  // ---- Resharding ----

  static Process reshard(Database& database) {
    const ReshardingSettings& plan = *database.settings_.resharding;
    Simulation& simulation = database.context_.simulation;
    co_await simulation.until(Time::from_start(plan.at));
    const Homes::Moves moves = database.homes_.count_moves(plan.items);
    const double seconds_of_one =
        static_cast<double>(plan.item_size.count) / plan.bandwidth.bytes_per_second;
    const Time began = simulation.now();
    for (const std::int64_t count : moves.by_group) {
      database.copy_a_group(moves, plan.work);
      const Duration time = Duration::from_seconds(static_cast<double>(count) * seconds_of_one);
      co_await simulation.delay(time);
      database.homes_.move_a_group();
      database.told_.moved.add(count);
    }
    database.told_.resharding.took(simulation.now() - began);
    co_return Done();
  }

  /// The work of moving a group, in equal parts over all of them.
  void copy_a_group(const Homes::Moves& moves, Duration work) {
    const auto copies = static_cast<std::uint32_t>(settings_.replicas);
    for (std::uint32_t shard = 0; shard < moves.leaving.size(); ++shard) {
      DatabaseNode& first = static_cast<DatabaseNode&>(fleet_[shard * copies]);
      DatabaseNode& giver = settings_.has_primary() ? led_[shard]->primary() : first;
      giver.work_aside(work * moves.leaving[shard] / Homes::groups);
      for (std::uint32_t copy = 0; copy < copies; ++copy) {
        static_cast<DatabaseNode&>(fleet_[shard * copies + copy])
            .work_aside(work * moves.coming[shard] / Homes::groups);
      }
    }
  }

  DatabaseSettings settings_;
  Context context_;
  std::uint64_t seed_;
  DatabaseTold told_;
  std::uint16_t store_;
  Homes homes_;
  Stream choices_;
  tsl::robin_map<std::uint64_t, DataStamp> last_writes_;  ///< by session
  Fleet fleet_;
  std::vector<std::unique_ptr<PrimaryAndReplicas>> led_;  ///< by shard
  std::vector<std::unique_ptr<Quorum>> quorums_;
  std::vector<std::unique_ptr<MultiPrimary>> active_;
  Scope scope_;
};

const Register<Component, Database, DatabaseSettings> registered{
    "database", "a store of items by key, in shards and copies"};

}  // namespace
}  // namespace stampede
