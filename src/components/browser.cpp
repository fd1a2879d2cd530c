#include <tsl/robin_map.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "components/cache/cache_table.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/eviction.hpp"
#include "stampede/model/stay.hpp"

namespace stampede {
namespace {

struct BrowserSettings {
  std::optional<Bytes> capacity;
  std::optional<std::uint64_t> max_entries;
  Duration ttl;
  std::vector<std::string> cacheable;
  ComponentName origin;
};
void describe(Visitor& v, BrowserSettings& s) {
  v.field("capacity", s.capacity, "how much each user's cache holds, by the sizes of the answers",
          more_than(Bytes{0}));
  v.field("max_entries", s.max_entries, "how many answers each user's cache holds", at_least(1));
  v.field("ttl", s.ttl, "how long an answer is fresh (max-age of Cache-Control)", required(),
          more_than(Duration()));
  v.field("cacheable", s.cacheable, "request types whose answers are kept; all unless given");
  v.field("origin", s.origin, "where everything else is sent", required());
  for (const std::string& type : s.cacheable) {
    v.declare(HandlesType{type, "cacheable", {}});
  }
  v.check(s.capacity.has_value() + s.max_entries.has_value() == 1, "capacity",
          "or max_entries must be given, and only one of them", "such as max_entries: 100");
  v.declare(PassesOn{});
  v.declare(OnUsersDevices{});
}

const Measure reads{"browser", Measure::count, "reads", "requests for what may be kept"};
const Measure hits{"browser", Measure::count, "hits",
                   "those of them that never left the user's device"};
const Measure stale_hits{"browser", Measure::count, "stale_hits",
                         "hits that showed what a committed write had replaced"};
const Measure hit_ratio{"browser", "hit_ratio", "share of the reads that were hits", hits, reads};
const Measure stale_ratio{"browser", "stale_ratio", "share of the hits that were stale", stale_hits,
                          hits};
const Measure entries{"browser", Measure::level, "entries", "answers that all users' caches hold"};

/// The private caches of users (RFC 9111): each finds what the same user was shown before. It is on
/// the user's device, so a hit takes no time and crosses no network, nobody can purge it, and it
/// has no instances that could fail.
class Browser final : public Component {
 public:
  Browser(const BrowserSettings& settings, const Context& context)
      : settings_(settings),
        context_(context),
        random_(context.stream("eviction")),
        observer_(context.observer),
        reads_(observer_.tally(reads)),
        hits_(observer_.tally(hits)),
        stale_hits_(observer_.tally(stale_hits)),
        entries_(observer_.gauge(entries)),
        scope_(context.simulation) {}

