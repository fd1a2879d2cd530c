#include <memory>
#include <vector>

#include "components/cache/cache_node.hpp"
#include "stampede/model/in_process.hpp"

namespace stampede {
namespace {

/// As twemproxy's auto_eject_hosts, server_failure_limit, server_retry_timeout and timeout.
struct AutoEjectSettings {
  int failure_limit = 2;
  Duration retry_timeout = Duration::nanoseconds(30'000'000'000);
  std::optional<Duration> timeout;
};
void describe(Visitor& v, AutoEjectSettings& s) {
  v.field("failure_limit", s.failure_limit, "failures in a row after which a node is left out",
          at_least(1));
  v.field("retry_timeout", s.retry_timeout,
          "how long it is left out, until its next request tells whether it is back",
          more_than(Duration()));
  v.field("timeout", s.timeout,
          "no answer for so long is a failure; without it, only a broken or refused connection is",
          more_than(Duration()));
}

/// What a node begins with after a restart.
enum class WarmFrom { nothing, peer };
const EnumNames<WarmFrom>& names(WarmFrom) {
  static const EnumNames<WarmFrom> table{
      {{WarmFrom::nothing, "nothing"}, {WarmFrom::peer, "peer"}}};
  return table;
}

struct CacheSettings {
  KeepSettings keep;
  ComponentName in_process;
  PlacementSettings placement;
  Choice<LoadBalancingPolicy> routing = Choice<LoadBalancingPolicy>::of("ring_hash");
  std::optional<AutoEjectSettings> auto_eject;
  ComponentName origin;
  WarmFrom warm_from = WarmFrom::nothing;
  WritePolicy writes = WritePolicy::around;
  Duration write_back_delay = Duration::nanoseconds(1'000'000'000);
  CallSettings call;
  Distribution<Duration> access;
  std::optional<CpuSettings> cpu;
  Distribution<Duration> boot_time;
};
void describe(Visitor& v, CacheSettings& s) {
  describe_keeping(v, s.keep);
  v.field("in_process", s.in_process,
          "the service in whose replicas it lives: each has a node of its own, reached without a "
          "network, and emptied when the replica goes down");
  describe_placement(v, s.placement);
  v.field("routing", s.routing, "which node a key belongs to");
  v.field(
      "auto_eject", s.auto_eject,
      "clients leave out a node that failed, and its keys belong to the others in the meantime");
  v.field(
      "warm_from", s.warm_from,
      "what a node has when it comes up again: nothing, or a copy of what a peer holds, the first "
      "one that is up; boot_time is the time for it");
  v.field("origin", s.origin,
          "what it fetches from and passes writes on to; without it, those who use it look aside");
  if (!s.origin.empty()) {
    v.declare(PassesOn{});
  }
  v.field(
      "writes", s.writes,
      "around: passed on to the origin, then the copy is dropped; through: passed on, then kept; "
      "back: kept and answered at once, and passed on later");
  v.field("write_back_delay", s.write_back_delay,
          "with writes: back, how long an item is dirty before it is written to the origin",
          more_than(Duration()));
  describe_call(v, s.call);
  v.field("access", s.access, "work of an access on the node's CPU");
  v.field("cpu", s.cpu, "cores of each node; without it, an access never waits for a core");
  v.field("boot_time", s.boot_time, "from the start of a node until it is ready");
  check_keeping(v, s.keep, !s.origin.empty());
  v.check(s.in_process.empty() || s.placement.replicas == 1, "replicas",
          "are those of the service that the cache lives in", "leave replicas out");
  v.check(s.in_process.empty() || s.boot_time.is_zero(), "boot_time",
          "is that of the service that the cache lives in", "leave boot_time out");
  v.doubt_unless(s.writes == WritePolicy::around || !s.origin.empty(), "writes",
                 "has no effect without an origin to write to");
  const std::string& routing = s.routing.kind();
  v.doubt_unless(s.warm_from == WarmFrom::nothing || !s.in_process.empty() ||
                     (routing != "ring_hash" && routing != "maglev" && routing != "bounded_load"),
                 "warm_from", "brings items that nobody asks this node for",
                 "a node has the keys of its peers where routing sends a key to any of them");
  if (!s.in_process.empty()) {
    v.declare(LivesIn{s.in_process.name, s.in_process.place});
  }
  v.doubt_unless(!s.auto_eject || s.placement.replicas > 1, "auto_eject",
                 "has no effect on a single node");
}

const CacheMeasures measures{"cache"};
const WriteBack::Measures write_back_measures{"cache"};

class Cache final : public Component, private FleetListener, private CacheNode::Peers {
 public:
  Cache(const CacheSettings& settings, const Context& context)
      : settings_(settings), context_(context), watched_(context.simulation) {
    if (settings_.in_process.empty()) {
      for (const PlaceId place : places_of(settings_.placement, context.network.geography())) {
        add_node(place);
      }
    }
  }

