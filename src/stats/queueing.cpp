#include "stampede/stats/queueing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// A queue by its wait, the rest by the laws of utilisation and of Little.
Queue queue_of(double servers, const Load& load, double wait, double waiting_share) {
  Queue queue;
  queue.utilization = load.offered() / servers;
  queue.waiting_share = waiting_share;
  queue.wait = wait;
  queue.response = wait + load.service;
  queue.length = load.rate > 0 ? load.rate * wait : 0;
  return queue;
}

/// What variability makes of the wait of M/M/c.
double variability(const Load& load) { return (load.interarrival_scv + load.service_scv) / 2; }

/// Krämer and Langenbach-Belz: what is left of the wait when arrivals are more regular than a
/// Poisson process. Their factor for ca² > 1 is left out; it is 1 within a few percent.
double regularity(double utilization, const Load& load) {
  const double ca = load.interarrival_scv;
  if (ca >= 1 || ca + load.service_scv == 0 || utilization <= 0) {
    return 1;
  }
  const double above = (1 - ca) * (1 - ca) * 2 * (1 - utilization);
  return std::exp(-above / (3 * utilization * (ca + load.service_scv)));
}

}  // namespace

double erlang_b(double servers, double offered) {
  if (offered <= 0) {
    return 0;
  }
  double inverse = 1;
  for (double c = 1; c <= servers; ++c) {
    inverse = 1 + inverse * c / offered;
  }
  return 1 / inverse;
}

double erlang_c(double servers, double offered) {
  if (offered >= servers) {
    return 1;
  }
  const double blocked = erlang_b(servers, offered);
  return blocked / (1 - offered / servers * (1 - blocked));
}

Queue mmc(double servers, const Load& load) {
  require(servers >= 1, "a station has a server");
  const double offered = load.offered();
  if (offered >= servers) {
    return queue_of(servers, load, load.rate > 0 ? infinite : 0, 1);
  }
  const double share = erlang_c(servers, offered);
  return queue_of(servers, load, share * load.service / (servers - offered), share);
}

Queue mmck(double servers, double capacity, const Load& load) {
  require(servers >= 1 && capacity >= 0, "a station has a server and room for nobody or more");
  const double offered = load.offered();
  if (std::isinf(capacity)) {
    return mmc(servers, load);
  }
  // Probabilities relative to that of `servers` at the station: from there on they are ρ^n. Below,
  // their sum is the inverse of Erlang's B.
  const double blocked = erlang_b(servers, offered);
  if (blocked == 0) {
    return queue_of(servers, load, 0, 0);
  }
  const double ratio = offered / servers;
  double total = 1 / blocked;
  double waiting = 1;  // all servers taken: arrivals wait, unless the line is full
  double in_line = 0;  // mean number in line, not yet divided by the total
  double full = 1;
  for (double n = 1; n <= capacity; ++n) {
    full *= ratio;
    total += full;
    in_line += n * full;
    waiting += full;
    // The rest of a geometric series that has died away changes nothing.
    if (full < 1e-18 * total && ratio < 1) {
      full = 0;
      break;
    }
  }
  Queue queue;
  queue.loss = full / total;
  const double entering = load.rate * (1 - queue.loss);
  queue.utilization = ratio * (1 - queue.loss);
  queue.length = in_line / total;
  queue.wait = queue.length / entering;
  queue.response = queue.wait + load.service;
  queue.waiting_share = (waiting - full) / total / (1 - queue.loss);
  return queue;
}

Queue mg1(const Load& load) {
  const double utilization = load.offered();
  if (utilization >= 1) {
    return queue_of(1, load, infinite, 1);
  }
  const double wait = utilization * load.service * (1 + load.service_scv) / (2 * (1 - utilization));
  return queue_of(1, load, wait, utilization);
}

Queue ggc(double servers, const Load& load) {
  const Queue exponential = mmc(servers, load);
  if (std::isinf(exponential.wait)) {
    return exponential;
  }
  const double factor = variability(load) * regularity(exponential.utilization, load);
  return queue_of(servers, load, exponential.wait * factor, exponential.waiting_share);
}

