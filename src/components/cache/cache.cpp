#include <memory>
#include <vector>

#include "components/cache/cache_node.hpp"

namespace stampede {
namespace {

struct CacheSettings {
  KeepSettings keep;
  ComponentName in_process;
  PlacementSettings placement;
  Choice<LoadBalancingPolicy> routing = Choice<LoadBalancingPolicy>::of("ring_hash");
  ComponentName origin;
  CallSettings call;
  Distribution<Duration> access;
  std::optional<CpuSettings> cpu;
  Distribution<Duration> boot_time;
};
void describe(Visitor& v, CacheSettings& s) {
  describe_keeping(v, s.keep, !s.origin.empty());
  v.field("in_process", s.in_process,
          "the service in whose replicas it lives: each has a node of its own, reached without a "
          "network, and emptied when the replica goes down");
  describe_placement(v, s.placement);
  v.field("routing", s.routing, "which node a key belongs to");
  v.field("origin", s.origin,
          "what it fetches from and passes writes on to; without it, those who use it look aside");
  describe_call(v, s.call);
  v.field("access", s.access, "work of an access on the node's CPU");
  v.field("cpu", s.cpu, "cores of each node; without it, an access never waits for a core");
  v.field("boot_time", s.boot_time, "from the start of a node until it is ready");
  v.check(s.in_process.empty() || s.placement.replicas == 1, "replicas",
          "are those of the service that the cache lives in", "leave replicas out");
}

const CacheMeasures measures{"cache"};

class Cache final : public Component, private FleetListener {
 public:
  Cache(const CacheSettings& settings, const Context& context)
      : settings_(settings), context_(context) {
    if (settings_.in_process.empty()) {
      for (const PlaceId place : places_of(settings_.placement, context.network.geography())) {
        add_node(place);
      }
    }
  }

  void connect(Directory& directory) override {
    if (!settings_.in_process.empty()) {
      hosts_ = &directory.component(settings_.in_process).fleet();
      for (std::size_t i = 0; i < hosts_->size(); ++i) {
        add_node((*hosts_)[i].place());
      }
      hosts_->listen(*this);
    }
    directory_ = &directory;
  }

  void start() override {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      give_origin(i);
    }
  }

  Fleet& fleet() override { return fleet_; }

  std::unique_ptr<Endpoint> client(std::uint32_t caller) override {
    if (hosts_ != nullptr) {
      return std::make_unique<Inside>(node(caller % static_cast<std::uint32_t>(fleet_.size())));
    }
    return fleet_.size() == 1 ? nullptr : std::make_unique<Router>(*this, caller);
  }

 private:
  /// The way of a replica to the cache in its own process.
  class Inside final : public Endpoint {
   public:
    explicit Inside(CacheNode& node) : node_(node) {}
    Reply call(const Request& request) override { return node_.call_inside(request); }

   private:
    CacheNode& node_;
  };

  /// Finds the node of a key as memcached's clients do: by itself, from the list of nodes.
  class Router final : public Endpoint {
   public:
    Router(Cache& cache, std::uint32_t caller) : cache_(cache) {
      policy_ = cache.settings_.routing.make(
          {.random = cache.context_.stream("routing " + std::to_string(caller)).sequence(),
           .seed = combine(combine(cache.context_.seed, cache.context_.replication),
                           hash_bytes(cache.context_.name))});
      for (std::uint32_t i = 0; i < cache.fleet_.size(); ++i) {
        const Instance& node = cache.fleet_[i];
        nodes_.push_back({.name_hash = hash_bytes(node.name()), .place = node.place()});
        eligible_.push_back(i);
      }
      policy_->eligible_changed(view());
    }

    Reply call(const Request& request) override {
      const BackendSlot slot = policy_->choose(view(), request, cache_.context_.simulation.now());
      return cache_.fleet_[slot].call(request);
    }

   private:
    BackendView view() const { return BackendView(nodes_, eligible_, true); }

    Cache& cache_;
    std::unique_ptr<LoadBalancingPolicy> policy_;
    std::vector<Backend> nodes_;
    std::vector<BackendSlot> eligible_;
  };

  CacheNode& node(std::uint32_t i) { return static_cast<CacheNode&>(fleet_[i]); }

  void add_node(PlaceId place) {
    fleet_.add(std::make_unique<CacheNode>(
        context_, measures,
        CacheNode::Settings{
            .keep = settings_.keep,
            .access = settings_.access,
            .tells_types_apart = false,
            .server = {.cpu = settings_.cpu, .workers = 0, .boot_time = settings_.boot_time}},
        static_cast<std::uint32_t>(fleet_.size()), place));
  }

  void give_origin(std::uint32_t i) {
    if (!settings_.origin.empty()) {
      node(i).connect(directory_->client(settings_.origin, i), settings_.call,
                      context_.stream("back-off"));
    }
  }

  // ---- Of the replicas that it lives in ----

  void added(Instance& host) override {
    add_node(host.place());
    give_origin(host.index());
  }
  void state_changed(Instance& host) override {
    if (!host.is_up() && !settings_.keep.persistent) {
      node(host.index()).flush();
    }
  }

  CacheSettings settings_;
  Context context_;
  Directory* directory_ = nullptr;
  Fleet* hosts_ = nullptr;
  Fleet fleet_;
};

const Register<Component, Cache, CacheSettings> registered{
    "cache", "keeps copies of items near those who use them"};

}  // namespace
}  // namespace stampede
