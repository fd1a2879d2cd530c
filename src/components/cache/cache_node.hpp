#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "components/cache/cache_table.hpp"
#include "components/cache/flights.hpp"
#include "components/cache/leases.hpp"
#include "components/cache/settings.hpp"
#include "components/cache/write_back.hpp"
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
        overdue_hits{
            kind, Measure::count, prefix + "overdue_hits",
            "hits that were past their ttl: in their grace, or since the item could not be "
            "fetched"},
        failure_hits{kind, Measure::count, prefix + "failure_hits",
                     "hits on a failure that is remembered (negative_ttl)"},
        drawn_hits{kind, Measure::count, prefix + "drawn_hits",
                   "hits that follow from a constant hit_ratio, not from what the cache holds"},
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
  Measure overdue_hits;
  Measure failure_hits;
  Measure drawn_hits;
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
class CacheNode : public Server, private WriteBack::Listener {
 public:
  /// Knows the other nodes.
  class Peers {
   public:
    /// Gives a node that has come up what it is to begin with.
    virtual void warm(CacheNode& cold) = 0;

   protected:
    ~Peers() = default;
  };

  struct Settings {
    const KeepSettings& keep;
    const Distribution<Duration>& access;  ///< work of an access on the node's CPU
    bool tells_types_apart;                ///< the same key is another item for each request type
    Server::Settings server;
    WritePolicy writes = WritePolicy::around;
    Duration write_back_delay = Duration();
    const WriteBack::Measures* write_back_measures = nullptr;  ///< not null with WritePolicy::back
    Peers* peers = nullptr;                                    ///< null: it comes up cold
  };

  CacheNode(const Component::Context& context, const CacheMeasures& measures,
            const Settings& settings, std::uint32_t index, PlaceId place)
      : Server(context, settings.server, index, place),
        keep_(settings.keep),
        access_(settings.access),
        writes_(settings.writes),
        tells_types_apart_(settings.tells_types_apart),
        peers_(settings.peers),
        request_types_(context.request_types),
        truth_(context.truth),
        accesses_(context.stream("access")),
        ttls_(context.stream("ttl")),
        early_(context.stream("early refresh")),
        drawn_(context.stream("hit ratio")),
        earlier_(context.stream("earlier ttl")),
        reads_(context.observer.tally(measures.reads)),
        hits_(context.observer.tally(measures.hits)),
        stale_hits_(context.observer.tally(measures.stale_hits)),
        overdue_hits_(context.observer.tally(measures.overdue_hits)),
        failure_hits_(context.observer.tally(measures.failure_hits)),
        drawn_hits_(context.observer.tally(measures.drawn_hits)),
        collapsed_(context.observer.tally(measures.collapsed)),
        fetches_(context.observer.tally(measures.fetches)),
        entries_(context.observer.gauge(measures.entries)),
        bytes_(context.observer.gauge(measures.bytes)) {
    make_table(context);
    if (writes_ == WritePolicy::back) {
      const WriteBack::Measures& told = *settings.write_back_measures;
      write_back_.emplace(scope(), static_cast<WriteBack::Listener&>(*this), place,
                          settings.write_back_delay, context.observer.gauge(told.dirty),
                          context.observer.tally(told.written_back),
                          context.observer.tally(told.lost_writes));
    }
    if (keep_.collapse_timeout) {
      collapse_timeouts_ = &context.simulation.timeouts(*keep_.collapse_timeout);
    }
  }

  /// Reads go through it from now on. An origin that is a cache as well hears of removals.
  void connect(Endpoint& origin, bool is_cache, const CallSettings& call, const Stream& back_off) {
    origin_.emplace(simulation(), origin, call, back_off);
    origin_is_cache_ = is_cache;
    if (write_back_) {
      write_back_->connect(*origin_);
    }
  }

  /// Forgets everything.
  void flush() override {
    table_->clear([this](const CachedItem& item) { left(item); });
    leases_.clear();
    if (write_back_) {
      write_back_->lose_all();
    }
  }

