#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "components/cache/cache_table.hpp"
#include "components/cache/settings.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/model/server.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {

/// What every kind of cache measures. Names begin with `prefix`.
struct CacheMeasures {
  explicit CacheMeasures(std::string_view kind, const std::string& prefix = "")
      : reads{kind, Measure::count, prefix + "reads", "reads of items"},
        hits{kind, Measure::count, prefix + "hits",
             "reads that were answered with an item from the cache"},
        stale_hits{kind, Measure::count, prefix + "stale_hits",
                   "hits that showed what a committed write had replaced"},
        collapsed{kind, Measure::count, prefix + "collapsed",
                  "reads that waited for somebody else's fetch and took its answer"},
        fetches{kind, Measure::count, prefix + "fetches",
                "requests that the cache sent to its origin"},
        hit_ratio{kind, prefix + "hit_ratio", "share of the reads that were hits", hits, reads},
        stale_ratio{kind, prefix + "stale_ratio", "share of the hits that were stale", stale_hits,
                    hits},
        entries{kind, Measure::level, prefix + "entries", "items that the cache holds"},
        bytes{kind, Measure::level, prefix + "bytes", "sizes of the items that the cache holds"} {}

  Measure reads;
  Measure hits;
  Measure stale_hits;
  Measure collapsed;
  Measure fetches;
  Measure hit_ratio;
  Measure stale_ratio;
  Measure entries;
  Measure bytes;
};

/// One node of a cache: a table of items and what is done with requests for them.
///
/// Without an origin it is looked aside: who reads learns that the item is not there, fetches it
/// and writes it into the cache. With one, reads go through it.
class CacheNode : public Server {
 public:
  struct Settings {
    const KeepSettings& keep;
    const Distribution<Duration>& access;  ///< work of an access on the node's CPU
    bool tells_types_apart;                ///< the same key is another item for each request type
    Server::Settings server;
  };

  CacheNode(const Component::Context& context, const CacheMeasures& measures,
            const Settings& settings, std::uint32_t index, PlaceId place)
      : Server(context, settings.server, index, place),
        keep_(settings.keep),
        access_(settings.access),
        tells_types_apart_(settings.tells_types_apart),
        truth_(context.truth),
        accesses_(context.stream("access")),
        ttls_(context.stream("ttl")),
        early_(context.stream("early refresh")),
        reads_(context.observer.tally(measures.reads)),
        hits_(context.observer.tally(measures.hits)),
        stale_hits_(context.observer.tally(measures.stale_hits)),
        collapsed_(context.observer.tally(measures.collapsed)),
        fetches_(context.observer.tally(measures.fetches)),
        entries_(context.observer.gauge(measures.entries)),
        bytes_(context.observer.gauge(measures.bytes)) {
    make_table(context);
    if (keep_.collapse_timeout) {
      collapse_timeouts_ = &context.simulation.timeouts(*keep_.collapse_timeout);
    }
  }

  /// Reads go through it from now on.
  void connect(Endpoint& origin, const CallSettings& call, const Stream& back_off) {
    origin_.emplace(simulation(), origin, call, back_off);
  }

  /// A request from within the same process: there is no network in between.
  Reply call_inside(const Request& request) {
    return is_up() ? serve(request) : Reply(Response::with(Outcome::unreachable));
  }

  /// Forgets everything.
  void flush() {
    table_->clear([this](const CachedItem& item) { left(item); });
  }

 protected:
  Reply serve(const Request& request) override {
    if (!access_.is_zero()) {
      return serve_in_time(request);
    }
    if (fails(request)) [[unlikely]] {
      return told(Response::with(Outcome::error));
    }
    const std::optional<Response> answer = act(request);
    if (answer) {
      answered(*answer, /*from_origin=*/false);
      return told(*answer);
    }
    return serve_through_origin(request);
  }

  /// Whether the cache has anything to do with it; what it has not is passed on to the origin.
  virtual bool is_cacheable(const Request&) const { return true; }
  /// An answer leaves; `from_origin` tells whether the origin was asked for it.
  virtual void answered(const Response&, bool from_origin) { static_cast<void>(from_origin); }

  void went_down(KilledWork) override {
    fetching_.clear();
    if (!keep_.persistent) {
      flush();
    }
  }

 private:
  /// A fetch under way, for those who wait for it.
  struct Fetch {
    explicit Fetch(Simulation& simulation) : ended(simulation) {}
    Signal ended;
    std::optional<Response> answer;
  };

  // ---- The life of a request here ----

  /// A visit that takes no time.
  Reply told(const Response& response) {
    Stay stay(*this);
    stay.start();
    stay.end(response.outcome);
    return Reply(response);
  }

  Reply serve_in_time(const Request& asked) {
    const Request request = asked;
    Response response;
    {
      Stay stay(*this);
      stay.start();
      Draw draw = accesses_.at(request.luck);
      const Duration demand = access_.sample(draw);
      const Duration waited = co_await cpu().work(demand);
      stay.add_cpu_wait(waited);
      if (fails(request)) {
        response.outcome = Outcome::error;
      } else if (const std::optional<Response> answer = act(request)) {
        response = *answer;
        answered(response, /*from_origin=*/false);
      } else {
        Task<Response> through = go_through(*this, request);
        response = co_await through;
      }
      stay.end(response.outcome);
    }
    response.version = version();
    co_return response;
  }

