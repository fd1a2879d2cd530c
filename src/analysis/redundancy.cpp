#include "stampede/analysis/redundancy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "stampede/model/fault.hpp"
#include "traffic.hpp"

namespace stampede {
namespace {

/// Which instances of each part are up.
using State = std::vector<std::vector<bool>>;

/// Says what share of requests can be served while some instances are down.
class Structure {
 public:
  explicit Structure(const Traffic& traffic) : traffic_(traffic) {}

  State all_up() const {
    State state;
    for (const Part& part : traffic_.parts()) {
      state.emplace_back(static_cast<std::size_t>(part.instances), true);
    }
    return state;
  }

  /// Of the requests of a source, at best.
  double served(const Source& source, const State& state) {
    known_.clear();
    return answered(source.stream, state);
  }

 private:
  /// The share of a stream's requests that get a good answer.
  double answered(std::size_t index, const State& state) {
    // Calls that go round count as well as what they come back to.
    const auto [found, is_new] = known_.emplace(index, 1.0);
    if (!is_new) {
      return found->second;
    }
    const RequestStream& stream = traffic_.streams()[index];
    const double share = up(stream, state);
    const double value = share <= 0 ? 0 : share * done(*stream.flow, stream, state);
    known_[index] = value;
    return value;
  }

  /// The share of a stream's requests that find enough instances of the component.
  double up(const RequestStream& stream, const State& state) const {
    const Part& part = traffic_.parts()[stream.part];
    if (part.is_on_users_devices) {
      return 1;
    }
    const std::size_t owner = part.host.value_or(stream.part);
    const std::vector<bool>& instances = state[owner];
    const auto alive = static_cast<double>(std::count(instances.begin(), instances.end(), true));
    if (!part.theory.shards) {
      return alive > 0 ? 1 : 0;
    }
    const ShardsTheory& of = *part.theory.shards;
    const auto copies = static_cast<std::size_t>(of.copies);
    const auto shards = static_cast<std::size_t>(of.shards);
    const bool reads = stream.operation == Operation::read;
    const double needed = reads ? of.reads_needed : of.writes_needed;
    const double among = reads ? of.reads_among : of.writes_among;
    double served = 0;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      double left = 0;
      for (std::size_t copy = 0; copy < copies; ++copy) {
        left += instances[shard * copies + copy] ? 1 : 0;
      }
      const bool has_leader = instances[shard * copies];
      const bool any_will_do = among > 1 || of.fails_over;
      served += (any_will_do ? left >= needed : has_leader) ? 1 : 0;
    }
    return served / static_cast<double>(shards);
  }

  double done(const Flow& flow, const RequestStream& from, const State& state) {
    switch (flow.kind) {
      case Flow::Kind::sequence: {
        double all = 1;
        for (const Flow& part : flow.parts) {
          all *= done(part, from, state);
        }
        return flow.times > 0 ? all : 1;
      }
      case Flow::Kind::call: {
        const std::size_t to = traffic_.callee(flow.whom, from);
        return flow.whom.may_fail || to >= traffic_.streams().size() ? 1 : answered(to, state);
      }
      case Flow::Kind::choose: {
        double share = 1;
        for (std::size_t i = 0; i < flow.parts.size(); ++i) {
          share -= flow.chances[i] * (1 - done(flow.parts[i], from, state));
        }
        return share;
      }
      case Flow::Kind::parallel: {
        // So many of them are done, with that probability.
        std::vector<double> number(flow.parts.size() + 1, 0);
        number[0] = 1;
        for (std::size_t i = 0; i < flow.parts.size(); ++i) {
          const double share = done(flow.parts[i], from, state);
          for (std::size_t n = i + 1; n > 0; --n) {
            number[n] = number[n] * (1 - share) + number[n - 1] * share;
          }
          number[0] *= 1 - share;
        }
        double enough = 0;
        for (std::size_t n = flow.needed; n < number.size(); ++n) {
          enough += number[n];
        }
        return enough;
      }
      case Flow::Kind::on_miss: {
        double miss = traffic_.miss(flow, from);
        if (!flow.whom.target.empty()) {
          const std::size_t read =
              traffic_.callee({.target = flow.whom.target, .operation = Operation::read}, from);
          miss = read < traffic_.streams().size() && up(traffic_.streams()[read], state) <= 0
                     ? 1
                     : miss;
        }
        double all = 1;
        for (const Flow& part : flow.parts) {
          all *= done(part, from, state);
        }
        return 1 - miss * (1 - all);
      }
      case Flow::Kind::compute:
      case Flow::Kind::wait:
      case Flow::Kind::publish:
      case Flow::Kind::unknown:
        break;
    }
    return 1;
  }

