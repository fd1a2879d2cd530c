// The yardstick of bench/scenarios/five-tiers.yaml, written by hand: CDN, balancer, application,
// cache and sharded store as one loop over a heap of events, with LRU lists in dense arrays by key
// and the simulator's own random engine and statistics.
//
//     tiers SECONDS

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <queue>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/random/variates.hpp"
#include "stampede/stats/slices.hpp"

using namespace stampede;

namespace {

constexpr std::uint32_t key_count = 1'000'000;
constexpr double exponent = 0.9;
constexpr std::uint32_t entries_per_node = 100'000;
constexpr std::uint32_t cache_nodes = 4;
constexpr std::uint32_t app_servers = 20;
constexpr std::uint32_t app_workers = 64;
constexpr std::uint32_t shard_count = 8;
constexpr std::uint32_t shard_workers = 32;
constexpr double arrivals_per_s = 20'000;

/// Rejection-inversion, as the simulator draws keys (Hörmann, Derflinger 1996).
class ZipfKeys {
 public:
  std::uint32_t draw(Draw& random) const {
    for (;;) {
      const double area = highest_ + random.uniform() * (lowest_ - highest_);
      const double x = std::exp(std::log(1 + area * (1 - exponent)) / (1 - exponent));
      const double rank = std::floor(std::clamp(x, 1.0, double{key_count}) + 0.5);
      if (rank - x <= 0.5 || area >= integral(rank + 0.5) - std::exp(-exponent * std::log(rank))) {
        return static_cast<std::uint32_t>(rank) - 1;
      }
    }
  }

 private:
  static double integral(double x) {
    return (std::exp((1 - exponent) * std::log(x)) - 1) / (1 - exponent);
  }
  double lowest_ = integral(1.5) - 1;
  double highest_ = integral(key_count + 0.5);
};

/// Least recently used: a ring of links between keys, closed by one that is no key.
class Lru {
 public:
  Lru() : links_(key_count + 1) { links_[end] = {end, end, true}; }

  bool use(std::uint32_t key) {
    if (!links_[key].is_inside) {
      return false;
    }
    take_out(key);
    put_first(key);
    return true;
  }
  void insert(std::uint32_t key) {
    if (use(key)) {
      return;
    }
    if (size_ == entries_per_node) {
      const std::uint32_t last = links_[end].before;
      take_out(last);
      links_[last].is_inside = false;
    } else {
      ++size_;
    }
    put_first(key);
    links_[key].is_inside = true;
  }

 private:
  static constexpr std::uint32_t end = key_count;
  struct Link {
    std::uint32_t before = 0;
    std::uint32_t after = 0;
    bool is_inside = false;
  };
  void take_out(std::uint32_t key) {
    links_[links_[key].before].after = links_[key].after;
    links_[links_[key].after].before = links_[key].before;
  }
  void put_first(std::uint32_t key) {
    links_[key].before = end;
    links_[key].after = links_[end].after;
    links_[links_[end].after].before = key;
    links_[end].after = key;
  }

  std::uint32_t size_ = 0;
  std::vector<Link> links_;
};

/// What Stampede records of a component by default.
struct Statistics {
  SlicedHistogram wait;
  SlicedHistogram service;
  SlicedHistogram response;
  SlicedLevel in_flight;
  SlicedLevel queue;
  SlicedLevel busy;
  SlicedCount ended;