  Reply serve_through_origin(const Request& asked) {
    const Request request = asked;
    Response response;
    {
      Stay stay(*this);
      stay.start();
      Task<Response> through = go_through(*this, request);
      response = co_await through;
      stay.end(response.outcome);
    }
    response.version = version();
    co_return response;
  }

  /// What can be answered at once; nothing where the origin must be asked.
  std::optional<Response> act(const Request& request) {
    if (!is_cacheable(request)) {
      return std::nullopt;
    }
    switch (request.operation) {
      case Operation::read:
        return look_up(request);
      case Operation::write:
        if (!origin_) {
          keep(request, request.stamp, std::max(request.size, request.response_size), Duration());
          return Response();
        }
        break;
      case Operation::remove:
        purge(request);
        if (!origin_) {
          return Response();
        }
        break;
    }
    return std::nullopt;
  }

  std::optional<Response> look_up(const Request& request) {
    reads_.add();
    const Time now = simulation().now();
    const EntrySlot slot = table_->ask(key_of(request));
    if (slot != CacheTable::nobody) {
      CachedItem& item = (*table_)[slot];
      if (now < item.fresh_until && !is_refreshed_early(item, request, now)) {
        if (keep_.renew_on_hit && keep_.ttl) {
          item.fresh_until = now + drawn_ttl(request);
        }
        return hit(item, request);
      }
      if (now >= item.fresh_until && now < item.fresh_until + keep_.grace && origin_) {
        refresh(request);
        return hit(item, request);
      }
    }
    if (origin_) {
      return std::nullopt;
    }
    if (slot != CacheTable::nobody) {
      forget(slot);
    }
    Response response;
    response.found = false;
    return response;
  }

  Response hit(const CachedItem& item, const Request& request) {
    hits_.add();
    Response response;
    response.outcome = item.outcome;
    response.size = item.size;
    response.stamp = item.stamp;
    response.stale = truth_.is_stale(item.stamp, request.key);
    stale_hits_.add(response.stale ? 1 : 0);
    return response;
  }

  /// Probabilistic early expiration: -log of a uniform number is exponential with mean 1.
  bool is_refreshed_early(const CachedItem& item, const Request& request, Time now) const {
    if (keep_.early_refresh <= 0 || !origin_) {
      return false;
    }
    Draw draw = early_.at(request.luck);
    const double ahead = keep_.early_refresh * static_cast<double>(item.fetch_time.ns()) *
                         standard_exponential(draw);
    return now + Duration::from_nanoseconds(ahead) >= item.fresh_until;
  }

  // ---- Through to the origin ----

  static Task<Response> go_through(CacheNode& node, Request request) {
    if (request.operation == Operation::read && node.is_cacheable(request)) {
      Task<Response> fetched = fetch_or_wait(node, request);
      const Response response = co_await fetched;
      co_return response;
    }
    Task<Response> passed = node.origin_->call(node, node.forwarded(request));
    const Response response = co_await passed;
    node.purge(request);  // only now: a read in the meantime may have brought the old value back
    node.answered(response, /*from_origin=*/true);
    co_return response;
  }

  static Task<Response> fetch_or_wait(CacheNode& node, Request request) {
    const std::uint64_t key = node.key_of(request);
    if (node.keep_.request_collapsing) {
      const auto found = node.fetching_.find(key);
      if (found != node.fetching_.end()) {
        const std::shared_ptr<Fetch> fetch = found->second;
        Reply following = follow(node, fetch);
        bool ended = true;
        if (node.collapse_timeouts_ != nullptr) {
          ended = co_await following.within(*node.collapse_timeouts_);
        } else {
          co_await following;
        }
        if (ended) {
          node.collapsed_.add();
          const Response shared = following.answer();
          node.answered(shared, /*from_origin=*/false);
          co_return shared;
        }
      }
    }
    Task<Response> own = fetch(node, request);
    const Response response = co_await own;
    node.answered(response, /*from_origin=*/true);
    co_return response;
  }

  /// Waits for another's fetch.
  static Reply follow(CacheNode&, std::shared_ptr<Fetch> fetch) {
    while (!fetch->answer) {
      co_await fetch->ended.wait();
    }
    const Response answer = *fetch->answer;
    co_return answer;
  }

  static Task<Response> fetch(CacheNode& node, Request request) {
    const std::uint64_t key = node.key_of(request);
    const Time began = node.simulation().now();
    const std::shared_ptr<Fetch> fetch = std::make_shared<Fetch>(node.simulation());
    node.fetching_.try_emplace(key, fetch);
    node.fetches_.add();
    Task<Response> call = node.origin_->call(node, node.forwarded(request));
    Response response = co_await call;
    if (response.ok()) {
      node.keep(request, response.stamp, response.size, node.simulation().now() - began);
    } else {
      response = node.make_do(request, response);
    }
    const auto mine = node.fetching_.find(key);
    if (mine != node.fetching_.end() && mine->second == fetch) {
      node.fetching_.erase(mine);
    }
    fetch->answer = response;
    fetch->ended.raise();
    co_return response;
  }

