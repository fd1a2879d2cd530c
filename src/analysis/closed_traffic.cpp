#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "solver.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Classes that share no station do not meet: each group of those that do is solved by itself,
/// exactly where it is one class.
ClosedNetwork mean_value_analysis(const std::vector<ClosedClass>& classes,
                                  const std::vector<ClosedStation>& stations) {
  std::vector<std::size_t> group(classes.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::size_t k = 0; k < stations.size(); ++k) {
    std::optional<std::size_t> first;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      if (classes[c].demands[k] > 0) {
        const std::size_t joined = group[c];
        first = first.value_or(joined);
        std::replace(group.begin(), group.end(), joined, *first);
      }
    }
  }
  ClosedNetwork network;
  network.throughput.resize(classes.size());
  network.residence.resize(classes.size());
  for (const std::size_t one : std::set<std::size_t>(group.begin(), group.end())) {
    std::vector<ClosedClass> members;
    std::vector<std::size_t> numbers;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      if (group[c] == one) {
        members.push_back(classes[c]);
        numbers.push_back(c);
      }
    }
    constexpr double most_exact = 20'000;
    const ClosedNetwork solved = members.size() == 1 && members[0].users <= most_exact
                                     ? exact_mva(members, stations)
                                     : schweitzer_mva(members, stations);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      network.throughput[numbers[i]] = solved.throughput[i];
      network.residence[numbers[i]] = solved.residence[i];
    }
  }
  return network;
}
}  // namespace

