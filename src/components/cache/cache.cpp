#include <memory>
#include <vector>

#include "components/cache/cache_node.hpp"
#include "components/cache/node_list.hpp"
#include "stampede/model/discovery.hpp"
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

/// What a node begins with when it comes up, after a restart or as a new one.
enum class WarmFrom { nothing, peer, owners };
const EnumNames<WarmFrom>& names(WarmFrom) {
  static const EnumNames<WarmFrom> table{
      {{WarmFrom::nothing, "nothing"}, {WarmFrom::peer, "peer"}, {WarmFrom::owners, "owners"}}};
  return table;
}

struct ResizeSettings {
  Duration at;
  int replicas = 1;
};
void describe(Visitor& v, ResizeSettings& s) {
  v.field("at", s.at, "when, from the first instant of traffic", required(), at_least(Duration()),
          of_run());
  v.field("replicas", s.replicas,
          "how many nodes there are from then on: new ones boot first; of too many the last go, "
          "with all they hold",
          required(), at_least(1), at_most(100'000));
}

struct CacheSettings {
  KeepSettings keep;
  ComponentName in_process;
  PlacementSettings placement;
  std::vector<ResizeSettings> resize;
  DiscoverySettings discovery;
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

  /// Each key has a node of its own.
  bool is_divided() const {
    const std::string& kind = routing.kind();
    return in_process.empty() &&
           (kind == "ring_hash" || kind == "maglev" || kind == "bounded_load" || kind == "modulo");
  }
  /// The most nodes that there ever are at a time.
  int most_replicas() const {
    int most = placement.replicas;
    for (const ResizeSettings& step : resize) {
      most = std::max(most, step.replicas);
    }
    return most;
  }
};
void describe(Visitor& v, CacheSettings& s) {
  describe_keeping(v, s.keep);
  v.field("in_process", s.in_process,
          "the service in whose replicas it lives: each has a node of its own, reached without a "
          "network, and emptied when the replica goes down");
  describe_placement(v, s.placement);
  v.field("resize", s.resize,
          "another number of nodes, at one time or several: a key whose node changes is missed "
          "there until somebody fills it in, and its old node keeps a copy that nobody asks for");
  v.field("discovery", s.discovery, "how clients learn which nodes there are");
  v.field("routing", s.routing, "which node a key belongs to");
  v.field(
      "auto_eject", s.auto_eject,
      "clients leave out a node that failed, and its keys belong to the others in the meantime");
  v.field(
      "warm_from", s.warm_from,
      "what a node has when it comes up, after a crash or by resize: nothing; peer: a copy of what "
      "the first other one that is up holds; owners: copies of those items that are its own now, "
      "from all who hold them; boot_time is the time for it");
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
  check_keeping(v, s.keep, !s.origin.empty(), /*tells_types_apart=*/false);
  v.check(s.in_process.empty() || s.placement.replicas == 1, "replicas",
          "are those of the service that the cache lives in", "leave replicas out");
  v.check(s.in_process.empty() || s.boot_time.is_zero(), "boot_time",
          "is that of the service that the cache lives in", "leave boot_time out");
  v.doubt_unless(s.writes == WritePolicy::around || !s.origin.empty(), "writes",
                 "has no effect without an origin to write to");
  v.doubt_unless(s.warm_from != WarmFrom::peer || !s.is_divided(), "warm_from",
                 "brings items that nobody asks this node for", "owners");
  v.doubt_unless(s.warm_from != WarmFrom::owners || s.is_divided(), "warm_from",
                 "asks for owners, and keys have none: any node may be asked for any key", "peer");
  v.check(s.in_process.empty() || s.resize.empty(), "resize",
          "is of the nodes of the cache, and they are those of the service that it lives in",
          "leave resize out");
  int before = s.placement.replicas;
  Duration last;
  for (const ResizeSettings& step : s.resize) {
    v.check(step.at >= last, "resize", "must be in the order of time");
    v.doubt_unless(step.replicas != before, "resize",
                   "has no effect: there are as many nodes before");
    before = step.replicas;
    last = step.at;
  }
  v.doubt_unless(s.discovery.delay.is_zero() || !s.resize.empty(), "discovery",
                 "has no effect: the nodes are always the same");
  if (!s.in_process.empty()) {
    v.declare(LivesIn{s.in_process.name, s.in_process.place});
  }
  v.doubt_unless(!s.auto_eject || s.most_replicas() > 1, "auto_eject",
                 "has no effect on a single node");
}

const CacheMeasures measures{"cache"};
const WriteBack::Measures write_back_measures{"cache"};

class Cache final : public Component, private FleetListener, private CacheNode::Peers {
 public:
  Cache(const CacheSettings& settings, const Context& context)
      : settings_(settings), context_(context), scope_(context.simulation) {
    if (settings_.in_process.empty()) {
      PlacementSettings placement = settings_.placement;
      placement.replicas = settings_.most_replicas();
      places_ = places_of(placement, context.network.geography());
      for (int i = 0; i < settings_.placement.replicas; ++i) {
        fleet_.add(make_node(next_place()));
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
      theory.remarks.emplace_back("hits in grace and early refreshes are left out");
    }
    const Flow fetch = Flow::call({.target = settings.origin.name});
    theory.handlers = {
        {.operation = Operation::read,
         .flow = Flow::sequence({access, Flow::on_miss("", {fetch})})},
        {.flow = settings.writes == WritePolicy::back
                     ? Flow::sequence({access, Flow::publish({.target = settings.origin.name})})
                     : Flow::sequence({access, fetch})}};
    if (settings.writes == WritePolicy::back) {
      theory.remarks.emplace_back("writes of the same item before it is written back count singly");
    }
    return theory;
  }

  void connect(Directory& directory) override {
    if (!settings_.in_process.empty()) {
      hosts_ = &directory.component(settings_.in_process).fleet();
      for (std::size_t i = 0; i < hosts_->size(); ++i) {
        fleet_.add(make_node((*hosts_)[i].place()));
      }
      hosts_->listen(*this);
    }
    directory_ = &directory;
  }

  void start() override {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      give_origin(node(i));
    }
    if (!settings_.keep.earlier_reads.empty()) {
      repeat_earlier_reads();
    }
    if (!settings_.resize.empty()) {
      static_cast<void>(resize(*this));
    }
  }

  Fleet& fleet() override { return fleet_; }

  std::unique_ptr<Endpoint> client(std::uint32_t caller) override {
    if (hosts_ != nullptr) {
      return std::make_unique<InProcessClient>(
          node(caller % static_cast<std::uint32_t>(fleet_.size())));
    }
    return settings_.most_replicas() == 1 ? nullptr : std::make_unique<Router>(*this, caller);
  }

  Scope& scope() { return scope_; }

 private:
  /// Finds the node of a key as memcached's clients do: by itself, from the list of nodes.
  class Router final : public Endpoint, private Discovery::Observer {
   public:
    Router(Cache& cache, std::uint32_t caller)
        : cache_(cache), nodes_(cache.make_routing("routing " + std::to_string(caller))) {
      if (cache.settings_.auto_eject && cache.settings_.auto_eject->timeout) {
        timeouts_ = &cache.context_.simulation.timeouts(*cache.settings_.auto_eject->timeout);
      }
      discovery_.emplace(cache.context_.simulation, cache.fleet_, cache.settings_.discovery.delay,
                         static_cast<Discovery::Observer&>(*this));
      nodes_in_changed();
    }

    Reply call(const Request& request) override {
      const Time now = cache_.context_.simulation.now();
      if (first_return_ <= now) {
        let_in(now);
      }
      if (nodes_.is_empty()) {
        return Response::with(Outcome::rejected_no_backend);
      }
      const std::uint32_t node = nodes_.choose(request, now);
      return cache_.settings_.auto_eject ? watch(*this, node, request)
                                         : cache_.fleet_[node].call(request);
    }

    Scope& scope() { return cache_.scope_; }

   private:
    struct Health {
      bool is_member = false;
      int failures = 0;  ///< in a row
      bool is_out = false;
      Time returns = Time::never();
    };

    void appeared(Instance& node) override {
      health_.resize(std::max(health_.size(), node.index() + std::size_t{1}));
      health_[node.index()] = Health{.is_member = true};
      nodes_.add(node.index(), cache_.list_name_of(node), node.place());
      nodes_in_changed();
    }
    void vanished(Instance& node) override {
      health_[node.index()] = Health();
      nodes_in_changed();
    }

    static Reply watch(Router& router, std::uint32_t index, Request request) {
      Reply reply = router.cache_.fleet_[index].call(request);
      bool is_answered = true;
      if (router.timeouts_ != nullptr) {
        is_answered = co_await reply.within(*router.timeouts_);
      } else {
        co_await reply;
      }
      const Response response = is_answered ? reply.answer() : Response::with(Outcome::timeout);
      router.learn(index, response.outcome);
      co_return response;
    }

    /// Only who cannot be reached is ejected: an error is an answer.
    void learn(std::uint32_t index, Outcome outcome) {
      Health& node = health_[index];
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
      if (!discovery_) {
        return;  // it tells of the first nodes one by one
      }
      first_return_ = Time::never();
      for (const Health& node : health_) {
        first_return_ = std::min(first_return_, node.returns);
      }
      nodes_.use([this](std::uint32_t index) {
        return health_[index].is_member && !health_[index].is_out;
      });
    }

    Cache& cache_;
    NodeList nodes_;
    std::vector<Health> health_;  ///< by index in the fleet
    Timeouts* timeouts_ = nullptr;
    Time first_return_ = Time::never();  ///< when the next of those that are out comes back
    std::optional<Discovery> discovery_;
  };

  CacheNode& node(std::uint32_t i) { return static_cast<CacheNode&>(fleet_[i]); }

  /// It becomes the last in the lists of nodes.
  std::unique_ptr<CacheNode> make_node(PlaceId place) {
    const auto index = static_cast<std::uint32_t>(positions_.size());
    positions_.push_back(static_cast<std::uint32_t>(members_.size()));
    members_.push_back(index);
    held_.emplace_back();
    return std::make_unique<CacheNode>(
        context_, measures,
        CacheNode::Settings{
            .keep = settings_.keep,
            .access = settings_.access,
            .tells_types_apart = false,
            .server = {.cpu = settings_.cpu, .workers = 0, .boot_time = settings_.boot_time},
            .writes = settings_.writes,
            .write_back_delay = settings_.write_back_delay,
            .write_back_measures = &write_back_measures,
            .peers = settings_.warm_from == WarmFrom::nothing ? nullptr : this},
        index, place);
  }
  PlaceId next_place() const { return places_[members_.size()]; }

  void give_origin(CacheNode& to) {
    if (!settings_.origin.empty()) {
      Fleet& behind = directory_->component(settings_.origin).fleet();
      const bool is_cache = behind.size() > 0 && dynamic_cast<CacheNode*>(&behind[0]) != nullptr;
      to.connect(directory_->client(settings_.origin, to.index()), is_cache, settings_.call,
                 context_.stream("back-off"));
    }
  }

  // ---- Whose a key is ----

  NodeList make_routing(const std::string& purpose) const {
    return NodeList(
        settings_.routing.make({.random = context_.stream(purpose).sequence(),
                                .seed = combine(combine(context_.seed, context_.replication),
                                                hash_bytes(context_.name))}));
  }
  /// Whoever takes the place of a node that has left has its name: clients give it the same keys.
  std::uint64_t list_name_of(const Instance& node) const {
    return hash_bytes(context_.name + "-" + std::to_string(positions_[node.index()]));
  }

  NodeList list_of_members(const std::string& purpose) {
    NodeList nodes = make_routing(purpose);
    for (const std::uint32_t member : members_) {
      nodes.add(member, list_name_of(fleet_[member]), fleet_[member].place());
    }
    nodes.use([this](std::uint32_t index) {
      return members_.size() > positions_[index] && members_[positions_[index]] == index;
    });
    return nodes;
  }

  /// Each went to the node of its key, or to one after the other where keys have none.
  void repeat_earlier_reads() {
    std::optional<NodeList> nodes;
    if (settings_.is_divided()) {
      nodes.emplace(list_of_members("earlier reads"));
    }
    stampede::repeat_earlier_reads(
        settings_.keep.earlier_reads, context_, [&](const Request& read) {
          const auto any = static_cast<std::uint32_t>(read.id % fleet_.size());
          node(nodes ? nodes->choose(read, Time()) : any).read_earlier(read);
        });
  }

  void warm(CacheNode& cold) override {
    if (settings_.warm_from == WarmFrom::peer) {
      copy_from_first_peer(cold);
    } else {
      copy_what_belongs_to(cold);
    }
  }
  void copy_from_first_peer(CacheNode& cold) {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      if (i != cold.index() && fleet_[i].is_up()) {
        cold.copy_from(node(i), [](std::uint64_t) { return true; });
        return;
      }
    }
  }
  void copy_what_belongs_to(CacheNode& cold) {
    NodeList nodes = list_of_members("warming");
    for (const std::uint32_t member : members_) {
      if (member != cold.index() && fleet_[member].is_up()) {
        cold.copy_from(node(member), [&](std::uint64_t key) {
          Request request;
          request.key = key;
          return nodes.choose(request, context_.simulation.now()) == cold.index();
        });
      }
    }
  }

  // ---- Resizing ----

  static Process resize(Cache& cache) {
    for (const ResizeSettings& step : cache.settings_.resize) {
      co_await cache.context_.simulation.until(Time::from_start(step.at));
      cache.resize_to(static_cast<std::size_t>(step.replicas));
    }
    co_return Done();
  }

  void resize_to(std::size_t replicas) {
    while (members_.size() > replicas) {
      node(members_.back()).leave();
      members_.pop_back();
    }
    while (members_.size() < replicas) {
      std::unique_ptr<CacheNode> made = make_node(next_place());
      Knob::Hold off = made->hold_down(KilledWork::answers_broken);
      give_origin(static_cast<CacheNode&>(fleet_.add(std::move(made))));
      off.release();  // it boots, and clients hear of it when it is ready
    }
  }

  // ---- Of the replicas that it lives in ----

  void added(Instance& host) override {
    give_origin(static_cast<CacheNode&>(fleet_.add(make_node(host.place()))));
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
  std::vector<PlaceId> places_;           ///< by position
  std::vector<std::uint32_t> members_;    ///< the nodes that there are now, by position
  std::vector<std::uint32_t> positions_;  ///< by index in the fleet, of those that left as well
  Fleet fleet_;
  std::vector<Knob::Hold> held_;  ///< nodes whose process is dead
  Scope scope_;
};

const Register<Component, Cache, CacheSettings> registered{
    "cache", "keeps copies of items near those who use them"};

}  // namespace
}  // namespace stampede