  /// A fetch beside the request that found the item in its grace; one at a time.
  void refresh(const Request& request) {
    if (fetching_.find(key_of(request)) == fetching_.end()) {
      static_cast<void>(refresh_in_background(*this, request));
    }
  }
  static Process refresh_in_background(CacheNode& node, Request request) {
    Task<Response> fetched = fetch(node, request);
    co_await fetched;
    co_return Done();
  }

  /// What to answer when the origin failed.
  Response make_do(const Request& request, const Response& failure) {
    const EntrySlot slot = table_->find(key_of(request));
    const Time now = simulation().now();
    if (slot != CacheTable::nobody && (*table_)[slot].outcome == Outcome::ok &&
        now < (*table_)[slot].fresh_until + keep_.stale_if_error) {
      return hit((*table_)[slot], request);
    }
    if (keep_.negative_ttl) {
      const EntrySlot kept = put(request, 0);
      if (kept != CacheTable::nobody) {
        (*table_)[kept].outcome = failure.outcome;
        (*table_)[kept].fresh_until = now + *keep_.negative_ttl;
      }
    }
    return failure;
  }

  Request forwarded(const Request& request) const {
    Request call = request.as_branch(0);
    call.from = place();
    return call;
  }

  // ---- Keeping ----

  void make_table(const Component::Context& context) {
    const std::uint64_t capacity = keep_.capacity ? keep_.capacity->count : *keep_.max_entries;
    table_ = std::make_unique<CacheTable>(
        capacity, keep_.eviction.make({.capacity = capacity,
                                       .random = context.stream("eviction " + name()).sequence()}));
  }

  std::uint64_t key_of(const Request& request) const {
    return tells_types_apart_ ? combine(request.key, request.type) : request.key;
  }

  Duration drawn_ttl(const Request& request) const {
    if (keep_.ttl_jitter.value <= 0) {
      return *keep_.ttl;
    }
    Draw draw = ttls_.at(request.luck);
    const double share = 1 - keep_.ttl_jitter.value * draw.uniform();
    return Duration::from_nanoseconds(static_cast<double>(keep_.ttl->ns()) * share);
  }

  /// Puts the item in, anew if it is there; gives its slot, or `nobody` if it was not let in.
  EntrySlot put(const Request& request, std::uint32_t size) {
    const std::uint64_t key = key_of(request);
    const EntrySlot old = table_->find(key);
    if (old != CacheTable::nobody && (*table_)[old].size == size) {
      if (request.operation == Operation::write) {
        table_->touch(old);
      }
      return old;
    }
    if (old != CacheTable::nobody) {
      forget(old);
    }
    const std::uint32_t weight = keep_.capacity ? std::max(size, 1U) : 1;
    const EntrySlot slot =
        table_->insert(key, weight, [this](const CachedItem& item) { left(item); });
    if (slot != CacheTable::nobody) {
      (*table_)[slot].size = size;
      entries_.change(simulation().now(), 1);
      bytes_.change(simulation().now(), size);
    }
    return slot;
  }

  void keep(const Request& request, DataStamp stamp, std::uint32_t size, Duration fetch_time) {
    const EntrySlot slot = put(request, size);
    if (slot != CacheTable::nobody) {
      CachedItem& item = (*table_)[slot];
      item.outcome = Outcome::ok;
      item.stamp = stamp;
      item.fetch_time = fetch_time;
      item.fresh_until = keep_.ttl ? simulation().now() + drawn_ttl(request) : Time::never();
    }
  }

  void purge(const Request& request) {
    const EntrySlot slot = table_->find(key_of(request));
    if (slot != CacheTable::nobody) {
      forget(slot);
    }
  }
  void forget(EntrySlot slot) {
    left((*table_)[slot]);
    table_->remove(slot);
  }
  void left(const CachedItem& item) {
    entries_.change(simulation().now(), -1);
    bytes_.change(simulation().now(), -static_cast<std::int64_t>(item.size));
  }

  const KeepSettings& keep_;
  const Distribution<Duration>& access_;
  bool tells_types_apart_;
  Truth& truth_;
  Stream accesses_;
  Stream ttls_;
  Stream early_;
  Timeouts* collapse_timeouts_ = nullptr;
  std::optional<Caller> origin_;
  std::unique_ptr<CacheTable> table_;
  tsl::robin_map<std::uint64_t, std::shared_ptr<Fetch>> fetching_;

  Tally& reads_;
  Tally& hits_;
  Tally& stale_hits_;
  Tally& collapsed_;
  Tally& fetches_;
  Gauge& entries_;
  Gauge& bytes_;
};

}  // namespace stampede
