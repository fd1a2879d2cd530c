#include "solver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double unknown_time = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Solver::Solver(const Scenario& scenario, double load)
    : scenario_(scenario), geography_(scenario.regions), traffic_(scenario) {
  read_users(load);
  of_part_.resize(traffic_.parts().size());
  for (std::size_t i = 0; i < traffic_.streams().size(); ++i) {
    of_part_[traffic_.streams()[i].part].push_back(i);
  }
  queues_.resize(traffic_.parts().size());
  loads_.resize(traffic_.parts().size());
  responses_.assign(traffic_.streams().size(), Span());
  lost_.assign(traffic_.parts().size(), 0);
  for (std::size_t part = 0; part < of_part_.size(); ++part) {
    queues_[part].worker_wait.assign(of_part_[part].size(), Span());
  }
  find_ways();
}

void Solver::solve() {
  has_closed_ = std::any_of(users_.begin(), users_.end(),
                            [](const Users& users) { return users.arrivals.is_closed; });
  if (has_closed_) {
    solve_closed();
  } else {
    solve_open();
  }
}

std::pair<double, std::optional<std::size_t>> Solver::greatest_pressure() const {
  double greatest = 0;
  std::optional<std::size_t> where;
  // Who waits for a saturated component looks saturated as well; the cause has a finite service.
  for (const bool only_causes : {true, false}) {
    for (std::size_t part = 0; part < queues_.size(); ++part) {
      const std::optional<double> pressure = queues_[part].pressure;
      if (pressure && *pressure > greatest && (!only_causes || std::isfinite(*pressure))) {
        greatest = *pressure;
        where = part;
      }
    }
    if (where) {
      break;
    }
  }
  return {greatest, where};
}

// ---- Users ----

void Solver::read_users(double load) {
  for (const auto& traffic : scenario_.traffic) {
    const TrafficSettings& settings = traffic.value;
    Users users;
    if (auto theory = settings.arrivals.theory()) {
      users.arrivals = std::move(*theory);
    } else {
      users.arrivals.unknown = "no theory of arrivals of kind " + settings.arrivals.kind();
    }
    users.unknown = users.arrivals.unknown;
    if (users.unknown.empty() && users.arrivals.is_closed) {
      users.count = users.arrivals.users.value_or(static_cast<double>(settings.users.count));
    } else if (users.unknown.empty()) {
      const auto profile = users.arrivals.rate.make({});
      users.rate = load * users.arrivals.requests * mean_rate(*profile, users);
    }
    if (settings.patience) {
      users.patience = settings.patience->mean() * 1e-9;
    }
    double total = 0;
    users.regions.assign(geography_.regions().size(), 0);
    for (const auto& region : settings.users.regions) {
      if (const auto number = geography_.region(region.name)) {
        users.regions[*number] = region.value.value;
        total += region.value.value;
      }
    }
    if (total <= 0) {
      users.regions[0] = total = 1;
    }
    for (double& share : users.regions) {
      share /= total;
    }
    users_.push_back(std::move(users));
  }
}

double Solver::mean_rate(const RateProfile& profile, Users& users) const {
  constexpr int looks = 2000;
  const Duration begin = scenario_.run.warmup.length.value_or(Duration());
  const double from = begin.seconds();
  const double length = scenario_.run.duration.seconds() - from;
  double sum = 0;
  double least = infinite;
  double most = 0;
  for (int i = 0; i < looks; ++i) {
    const double at = from + (i + 0.5) / looks * length;
    const double rate = profile.rate(Time::from_start(Duration::from_seconds(at)));
    sum += rate / looks;
    least = std::min(least, rate);
    most = std::max(most, rate);
  }
  if (most > least * 1.001) {
    users.remarks.push_back(
        fmt::format("its rate changes, up to {:.3g}/s; predicted is the mean rate", most));
  }
  return sum;
}

std::vector<double> Solver::rates() const {
  std::vector<double> rates;
  for (const Users& users : users_) {
    rates.push_back(users.rate);
  }
  return rates;
}

