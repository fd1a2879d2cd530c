#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "components/object_storage/objects.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/server.hpp"

namespace stampede {
namespace {

// ---- Measures ---------------------------------------------------------------------------------

constexpr const char* kind = "object_storage";

const Measure reads{kind, Measure::count, "reads", "reads that found an object"};
const Measure writes{kind, Measure::count, "writes", "objects that were written or removed"};
const Measure not_found{kind, Measure::count, "not_found", "reads of what is not there"};
const Measure retrievals{kind, Measure::count, "retrievals", "objects that were got back"};

/// Of one tier.
struct TierMeasures {
  explicit TierMeasures(const std::string& tier)
      : reads(kind, Measure::count, tier + "_reads", "reads answered from " + tier),
        share(kind, tier + "_share", "share of the reads that were answered from " + tier, reads,
              stampede::reads),
        bytes(kind, Measure::level, tier + "_bytes", "data in " + tier + ", whose size is known"),
        time(kind, Measure::times, tier + "_time",
             "time that a read from " + tier + " took, getting it back included") {}
  Measure reads;
  Measure share;
  Measure bytes;
  Measure time;
};
const std::array<TierMeasures, tier_count> measures_by_tier{
    TierMeasures("hot"), TierMeasures("cool"), TierMeasures("archive")};

struct ToldOfTier {
  Tally& reads;
  Gauge& bytes;
  Timing& time;
};

// ---- Rate limits ------------------------------------------------------------------------------

/// Tokens that come at a rate; there is room for those of one second, and for one at least. It
/// keeps the time at which the next token would come to an empty bucket, in whole nanoseconds (the
/// generic cell rate algorithm, ITU-T I.371): a sum of fractions of tokens would be short of one by
/// a rounding error at times, and lose a request to it.
class TokenBucket {
 public:
  explicit TokenBucket(Rate rate)
      : interval_(Duration::from_seconds(1 / rate.per_second)),
        ahead_(std::max(Duration(), Duration::nanoseconds(1'000'000'000) - interval_)) {}

  bool take(Time now) {
    const Time next = std::max(next_, now);
    if (next - now > ahead_) {
      return false;
    }
    next_ = next + interval_;
    return true;
  }

 private:
  Duration interval_;  ///< between two tokens
  Duration ahead_;     ///< how early one may be taken: that of the room for more than one
  Time next_;
};

// ---- The store --------------------------------------------------------------------------------

/// Where objects are read and written, by any number of requests at a time. A read after a write
/// shows it, as in Amazon S3 since 2020.
class ObjectServer final : public Server {
 public:
  ObjectServer(const ObjectStorageSettings& settings, const Component::Context& context,
               PlaceId place)
      : Server(context, {.cpu = no_cpu, .workers = 0, .boot_time = settings.boot_time}, 0, place),
        settings_(settings),
        truth_(context.truth),
        store_(context.truth.add_store()),
        objects_(settings, context.stream("sizes"), context.stream("ages")),
        first_bytes_(context.stream("first byte")),
        retrieval_delays_(context.stream("retrieval")),
        reads_(context.observer.tally(reads)),
        writes_(context.observer.tally(writes)),
        not_found_(context.observer.tally(not_found)),
        retrievals_(context.observer.tally(retrievals)) {
    for (const TierMeasures& measures : measures_by_tier) {
      tiers_.push_back({context.observer.tally(measures.reads),
                        context.observer.gauge(measures.bytes),
                        context.observer.timing(measures.time)});
    }
    if (settings.rate_limit) {
      const auto prefixes = static_cast<std::size_t>(settings.rate_limit->prefixes);
      if (settings.rate_limit->reads) {
        read_limits_.assign(prefixes, TokenBucket(*settings.rate_limit->reads));
      }
      if (settings.rate_limit->writes) {
        write_limits_.assign(prefixes, TokenBucket(*settings.rate_limit->writes));
      }
    }
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  /// Moves what has become old enough, and counts what lies where.
  void apply_rule() {
    objects_.apply_rule(since_start());
    const Objects::BytesByTier now = objects_.bytes_by_tier();
    for (std::size_t tier = 0; tier < tier_count; ++tier) {
      change_bytes(tier, now[tier] - bytes_[tier]);
    }
  }

 private:
  inline static const std::optional<CpuSettings> no_cpu{};

  /// What was got back from a tier that takes its time.
  struct Restored {
    Tier from;
    Time ready;
    Time until;
  };
  /// Where an object is found, and when it can be read there.
  struct Found {
    Tier tier;
    Time ready;
  };

  Reply serve(const Request& asked) override {
    const Request request = asked;
    const bool is_read = request.operation == Operation::read;
    Response response;
    {
      Stay stay = arrive();
      if (is_over_limit(request)) {
        stay.end(Outcome::rejected_rate_limited);
      } else {
        stay.start();
        Task<Response> work = is_read ? read(*this, request) : write(*this, request);
        response = co_await work;
        stay.end(response.outcome);
      }
      response.outcome = stay.outcome();
    }
    response.version = version();
    co_return response;
  }

  bool is_over_limit(const Request& request) {
    std::vector<TokenBucket>& limits =
        request.operation == Operation::read ? read_limits_ : write_limits_;
    return !limits.empty() && !limits[mix(request.key) % limits.size()].take(simulation().now());
  }

  // ---- Reads and writes ----

  static Task<Response> read(ObjectServer& store, Request request) {
    Simulation& simulation = store.simulation();
    const Time asked = simulation.now();
    const Objects::Object sought = store.objects_.of(request.key);
    const Found found = sought.exists ? store.find(request, sought) : Found{Tier::hot, asked};
    co_await simulation.until(found.ready);

    // What is read is what there is now: in hours, it may have been written anew, or removed.
    const Objects::Object object = store.objects_.of(request.key);
    Response response;
    response.stamp = store.truth_.latest(store.store_, request.key);
    response.stale = store.truth_.is_stale(response.stamp, request.key);

    const bool was_got_back = found.ready > asked;
    const TierSettings& tier = was_got_back ? store.settings_.hot : store.settings_.of(found.tier);
    const Duration first_byte = store.draw_first_byte(tier.first_byte, request);
    co_await simulation.delay(first_byte);
    if (store.fails(request)) {
      const Response failure = Response::with(Outcome::error);
      co_return failure;
    }
    if (!object.exists) {
      store.not_found_.add();
      response.found = false;
      co_return response;
    }
    const std::uint64_t size = object.size.count > 0 ? object.size.count : request.response_size;
    const Duration flow = time_to_flow(size, tier.throughput);
    co_await simulation.delay(flow);
    response.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, UINT32_MAX));
    store.reads_.add();
    const ToldOfTier& told = store.tiers_[static_cast<std::size_t>(found.tier)];
    told.reads.add();
    told.time.took(simulation.now() - asked);
    co_return response;
  }

  static Task<Response> write(ObjectServer& store, Request request) {
    Simulation& simulation = store.simulation();
    const ObjectStorageSettings& settings = store.settings_;
    const Distribution<Duration>& first_byte =
        settings.write ? *settings.write : settings.hot.first_byte;
    const bool is_removal = request.operation == Operation::remove;
    const Duration work = store.draw_first_byte(first_byte, request) +
                          time_to_flow(is_removal ? 0 : request.size, settings.hot.throughput);
    co_await simulation.delay(work);
    Response response;
    if (store.fails(request)) {
      response.outcome = Outcome::error;
      co_return response;
    }
    response.stamp = store.truth_.begin_write(store.store_, request.key, request.stamp);
    store.truth_.commit(response.stamp, request.key);
    store.restored_.erase(request.key);
    const Objects::Object object{!is_removal, Bytes{request.size}, store.since_start()};
    store.replace(request.key, store.objects_.of(request.key), object);
    store.writes_.add();
    co_return response;
  }

  /// Where a read finds an object; it sets out to get it back, and the object is young again, if
  /// such are the rules.
  Found find(const Request& request, const Objects::Object& object) {
    const Time now = simulation().now();
    Found found{objects_.tier_of(object), now};
    const auto restored = restored_.find(request.key);
    if (restored != restored_.end() && now < restored->second.until) {
      const Restored& copy = restored->second;
      found = now < copy.ready ? Found{copy.from, copy.ready} : Found{Tier::hot, now};
    } else if (const TierSettings& tier = settings_.of(found.tier);
               !tier.retrieval_delay.is_zero()) {
      Draw draw = retrieval_delays_.at(request.luck);
      found.ready = now + tier.retrieval_delay.sample(draw);
      restored_[request.key] = {found.tier, found.ready, found.ready + tier.restored_for};
      retrievals_.add();
    }
    if (settings_.lifecycle && settings_.lifecycle->since == AgeSince::last_access) {
      Objects::Object touched = object;
      touched.since = since_start();
      replace(request.key, object, touched);
    }
    return found;
  }

  void replace(std::uint64_t key, const Objects::Object& before, const Objects::Object& after) {
    if (before.exists) {
      change_bytes(tier_index(before), -static_cast<std::int64_t>(before.size.count));
    }
    if (after.exists) {
      change_bytes(tier_index(after), static_cast<std::int64_t>(after.size.count));
    }
    objects_.set(key, after);
  }
  std::size_t tier_index(const Objects::Object& object) const {
    return static_cast<std::size_t>(objects_.tier_of(object));
  }
  void change_bytes(std::size_t tier, std::int64_t by) {
    bytes_[tier] += by;
    tiers_[tier].bytes.change(simulation().now(), by);
  }

  Duration draw_first_byte(const Distribution<Duration>& law, const Request& request) const {
    Draw draw = first_bytes_.at(request.luck);
    return law.sample(draw);
  }
  static Duration time_to_flow(std::uint64_t bytes, const std::optional<Bandwidth>& throughput) {
    return throughput
               ? Duration::from_seconds(static_cast<double>(bytes) / throughput->bytes_per_second)
               : Duration();
  }
  Duration since_start() { return simulation().now() - Time(); }

  const ObjectStorageSettings& settings_;
  Truth& truth_;
  std::uint16_t store_;
  Objects objects_;
  Objects::BytesByTier bytes_{};
  tsl::robin_map<std::uint64_t, Restored> restored_;  ///< by key
  std::vector<TokenBucket> read_limits_;              ///< by prefix; empty: no limit
  std::vector<TokenBucket> write_limits_;
  Stream first_bytes_;
  Stream retrieval_delays_;
  Tally& reads_;
  Tally& writes_;
  Tally& not_found_;
  Tally& retrievals_;
  std::vector<ToldOfTier> tiers_;
  Knob::Hold own_errors_;
};

class ObjectStorage final : public Component {
 public:
  ObjectStorage(const ObjectStorageSettings& settings, const Context& context)
      : settings_(settings), simulation_(context.simulation), scope_(context.simulation) {
    const PlaceId place = places_of(settings.placement(), context.network.geography()).front();
    fleet_.add(std::make_unique<ObjectServer>(settings_, context, place));
  }

  /// Of what lies in the hot tier.
  static Theory theory(const ObjectStorageSettings& settings) {
    Theory theory;
    theory.handlers = {
        {.operation = Operation::read, .flow = Flow::wait(settings.hot.first_byte)},
        {.flow = Flow::wait(settings.write ? *settings.write : settings.hot.first_byte)}};
    if (settings.hot.throughput) {
      theory.remarks.emplace_back("the time that data flows is left out");
    }
    if (settings.cool || settings.archive) {
      theory.remarks.emplace_back("all objects are taken to be hot");
    }
    return theory;
  }

  void connect(Directory&) override {}
  void start() override { static_cast<void>(keep_the_rule(*this)); }
  Fleet& fleet() override { return fleet_; }
  Scope& scope() { return scope_; }

 private:
  /// Goes on when nobody can be reached.
  static Process keep_the_rule(ObjectStorage& storage) {
    auto& server = static_cast<ObjectServer&>(storage.fleet_[0]);
    server.apply_rule();
    while (storage.settings_.lifecycle) {
      co_await storage.simulation_.delay(storage.settings_.lifecycle->interval);
      server.apply_rule();
    }
    co_return Done();
  }

  ObjectStorageSettings settings_;
  Simulation& simulation_;
  Fleet fleet_;
  Scope scope_;
};

const Register<Component, ObjectStorage, ObjectStorageSettings> registered{
    "object_storage", "a store of objects in tiers, where what is old takes its time"};

}  // namespace
}  // namespace stampede