void Solver::solve_closed() {
  const std::size_t parts = of_part_.size();
  closed_wait_.assign(parts, 0);
  double closed_users = 0;
  std::vector<std::size_t> closed;
  for (std::size_t population = 0; population < users_.size(); ++population) {
    Users& users = users_[population];
    if (users.arrivals.is_closed) {
      closed.push_back(population);
      closed_users += users.count;
      users.rate = 1e-3;  // what throughput is does not matter to visit ratios
    }
  }
  for (int round = 0; round < 200; ++round) {
    traffic_.solve(rates());
    iterate([&](std::size_t part) { find_closed_queues(part); });
    if (!traffic_.is_solved()) {
      return;
    }
    // A station for each node of each component that has a limited resource.
    std::vector<ClosedStation> stations;
    std::vector<std::size_t> part_of;
    std::vector<ClosedClass> classes;
    std::vector<double> delays;
    for (const std::size_t population : closed) {
      classes.push_back({.users = users_[population].count, .think = 0, .demands = {}});
    }
    for (std::size_t part = 0; part < parts; ++part) {
      const ComponentTheory& theory = traffic_.parts()[part].theory;
      const PartLoad& load = loads_[part];
      const bool has_workers = std::isfinite(theory.workers);
      if (load.streams.empty() || (!has_workers && std::isinf(theory.cores))) {
        continue;
      }
      const bool holds = has_workers && theory.holds_worker && theory.workers <= theory.cores;
      const double servers = std::min(theory.workers, theory.cores);
      Split split = theory.split.value_or(Split{});
      for (const std::size_t stream : load.streams) {
        split = traffic_.streams()[stream].split.value_or(split);
      }
      for (const Node& node : nodes_[part]) {
        const bool is_pooled =
            split.kind == Split::Kind::least_loaded && !theory.shards && node.count > 1;
        constexpr double most_stations = 64;
        const double copies = is_pooled || node.count > most_stations ? 1 : node.count;
        const double together = node.count / copies;
        double open = 0;
        std::vector<double> demands(classes.size(), 0);
        for (std::size_t local = 0; local < load.streams.size(); ++local) {
          const RequestStream& stream = traffic_.streams()[load.streams[local]];
          const double work = holds ? load.holds[local].mean : load.computing[local].mean;
          const double busy =
              stream.rate * work * (node.asked[local] + (holds ? 0 : node.applied[local]));
          const auto at = std::find(closed.begin(), closed.end(), stream.population);
          if (at == closed.end()) {
            open += busy / servers;
          } else {
            demands[static_cast<std::size_t>(at - closed.begin())] +=
                together * busy / users_[stream.population].rate;
          }
        }
        for (double copy = 0; copy < copies; ++copy) {
          stations.push_back({servers * together});
          part_of.push_back(part);
          for (std::size_t c = 0; c < classes.size(); ++c) {
            // Open traffic takes its part of the station first (mixed networks: Lavenberg, Reiser
            // 1980).
            classes[c].demands.push_back(open < 1 ? demands[c] / (1 - open) : infinite);
          }
        }
      }
    }
    // All that does not queue: the response without waits, less the demands above.
    for (std::size_t c = 0; c < closed.size(); ++c) {
      const std::size_t population = closed[c];
      double response = 0;
      for (const Source& source : traffic_.sources()) {
        if (source.population == population) {
          const std::size_t target = traffic_.streams()[source.stream].part;
          response += source.share *
                      (responses_[source.stream].mean + ways_of_users_[population][target].mean);
        }
      }
      double waits = 0;
      for (std::size_t i = 0; i < of_part_.size(); ++i) {
        double visits = 0;
        for (std::size_t local = 0; local < of_part_[i].size(); ++local) {
          const RequestStream& stream = traffic_.streams()[of_part_[i][local]];
          visits += stream.population == population ? stream.rate / users_[population].rate : 0;
        }
        waits += visits * closed_wait_[i];
      }
      const double demands =
          std::accumulate(classes[c].demands.begin(), classes[c].demands.end(), 0.0);
      classes[c].think =
          users_[population].arrivals.think.mean + std::max(0.0, response - waits - demands);
      if (std::isnan(response)) {
        users_[population].unknown = "its answers depend on something that has no theory";
        users_[population].rate = 0;
        return;
      }
    }
    const ClosedNetwork network = mean_value_analysis(classes, stations);
    double change = 0;
    for (std::size_t c = 0; c < closed.size(); ++c) {
      double& rate = users_[closed[c]].rate;
      const double found = network.throughput[c];
      change = std::max(change, std::abs(found - rate) / std::max(found, 1e-12));
      rate = found;
    }
    // The wait of a visit: what residence has beyond the demand, over all visits.
    std::vector<double> waiting(parts, 0);
    std::vector<double> visits(parts, 0);
    for (std::size_t k = 0; k < stations.size(); ++k) {
      for (std::size_t c = 0; c < closed.size(); ++c) {
        waiting[part_of[k]] +=
            network.throughput[c] * (network.residence[c][k] - classes[c].demands[k]);
      }
    }
    for (const RequestStream& stream : traffic_.streams()) {
      const auto at = std::find(closed.begin(), closed.end(), stream.population);
      visits[stream.part] += at != closed.end() ? stream.rate : 0;
    }
    for (std::size_t part = 0; part < parts; ++part) {
      // Visits are of the rates before this round; so is the ratio of both.
      closed_wait_[part] = visits[part] > 0 ? waiting[part] / visits[part] : 0;
    }
    if (closed.size() == 1 && !stations.empty()) {
      double sum = classes[0].think;
      double greatest = 0;
      for (std::size_t k = 0; k < stations.size(); ++k) {
        sum += classes[0].demands[k];
        greatest = std::max(greatest, classes[0].demands[k] / stations[k].servers);
      }
      saturation_users_ = greatest > 0 ? std::optional(sum / greatest) : std::nullopt;
    }
    if (change < 1e-9) {
      break;
    }
  }
  traffic_.solve(rates());
  iterate([&](std::size_t part) { find_closed_queues(part); });
  // A worker that is held during calls limits how many are inside; that is no station of MVA.
  for (std::size_t part = 0; part < parts; ++part) {
    const Part& of = traffic_.parts()[part];
    bool calls = false;
    for (const std::size_t stream : of_part_[part]) {
      traffic_.walk(traffic_.streams()[stream], [&](const Flow& flow, double often) {
        calls = calls || (flow.kind == Flow::Kind::call && often > 0);
      });
    }
    if (calls && of.theory.holds_worker && of.theory.workers * of.instances < closed_users) {
      for (const std::size_t population : closed) {
        users_[population].remarks.push_back(
            fmt::format("{} holds workers during its calls, which closed traffic makes hard to "
                        "predict",
                        of.name));
      }
    }
  }
}

void Solver::find_closed_queues(std::size_t part) {
  // Utilisations are those of an open station; waits are those of mean value analysis.
  PartQueues open = queues_of(traffic_, part, nodes_[part], loads_[part], std::nullopt);
  open.lost = 0;
  const ComponentTheory& theory = traffic_.parts()[part].theory;
  const bool at_workers = std::isfinite(theory.workers) && theory.workers <= theory.cores;
  const double wait = closed_wait_[part];
  for (Span& span : open.worker_wait) {
    span = at_workers || std::isfinite(theory.workers) ? Span{wait, wait * wait} : Span{};
  }
  double visits = 0;
  double pieces = 0;
  double work = 0;
  const PartLoad& load = loads_[part];
  for (std::size_t local = 0; local < load.streams.size(); ++local) {
    visits += load.rates[local];
    pieces += load.rates[local] * load.pieces[local];
    work += load.rates[local] * load.computing[local].mean;
  }
  open.cpu_wait = {};
  open.cpu_stretch = 1;
  if (!std::isfinite(theory.workers) && pieces > 0) {
    open.cpu_wait = {wait * visits / pieces, 0};
    open.cpu_stretch = 1 + (work > 0 ? wait * visits / work : 0);
  }
  queues_[part] = std::move(open);
}

}  // namespace stampede