  const Traffic& traffic_;
  std::map<std::size_t, double> known_;
};

class Finder {
 public:
  explicit Finder(const Scenario& scenario)
      : scenario_(scenario),
        geography_(scenario.regions),
        traffic_(scenario),
        structure_(traffic_) {
    // Hit ratios say how often what lies behind a cache is needed; any rate will do where they do
    // not depend on it, and today's mean is near enough where they do.
    std::vector<double> rates;
    for (const auto& population : scenario.traffic) {
      const auto arrivals = population.value.arrivals.theory();
      const bool is_open = arrivals && arrivals->unknown.empty() && !arrivals->is_closed;
      rates.push_back(is_open ? arrivals->requests * arrivals->rate.make({})->rate(Time()) : 1);
    }
    traffic_.solve(rates);
  }

  Redundancy find() {
    for (std::size_t part = 0; part < traffic_.parts().size(); ++part) {
      lose_one_of(part);
    }
    lose_zones();
    follow_faults();
    return std::move(found_);
  }

 private:
  std::vector<Redundancy::SinglePoint::Harm> harm_of(const State& state) {
    std::vector<Redundancy::SinglePoint::Harm> harm;
    const State whole = structure_.all_up();
    for (const Source& source : traffic_.sources()) {
      const double before = structure_.served(source, whole);
      const double after = structure_.served(source, state);
      constexpr double negligible = 1e-6;
      if (source.share > 0 && after < before - negligible) {
        harm.push_back({scenario_.traffic[source.population].name, source.type, before - after});
      }
    }
    return harm;
  }

  void lose_one_of(std::size_t index) {
    const Part& part = traffic_.parts()[index];
    if (part.is_on_users_devices || part.host || part.places.empty()) {
      return;
    }
    // Instances are alike, but for who leads a shard: the first of all does.
    State state = structure_.all_up();
    state[index][0] = false;
    auto harm = harm_of(state);
    if (harm.empty()) {
      return;
    }
    Redundancy::SinglePoint point{.what = part.name, .why = "has one instance", .harm = {}};
    if (part.theory.shards && part.instances > 1) {
      const ShardsTheory& shards = *part.theory.shards;
      point.why = shards.copies == 1 ? "has one copy of each shard"
                  : shards.reads_needed > 1 || shards.writes_needed > 1
                      ? "needs all that it has of the copies of a shard"
                      : "has no fail-over: the node that leads a shard is alone in what it does";
    }
    point.harm = std::move(harm);
    found_.single_points.push_back(std::move(point));
  }

  void lose_zones() {
    if (geography_.zone_count() < 2) {
      return;
    }
    for (std::size_t zone = 0; zone < geography_.zone_count(); ++zone) {
      State state = structure_.all_up();
      std::string lost;
      for (std::size_t index = 0; index < traffic_.parts().size(); ++index) {
        const Part& part = traffic_.parts()[index];
        std::size_t gone = 0;
        for (std::size_t i = 0; i < part.places.size() && !part.is_with_users; ++i) {
          if (part.places[i] == zone) {
            state[index][i] = false;
            ++gone;
          }
        }
        if (gone > 0 && gone == part.places.size()) {
          lost += (lost.empty() ? "" : ", ") + part.name;
        }
      }
      auto harm = harm_of(state);
      if (!harm.empty()) {
        found_.single_points.push_back(
            {.what = "zone " + geography_.places()[zone].name,
             .why = lost.empty() ? "holds more copies than can be missed" : "holds all of " + lost,
             .harm = std::move(harm)});
      }
    }
  }

  struct Outage {
    double begin;
    double end;
    std::vector<std::pair<std::size_t, std::size_t>> struck;  ///< part, instance
  };