  static Theory theory(const CacheSettings& settings) {
    Theory theory{.copies = theory_of(settings.keep)};
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    const std::optional<Split> routing = settings.routing.theory();
    theory.split = routing.value_or(Split{.kind = Split::Kind::random});
    const bool is_divided = theory.split->kind == Split::Kind::by_key;
    if (!settings.in_process.empty() || (settings.placement.replicas > 1 && !is_divided)) {
      theory.copies->whom = CopiesTheory::For::instance;
    }
    const Flow access = Flow::compute(settings.access);
    if (settings.origin.empty()) {
      theory.handlers = {{.flow = access}};
      return theory;
    }
    theory.copies->drops_written = settings.writes == WritePolicy::around;
    if (!settings.keep.grace.is_zero() || settings.keep.early_refresh > 0) {
      theory.remarks.push_back("hits in grace and early refreshes are left out");
    }
    const Flow fetch = Flow::call({.target = settings.origin.name});
    theory.handlers = {
        {.operation = Operation::read,
         .flow = Flow::sequence({access, Flow::on_miss("", {fetch})})},
        {.flow = settings.writes == WritePolicy::back
                     ? Flow::sequence({access, Flow::publish({.target = settings.origin.name})})
                     : Flow::sequence({access, fetch})}};
    if (settings.writes == WritePolicy::back) {
      theory.remarks.push_back("writes of the same item before it is written back count singly");
    }
    return theory;
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
      return std::make_unique<InProcessClient>(
          node(caller % static_cast<std::uint32_t>(fleet_.size())));
    }
    return fleet_.size() == 1 ? nullptr : std::make_unique<Router>(*this, caller);
  }

 private:
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
      if (cache.settings_.auto_eject) {
        health_.resize(nodes_.size());
        if (cache.settings_.auto_eject->timeout) {
          timeouts_ = &cache.context_.simulation.timeouts(*cache.settings_.auto_eject->timeout);
        }
      }
    }

    Reply call(const Request& request) override {
      const Time now = cache_.context_.simulation.now();
      if (first_return_ <= now) {
        let_in(now);
      }
      if (eligible_.empty()) {
        return Response::with(Outcome::rejected_no_backend);
      }
      const BackendSlot slot = policy_->choose(view(), request, now);
      return health_.empty() ? cache_.fleet_[slot].call(request) : watch(*this, slot, request);
    }

    Scope& scope() { return cache_.watched_; }

   private:
    struct Health {
      int failures = 0;  ///< in a row
      bool is_out = false;
      Time returns = Time::never();
    };

    static Reply watch(Router& router, BackendSlot slot, Request request) {
      Reply reply = router.cache_.fleet_[slot].call(request);
      bool is_answered = true;
      if (router.timeouts_ != nullptr) {
        is_answered = co_await reply.within(*router.timeouts_);
      } else {
        co_await reply;
      }
      const Response response = is_answered ? reply.answer() : Response::with(Outcome::timeout);
      router.learn(slot, response.outcome);
      co_return response;
    }