  void close_slice(Time boundary) {
    for (SlicedHistogram* histogram : {&wait, &service, &response}) {
      histogram->close_slice();
    }
    for (SlicedLevel* level : {&in_flight, &queue, &busy}) {
      level->close_slice(boundary);
    }
    ended.close_slice();
  }
  void visit(Time now, Time arrived, Time started) {
    in_flight.change(now, -1);
    wait.record((started - arrived).ns());
    service.record((now - started).ns());
    response.record((now - arrived).ns());
    ended.add();
  }
};

struct Request {
  std::uint64_t luck;
  std::uint32_t key;
  std::uint32_t server;
  Time sent;
  Time started;
  Time arrived_at_store;
  Time started_at_store;
};

struct Server {
  std::uint32_t busy = 0;
  std::uint32_t in_flight = 0;
  std::deque<std::uint32_t> line;
};

struct Pending {
  std::int64_t time;
  std::uint64_t order;
  std::uint32_t request;
  enum What : std::uint32_t { arrival, computed, read } what;
  friend bool operator<(const Pending& a, const Pending& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }
};

class Tiers {
 public:
  explicit Tiers(double seconds)
      : end_(Duration::from_seconds(seconds)),
        grid_(end_, end_ / 100),
        memo_(cache_nodes),
        servers_(app_servers),
        shards_(shard_count) {}

  void run() {
    schedule(gap(), 0, Pending::arrival);
    std::size_t slice = 1;
    while (!pending_.empty() && pending_.top().time <= end_.ns()) {
      const Pending event = pending_.top();
      pending_.pop();
      now_ = Time::from_start(Duration::nanoseconds(event.time));
      while (slice < grid_.count() && now_ >= grid_.boundary(slice)) {
        close_slice(grid_.boundary(slice));
        ++slice;
      }
      switch (event.what) {
        case Pending::arrival:
          arrive();
          schedule(gap(), 0, Pending::arrival);
          break;
        case Pending::computed:
          look_aside(event.request);
          break;
        case Pending::read:
          finish_read(event.request);
          break;
      }
    }
    close_slice(Time::from_start(end_));
  }

  void print() const {
    const Summary latency = latency_.merged(0, latency_.slice_count());
    std::printf("requests %lld hits at the edge %lld mean %.6f s p99 %.4f s\n",
                static_cast<long long>(latency.count()), static_cast<long long>(edge_hits_),
                latency.mean() * 1e-9, latency.quantile(0.99) * 1e-9);
  }

 private:
  Duration gap() {
    return Duration::from_nanoseconds(standard_exponential(arrivals_) * 1e9 / arrivals_per_s);
  }
  void schedule(Duration after, std::uint32_t request, Pending::What what) {
    pending_.push({(now_ + after).ns(), order_++, request, what});
  }
  void close_slice(Time boundary) {
    latency_.close_slice();
    for (Statistics* statistics : {&edge_seen_, &app_seen_, &memo_seen_, &store_seen_}) {
      statistics->close_slice(boundary);
    }
  }
  std::uint32_t take_record() {
    if (free_.empty()) {
      requests_.emplace_back();
      return static_cast<std::uint32_t>(requests_.size() - 1);
    }
    const std::uint32_t record = free_.back();
    free_.pop_back();
    return record;
  }

  void arrive() {
    const std::uint64_t luck = combine(1, next_id_++);
    Draw draw = keys_.at(luck);
    const std::uint32_t key = zipf_.draw(draw);
    edge_seen_.in_flight.change(now_, 1);
    if (edge_.use(key)) {
      ++edge_hits_;
      edge_seen_.visit(now_, now_, now_);
      latency_.record(0);
      fingerprint_ = combine(fingerprint_, combine(luck, static_cast<std::uint64_t>(now_.ns())));
      return;
    }
    const std::uint32_t record = take_record();
    Request& request = requests_[record];
    request.luck = luck;
    request.key = key;
    request.sent = now_;
    const auto a = static_cast<std::uint32_t>(choices_.below(app_servers));
    const auto b = static_cast<std::uint32_t>(choices_.below(app_servers));
    request.server = servers_[b].in_flight < servers_[a].in_flight ? b : a;
    Server& server = servers_[request.server];
    ++server.in_flight;
    app_seen_.in_flight.change(now_, 1);
    if (server.busy < app_workers) {
      compute(record);
    } else {
      server.line.push_back(record);
      app_seen_.queue.change(now_, 1);
    }
  }

