#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "components/cache/cache_node.hpp"

namespace stampede {
namespace {

struct CdnCacheSettings {
  KeepSettings keep;
};
void describe(Visitor& v, CdnCacheSettings& s) {
  describe_keeping(v, s.keep);
  check_keeping(v, s.keep, /*has_origin=*/true, /*tells_types_apart=*/true);
  for (const EarlierReads& reads : s.keep.earlier_reads) {
    v.declare(HandlesType{reads.request, "earlier_reads", {}});
  }
}

struct CdnSettings {
  CdnCacheSettings cache;
  std::vector<std::string> cacheable;
  ComponentName origin;
  CallSettings call;
  std::vector<ZoneName> regions;
  Distribution<Duration> latency;
  Distribution<Duration> purge_delay;
  std::optional<CdnCacheSettings> origin_shield;
};
void describe(Visitor& v, CdnSettings& s) {
  v.field("cache", s.cache, "what each point of presence keeps", required());
  v.field("cacheable", s.cacheable,
          "request types that may be answered from the cache; all unless given");
  v.field("origin", s.origin, "what it fetches from, and passes everything else on to", required());
  describe_call(v, s.call);
  v.field("regions", s.regions,
          "regions that have a point of presence; each one unless given. Users elsewhere go to the "
          "first");
  v.field("latency", s.latency, "from users to their point of presence, and back");
  v.field(
      "purge_delay", s.purge_delay,
      "from the order to purge an item, which is answered at once, until a point of presence has "
      "done so; drawn for each");
  v.field(
      "origin_shield", s.origin_shield,
      "one more cache, between all points of presence and the origin; it stands where the first "
      "of them does");
  v.declare(PassesOn{});
  v.declare(StandsWithUsers{});
  for (const std::string& type : s.cacheable) {
    v.declare(HandlesType{type, "cacheable", {}});
  }
}

const CacheMeasures measures{"cdn"};
const Measure requests_served{"cdn", Measure::count, "served", "requests of users, all types"};
const Measure requests_offloaded{"cdn", Measure::count, "offloaded",
                                 "requests of users less those that the origin saw"};
const Measure egress{"cdn", Measure::count, "egress_bytes", "payload sent to users"};
const Measure from_origin_bytes{"cdn", Measure::count, "origin_bytes",
                                "payload that came from the origin"};
const Measure origin_offload{"cdn", "origin_offload",
                             "one less the requests that the origin saw by those of users",
                             requests_offloaded, requests_served};
const CacheMeasures shield_measures{"cdn", "shield_"};

/// A point of presence, or the shield behind them.
class EdgeNode final : public CacheNode {
 public:
  EdgeNode(const Component::Context& context, const Settings& settings,
           const std::vector<bool>& cacheable, bool faces_users, bool faces_origin,
           std::uint32_t index, PlaceId place)
      : CacheNode(context, faces_users ? measures : shield_measures, settings, index, place),
        cacheable_(cacheable),
        faces_users_(faces_users),
        faces_origin_(faces_origin),
        served_(context.observer.tally(requests_served)),
        offloaded_(context.observer.tally(requests_offloaded)),
        egress_(context.observer.tally(egress)),
        from_origin_(context.observer.tally(from_origin_bytes)) {}

 private:
  bool is_cacheable(const Request& request) const override {
    return cacheable_.empty() || (request.type < cacheable_.size() && cacheable_[request.type]);
  }
  void answered(const Response& response) override {
    if (faces_users_) {
      served_.add();
      offloaded_.add();
      egress_.add(response.size);
    }
  }
  void origin_answered(const Response& response) override {
    if (faces_origin_) {
      offloaded_.add(-1);
      from_origin_.add(response.size);
    }
  }

  const std::vector<bool>& cacheable_;  ///< by request type; empty: all
  bool faces_users_;
  bool faces_origin_;  ///< not the shield
  Tally& served_;
  Tally& offloaded_;
  Tally& egress_;
  Tally& from_origin_;
};

class Cdn final : public Component {
 public:
  Cdn(const CdnSettings& settings, const Context& context)
      : settings_(settings), context_(context), ways_(context.simulation) {
    const Geography& geography = context.network.geography();
    for (const std::size_t region : regions_of(geography)) {
      add_node(settings_.cache.keep, /*faces_users=*/true, geography.users_of(region));
    }
    points_ = fleet_.size();
    if (settings_.origin_shield) {
      add_node(settings_.origin_shield->keep, /*faces_users=*/false, fleet_[0].place());
    }
  }

  static Theory theory(const CdnSettings& settings) {
    Theory theory{.copies = theory_of(settings.cache.keep), .way_to_users = settings.latency};
    theory.copies->whom = CopiesTheory::For::instance;
    theory.copies->drops_written = true;
    theory.copies->tells_types_apart = true;
    if (settings.origin_shield) {
      theory.copies->unknown = "a shield, which sees what others have missed";
    }
    if (!settings.cache.keep.grace.is_zero()) {
      theory.remarks.emplace_back("hits in grace are left out");
    }
    const Flow fetch = Flow::call({.target = settings.origin.name});
    const Flow look = Flow::on_miss("", {fetch});
    for (const std::string& type : settings.cacheable) {
      theory.handlers.push_back({.type = type, .operation = Operation::read, .flow = look});
    }
    if (settings.cacheable.empty()) {
      theory.handlers.push_back({.operation = Operation::read, .flow = look});
    }
    theory.handlers.push_back({.flow = fetch});
    return theory;
  }