Queue ggck(double servers, double capacity, const Load& load) {
  if (std::isinf(capacity)) {
    return ggc(servers, load);
  }
  Queue queue = mmck(servers, capacity, load);
  queue.wait *= variability(load) * regularity(queue.utilization, load);
  // Nobody waits longer than a full line of mean services takes.
  queue.wait = std::min(queue.wait, capacity * load.service / servers);
  queue.response = queue.wait + load.service;
  queue.length = load.rate * (1 - queue.loss) * queue.wait;
  return queue;
}

Queue erlang_a(double servers, double patience, const Load& load) {
  require(servers >= 1 && patience > 0, "a station has a server, and who waits some patience");
  const double offered = load.offered();
  const double blocked = erlang_b(servers, offered);
  if (blocked == 0) {
    return queue_of(servers, load, 0, 0);
  }
  // As in mmck, but those in line leave too: the n-th of them adds n / patience to the rate of
  // going.
  double total = 1 / blocked;
  double waiting = 1;
  double in_line = 0;
  double here = 1;
  for (double n = 1; n < 1e7; ++n) {
    here *= load.rate / (servers / load.service + n / patience);
    total += here;
    waiting += here;
    in_line += n * here;
    if (n * here < 1e-16 * (total + in_line)) {
      break;
    }
  }
  Queue queue;
  queue.length = in_line / total;
  queue.wait = queue.length / load.rate;
  queue.loss = queue.length / patience / load.rate;
  queue.waiting_share = waiting / total;
  queue.utilization = offered * (1 - queue.loss) / servers;
  queue.response = queue.wait + load.service * (1 - queue.loss);
  return queue;
}

Queue processor_sharing(double cores, const Load& load) { return mmc(cores, load); }

std::vector<Queue> priorities(double servers, std::span<const Load> classes) {
  // The work in service that an arrival finds goes on first, whatever its class.
  double rate = 0;
  double offered = 0;
  double second_moments = 0;
  for (const Load& load : classes) {
    rate += load.rate;
    offered += load.offered();
    second_moments += load.rate * load.service * load.service * (1 + load.service_scv);
  }
  const double share = erlang_c(servers, offered);
  double residual = second_moments / 2;  // ρ times the mean remaining service, for one server
  if (servers > 1) {
    residual = rate > 0 ? share * offered / rate / servers : 0;
  }
  std::vector<Queue> queues;
  double higher = 0;
  for (const Load& load : classes) {
    const double with_own = higher + load.offered() / servers;
    const double wait = with_own >= 1 ? infinite : residual / ((1 - higher) * (1 - with_own));
    queues.push_back(queue_of(servers, load, load.rate > 0 ? wait : 0, share));
    higher = std::min(with_own, 1.0);
  }
  return queues;
}

double supermarket_response(double utilization, double choices) {
  if (utilization >= 1) {
    return infinite;
  }
  if (choices <= 1) {
    return 1 / (1 - utilization);
  }
  double response = 0;
  double power = 1;  // d^i
  for (int i = 1; i < 10'000; ++i) {
    power *= choices;
    const double term = std::pow(utilization, (power - choices) / (choices - 1));
    response += term;
    if (term < 1e-15 || std::isinf(power)) {
      break;
    }
  }
  return response;
}

Queue power_of_choices(double queues, double servers, double choices, const Load& load_of_one) {
  Load together = load_of_one;
  together.rate *= queues;
  Queue queue = ggc(queues * servers, together);
  const double offered = load_of_one.offered();
  if (offered >= servers || offered <= 0 || choices <= 1) {
    return choices <= 1 ? ggc(servers, load_of_one) : queue;
  }
  // Shares of queues with k or more, for k up to `servers`, from the share s_c that has no server
  // free: offered · s_(k-1)^d = k s_k + s_(k+1) + … + s_c. The right s_c is the one with s_0 = 1.
  const auto share_of_all = [&](double last) {
    double sum = 0;  // s_(k+1) + … + s_c
    double share = last;
    for (double k = servers; k >= 1; --k) {
      const double before = std::pow((k * share + sum) / offered, 1 / choices);
      sum += share;
      share = before;
    }
    return share;
  };
  double low = 0;
  double high = 1;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (share_of_all(middle) < 1 ? low : high) = middle;
  }
  double share = (low + high) / 2;
  const double all_busy = share;
  double waiting = 0;
  for (int i = 0; i < 100'000 && share > 1e-16; ++i) {
    share = offered / servers * std::pow(share, choices);
    waiting += share;
  }
  const double wait = waiting / load_of_one.rate * variability(load_of_one);
  if (wait > queue.wait) {
    queue = queue_of(servers, load_of_one, wait, std::pow(all_busy, choices));
  }
  return queue;
}