// ---- The network ----

Span Solver::round_trip(const std::vector<PlaceId>& from, const std::vector<PlaceId>& to) const {
  if (from.empty() || to.empty()) {
    return {};
  }
  double mean = 0;
  double second = 0;
  for (const PlaceId a : from) {
    for (const PlaceId b : to) {
      const Span there = Span::of(latency_between(geography_, scenario_.network, a, b));
      const Span back = Span::of(latency_between(geography_, scenario_.network, b, a));
      const Span both = there + back;
      mean += both.mean;
      second += both.second_moment();
    }
  }
  const double pairs = static_cast<double>(from.size()) * static_cast<double>(to.size());
  mean /= pairs;
  return {mean, std::max(0.0, second / pairs - mean * mean)};
}

void Solver::find_ways() {
  const std::vector<Part>& parts = traffic_.parts();
  // Many instances stand in few zones: their pairs would be millions.
  std::vector<std::vector<PlaceId>>& places = places_;
  for (const Part& part : parts) {
    std::vector<PlaceId> some = part.places;
    constexpr std::size_t enough = 32;
    if (some.size() > enough) {
      some.resize(enough);
    }
    places.push_back(std::move(some));
  }
  ways_.assign(parts.size(), std::vector<Span>(parts.size()));
  for (std::size_t from = 0; from < parts.size(); ++from) {
    for (std::size_t to = 0; to < parts.size(); ++to) {
      const bool is_inside = parts[to].host == from || parts[from].host == to;
      if (is_inside) {
        continue;
      }
      if (parts[from].shares.empty()) {
        ways_[from][to] = round_trip(places[from], places[to]);
        continue;
      }
      // Most calls come from where most users are.
      Span way;
      double second = 0;
      for (std::size_t i = 0; i < parts[from].shares.size(); ++i) {
        const Span here = round_trip({parts[from].places[i]}, places[to]);
        way.mean += parts[from].shares[i] * here.mean;
        second += parts[from].shares[i] * here.second_moment();
      }
      way.variance = std::max(0.0, second - way.mean * way.mean);
      ways_[from][to] = way;
    }
  }
  for (const Users& users : users_) {
    std::vector<Span>& ways = ways_of_users_.emplace_back();
    for (std::size_t to = 0; to < parts.size(); ++to) {
      const Part& part = parts[to];
      Span way;
      if (part.is_with_users) {
        const Span one = Span::of(Flow::moments(part.theory.way_to_users));
        way = one + one;
      } else if (!part.is_on_users_devices) {
        double second = 0;
        for (std::size_t region = 0; region < users.regions.size(); ++region) {
          const Span here = round_trip({geography_.users_of(region)}, places[to]);
          way.mean += users.regions[region] * here.mean;
          second += users.regions[region] * here.second_moment();
        }
        way.variance = std::max(0.0, second - way.mean * way.mean);
      }
      ways.push_back(way);
    }
  }
}

Span Solver::way_from(const RequestStream& from, std::size_t to) const {
  // What is on users' devices calls from where they are.
  return traffic_.parts()[from.part].is_on_users_devices ? ways_of_users_[from.population][to]
                                                         : ways_[from.part][to];
}

// ---- Handlers ----