  void compute(std::uint32_t record) {
    Request& request = requests_[record];
    ++servers_[request.server].busy;
    request.started = now_;
    app_seen_.busy.change(now_, 1);
    Draw draw = work_.at(request.luck);
    schedule(Duration::from_nanoseconds(standard_exponential(draw) * 4e6), record,
             Pending::computed);
  }

  void look_aside(std::uint32_t record) {
    Request& request = requests_[record];
    memo_seen_.in_flight.change(now_, 1);
    const bool is_hit = memo_[mix(request.key) % cache_nodes].use(request.key);
    memo_seen_.visit(now_, now_, now_);
    if (is_hit) {
      finish(record);
      return;
    }
    request.arrived_at_store = now_;
    Server& shard = shards_[combine(7, request.key) % shard_count];
    store_seen_.in_flight.change(now_, 1);
    if (shard.busy < shard_workers) {
      read(record);
    } else {
      shard.line.push_back(record);
      store_seen_.queue.change(now_, 1);
    }
  }

  void read(std::uint32_t record) {
    Request& request = requests_[record];
    ++shards_[combine(7, request.key) % shard_count].busy;
    request.started_at_store = now_;
    store_seen_.busy.change(now_, 1);
    Draw draw = reads_.at(request.luck);
    schedule(Duration::from_nanoseconds(standard_exponential(draw) * 5e6), record, Pending::read);
  }

  void finish_read(std::uint32_t record) {
    const Request request = requests_[record];
    Server& shard = shards_[combine(7, request.key) % shard_count];
    --shard.busy;
    store_seen_.busy.change(now_, -1);
    store_seen_.visit(now_, request.arrived_at_store, request.started_at_store);
    if (!shard.line.empty()) {
      const std::uint32_t next = shard.line.front();
      shard.line.pop_front();
      store_seen_.queue.change(now_, -1);
      read(next);
    }
    memo_seen_.in_flight.change(now_, 1);
    memo_[mix(request.key) % cache_nodes].insert(request.key);
    memo_seen_.visit(now_, now_, now_);
    finish(record);
  }

  void finish(std::uint32_t record) {
    const Request request = requests_[record];
    Server& server = servers_[request.server];
    --server.busy;
    --server.in_flight;
    app_seen_.busy.change(now_, -1);
    app_seen_.visit(now_, request.sent, request.started);
    edge_.insert(request.key);
    edge_seen_.visit(now_, request.sent, request.sent);
    latency_.record((now_ - request.sent).ns());
    fingerprint_ =
        combine(fingerprint_, combine(request.luck, static_cast<std::uint64_t>(now_.ns())));
    free_.push_back(record);
    if (!server.line.empty()) {
      const std::uint32_t next = server.line.front();
      server.line.pop_front();
      app_seen_.queue.change(now_, -1);
      compute(next);
    }
  }

  Duration end_;
  SliceGrid grid_;
  Time now_;
  std::priority_queue<Pending> pending_;
  std::uint64_t order_ = 0;
  std::uint64_t next_id_ = 0;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_;
  ZipfKeys zipf_;
  Lru edge_;
  std::vector<Lru> memo_;
  std::vector<Server> servers_;
  std::vector<Server> shards_;
  Draw arrivals_ = Stream(1, 0, "users", "arrivals").sequence();
  Draw choices_ = Stream(1, 0, "balancer", "policy").sequence();
  Stream keys_{1, 0, "users", "keys"};
  Stream work_{1, 0, "app", "work"};
  Stream reads_{1, 0, "db", "work"};
  SlicedHistogram latency_;
  Statistics edge_seen_;
  Statistics app_seen_;
  Statistics memo_seen_;
  Statistics store_seen_;
  std::int64_t edge_hits_ = 0;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: tiers SECONDS\n");
    return 2;
  }
  Tiers tiers(std::strtod(argv[1], nullptr));
  tiers.run();
  tiers.print();
}
