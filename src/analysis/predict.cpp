#include "stampede/analysis/predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "stampede/model/arrivals.hpp"
#include "stations.hpp"
#include "traffic.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double unknown_time = std::numeric_limits<double>::quiet_NaN();

/// Why there is no theory of a part of what is done; empty if there is.
std::string why_unknown(const Flow& flow) {
  if (flow.kind == Flow::Kind::unknown) {
    return flow.why;
  }
  for (const Flow& part : flow.parts) {
    if (std::string why = why_unknown(part); !why.empty()) {
      return why;
    }
  }
  return {};
}

/// A population as theory sees it.
struct Users {
  ArrivalTheory arrivals;
  double rate = 0;              ///< open: given; closed: found
  double patience = 0;          ///< mean; 0: for ever
  double count = 0;             ///< of a closed one
  std::vector<double> regions;  ///< share in each
  std::vector<std::string> remarks;
  std::string unknown;
};

/// Solves a scenario for one level of load: what stations wait, and what handlers take, depends on
/// each other, so both are found in turn until they agree.
class Solver {
 public:
  Solver(const Scenario& scenario, double load)
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

  void solve() {
    has_closed_ = std::any_of(users_.begin(), users_.end(),
                              [](const Users& users) { return users.arrivals.is_closed; });
    if (has_closed_) {
      solve_closed();
    } else {
      solve_open();
    }
  }