Span Solver::time_of(const Flow& flow, const RequestStream& from, std::size_t local) const {
  switch (flow.kind) {
    case Flow::Kind::sequence: {
      Span once;
      for (const Flow& part : flow.parts) {
        once = once + time_of(part, from, local);
      }
      return {once.mean * flow.times, once.variance * flow.times};
    }
    case Flow::Kind::compute: {
      const PartQueues& queues = queues_[from.part];
      const ComponentTheory& theory = traffic_.parts()[from.part].theory;
      Span work = Span::of(flow.time);
      if (flow.time.mean <= 0) {
        return work;
      }
      if (theory.scheduling == CpuScheduling::processor_sharing) {
        const double stretch = queues.cpu_stretch;
        work = {work.mean * stretch, work.variance * stretch * stretch};
      } else {
        work = work + queues.cpu_wait;
      }
      return theory.holds_worker ? work : work + queues.worker_wait[local];
    }
    case Flow::Kind::wait:
      return Span::of(flow.time);
    case Flow::Kind::call: {
      const std::size_t to = traffic_.callee(flow.whom, from);
      if (to >= traffic_.streams().size()) {
        return {unknown_time, 0};
      }
      const std::vector<PlaceId>& places = places_[from.part];
      return answer_to(places, way_from(from, traffic_.streams()[to].part), to);
    }
    case Flow::Kind::publish:
      return {};
    case Flow::Kind::choose: {
      Span mixed;
      double second = 0;
      for (std::size_t i = 0; i < flow.parts.size(); ++i) {
        const Span part = time_of(flow.parts[i], from, local);
        if (flow.chances[i] > 0) {
          mixed.mean += flow.chances[i] * part.mean;
          second += flow.chances[i] * part.second_moment();
        }
      }
      return {mixed.mean, std::max(0.0, second - mixed.mean * mixed.mean)};
    }
    case Flow::Kind::on_miss: {
      const double chance = traffic_.miss(flow, from);
      if (chance <= 0) {
        return {};
      }
      Span part;
      for (const Flow& inner : flow.parts) {
        part = part + time_of(inner, from, local);
      }
      const double mean = chance * part.mean;
      return {mean, std::max(0.0, chance * part.second_moment() - mean * mean)};
    }
    case Flow::Kind::parallel: {
      std::vector<TwoMoments> branches;
      for (const Flow& part : flow.parts) {
        const Span time = time_of(part, from, local);
        if (std::isnan(time.mean)) {
          return time;
        }
        branches.push_back(time.moments());
      }
      return Span::of(last_of(branches, flow.needed));
    }
    case Flow::Kind::unknown:
      break;
  }
  return {unknown_time, 0};
}

PartLoad Solver::load_of(std::size_t part) const {
  PartLoad load;
  load.streams = of_part_[part];
  for (std::size_t local = 0; local < load.streams.size(); ++local) {
    const RequestStream& stream = traffic_.streams()[load.streams[local]];
    load.rates.push_back(stream.rate);
    load.holds.push_back(stream.rate > 0 ? time_of(*stream.flow, stream, local) : Span());
    Span computing;
    double pieces = 0;
    double squares = 0;
    traffic_.walk(stream, [&](const Flow& flow, double often) {
      if (flow.kind == Flow::Kind::compute && flow.time.mean > 0) {
        const Span work = Span::of(flow.time);
        computing.mean += often * work.mean;
        pieces += often;
        squares += often * work.second_moment();
      }
    });
    load.computing.push_back(computing);
    load.pieces.push_back(pieces);
    load.piece_squares.push_back(squares);
  }
  return load;
}

std::optional<double> Solver::patience_of(std::size_t part) const {
  double rate = 0;
  double sum = 0;
  for (const std::size_t i : of_part_[part]) {
    const RequestStream& stream = traffic_.streams()[i];
    const double patience = users_[stream.population].patience;
    if (patience <= 0 && stream.rate > 0) {
      return std::nullopt;
    }
    rate += stream.rate;
    sum += stream.rate * patience;
  }
  return rate > 0 ? std::optional(sum / rate) : std::nullopt;
}

Span Solver::response_of(std::size_t part, std::size_t local) const {
  const Span hold = loads_[part].holds[local];
  const bool waits = traffic_.parts()[part].theory.holds_worker;
  return waits ? hold + queues_[part].worker_wait[local] : hold;
}