  void connect(Directory& directory) override {
    directory_ = &directory;
    for (const std::string& type : settings_.cacheable) {
      const RequestTypeId id = context_.request_types.add(type);
      cacheable_.resize(std::max<std::size_t>(cacheable_.size(), id + 1U));
      cacheable_[id] = true;
    }
  }

  void start() override {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      const bool has_shield = settings_.origin_shield && i < points_;
      Endpoint& origin = has_shield ? fleet_[points_] : directory_->client(settings_.origin, i);
      node(i).connect(origin, /*is_cache=*/false, settings_.call, context_.stream("back-off"));
    }
    repeat_earlier_reads(settings_.cache.keep.earlier_reads, context_, [this](const Request& read) {
      for (std::uint32_t i = 0; i < points_; ++i) {
        if (!node(i).read_earlier(read) && settings_.origin_shield) {
          node(static_cast<std::uint32_t>(points_)).read_earlier(read);
        }
      }
    });
  }

  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<NearestPoint>(*this);
  }

  Scope& scope() { return ways_; }

 private:
  /// The way of a user to the point of presence of the region.
  class NearestPoint final : public Endpoint {
   public:
    explicit NearestPoint(Cdn& cdn) : cdn_(cdn), latencies_(cdn.context_.stream("latency")) {}

    Reply call(const Request& request) override {
      if (request.operation == Operation::invalidate) {
        cdn_.purge(request);
        return Response();
      }
      EdgeNode& point = nearest(request.from);
      if (point.place() != request.from) {
        return point.call(request);  // from abroad, or from within a data centre
      }
      return cdn_.settings_.latency.is_zero() ? point.call_inside(request)
                                              : carry(cdn_, point, latencies_, request);
    }

   private:
    EdgeNode& nearest(PlaceId from) {
      const Geography& geography = cdn_.context_.network.geography();
      for (std::uint32_t i = 0; i < cdn_.points_; ++i) {
        EdgeNode& point = cdn_.node(i);
        if (geography.places()[point.place()].region == geography.places()[from].region) {
          return point;
        }
      }
      return cdn_.node(0);
    }

    static Reply carry(Cdn& cdn, EdgeNode& point, Stream latencies, Request request) {
      Draw draw = latencies.at(request.luck);
      const Duration in = cdn.settings_.latency.sample(draw);
      const Duration out = cdn.settings_.latency.sample(draw);
      co_await cdn.context_.simulation.delay(in);
      Reply reply = point.call_inside(request);
      const Response response = co_await reply.relayed();
      co_await cdn.context_.simulation.delay(out);
      co_return response;
    }

    Cdn& cdn_;
    Stream latencies_;
  };

  /// At all points of presence, and at the shield, each in its time.
  void purge(const Request& request) {
    Draw draw = context_.stream("purge delay").at(request.luck);
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      if (settings_.purge_delay.is_zero()) {
        node(i).purge(request);
      } else {
        const Duration delay = settings_.purge_delay.sample(draw);
        static_cast<void>(purge_later(*this, node(i), delay, request));
      }
    }
  }
  static Process purge_later(Cdn& cdn, EdgeNode& point, Duration delay, Request request) {
    co_await cdn.context_.simulation.delay(delay);
    point.purge(request);
    co_return Done();
  }

  std::vector<std::size_t> regions_of(const Geography& geography) const {
    std::vector<std::size_t> regions;
    for (const ZoneName& name : settings_.regions) {
      if (const auto region = geography.region(name.name)) {
        regions.push_back(*region);
      } else if (const auto zone = geography.zone(name.name)) {
        regions.push_back(geography.places()[*zone].region);
      }
    }
    for (std::size_t i = 0; settings_.regions.empty() && i < geography.regions().size(); ++i) {
      regions.push_back(i);
    }
    return regions;
  }

  void add_node(const KeepSettings& keep, bool faces_users, PlaceId place) {
    fleet_.add(std::make_unique<EdgeNode>(
        context_,
        CacheNode::Settings{.keep = keep,
                            .access = no_time_,
                            .tells_types_apart = true,
                            .server = {.cpu = no_cpu_, .workers = 0, .boot_time = no_time_}},
        cacheable_, faces_users, /*faces_origin=*/!faces_users || !settings_.origin_shield,
        static_cast<std::uint32_t>(fleet_.size()), place));
  }

  EdgeNode& node(std::uint32_t i) { return static_cast<EdgeNode&>(fleet_[i]); }

  CdnSettings settings_;
  Context context_;
  std::optional<CpuSettings> no_cpu_;
  Distribution<Duration> no_time_;
  Directory* directory_ = nullptr;
  std::vector<bool> cacheable_;
  std::size_t points_ = 0;
  Fleet fleet_;
  Scope ways_;
};

const Register<Component, Cdn, CdnSettings> registered{
    "cdn", "caches near users, one for each region, in front of an origin"};

}  // namespace
}  // namespace stampede