  /// Takes over what the other one holds and this one does not, of the keys that `is_wanted`.
  template <class IsWanted>
  void copy_from(const CacheNode& other, IsWanted is_wanted) {
    other.table_->for_each([&](std::uint64_t key, const CachedItem& item) {
      if (table_->find(key) == CacheTable::nobody && is_wanted(key)) {
        const EntrySlot slot = insert(key, item.size);
        if (slot != CacheTable::nobody) {
          (*table_)[slot] = item;
        }
      }
    });
  }

  /// Answers a read before the first instant of traffic, and keeps what that brings in. Whether it
  /// was a hit.
  bool read_earlier(const Request& read) {
    const std::uint64_t key = key_of(read);
    if (table_->ask(key) != CacheTable::nobody) {
      return true;
    }
    if (admission_ && !admission_->admits(key, read.response_size)) {
      return false;
    }
    const EntrySlot slot = insert(key, read.response_size);
    if (slot != CacheTable::nobody && keep_.ttl) {
      const Duration ttl = drawn_ttl(read);
      Draw draw = earlier_.at(read.luck);
      (*table_)[slot].fresh_until = simulation().now() + ttl.scaled(draw.uniform());
    }
    return false;
  }

  /// Drops the copy of this item: of all request types, where each has a copy of its own.
  void purge(const Request& request) {
    leases_.revoke(request.key);
    if (!tells_types_apart_) {
      drop(request.key);
      return;
    }
    for (std::size_t type = 0; type < request_types_.size(); ++type) {
      drop(combine(request.key, type));
    }
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
      answered(*answer);
      return told(*answer);
    }
    return serve_in_time(request);
  }

  /// Whether the cache has anything to do with it; what it has not is passed on to the origin.
  virtual bool is_cacheable(const Request&) const { return true; }
  /// An answer leaves.
  virtual void answered(const Response&) {}
  /// The origin was asked for an item, or to deal with a request, and has answered.
  virtual void origin_answered(const Response&) {}

  void went_down(KilledWork) override {
    leases_.clear();
    if (!keep_.persistent || state() == InstanceState::gone) {
      flush();
    }
  }
  void came_up() override {
    if (peers_ != nullptr) {
      peers_->warm(*this);
    }
    if (write_back_) {
      write_back_->resume();
    }
  }

 private:
  // ---- The life of a request here ----

  /// A visit that takes no time.
  Reply told(const Response& response) {
    Visit visit;
    visit.arrived = simulation().now();
    visit.started = true;
    visit.instance = index();
    visit.version = version();
    visit.outcome = response.outcome;
    observer().passed(visit.arrived, visit);
    Response told = response;
    told.version = version();
    return Reply(told);
  }

  /// A visit that works, or has to wait for the origin.
  Reply serve_in_time(const Request& asked) {
    const Request request = asked;
    std::optional<Response> answer;
    Response response;
    {
      Stay stay = arrive();
      stay.start();
      if (!access_.is_zero()) {
        Draw draw = accesses_.at(request.luck);
        const Duration demand = access_.sample(draw);
        const Duration waited = co_await cpu().work(demand);
        stay.add_cpu_wait(waited);
        if (fails(request)) {
          answer = Response::with(Outcome::error);
        } else if ((answer = act(request))) {
          answered(*answer);
        }
      }
      const bool is_fetch = request.operation == Operation::read && is_cacheable(request);
      if (!answer && is_fetch && keep_.request_collapsing) {
        Task<Response> sharing = share_flight(*this, request);
        const Response shared = co_await sharing;
        if (!shared.silent) {
          answer = usable(request, shared);
        }
      }
      if (!answer) {
        const Time began = simulation().now();
        std::optional<Fetching> fetching;
        if (is_fetch) {
          begin_to_fetch(request, fetching);
        }
        Task<Response> passing_on = origin_->call(*this, forwarded(request));
        const Response brought = co_await passing_on;
        if (is_fetch) {
          fetched(request, brought, began, fetching);
          answer = usable(request, brought);
        } else {
          origin_answered(brought);
          was_written(request, brought);
          answered(brought);
          answer = brought;
        }
      }
      response = *answer;
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
        return take_in(request);
      case Operation::remove:
        if (!origin_) {
          purge(request);
          return Response();
        }
        if (write_back_) {
          write_back_->forget(request.key);
        }
        break;  // the copy goes when the item is gone
      case Operation::invalidate:
        purge(request);
        if (!origin_is_cache_) {
          return Response();
        }
        break;
    }
    return std::nullopt;
  }

  std::optional<Response> look_up(const Request& request) {
    reads_.add();
    if (keep_.hit_ratio) {
      return draw_hit(request);
    }
    const Time now = simulation().now();
    const EntrySlot slot = table_->ask(key_of(request));
    if (write_back_) {
      if (const WriteBack::Dirty* dirty = write_back_->find(request.key)) {
        return hit_of(dirty->size);
      }
    }
    if (slot != CacheTable::nobody) {
      CachedItem& item = (*table_)[slot];
      if (now < item.fresh_until && !is_refreshed_early(item, request, now)) {
        if (keep_.renew_on_hit && keep_.ttl && item.outcome == Outcome::ok) {
          item.fresh_until = now + drawn_ttl(request);
        }
        return hit(item, request);
      }
      if (now >= item.fresh_until && is_within(item, keep_.grace, now) && origin_ &&
          item.outcome == Outcome::ok) {
        const Response response = hit(item, request);
        overdue_hits_.add();
        refresh(request);  // which may replace the item at once
        return response;
      }
    }
    if (origin_) {
      return std::nullopt;
    }
    if (slot != CacheTable::nobody) {
      forget(slot);
    }
    return miss(request);
  }

  Response hit(const CachedItem& item, const Request& request) {
    Response response = hit_of(item.size);
    response.outcome = item.outcome;
    response.stamp = item.stamp;
    response.stale = truth_.is_stale(item.stamp, request.key);
    stale_hits_.add(response.stale ? 1 : 0);
    failure_hits_.add(response.ok() ? 0 : 1);
    return response;
  }
  Response hit_of(std::uint32_t size) {
    hits_.add();
    Response response;
    response.size = size;
    return response;
  }

  /// For who looks aside.
  Response miss(const Request& request) {
    Response response;
    response.found = false;
    if (request.lease_ms > 0) {
      const Duration length = Duration::nanoseconds(std::int64_t{request.lease_ms} * 1'000'000);
      response.leased_out = !leases_.grant(key_of(request), request, simulation().now(), length);
    }
    return response;
  }

  /// Whether an item is fresh, or has not been for longer than so much.
  static bool is_within(const CachedItem& item, Duration allowance, Time now) {
    return now < item.fresh_until || now - item.fresh_until < allowance;
  }

  /// A hit or a miss by the constant ratio.
  std::optional<Response> draw_hit(const Request& request) {
    Draw draw = drawn_.at(request.luck);
    if (draw.chance(keep_.hit_ratio->value)) {
      drawn_hits_.add();
      return hit_of(request.response_size);
    }
    return origin_ ? std::nullopt : std::optional(miss(request));
  }

  /// A write that need not wait for the origin.
  std::optional<Response> take_in(const Request& request) {
    if (origin_ && !write_back_) {
      return std::nullopt;
    }
    const std::uint32_t size = item_size(request);
    if (write_back_ && origin_) {
      write_back_->accept(request, size);
      if (!keep(request, DataStamp(), size, Duration())) {
        write_back_->hurry(request.key);
      }
      return Response();
    }
    if (request.lease_ms == 0) {
      leases_.revoke(key_of(request));
    } else if (!leases_.redeem(key_of(request), request)) {
      return Response();  // refused; who brings it has no use for knowing
    }
    keep(request, request.stamp, size, Duration());
    return Response();
  }

  static std::uint32_t item_size(const Request& write) {
    return std::max(write.size, write.response_size);
  }

  /// Probabilistic early expiration: -log of a uniform number is exponential with mean 1.
  bool is_refreshed_early(const CachedItem& item, const Request& request, Time now) const {
    if (keep_.early_refresh <= 0 || !origin_ || item.outcome != Outcome::ok) {
      return false;
    }
    Draw draw = early_.at(request.luck);
    const double ahead = keep_.early_refresh * static_cast<double>(item.fetch_time.ns()) *
                         standard_exponential(draw);
    return now + Duration::from_nanoseconds(ahead) >= item.fresh_until;
  }

  // ---- Through to the origin ----

  /// What another request's fetch of the same item brings; a silent answer if there is none, or if
  /// it takes too long.
  static Task<Response> share_flight(CacheNode& node, Request request) {
    const std::shared_ptr<Flights::Flight> flight = node.flights_.find(node.key_of(request));
    bool is_over = false;
    if (flight) {
      Reply following = follow(node, flight);
      if (node.collapse_timeouts_ != nullptr) {
        is_over = co_await following.within(*node.collapse_timeouts_);
      } else {
        co_await following;
        is_over = true;
      }
      if (is_over) {
        node.collapsed_.add();
        const Response shared = following.answer();
        co_return shared;
      }
    }
    const Response nothing = Response::lost();
    co_return nothing;
  }

  /// What a fetch brought, or what there is instead if it failed.
  Response usable(const Request& request, const Response& brought) {
    const Response response = brought.ok() ? brought : make_do(request, brought);
    answered(response);
    return response;
  }

  /// The origin has dealt with a write. Only now does the old copy go: a read in the meantime may
  /// have brought it back.
  void was_written(const Request& request, const Response& response) {
    if (request.operation == Operation::write && writes_ == WritePolicy::through && response.ok()) {
      keep(request, response.stamp, item_size(request), Duration());
    } else if (request.operation != Operation::read) {
      purge(request);
    }
  }

  /// Waits for another's fetch; whoever fetches dies with this node.
  static Reply follow(CacheNode&, std::shared_ptr<Flights::Flight> flight) {
    while (!flight->is_over) {
      co_await flight->over.wait();
    }
    const Response answer = flight->answer.value_or(Response::broken());
    co_return answer;
  }

  /// `fetching` is left empty where nobody would ever look for it.
  void begin_to_fetch(const Request& request, std::optional<Fetching>& fetching) {
    fetches_.add();
    if (keep_.request_collapsing || !keep_.grace.is_zero()) {
      fetching.emplace(simulation(), flights_, key_of(request));
    }
  }
  void fetched(const Request& request, const Response& response, Time began,
               std::optional<Fetching>& fetching) {
    origin_answered(response);
    if (response.ok() && !is_outdated(request, response.stamp)) {
      keep(request, response.stamp, response.size, simulation().now() - began);
    }
    if (fetching) {
      fetching->answered(response);
    }
  }

  /// Whether a write that came through here while the item was fetched makes what was fetched old.
  bool is_outdated(const Request& request, DataStamp fetched) {
    if (writes_ == WritePolicy::around) {
      return false;
    }
    if (write_back_ && write_back_->find(request.key) != nullptr) {
      return true;
    }
    const EntrySlot slot = table_->find(key_of(request));
    if (slot == CacheTable::nobody) {
      return false;
    }
    const DataStamp known = (*table_)[slot].stamp;
    return known.store() == fetched.store() && known.write() > fetched.write();
  }

  /// A fetch beside the request that found the item in its grace; one at a time. If it fails, the
  /// item stays for what is left of its grace.
  void refresh(const Request& request) {
    if (!flights_.find(key_of(request))) {
      static_cast<void>(refresh_in_background(*this, request));
    }
  }
  static Process refresh_in_background(CacheNode& node, Request request) {
    request.patience = Time::never();  // the user has been answered
    const Time began = node.simulation().now();
    std::optional<Fetching> fetching;
    node.begin_to_fetch(request, fetching);
    Task<Response> call = node.origin_->call(node, node.forwarded(request));
    const Response response = co_await call;
    node.fetched(request, response, began, fetching);
    co_return Done();
  }

  /// What to answer when the origin failed.
  Response make_do(const Request& request, const Response& failure) {
    const EntrySlot slot = table_->find(key_of(request));
    const Time now = simulation().now();
    if (slot != CacheTable::nobody && (*table_)[slot].outcome == Outcome::ok &&
        is_within((*table_)[slot], keep_.stale_if_error, now)) {
      overdue_hits_.add(now >= (*table_)[slot].fresh_until ? 1 : 0);
      return hit((*table_)[slot], request);
    }
    if (keep_.negative_ttl && failure.outcome != Outcome::abandoned) {
      const EntrySlot kept = put(request, 0, /*is_news=*/true);
      if (kept != CacheTable::nobody) {
        (*table_)[kept] = CachedItem();
        (*table_)[kept].outcome = failure.outcome;
        (*table_)[kept].fresh_until = now + *keep_.negative_ttl;
      }
    }
    return failure;
  }

  Request forwarded(const Request& request) const {
    Request call = request.as_branch(0);
    call.from = place();
    if (keep_.request_collapsing && request.operation == Operation::read) {
      call.patience = Time::never();  // others may wait for it, who have more
    }
    return call;
  }

  // ---- Keeping ----

  void make_table(const Component::Context& context) {
    const std::uint64_t capacity =
        keep_.capacity ? keep_.capacity->count : keep_.max_entries.value_or(1);
    table_ = std::make_unique<CacheTable>(
        capacity, keep_.eviction.make({.capacity = capacity,
                                       .random = context.stream("eviction " + name()).sequence()}));
    if (keep_.admission) {
      admission_ =
          keep_.admission->make({.random = context.stream("admission " + name()).sequence()});
    }
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
  /// `is_news`: it is no item that was missed and fetched, so that nobody asks whether to admit it.
  EntrySlot put(const Request& request, std::uint32_t size, bool is_news) {
    if (keep_.hit_ratio) {
      return CacheTable::nobody;
    }
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
    } else if (admission_ && !is_news && !admission_->admits(key, size)) {
      return CacheTable::nobody;
    }
    return insert(key, size);
  }

  /// Puts in what is not there.
  EntrySlot insert(std::uint64_t key, std::uint32_t size) {
    const std::uint32_t weight = keep_.capacity ? std::max(size, 1U) : 1;
    const EntrySlot slot =
        table_->insert(key, weight, [this](std::uint64_t evicted, const CachedItem& item) {
          left(item);
          if (write_back_) {
            write_back_->hurry(evicted);
          }
        });
    if (slot != CacheTable::nobody) {
      (*table_)[slot].size = size;
      entries_.change(simulation().now(), 1);
      bytes_.change(simulation().now(), size);
    }
    return slot;
  }

  /// Whether it was let in.
  bool keep(const Request& request, DataStamp stamp, std::uint32_t size, Duration fetch_time) {
    const EntrySlot slot = put(request, size, /*is_news=*/false);
    if (slot == CacheTable::nobody) {
      return false;
    }
    CachedItem& item = (*table_)[slot];
    item.outcome = Outcome::ok;
    item.stamp = stamp;
    item.fetch_time = fetch_time;
    item.fresh_until = keep_.ttl ? simulation().now() + drawn_ttl(request) : Time::never();
    return true;
  }

  void written_back(std::uint64_t key, DataStamp stamp) override {
    const EntrySlot slot = table_->find(key);
    if (slot != CacheTable::nobody) {
      (*table_)[slot].stamp = stamp;
    }
  }

  void drop(std::uint64_t key) {
    const EntrySlot slot = table_->find(key);
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
  WritePolicy writes_;
  bool tells_types_apart_;
  bool origin_is_cache_ = false;
  Peers* peers_;
  const RequestTypes& request_types_;
  Truth& truth_;
  Stream accesses_;
  Stream ttls_;
  Stream early_;
  Stream drawn_;
  Stream earlier_;
  Timeouts* collapse_timeouts_ = nullptr;
  std::optional<Caller> origin_;
  std::unique_ptr<CacheTable> table_;
  std::unique_ptr<AdmissionFilter> admission_;
  std::optional<WriteBack> write_back_;
  Leases leases_;
  Flights flights_;

  Tally& reads_;
  Tally& hits_;
  Tally& stale_hits_;
  Tally& overdue_hits_;
  Tally& failure_hits_;
  Tally& drawn_hits_;
  Tally& collapsed_;
  Tally& fetches_;
  Gauge& entries_;
  Gauge& bytes_;
};

}  // namespace stampede