std::vector<double> cache_hits(std::span<const KeyClass> keys, double capacity, double ttl,
                               bool renewing, Forgetting forgetting) {
  std::vector<double> hits(keys.size(), 0);
  double requests = 0;
  double items = 0;
  for (const KeyClass& key : keys) {
    requests += key.count * key.rate;
    items += key.rate > 0 ? key.count : 0;
  }
  if (requests <= 0 || capacity <= 0 || ttl <= 0) {
    return hits;
  }
  // How long an item stays, measured from its coming (`fixed`) or its last use (`idle`). The share
  // of time that an item asked for at that rate is kept is also the share of its requests that hit
  // (arrivals of a Poisson process see time averages).
  const auto kept = [](double rate, double fixed, double idle) {
    if (std::isinf(idle) && std::isinf(fixed)) {
      return 1.0;
    }
    if (std::isinf(fixed)) {
      return -std::expm1(-rate * idle);
    }
    if (std::isinf(idle)) {
      return rate * fixed / (1 + rate * fixed);
    }
    // Both. A cycle begins with a miss; a request at age t < fixed is a hit if no gap so far was
    // longer than `idle`. That probability is 1 up to `idle` and then falls about exponentially;
    // the rate of its fall is chosen so that the hits of a cycle are exact when `fixed` is
    // infinite.
    if (idle >= fixed) {
      return rate * fixed / (1 + rate * fixed);
    }
    const double certain = rate * idle;
    const double beyond = std::expm1(certain) - certain;  // hits after `idle` without a ttl
    const double in_cycle = certain - beyond * std::expm1(-rate * (fixed - idle) / beyond);
    return in_cycle / (1 + in_cycle);
  };
  const auto hit = [&](double rate, double stay) {
    if (forgetting == Forgetting::random) {
      return renewing ? kept(rate, stay, ttl) : kept(rate, std::min(stay, ttl), infinite);
    }
    return renewing ? kept(rate, infinite, std::min(stay, ttl)) : kept(rate, ttl, stay);
  };
  // What is kept in a cache, expired items included: they take room until they are evicted.
  const auto held = [&](double stay) {
    double sum = 0;
    for (const KeyClass& key : keys) {
      if (key.rate > 0) {
        sum += key.count * (forgetting == Forgetting::random ? kept(key.rate, stay, infinite)
                                                             : kept(key.rate, infinite, stay));
      }
    }
    return sum;
  };
  if (forgetting == Forgetting::lfu) {
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return keys[a].rate > keys[b].rate; });
    double room = capacity;
    for (const std::size_t i : order) {
      const double inside = std::min(room, keys[i].count);
      room -= inside;
      if (keys[i].rate > 0 && inside > 0) {
        const double fresh =
            renewing ? kept(keys[i].rate, infinite, ttl) : kept(keys[i].rate, ttl, infinite);
        hits[i] = inside / keys[i].count * fresh;
      }
    }
    return hits;
  }
  double stay = infinite;
  if (capacity < items) {
    // The time for which items stay is the one at which the cache is full (bisection in log time).
    double low = capacity / requests * 1e-6;
    double high = capacity / requests;
    while (held(high) < capacity && high < 1e300) {
      high *= 2;
    }
    for (int i = 0; i < 60; ++i) {
      const double middle = std::sqrt(low * high);
      (held(middle) < capacity ? low : high) = middle;
    }
    stay = std::sqrt(low * high);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    hits[i] = keys[i].rate > 0 ? hit(keys[i].rate, stay) : 0;
  }
  return hits;
}

double cache_hit_ratio(std::span<const KeyClass> keys, double capacity, double ttl, bool renewing,
                       Forgetting forgetting) {
  const std::vector<double> hits = cache_hits(keys, capacity, ttl, renewing, forgetting);
  double requests = 0;
  double answered = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    requests += keys[i].count * keys[i].rate;
    answered += keys[i].count * keys[i].rate * hits[i];
  }
  return requests > 0 ? answered / requests : 0;
}

}  // namespace stampede
