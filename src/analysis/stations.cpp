#include "stations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "stampede/base/hash.hpp"

namespace stampede {
namespace {

bool is_write(Operation operation) { return operation != Operation::read; }

/// How the requests of a stream fall on shards, by their keys.
std::vector<double> shares_of_shards(const Traffic& traffic, std::size_t stream,
                                     const Sharding& sharding, std::size_t shards) {
  const RequestStream& of = traffic.streams()[stream];
  const std::vector<KeyRange>& keys = traffic.keys(of.keys);
  std::vector<double> shares(shards, 0);
  double first = 0;
  for (std::size_t r = 0; r < keys.size(); ++r) {
    // Some keys, spread over the range, stand for the others: the more, the more is asked for.
    const double some = 64 + std::floor(50'000 * of.popularity[r]);
    const double looked_up = std::min(keys[r].count, some);
    for (double i = 0; i < looked_up; ++i) {
      const double rank = first + std::floor((i + 0.5) * keys[r].count / looked_up);
      shares[sharding.shard_of(static_cast<std::uint64_t>(rank))] += of.popularity[r] / looked_up;
    }
    first += keys[r].count;
  }
  return shares;
}

/// The instances of a balanced component: alike, unless each key has its own and one is hot.
std::vector<Node> balanced_nodes(const Traffic& traffic, const Part& part,
                                 const std::vector<std::size_t>& streams, const Split& split) {
  const double n = part.instances;
  std::vector<Node> nodes;
  if (!part.shares.empty()) {
    for (const double share : part.shares) {
      nodes.push_back(
          {1, std::vector<double>(streams.size(), share), std::vector<double>(streams.size(), 0)});
    }
    return nodes;
  }
  if (split.kind != Split::Kind::by_key || n < 2) {
    return {
        {n, std::vector<double>(streams.size(), 1 / n), std::vector<double>(streams.size(), 0)}};
  }
  // The most popular key has one instance to itself; the others are spread evenly.
  Node hot{1, {}, std::vector<double>(streams.size(), 0)};
  Node others{n - 1, {}, std::vector<double>(streams.size(), 0)};
  for (const std::size_t stream : streams) {
    const RequestStream& of = traffic.streams()[stream];
    const std::vector<KeyRange>& keys = traffic.keys(of.keys);
    const double top = keys.empty() ? 0 : of.popularity.front() / keys.front().count;
    hot.asked.push_back(top + (1 - top) / n);
    others.asked.push_back((1 - top) / n);
  }
  return {hot, others};
}

}  // namespace

std::vector<Node> nodes_of(const Scenario& scenario, const Traffic& traffic, std::size_t index,
                           const std::vector<std::size_t>& streams) {
  const Part& part = traffic.parts()[index];
  if (!part.theory.shards) {
    Split split = part.theory.split.value_or(Split{});
    for (const std::size_t stream : streams) {
      split = traffic.streams()[stream].split.value_or(split);
    }
    return balanced_nodes(traffic, part, streams, split);
  }
  const ShardsTheory& of = *part.theory.shards;
  const auto shards = static_cast<std::size_t>(of.shards);
  constexpr std::size_t most_shards = 1024;
  const bool is_even = shards == 1 || shards > most_shards;
  // As a database makes it in the first replication, so that hot keys lie where they will.
  const std::uint64_t seed =
      combine(combine(scenario.run.seed, std::uint64_t{0}), hash_bytes(part.name));
  const auto sharding =
      of.sharding.make({.shards = static_cast<std::uint32_t>(shards), .seed = seed});
  std::map<std::size_t, std::vector<double>> by_stream;
  for (const std::size_t stream : streams) {
    if (!is_even && !traffic.keys(traffic.streams()[stream].keys).empty()) {
      by_stream[stream] = shares_of_shards(traffic, stream, *sharding, shards);
    }
  }
  const auto share = [&](std::size_t stream, std::size_t shard) {
    const auto found = by_stream.find(stream);
    return found == by_stream.end() ? 1.0 / static_cast<double>(shards) : found->second[shard];
  };
  // Of the copies of a shard one may lead; the others are alike.
  const double copies = of.copies;
  const auto part_taken = [&](bool is_leader, double asked, double among) {
    if (among >= copies) {
      return asked / copies;
    }
    if (among == 1) {
      return is_leader ? asked : 0.0;
    }
    return is_leader ? 0.0 : asked / among;
  };
  std::vector<Node> nodes;
  for (std::size_t shard = 0; shard < (is_even ? 1 : shards); ++shard) {
    for (const bool is_leader : {true, false}) {
      Node node{(is_leader ? 1 : copies - 1) * (is_even ? static_cast<double>(shards) : 1), {}, {}};
      for (const std::size_t stream : streams) {
        const bool writes = is_write(traffic.streams()[stream].operation);
        const double here = share(stream, shard);
        const double taken = writes ? part_taken(is_leader, of.writes_asked, of.writes_among)
                                    : part_taken(is_leader, of.reads_asked, of.reads_among);
        node.asked.push_back(here * taken);
        node.applied.push_back(writes ? here * (1 - taken) : 0);
      }
      if (node.count > 0) {
        nodes.push_back(std::move(node));
      }
    }
  }
  return nodes;
}

namespace {

/// The wait of a queue as a time: with the chance of waiting, exponential given that one waits,
/// which is exact for M/M/c and close near saturation for all.
Span span_of_wait(const Queue& queue) {
  constexpr double next_to_nothing = 1e-10;  // a tenth of what the clock of the simulation can tell
  if (queue.wait < next_to_nothing) {
    return {};
  }
  if (queue.waiting_share <= 0 || std::isinf(queue.wait)) {
    return {queue.wait, 0};
  }
  return {queue.wait, queue.wait * queue.wait * (2 / queue.waiting_share - 1)};
}

/// One line of a node.
struct Line {
  double servers;
  double room;
  double count;  ///< of nodes like it
  Split split;
  double callers;
  std::optional<double> patience;
  bool shares = false;  ///< processor sharing
};

Queue queue_at(const Line& line, Load load) {
  const double servers = line.servers;
  if (line.shares) {
    load.service_scv = 1;  // the law does not matter
    load.interarrival_scv = std::min(1.0, load.interarrival_scv);
  }
  if (line.split.kind == Split::Kind::least_loaded && line.count > 1) {
    if (std::isinf(line.split.choices) || line.split.choices >= line.count) {
      load.rate *= line.count;
      Queue queue = ggck(line.count * servers, line.count * line.room, load);
      return queue;
    }
    if (load.offered() < servers) {
      return power_of_choices(line.count, servers, line.split.choices, load);
    }
  }
  if (line.count > 1) {
    // What is left of how regular arrivals are when they are dealt out to several instances. Turns
    // of many callers, each of whom deals for itself, mix (Whitt: The Queueing Network Analyzer,
    // Bell System Technical Journal 62, 1983, §4.3).
    if (line.split.kind == Split::Kind::in_turn) {
      const double dealt = load.interarrival_scv / line.count;
      const double idle = std::max(0.0, 1 - load.offered() / servers);
      const double weight = 1 / (1 + 4 * idle * idle * (std::max(1.0, line.callers) - 1));
      load.interarrival_scv = weight * dealt + 1 - weight;
    } else {
      load.interarrival_scv = 1 + (load.interarrival_scv - 1) / line.count;
    }
  }
  if (line.patience && line.room > 0) {
    return erlang_a(servers, *line.patience, load);
  }
  return ggck(servers, line.room, load);
}

}  // namespace

PartQueues queues_of(const Traffic& traffic, std::size_t index, const std::vector<Node>& nodes,
                     const PartLoad& load, std::optional<double> patience) {
  const Part& part = traffic.parts()[index];
  const ComponentTheory& theory = part.theory;
  const std::size_t streams = load.streams.size();
  PartQueues queues;
  queues.worker_wait.assign(streams, Span());

  Split split = theory.split.value_or(Split{});
  double callers = 0;
  double interarrival_scv = 1;
  double all = 0;
  for (std::size_t s = 0; s < streams; ++s) {
    const RequestStream& stream = traffic.streams()[load.streams[s]];
    split = stream.split.value_or(split);
    callers = std::max(callers, stream.callers);
    all += load.rates[s];
  }
  for (std::size_t s = 0; s < streams; ++s) {
    // One stream has all the traffic of a source that is not a Poisson process, or it mixes.
    const RequestStream& stream = traffic.streams()[load.streams[s]];
    if (all > 0) {
      interarrival_scv += load.rates[s] / all * (stream.interarrival_scv - 1);
    }
  }
  if (theory.shards) {
    split = {.kind = Split::Kind::random};
  }

  // Consumers are workers of their own for messages.
  double workers = theory.workers;
  std::string workers_name = "workers";
  if (theory.consumes) {
    const bool has_messages = std::any_of(
        load.streams.begin(), load.streams.end(),
        [&](std::size_t s) { return traffic.streams()[s].operation == Operation::write; });
    if (has_messages) {
      workers = std::min(workers, theory.consumes->consumers);
      workers_name = "consumers";
      split = {.kind = Split::Kind::least_loaded};  // who is free takes the next message
    }
  }

  double used = 0;
  double capacity = 0;
  double cpu_used = 0;
  double cpu_capacity = 0;
  double visits = 0;
  double lost = 0;
  double pieces = 0;
  double stretched = 0;
  Span cpu_wait;
  double worst_cpu = 0;
  double worst_workers = 0;
  std::vector<double> visits_of(streams, 0);
  for (const Node& node : nodes) {
    // ---- Workers ----
    Load at_workers{.rate = 0, .service = 0, .interarrival_scv = interarrival_scv};
    double squares = 0;
    double node_pieces = 0;
    double node_work = 0;
    double node_squares = 0;
    for (std::size_t s = 0; s < streams; ++s) {
      const double rate = load.rates[s] * node.asked[s];
      const bool per_piece = !theory.holds_worker;
      const double spells = per_piece ? load.pieces[s] : 1;
      const double square = per_piece ? load.piece_squares[s] : load.holds[s].second_moment();
      const double mean = per_piece ? load.computing[s].mean : load.holds[s].mean;
      at_workers.rate += rate * spells;
      at_workers.service += rate * mean;
      squares += rate * square;
      const double on_cores = rate + load.rates[s] * node.applied[s];
      node_pieces += on_cores * load.pieces[s];
      node_work += on_cores * load.computing[s].mean;
      node_squares += on_cores * load.piece_squares[s];
    }
    const double node_visits = at_workers.rate;
    if (at_workers.rate > 0) {
      const double total = at_workers.service;
      at_workers.service = total / at_workers.rate;
      const double mean_square = squares / at_workers.rate;
      at_workers.service_scv =
          at_workers.service > 0 && std::isfinite(mean_square)
              ? std::max(0.0, mean_square / (at_workers.service * at_workers.service) - 1)
              : 1;
    }
    if (std::isfinite(workers)) {
      const Line line{workers, theory.room, node.count, split, callers, patience};
      const double offered = at_workers.offered() / workers;
      worst_workers = std::max(worst_workers, offered);
      Queue queue;
      if (std::isfinite(at_workers.service)) {
        queue = queue_at(line, at_workers);
      } else {
        queue.wait = std::numeric_limits<double>::infinity();
        queue.utilization = 1;
      }
      used += node.count * std::min(1.0, queue.utilization) * workers;
      capacity += node.count * workers;
      lost += node.count * node_visits * queue.loss;
      std::vector<Span> waits(streams, span_of_wait(queue));
      if (theory.discipline == QueueDiscipline::priority && queue.wait > 0) {
        // The wait of all is divided among the priorities as Cobham divides it.
        std::map<int, Load> classes;
        for (std::size_t s = 0; s < streams; ++s) {
          Load& of = classes[traffic.streams()[load.streams[s]].priority];
          const double rate = load.rates[s] * node.asked[s];
          const double sum = of.offered() + rate * load.holds[s].mean;
          of.rate += rate;
          of.service = of.rate > 0 ? sum / of.rate : 0;
          of.service_scv = at_workers.service_scv;
        }
        std::vector<Load> in_order;
        for (const auto& [priority, of] : classes) {
          in_order.push_back(of);
        }
        const std::vector<Queue> by_priority = priorities(workers, in_order);
        const double exponential = mmc(workers, at_workers).wait;
        const double factor = workers > 1 && exponential > 0 && std::isfinite(exponential)
                                  ? queue.wait / exponential
                                  : 1;
        for (std::size_t s = 0; s < streams; ++s) {
          const int priority = traffic.streams()[load.streams[s]].priority;
          const auto at =
              static_cast<std::size_t>(std::distance(classes.begin(), classes.find(priority)));
          Queue own = by_priority[at];
          own.wait *= factor;
          waits[s] = span_of_wait(own);
        }
      }
      for (std::size_t s = 0; s < streams; ++s) {
        const double weight = node.count * load.rates[s] * node.asked[s];
        visits_of[s] += weight;
        if (weight > 0) {
          queues.worker_wait[s].mean += weight * waits[s].mean;
          queues.worker_wait[s].variance += weight * waits[s].second_moment();
        }
      }
    }
    visits += node.count * node_visits;

    // ---- Cores ----
    const bool enough_cores = std::isfinite(workers) && workers <= theory.cores &&
                              std::all_of(node.applied.begin(), node.applied.end(),
                                          [](double share) { return share == 0; });
    if (std::isfinite(theory.cores)) {
      cpu_used += node.count * std::min(theory.cores, node_work);
      cpu_capacity += node.count * theory.cores;
      if (node_pieces > 0 && node_work > 0 && !enough_cores) {
        worst_cpu = std::max(worst_cpu, node_work / theory.cores);
        const double mean = node_work / node_pieces;
        const Load on_cores{
            .rate = node_pieces,
            .service = mean,
            .service_scv = std::max(0.0, node_squares / node_pieces / (mean * mean) - 1),
            .interarrival_scv = std::isinf(workers) ? interarrival_scv : 1};
        const bool is_first = std::isinf(workers);
        const Line line{theory.cores,
                        is_first ? theory.core_room : std::numeric_limits<double>::infinity(),
                        node.count,
                        is_first ? split : Split{.kind = Split::Kind::random},
                        callers,
                        std::nullopt,
                        theory.scheduling == CpuScheduling::processor_sharing};
        const Queue queue = queue_at(line, on_cores);
        const Span wait = span_of_wait(queue);
        const double weight = node.count * node_pieces;
        pieces += weight;
        cpu_wait.mean += weight * wait.mean;
        cpu_wait.variance += weight * wait.second_moment();
        stretched += weight * (queue.wait + mean) / mean;
        lost += node.count * node_visits * (is_first ? queue.loss : 0);
      }
    }
  }
  for (std::size_t s = 0; s < streams; ++s) {
    if (visits_of[s] > 0) {
      Span& wait = queues.worker_wait[s];
      wait.mean /= visits_of[s];
      wait.variance = std::max(0.0, wait.variance / visits_of[s] - wait.mean * wait.mean);
    }
  }
  if (pieces > 0) {
    queues.cpu_wait.mean = cpu_wait.mean / pieces;
    queues.cpu_wait.variance =
        std::max(0.0, cpu_wait.variance / pieces - queues.cpu_wait.mean * queues.cpu_wait.mean);
    queues.cpu_stretch = stretched / pieces;
  }
  queues.lost = visits > 0 ? lost / visits : 0;
  if (capacity > 0) {
    queues.utilization = used / capacity;
    queues.pressure = worst_workers;
    queues.resource = workers_name;
  }
  if (cpu_capacity > 0) {
    queues.cpu_utilization = cpu_used / cpu_capacity;
    if (worst_cpu > queues.pressure.value_or(0) || !queues.pressure) {
      queues.pressure = worst_cpu > 0 ? worst_cpu : cpu_used / cpu_capacity;
      queues.resource = "cores";
    }
  }
  return queues;
}

}  // namespace stampede
