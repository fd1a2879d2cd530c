// The yardstick: the same models as bench/scenarios, written by hand as one loop over a heap of
// events and records of requests, with the simulator's own random engine and statistics. It knows
// nothing of coroutines, scopes, settings, networks or faults. What Stampede costs beside it is the
// price of being general and readable.
//
//     yardstick MODEL SECONDS [SERVERS [WORKERS [RATE]]]     MODEL: queue, choices or open
//
// queue: Poisson arrivals at RATE go to the server with the fewest requests (ties at random); each
// server
//        has WORKERS workers and an unbounded queue; service is exponential with mean 1 s.
// choices: the same with the better of two random servers.
// open:  every request is served at once, for an exponential time with mean 1 s: RATE in flight.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <queue>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/random/variates.hpp"
#include "stampede/stats/slices.hpp"

using namespace stampede;

namespace {

/// A binary heap of events of 24 bytes, as one writes it without a second thought.
struct Pending {
  std::int64_t time;
  std::uint64_t order;
  std::uint32_t request;  ///< `arrival` or the request whose service ends
  friend bool operator<(const Pending& a, const Pending& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }
};
constexpr std::uint32_t arrival = UINT32_MAX;

struct Request {
  std::uint64_t id;
  std::uint64_t luck;
  Time sent;
  Time started;
  std::uint32_t server;
};

struct Server {
  std::uint32_t busy = 0;
  std::uint32_t in_flight = 0;
  std::deque<std::uint32_t> line;
};

/// What Stampede records of a population and a component by default.
struct Statistics {
  SlicedHistogram latency;
  SlicedHistogram wait;
  SlicedHistogram service;
  SlicedHistogram response;
  SlicedLevel in_flight;
  SlicedLevel queue;
  SlicedLevel busy;
  SlicedCount ended;
  std::vector<SlicedCount> by_server;
  std::uint64_t fingerprint = 0;

  void close_slice(Time boundary) {
    for (SlicedHistogram* histogram : {&latency, &wait, &service, &response}) {
      histogram->close_slice();
    }
    for (SlicedLevel* level : {&in_flight, &queue, &busy}) {
      level->close_slice(boundary);
    }
    ended.close_slice();
    for (SlicedCount& count : by_server) {
      count.close_slice();
    }
  }
};

class Yardstick {
 public:
  Yardstick(double seconds, std::size_t servers, std::uint32_t workers, double rate,
            bool two_choices)
      : two_choices_(two_choices),
        end_(Duration::from_seconds(seconds)),
        grid_(end_, end_ / 100),
        workers_(workers),
        mean_gap_(1e9 / rate),
        servers_(servers),
        arrivals_(Stream(1, 0, "users", "arrivals").sequence()),
        ties_(Stream(1, 0, "balancer", "policy").sequence()),
        work_(1, 0, "servers", "handler.0.work") {
    statistics_.by_server.resize(servers);
  }

  void run() {
    schedule(next_gap(), arrival);
    std::size_t slice = 1;
    while (!pending_.empty() && pending_.top().time <= end_.ns()) {
      const Pending event = pending_.top();
      pending_.pop();
      now_ = Time::from_start(Duration::nanoseconds(event.time));
      while (slice < grid_.count() && now_ >= grid_.boundary(slice)) {
        statistics_.close_slice(grid_.boundary(slice));
        ++slice;
      }
      if (event.request == arrival) {
        arrive();
        schedule(next_gap(), arrival);
      } else {
        finish(event.request);
      }
    }
    statistics_.close_slice(Time::from_start(end_));
  }

  void print() const {
    const Summary latency = statistics_.latency.merged(0, statistics_.latency.slice_count());
    std::printf("requests %lld mean %.4f s p99 %.4f s\n", static_cast<long long>(latency.count()),
                latency.mean() * 1e-9, latency.quantile(0.99) * 1e-9);
  }

 private:
  Duration next_gap() {
    return Duration::from_nanoseconds(standard_exponential(arrivals_) * mean_gap_);
  }
  void schedule(Duration after, std::uint32_t request) {
    pending_.push({(now_ + after).ns(), order_++, request});
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

  std::uint32_t better_of_two() {
    const auto a = static_cast<std::uint32_t>(ties_.below(servers_.size()));
    const auto b = static_cast<std::uint32_t>(ties_.below(servers_.size()));
    return servers_[b].in_flight < servers_[a].in_flight ? b : a;
  }

  std::uint32_t fewest_in_flight() {
    std::uint32_t best = 0;
    std::uint64_t ties = 1;
    for (std::uint32_t i = 1; i < servers_.size(); ++i) {
      if (servers_[i].in_flight < servers_[best].in_flight) {
        best = i;
        ties = 1;
      } else if (servers_[i].in_flight == servers_[best].in_flight && ties_.below(++ties) == 0) {
        best = i;
      }
    }
    return best;
  }

  void arrive() {
    const std::uint32_t record = take_record();
    Request& request = requests_[record];
    request.id = next_id_++;
    request.luck = combine(1, request.id);
    request.sent = now_;
    request.server = two_choices_ ? better_of_two() : fewest_in_flight();
    Server& server = servers_[request.server];
    ++server.in_flight;
    statistics_.in_flight.change(now_, 1);
    if (server.busy < workers_) {
      start(record);
    } else {
      server.line.push_back(record);
      statistics_.queue.change(now_, 1);
    }
  }

  void start(std::uint32_t record) {
    Request& request = requests_[record];
    ++servers_[request.server].busy;
    request.started = now_;
    statistics_.busy.change(now_, 1);
    Draw draw = work_.at(request.luck);
    schedule(Duration::from_nanoseconds(standard_exponential(draw) * 1e9), record);
  }

  void finish(std::uint32_t record) {
    const Request request = requests_[record];
    Server& server = servers_[request.server];
    --server.busy;
    --server.in_flight;
    statistics_.busy.change(now_, -1);
    statistics_.in_flight.change(now_, -1);
    statistics_.latency.record((now_ - request.sent).ns());
    statistics_.wait.record((request.started - request.sent).ns());
    statistics_.service.record((now_ - request.started).ns());
    statistics_.response.record((now_ - request.sent).ns());
    statistics_.ended.add();
    statistics_.by_server[request.server].add();
    statistics_.fingerprint = combine(statistics_.fingerprint,
                                      combine(request.id, static_cast<std::uint64_t>(now_.ns())));
    free_.push_back(record);
    if (!server.line.empty()) {
      const std::uint32_t next = server.line.front();
      server.line.pop_front();
      statistics_.queue.change(now_, -1);
      start(next);
    }
  }

  bool two_choices_;
  Duration end_;
  SliceGrid grid_;
  std::uint32_t workers_;
  double mean_gap_;
  Time now_;
  std::priority_queue<Pending> pending_;
  std::uint64_t order_ = 0;
  std::uint64_t next_id_ = 0;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_;
  std::vector<Server> servers_;
  Draw arrivals_;
  Draw ties_;
  Stream work_;
  Statistics statistics_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: yardstick queue|choices|open SECONDS [SERVERS [WORKERS [RATE]]]\n");
    return 2;
  }
  const bool open = std::strcmp(argv[1], "open") == 0;
  const std::size_t servers = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1;
  const auto workers =
      open ? UINT32_MAX
           : static_cast<std::uint32_t>(argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 1);
  const double rate = argc > 5 ? std::strtod(argv[5], nullptr) : 0.9;
  const bool two_choices = std::strcmp(argv[1], "choices") == 0;
  Yardstick yardstick(std::strtod(argv[2], nullptr), servers, workers, rate, two_choices);
  yardstick.run();
  yardstick.print();
}