    /// Only who cannot be reached is ejected: an error is an answer.
    void learn(BackendSlot slot, Outcome outcome) {
      Health& node = health_[slot];
      if (outcome != Outcome::timeout && outcome != Outcome::reset &&
          outcome != Outcome::unreachable) {
        node.failures = 0;
        return;
      }
      const AutoEjectSettings& settings = *cache_.settings_.auto_eject;
      ++node.failures;
      if (node.failures >= settings.failure_limit && !node.is_out) {
        node.is_out = true;
        node.returns = cache_.context_.simulation.now() + settings.retry_timeout;
        nodes_in_changed();
      }
    }

    /// Nodes whose time is over. The first failure of one sends it out again.
    void let_in(Time now) {
      for (Health& node : health_) {
        if (node.is_out && node.returns <= now) {
          node.is_out = false;
          node.failures = cache_.settings_.auto_eject->failure_limit - 1;
        }
      }
      nodes_in_changed();
    }

    void nodes_in_changed() {
      eligible_.clear();
      first_return_ = Time::never();
      for (BackendSlot slot = 0; slot < health_.size(); ++slot) {
        if (!health_[slot].is_out) {
          eligible_.push_back(slot);
        } else {
          first_return_ = std::min(first_return_, health_[slot].returns);
        }
      }
      if (!eligible_.empty()) {
        policy_->eligible_changed(view());
      }
    }

    BackendView view() const { return BackendView(nodes_, eligible_, true); }

    Cache& cache_;
    std::unique_ptr<LoadBalancingPolicy> policy_;
    std::vector<Backend> nodes_;
    std::vector<BackendSlot> eligible_;
    std::vector<Health> health_;  ///< empty without auto_eject
    Timeouts* timeouts_ = nullptr;
    Time first_return_ = Time::never();  ///< when the next of those that are out comes back
  };

  CacheNode& node(std::uint32_t i) { return static_cast<CacheNode&>(fleet_[i]); }

  void add_node(PlaceId place) {
    fleet_.add(std::make_unique<CacheNode>(
        context_, measures,
        CacheNode::Settings{
            .keep = settings_.keep,
            .access = settings_.access,
            .tells_types_apart = false,
            .server = {.cpu = settings_.cpu, .workers = 0, .boot_time = settings_.boot_time},
            .writes = settings_.writes,
            .write_back_delay = settings_.write_back_delay,
            .write_back_measures = &write_back_measures,
            .peers = settings_.warm_from == WarmFrom::peer ? this : nullptr},
        static_cast<std::uint32_t>(fleet_.size()), place));
    held_.emplace_back();
  }

  CacheNode* warm_peer_of(const CacheNode& cold) override {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      if (i != cold.index() && fleet_[i].is_up()) {
        return &node(i);
      }
    }
    return nullptr;
  }

  void give_origin(std::uint32_t i) {
    if (!settings_.origin.empty()) {
      Fleet& behind = directory_->component(settings_.origin).fleet();
      const bool is_cache = behind.size() > 0 && dynamic_cast<CacheNode*>(&behind[0]) != nullptr;
      node(i).connect(directory_->client(settings_.origin, i), is_cache, settings_.call,
                      context_.stream("back-off"));
    }
  }

  // ---- Of the replicas that it lives in ----

  void added(Instance& host) override {
    add_node(host.place());
    give_origin(host.index());
  }
  void state_changed(Instance& host) override {
    if (host.is_up()) {
      held_[host.index()].release();
    } else if (node(host.index()).is_up()) {
      held_[host.index()] = node(host.index()).hold_down(KilledWork::answers_broken);
    }
  }

  CacheSettings settings_;
  Context context_;
  Directory* directory_ = nullptr;
  Fleet* hosts_ = nullptr;
  Fleet fleet_;
  std::vector<Knob::Hold> held_;  ///< nodes whose process is dead
  Scope watched_;
};

const Register<Component, Cache, CacheSettings> registered{
    "cache", "keeps copies of items near those who use them"};

}  // namespace
}  // namespace stampede