  std::vector<std::pair<std::size_t, std::size_t>> struck_by(const TargetSettings& target) const {
    std::vector<std::pair<std::size_t, std::size_t>> struck;
    const std::vector<PlaceId> zones = geography_.zones_in(target.zone.name);
    for (std::size_t index = 0; index < traffic_.parts().size(); ++index) {
      const Part& part = traffic_.parts()[index];
      if (part.is_on_users_devices || part.host ||
          (!target.component.empty() && target.component.name != part.name)) {
        continue;
      }
      for (std::size_t i = 0; i < part.places.size(); ++i) {
        if (target.zone.empty() ||
            std::find(zones.begin(), zones.end(), part.places[i]) != zones.end()) {
          struck.emplace_back(index, i);
        }
      }
    }
    struck.resize(target.struck_among(struck.size()));
    return struck;
  }

  void follow_faults() {
    const double begin = scenario_.run.warmup.length.value_or(Duration()).seconds();
    const double end = scenario_.run.duration.seconds();
    std::set<std::string> crashes;
    for (const auto& crash : scenario_.facts.all<TakesDown>()) {
      crashes.insert(crash.path);
    }
    std::set<std::string> remarks;
    std::vector<Outage> outages;
    std::set<double> instants{begin, end};
    for (const auto& fault : scenario_.facts.all<FaultSettings>()) {
      if (!crashes.contains(fault.path)) {
        continue;
      }
      if (!fault.what.is_fixed() || fault.what.target.pick == TargetPick::random) {
        remarks.insert(fault.what.when ? "faults that begin when something is seen are left out"
                                       : "faults that strike at random are left out");
        continue;
      }
      constexpr double most_strikes = 1000;  // the time that this takes grows with their square
      const auto struck = struck_by(fault.what.target);
      const double every = fault.what.every ? fault.what.every->seconds() : end;
      if (end > every * most_strikes) {
        remarks.insert("faults that strike more than a thousand times are left out");
        continue;
      }
      for (double at = fault.what.at->seconds(); at < end; at += every) {
        Outage outage{.begin = std::max(begin, at), .end = end, .struck = struck};
        if (fault.what.duration) {
          outage.end = std::min(end, at + fault.what.duration->seconds());
        }
        if (outage.end > outage.begin) {
          instants.insert(outage.begin);
          instants.insert(outage.end);
          outages.push_back(std::move(outage));
        }
      }
    }
    found_.remarks.insert(found_.remarks.end(), remarks.begin(), remarks.end());
    if (outages.empty()) {
      return;
    }
    std::vector<double> served(traffic_.sources().size(), 0);
    for (auto instant = instants.begin(); std::next(instant) != instants.end(); ++instant) {
      const double from = *instant;
      const double length = *std::next(instant) - from;
      State state = structure_.all_up();
      for (const Outage& outage : outages) {
        if (outage.begin <= from && from < outage.end) {
          for (const auto& [part, instance] : outage.struck) {
            state[part][instance] = false;
          }
        }
      }
      for (std::size_t i = 0; i < served.size(); ++i) {
        served[i] += structure_.served(traffic_.sources()[i], state) * length / (end - begin);
      }
    }
    std::size_t population = 0;
    for (const auto& traffic : scenario_.traffic) {
      double all = 0;
      std::size_t types = 0;
      std::vector<Redundancy::Availability> by_type;
      for (std::size_t i = 0; i < served.size(); ++i) {
        const Source& source = traffic_.sources()[i];
        if (source.population == population) {
          all += source.share * served[i];
          ++types;
          by_type.push_back({traffic.name, source.type, served[i]});
        }
      }
      found_.availability.push_back({traffic.name, {}, all});
      if (types > 1) {
        found_.availability.insert(found_.availability.end(), by_type.begin(), by_type.end());
      }
      ++population;
    }
  }

  const Scenario& scenario_;
  Geography geography_;
  Traffic traffic_;
  Structure structure_;
  Redundancy found_;
};

}  // namespace

Redundancy redundancy_of(const Scenario& scenario) { return Finder(scenario).find(); }

}  // namespace stampede