  bool is_solved() const { return traffic_.is_solved(); }
  /// The greatest of all: what is asked of the tightest resource over what it can do.
  std::pair<double, std::optional<std::size_t>> greatest_pressure() const {
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

  Prediction prediction() const;
  std::optional<double> saturation_users() const { return saturation_users_; }
  const std::vector<Users>& users() const { return users_; }

 private:
  // ---- Users ----

  void read_users(double load) {
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

  /// Of the time that results are of; where the rate changes, with a remark.
  double mean_rate(const RateProfile& profile, Users& users) const {
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

  std::vector<double> rates() const {
    std::vector<double> rates;
    for (const Users& users : users_) {
      rates.push_back(users.rate);
    }
    return rates;
  }

  // ---- The network ----

  /// The way there and back between two sets of places, all pairs alike.
  Span round_trip(const std::vector<PlaceId>& from, const std::vector<PlaceId>& to) const {
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

  void find_ways() {
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

  Span way_from(const RequestStream& from, std::size_t to) const {
    // What is on users' devices calls from where they are.
    return traffic_.parts()[from.part].is_on_users_devices ? ways_of_users_[from.population][to]
                                                           : ways_[from.part][to];
  }

  // ---- Handlers ----

  /// How long a flow takes, waits for workers of others and for cores included.
  Span time_of(const Flow& flow, const RequestStream& from, std::size_t local) const {
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

  /// What is asked of a component, with what handlers take at present.
  PartLoad load_of(std::size_t part) const {
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

  std::optional<double> patience_of(std::size_t part) const {
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

  /// The response of a visit.
  Span response_of(std::size_t part, std::size_t local) const {
    const Span hold = loads_[part].holds[local];
    const bool waits = traffic_.parts()[part].theory.holds_worker;
    return waits ? hold + queues_[part].worker_wait[local] : hold;
  }

  /// From the call of somebody at these places until the answer: of a store, when so many of its
  /// copies have answered, each from where it stands.
  Span answer_to(const std::vector<PlaceId>& from, const Span& way, std::size_t to) const {
    const RequestStream& stream = traffic_.streams()[to];
    const Part& part = traffic_.parts()[stream.part];
    const Span visit = responses_[to];
    if (!part.theory.shards || std::isnan(visit.mean)) {
      return way + visit;
    }
    const bool reads = stream.operation == Operation::read;
    const ShardsTheory& shards = *part.theory.shards;
    const auto asked = static_cast<std::size_t>(reads ? shards.reads_asked : shards.writes_asked);
    const auto needed =
        static_cast<std::size_t>(reads ? shards.reads_needed : shards.writes_needed);
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

  /// An order statistic; iterations ask for the same ones again and again.
  TwoMoments last_of(const std::vector<TwoMoments>& branches, std::size_t needed) const {
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

  /// Of the requests of a source, network included.
  Span latency_of(const Source& source) const {
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

  void solve_open() {
    traffic_.solve(rates());
    iterate([&](std::size_t part) {
      queues_[part] = queues_of(traffic_, part, nodes_[part], loads_[part], patience_of(part));
    });
  }

  /// Responses and queues in turn, until nothing changes any more.
  template <class Update>
  void iterate(Update update_queues) {
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

  void find_nodes() {
    nodes_.clear();
    for (std::size_t part = 0; part < of_part_.size(); ++part) {
      nodes_.push_back(nodes_of(scenario_, traffic_, part, of_part_[part]));
    }
  }

  /// Who is turned away calls nobody.
  double let_in() {
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

  // ---- Closed traffic ----

  /// Throughput and waits by mean value analysis; the rest of the world, which does not queue, is
  /// think time to it. What stations are asked for follows from the throughput, and how much
  /// resources that calls hold are asked for from responses: in turn, until they agree.
  void solve_closed();
  void find_closed_queues(std::size_t part);

  const Scenario& scenario_;
  Geography geography_;
  Traffic traffic_;
  std::vector<Users> users_;
  std::vector<std::vector<std::size_t>> of_part_;  ///< streams by part
  std::vector<std::vector<Node>> nodes_;
  std::vector<PartLoad> loads_;
  std::vector<PartQueues> queues_;
  std::vector<double> lost_;
  std::vector<Span> responses_;               ///< by stream
  std::vector<std::vector<PlaceId>> places_;  ///< of the instances of each part, or of some
  mutable std::map<std::vector<double>, TwoMoments> order_statistics_;
  std::vector<std::vector<Span>> ways_;
  std::vector<std::vector<Span>> ways_of_users_;  ///< by population and part
  bool has_closed_ = false;
  std::vector<double> closed_wait_;  ///< by part: of a visit, in front of its tightest resource
  std::optional<double> saturation_users_;
  std::vector<std::string> remarks_;
};

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

// ---- Closed traffic -----------------------------------------------------------------------------

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

// ---- What is told -------------------------------------------------------------------------------

std::optional<double> known(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

Prediction Solver::prediction() const {
  Prediction result;
  result.remarks = remarks_;
  bool is_known = traffic_.is_solved();
  for (const Users& users : users_) {
    is_known = is_known && users.unknown.empty();
  }
  for (std::size_t i = 0; i < traffic_.parts().size(); ++i) {
    const Part& part = traffic_.parts()[i];
    const PartQueues& queues = queues_[i];
    const PartLoad& load = loads_[i];
    Prediction::ComponentPart told;
    told.name = part.name;
    told.kind = part.kind;
    told.instances = part.instances;
    told.remarks = part.theory.remarks;
    told.unknown = part.theory.unknown;
    for (const HandlerTheory& handler : part.theory.handlers) {
      if (told.unknown.empty()) {
        told.unknown = why_unknown(handler.flow);
      }
    }
    if (!traffic_.hit_ratio_unknown(i).empty()) {
      told.unknown = "no theory of " + traffic_.hit_ratio_unknown(i);
    }
    if (!traffic_.is_solved()) {
      told.unknown = "calls go round without an end";
    }
    for (const Users& users : users_) {
      if (!users.unknown.empty() && told.unknown.empty()) {
        told.unknown = "traffic: " + users.unknown;
      }
    }
    double wait = 0;
    double cpu_wait = 0;
    double response = 0;
    double visits = 0;
    for (std::size_t local = 0; local < load.streams.size(); ++local) {
      const RequestStream& stream = traffic_.streams()[load.streams[local]];
      double asked = 0;
      for (const Node& node : nodes_[i]) {
        asked += node.count * node.asked[local];
      }
      const double rate = stream.rate * asked;
      if (rate <= 0) {
        continue;
      }
      visits += rate;
      const double spells = part.theory.holds_worker ? 1 : load.pieces[local];
      const double in_line = spells * queues.worker_wait[local].mean;
      wait += rate * in_line;
      const double on_core = part.theory.scheduling == CpuScheduling::processor_sharing
                                 ? load.computing[local].mean * (queues.cpu_stretch - 1)
                                 : load.pieces[local] * queues.cpu_wait.mean;
      cpu_wait += rate * on_core;
      response += rate * (load.holds[local].mean + (part.theory.holds_worker ? in_line : 0));
    }
    told.rate = visits;
    told.hit_ratio = traffic_.hit_ratio(i);
    if (visits > 0 && told.unknown.empty()) {
      told.utilization = std::isfinite(part.theory.workers) ? queues.utilization : std::nullopt;
      told.cpu_utilization = queues.cpu_utilization;
      if (std::isfinite(part.theory.workers)) {
        told.wait = known(wait / visits);
      }
      if (std::isfinite(part.theory.cores)) {
        told.cpu_wait = known(cpu_wait / visits);
      }
      told.response = known(response / visits);
      told.lost = queues.lost;
      told.pressure = queues.pressure;
      told.resource = queues.resource;
    }
    result.components.push_back(std::move(told));
  }
  std::size_t population = 0;
  for (const auto& traffic : scenario_.traffic) {
    const Users& users = users_[population];
    Prediction::PopulationPart told;
    told.name = traffic.name;
    told.is_closed = users.arrivals.is_closed;
    told.remarks = users.remarks;
    told.unknown = users.unknown;
    if (!traffic_.is_solved()) {
      told.unknown = "calls go round without an end";
    }
    if (told.unknown.empty()) {
      told.rate = users.rate;
    }
    double all = 0;
    for (const Source& source : traffic_.sources()) {
      if (source.population != population) {
        continue;
      }
      Prediction::RequestTypePart& type = told.types.emplace_back();
      type.name = source.type;
      type.share = source.share;
      const double latency = latency_of(source).mean;
      all += source.share > 0 ? source.share * latency : 0;
      if (is_known) {
        type.latency = known(latency);
      }
    }
    if (is_known) {
      told.latency = known(all);
      if (!told.latency && told.unknown.empty()) {
        told.unknown = "its answers depend on something that has no theory";
      }
    }
    const CallSettings& call = traffic.value.call;
    if (told.latency && call.timeout && *told.latency > call.timeout->seconds() / 3) {
      told.remarks.push_back("its timeout cuts answers short, which theory leaves out");
    }
    result.populations.push_back(std::move(told));
    ++population;
  }
  const auto [pressure, where] = greatest_pressure();
  if (where && is_known) {
    result.bottleneck = where;
    if (users_.size() == 1 && has_closed_) {
      result.saturation_users = saturation_users_;
    }
  }
  return result;
}

}  // namespace

const Prediction::ComponentPart* Prediction::component(const std::string& name) const {
  for (const ComponentPart& part : components) {
    if (part.name == name) {
      return &part;
    }
  }
  return nullptr;
}

const Prediction::PopulationPart* Prediction::population(const std::string& name) const {
  for (const PopulationPart& part : populations) {
    if (part.name == name) {
      return &part;
    }
  }
  return nullptr;
}

Prediction predict(const Scenario& scenario, bool find_saturation) {
  Solver today(scenario, 1);
  today.solve();
  Prediction prediction = today.prediction();
  const bool is_open = std::none_of(today.users().begin(), today.users().end(),
                                    [](const Users& users) { return users.arrivals.is_closed; });
  const bool is_known =
      today.is_solved() && std::all_of(today.users().begin(), today.users().end(),
                                       [](const Users& users) { return users.unknown.empty(); });
  if (!find_saturation || !is_open || !is_known) {
    return prediction;
  }
  // How much the load may grow: what holds workers during calls grows faster than the load.
  const auto pressure_at = [&](double load) {
    Solver solver(scenario, load);
    solver.solve();
    return solver.greatest_pressure();
  };
  if (!prediction.bottleneck) {
    prediction.saturation = infinite;
    return prediction;
  }
  double low = 0;
  double high = 1;
  constexpr double beyond_interest = 1e6;
  while (high < beyond_interest && pressure_at(high).first < 1) {
    low = high;
    high *= 2;
  }
  if (high >= beyond_interest) {
    prediction.saturation = infinite;
    return prediction;
  }
  std::optional<std::size_t> where = prediction.bottleneck;
  for (int i = 0; i < 30 && high - low > 5e-4 * high; ++i) {
    const double middle = (low + high) / 2;
    const auto [pressure, part] = pressure_at(middle);
    if (pressure < 1) {
      low = middle;
      where = part;
    } else {
      high = middle;
    }
  }
  prediction.saturation = (low + high) / 2;
  prediction.bottleneck = where;
  return prediction;
}

}  // namespace stampede