Span Solver::answer_to(const std::vector<PlaceId>& from, const Span& way, std::size_t to) const {
  const RequestStream& stream = traffic_.streams()[to];
  const Part& part = traffic_.parts()[stream.part];
  const Span visit = responses_[to];
  if (!part.theory.shards || std::isnan(visit.mean)) {
    return way + visit;
  }
  const bool reads = stream.operation == Operation::read;
  const ShardsTheory& shards = *part.theory.shards;
  const auto asked = static_cast<std::size_t>(reads ? shards.reads_asked : shards.writes_asked);
  const auto needed = static_cast<std::size_t>(reads ? shards.reads_needed : shards.writes_needed);
  if (asked <= 1) {
    return way + visit;
  }
  Span mean;
  double second = 0;
  for (const PlaceId place : from) {
    std::vector<TwoMoments> copies;
    for (std::size_t copy = 0; copy < asked; ++copy) {
      copies.push_back((round_trip({place}, {part.places[copy]}) + visit).moments());
    }
    const Span here = Span::of(last_of(copies, needed));
    mean.mean += here.mean / static_cast<double>(from.size());
    second += here.second_moment() / static_cast<double>(from.size());
  }
  mean.variance = std::max(0.0, second - mean.mean * mean.mean);
  return mean;
}

TwoMoments Solver::last_of(const std::vector<TwoMoments>& branches, std::size_t needed) const {
  std::vector<double> question{static_cast<double>(needed)};
  for (const TwoMoments& branch : branches) {
    question.push_back(branch.mean);
    question.push_back(branch.scv);
  }
  const auto [known, is_new] = order_statistics_.emplace(std::move(question), TwoMoments());
  if (is_new) {
    known->second = order_statistic(branches, needed);
  }
  return known->second;
}

Span Solver::latency_of(const Source& source) const {
  const std::size_t part = traffic_.streams()[source.stream].part;
  const Users& users = users_[source.population];
  Span mixed;
  double second = 0;
  for (std::size_t region = 0; region < users.regions.size(); ++region) {
    if (users.regions[region] > 0) {
      const Span here = answer_to({geography_.users_of(region)},
                                  ways_of_users_[source.population][part], source.stream);
      mixed.mean += users.regions[region] * here.mean;
      second += users.regions[region] * here.second_moment();
    }
  }
  mixed.variance = std::max(0.0, second - mixed.mean * mixed.mean);
  return mixed;
}

// ---- Open traffic ----

void Solver::solve_open() {
  traffic_.solve(rates());
  iterate([&](std::size_t part) {
    queues_[part] = queues_of(traffic_, part, nodes_[part], loads_[part], patience_of(part));
  });
}

void Solver::iterate(const std::function<void(std::size_t part)>& update_queues) {
  find_nodes();
  constexpr int most_rounds = 400;
  for (int round = 0; round < most_rounds && traffic_.is_solved(); ++round) {
    double change = 0;
    for (std::size_t part = 0; part < of_part_.size(); ++part) {
      if (of_part_[part].empty()) {
        continue;
      }
      loads_[part] = load_of(part);
      update_queues(part);
      for (std::size_t local = 0; local < of_part_[part].size(); ++local) {
        const Span response = response_of(part, local);
        Span& known = responses_[of_part_[part][local]];
        if (std::isfinite(response.mean) || std::isfinite(known.mean)) {
          const double scale = std::max(1e-12, std::abs(response.mean));
          change = std::max(change, std::abs(response.mean - known.mean) / scale);
          if (std::isnan(response.mean) != std::isnan(known.mean)) {
            change = std::max(change, 1.0);
          }
        }
        known = response;
      }
    }
    change = std::max(change, let_in());
    if (!(change > 1e-9)) {
      break;
    }
  }
}

void Solver::find_nodes() {
  nodes_.clear();
  for (std::size_t part = 0; part < of_part_.size(); ++part) {
    nodes_.push_back(nodes_of(scenario_, traffic_, part, of_part_[part]));
  }
}

double Solver::let_in() {
  double change = 0;
  for (std::size_t part = 0; part < of_part_.size(); ++part) {
    const double lost = queues_[part].lost;
    change = std::max(change, std::abs(lost - lost_[part]));
    lost_[part] = lost;
    for (const std::size_t stream : of_part_[part]) {
      traffic_.let_in(stream, 1 - lost);
    }
  }
  if (change > 1e-9) {
    traffic_.solve(rates());
  }
  return change > 1e-9 ? change : 0;
}

}  // namespace stampede