  static Theory theory(const BrowserSettings& settings) {
    Theory theory{.copies = CopiesTheory{.ttl = settings.ttl.seconds(),
                                         .forgetting = Forgetting::lru,
                                         .drops_written = true,
                                         .tells_types_apart = true,
                                         .whom = CopiesTheory::For::user}};
    if (settings.capacity) {
      theory.copies->capacity_bytes = static_cast<double>(settings.capacity->count);
    }
    if (settings.max_entries) {
      theory.copies->capacity_entries = static_cast<double>(*settings.max_entries);
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
    for (const std::string& type : settings_.cacheable) {
      const RequestTypeId id = context_.request_types.add(type);
      cacheable_.resize(std::max<std::size_t>(cacheable_.size(), id + 1U));
      cacheable_[id] = true;
    }
    directory_ = &directory;
  }
  void start() override { origin_ = &directory_->client(settings_.origin, 0); }

  Fleet& fleet() override { return fleet_; }
  std::unique_ptr<Endpoint> client(std::uint32_t) override {
    return std::make_unique<ClientOf<Browser>>(*this);
  }
  Scope& scope() { return scope_; }

 private:
  friend class ClientOf<Browser>;

  Reply call(const Request& request) {
    if (request.operation != Operation::read || !is_cacheable(request)) {
      return pass(*this, request);
    }
    reads_.add();
    const std::optional<Response> kept = look_up(request);
    if (!kept) {
      return pass(*this, request);
    }
    Visit visit;
    visit.arrived = context_.simulation.now();
    visit.started = true;
    observer_.passed(visit.arrived, visit);
    return Reply(*kept);
  }

  bool is_cacheable(const Request& request) const {
    return cacheable_.empty() || (request.type < cacheable_.size() && cacheable_[request.type]);
  }

  std::optional<Response> look_up(const Request& request) {
    const auto found = caches_.find(user_of(request));
    if (found == caches_.end()) {
      return std::nullopt;
    }
    CacheTable& table = *found->second;
    const EntrySlot slot = table.ask(key_of(request));
    if (slot == CacheTable::nobody) {
      return std::nullopt;
    }
    const CachedItem& item = table[slot];
    if (context_.simulation.now() >= item.fresh_until) {
      return std::nullopt;
    }
    Response response;
    response.size = item.size;
    response.stamp = item.stamp;
    response.stale = context_.truth.is_stale(item.stamp, request.key);
    hits_.add();
    stale_hits_.add(response.stale ? 1 : 0);
    return response;
  }

  static Reply pass(Browser& browser, Request request) {
    Response response;
    {
      Stay stay(browser.observer_, browser.context_.simulation);
      stay.start();
      Reply reply = browser.origin_->call(request);
      response = co_await reply.relayed();
      stay.end(response.outcome);
    }
    if (response.ok() && request.operation != Operation::read) {
      browser.invalidate(request);
    } else if (response.ok() && browser.is_cacheable(request)) {
      browser.keep(request, response);
    }
    co_return response;
  }

  /// A good answer to a write makes what was kept of the same key invalid (RFC 9111 §4.4), in
  /// answers of whatever type.
  void invalidate(const Request& request) {
    const auto found = caches_.find(user_of(request));
    for (std::size_t type = 0; found != caches_.end() && type < context_.request_types.size();
         ++type) {
      drop(*found->second, combine(request.key, type));
    }
  }
  void drop(CacheTable& table, std::uint64_t key) {
    const EntrySlot old = table.find(key);
    if (old != CacheTable::nobody) {
      table.remove(old);
      entries_.change(context_.simulation.now(), -1);
    }
  }

  void keep(const Request& request, const Response& response) {
    CacheTable& table = cache_of(user_of(request));
    const std::uint64_t key = key_of(request);
    drop(table, key);
    const EntrySlot slot = table.insert(key, settings_.capacity ? std::max(response.size, 1U) : 1,
                                        [this](std::uint64_t, const CachedItem&) {
                                          entries_.change(context_.simulation.now(), -1);
                                        });
    if (slot != CacheTable::nobody) {
      entries_.change(context_.simulation.now(), 1);
      CachedItem& item = table[slot];
      item.stamp = response.stamp;
      item.size = response.size;
      item.fresh_until = context_.simulation.now() + settings_.ttl;
    }
  }

  CacheTable& cache_of(std::uint64_t user) {
    std::unique_ptr<CacheTable>& table = caches_[user];
    if (!table) {
      const std::uint64_t capacity =
          settings_.capacity ? settings_.capacity->count : *settings_.max_entries;
      table = std::make_unique<CacheTable>(
          capacity, lru_.make({.capacity = capacity, .random = random_.sequence()}));
    }
    return *table;
  }

  static std::uint64_t user_of(const Request& request) {
    return combine(request.user, request.population);
  }
  static std::uint64_t key_of(const Request& request) { return combine(request.key, request.type); }

  BrowserSettings settings_;
  Context context_;
  Choice<EvictionPolicy> lru_ = Choice<EvictionPolicy>::of("lru");
  Stream random_;
  ComponentObserver& observer_;
  Tally& reads_;
  Tally& hits_;
  Tally& stale_hits_;
  Gauge& entries_;
  Directory* directory_ = nullptr;
  Endpoint* origin_ = nullptr;
  std::vector<bool> cacheable_;
  tsl::robin_map<std::uint64_t, std::unique_ptr<CacheTable>> caches_;
  Fleet fleet_;
  Scope scope_;
};

const Register<Component, Browser, BrowserSettings> registered{
    "browser", "a cache on the device of each user, in front of everything else"};

}  // namespace
}  // namespace stampede
