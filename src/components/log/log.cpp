#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "components/log/group.hpp"
#include "components/log/producer.hpp"

namespace stampede {
namespace {

const LogMeasures measures{"log"};
const GroupMeasures group_measures{"log"};
const GroupMeasures service_measures{"service"};

/// A log of messages in partitions on brokers. Groups of consumers read it, each at its own speed.
class Log final : public Component, public RecordLog, public LogCluster {
 public:
  Log(const LogSettings& settings, const Context& context)
      : settings_(settings),
        context_(context),
        seed_(combine(combine(context.seed, context.replication), hash_bytes(context.name))),
        told_(measures, context.observer),
        told_of_groups_(group_measures, context.observer),
        to_producers_{.settings = settings_,
                      .simulation = context.simulation,
                      .told = told_,
                      .partitions = partitions_,
                      .seed = seed_,
                      .request_timeouts = context.simulation.timeouts(settings.request_timeout),
                      .scope = scope_},
        scope_(context.simulation) {
    std::uint32_t index = 0;
    for (const PlaceId place : places_of(settings.placement(), context.network.geography())) {
      fleet_.add(std::make_unique<LogBroker>(settings_, context_, *this, index, place));
      ++index;
    }
    const Partition::Shared shared{.settings = settings_,
                                   .simulation = context.simulation,
                                   .network = context.network,
                                   .told = told_,
                                   .lags = context.stream("replication lag")};
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(settings.partitions); ++i) {
      // The copies stand on brokers next to each other, hence in different zones.
      std::vector<LogBroker*> brokers;
      for (std::size_t k = 0; k < static_cast<std::size_t>(settings.replicas); ++k) {
        brokers.push_back(&broker((i + k) % fleet_.size()));
      }
      partitions_.push_back(
          std::make_unique<Partition>(shared, i, std::move(brokers), combine(seed_, i)));
    }
  }

  /// Of a message that travels alone to its leader.
  static Theory theory(const LogSettings& settings) {
    Theory theory{.split = Split{.kind = Split::Kind::by_key}};
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    theory.handlers = {{.flow = Flow::sequence({Flow::compute(settings.append_batch),
                                                Flow::compute(settings.append)})}};
    if (settings.batch) {
      theory.unknown = "batches of messages";
    }
    if (settings.replicas > 1) {
      theory.remarks.emplace_back("the copies of partitions are left out");
    }
    return theory;
  }

  void connect(Directory&) override {}
  void start() override {
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      partition->start();
    }
    if (settings_.auto_leader_rebalance) {
      static_cast<void>(look_after_leaders(scope_, *this));
    }
  }
  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<ClientOf<Producer>>(producers_.emplace_back(to_producers_));
  }
  RecordLog* records() override { return this; }

  ConsumerGroup& group(const std::string& name, const ConsumerGroup::Settings& settings,
                       ComponentObserver& observer) override {
    for (const std::unique_ptr<Group>& group : groups_) {
      if (group->name() == name) {
        return *group;
      }
    }
    groups_.push_back(std::make_unique<Group>(name, settings, partitions_, context_.simulation,
                                              told_of_groups_,
                                              GroupTold(service_measures, observer)));
    return *groups_.back();
  }

 private:
  static Process look_after_leaders(Scope& scope, Log& log) {
    for (;;) {
      co_await scope.simulation().delay(log.settings_.auto_leader_rebalance->check_interval);
      for (const std::unique_ptr<Partition>& partition : log.partitions_) {
        partition->elect_preferred();
      }
    }
  }

  LogBroker& broker(std::size_t index) { return static_cast<LogBroker&>(fleet_[index]); }

  // ---- What brokers ask ----

  /// It is led on to the leader.
  Reply publish_at(LogBroker& broker, const Request& request) override {
    const auto batch =
        std::make_shared<RecordBatch>(context_.simulation, to_producers_.partition_of(request.key));
    batch->add(request);
    return partitions_[batch->partition]->leader().produce(
        Produce(batch, broker.place(), request.luck));
  }
  Task<Response> append(LogBroker& broker, const std::shared_ptr<RecordBatch>& batch) override {
    return Partition::append(broker, *partitions_[batch->partition], batch);
  }
  std::size_t led_by(const LogBroker& broker) const override {
    std::size_t led = 0;
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      led += partition->is_led_by(broker) ? 1 : 0;
    }
    return led;
  }
  void went_down(LogBroker& broker) override {
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      partition->went_down(broker);
    }
  }
  void came_up(LogBroker& broker) override {
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      partition->came_up(broker);
    }
  }
  std::string broken_law() override {
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      const std::string broken = partition->broken_law();
      if (!broken.empty()) {
        return context_.name + ": " + broken;
      }
    }
    for (const std::unique_ptr<Group>& group : groups_) {
      const std::string broken = group->broken_law();
      if (!broken.empty()) {
        return context_.name + ": " + broken;
      }
    }
    return {};
  }

  LogSettings settings_;
  Context context_;
  std::uint64_t seed_;
  LogTold told_;
  GroupTold told_of_groups_;
  Fleet fleet_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<std::unique_ptr<Group>> groups_;
  Producer::Shared to_producers_;
  std::deque<Producer> producers_;
  Scope scope_;  ///< of what producers send
};

const Register<Component, Log, LogSettings> registered{
    "log", "keeps messages in partitions, in their order, for groups of consumers to read"};

}  // namespace
}  // namespace stampede
