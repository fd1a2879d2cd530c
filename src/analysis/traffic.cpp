#include "traffic.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <set>

#include "stampede/base/json.hpp"
#include "stampede/model/in_process.hpp"
#include "stampede/model/messages.hpp"

namespace stampede {
namespace {

/// More kinds of requests than that are too many to solve for; nobody writes so many by hand.
constexpr std::size_t most_streams = 4000;

const Flow nothing_known = Flow::unknown("no theory of this kind of component");

/// A law and its settings, for telling laws apart.
std::string text_of(const Choice<KeyLaw>& keys) {
  return type_of<Choice<KeyLaw>>().echo(&keys).dump();
}

template <class Fact>
bool declares(const Scenario& scenario, const std::string& component) {
  for (const auto& fact : scenario.facts.all<Fact>()) {
    if (fact.path == "components." + component) {
      return true;
    }
  }
  return false;
}

/// The first handler for that type and operation; one that names the type goes before the others.
const Flow* flow_for(const ComponentTheory& theory, const std::string& type, Operation operation) {
  if (!theory.unknown.empty()) {
    return &nothing_known;
  }
  for (const bool by_type : {true, false}) {
    for (const HandlerTheory& handler : theory.handlers) {
      const bool is_for_type = by_type ? handler.type == type : handler.type.empty();
      if (is_for_type && (!handler.operation || *handler.operation == operation)) {
        return &handler.flow;
      }
    }
  }
  return &nothing_known;
}

}  // namespace

Traffic::Traffic(const Scenario& scenario) {
  laws_.emplace_back();  // of items that nobody else asks for
  law_is_known_.push_back(true);
  add_parts(scenario);
  add_sources(scenario);
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    add_callees(stream);
  }
  unknown_hits_.assign(parts_.size(), {});
}

void Traffic::add_parts(const Scenario& scenario) {
  const Geography geography(scenario.regions);
  for (const auto& component : scenario.components) {
    part_of_[component.name] = parts_.size();
    Part part;
    part.name = component.name;
    part.kind = component.value.kind();
    if (auto theory = component.value.theory()) {
      part.theory = std::move(*theory);
    } else {
      part.theory.unknown = "no theory of this kind of component";
    }
    part.is_with_users = declares<StandsWithUsers>(scenario, component.name);
    part.is_on_users_devices = declares<OnUsersDevices>(scenario, component.name);
    for (const auto& placement : scenario.facts.all<PlacementSettings>()) {
      if (placement.path == "components." + component.name) {
        part.places = places_of(placement.what, geography);
      }
    }
    if (part.is_with_users) {
      part.places.clear();
      for (std::size_t region = 0; region < geography.regions().size(); ++region) {
        part.places.push_back(geography.users_of(region));
      }
    }
    part.instances = std::max<double>(1, static_cast<double>(part.places.size()));
    parts_.push_back(std::move(part));
  }
  for (const auto& lodger : scenario.facts.all<LivesIn>()) {
    const auto host = part_of_.find(lodger.what.host);
    const auto part = part_of_.find(lodger.path.substr(lodger.path.rfind('.') + 1));
    if (host != part_of_.end() && part != part_of_.end()) {
      parts_[part->second].host = host->second;
      parts_[part->second].places = parts_[host->second].places;
      parts_[part->second].instances = parts_[host->second].instances;
    }
  }
}

void Traffic::add_sources(const Scenario& scenario) {
  std::size_t population = 0;
  std::map<std::string, double> regions;  // share of the users, all populations alike
  for (const auto& traffic : scenario.traffic) {
    const TrafficSettings& settings = traffic.value;
    user_counts_.push_back(static_cast<double>(settings.users.count));
    const ArrivalTheory arrivals = settings.arrivals.theory().value_or(ArrivalTheory{});
    double given = 0;
    double open = 0;
    for (const auto& request : settings.requests) {
      given += request.value.share ? request.value.share->value : 0;
      open += request.value.share ? 0 : 1;
    }
    const auto share_of = [&](const auto& request) {
      if (!arrivals.types.empty()) {
        return static_cast<double>(
                   std::count(arrivals.types.begin(), arrivals.types.end(), request.name)) /
               static_cast<double>(arrivals.types.size());
      }
      return request.value.share ? request.value.share->value : (1 - given) / open;
    };
    const std::size_t common = law_of(settings.keys);
    const auto add = [&](const std::string& type, double share, const RequestSettings& request) {
      const std::size_t keys = request.keys.has_value() ? law_of(request.keys) : common;
      const double bytes = request.response_size.mean();
      RequestStream users;
      users.type = type;
      users.operation = request.operation;
      users.keys = keys;
      users.population = population;
      users.bytes = bytes;
      users.priority = request.priority;
      const std::size_t stream = find_or_add({.target = settings.target.name}, users);
      streams_[stream].callers = 1;
      streams_[stream].interarrival_scv = arrivals.interarrival_scv;
      sources_.push_back({population, type, share, stream});
    };
    if (settings.requests.empty()) {
      add("request", 1, RequestSettings{});
    }
    for (const auto& request : settings.requests) {
      add(request.name, share_of(request), request.value);
    }
    for (const auto& region : settings.users.regions) {
      regions[region.name] += region.value.value;
    }
    ++population;
  }
  // How users are spread over regions is how requests come to what stands with them.
  const Geography geography(scenario.regions);
  double total = 0;
  for (const auto& [name, share] : regions) {
    total += share;
  }
  for (Part& part : parts_) {
    if (part.is_with_users && part.places.size() > 1) {
      for (std::size_t region = 0; region < geography.regions().size(); ++region) {
        const auto found = regions.find(geography.regions()[region]);
        part.shares.push_back(total <= 0               ? (region == 0 ? 1 : 0)
                              : found == regions.end() ? 0
                                                       : found->second / total);
      }
    }
  }
}

std::size_t Traffic::law_of(const Choice<KeyLaw>& choice) {
  if (!choice.has_value()) {
    return 0;
  }
  // The same law is the same items, whoever says so.
  const std::string text = text_of(choice);
  const auto [found, is_new] = law_of_.emplace(text, laws_.size());
  if (is_new) {
    const auto theory = choice.theory();
    laws_.push_back(theory.value_or(std::vector<KeyRange>{}));
    law_is_known_.push_back(theory.has_value());
  }
  return found->second;
}

std::size_t Traffic::find_or_add(const CallTheory& whom, const RequestStream& from) {
  const auto part = part_of_.find(whom.target);
  if (part == part_of_.end()) {
    return streams_.size();
  }
  const std::string& type = whom.type.empty() ? from.type : whom.type;
  const Operation operation = whom.operation.value_or(from.operation);
  const std::size_t keys = whom.keys.has_value() ? law_of(whom.keys) : from.keys;
  const StreamKey key(part->second, type, operation, keys, from.population);
  const auto [found, is_new] = stream_of_.emplace(key, streams_.size());
  if (is_new) {
    RequestStream stream = from;
    stream.part = part->second;
    stream.type = type;
    stream.operation = operation;
    stream.keys = keys;
    stream.rate = 0;
    stream.hit = 0;
    stream.callers = 0;
    stream.interarrival_scv = 1;
    stream.split = whom.split;
    stream.flow = flow_for(parts_[part->second].theory, type, operation);
    stream.popularity.clear();
    for (const KeyRange& range : laws_[keys]) {
      stream.popularity.push_back(range.count * range.share);
    }
    stream.range_hits.assign(stream.popularity.size(), 0);
    streams_.push_back(std::move(stream));
    admitted_.push_back(1);
  }
  return found->second;
}

std::size_t Traffic::callee(const CallTheory& whom, const RequestStream& from) const {
  const auto part = part_of_.find(whom.target);
  if (part == part_of_.end()) {
    return streams_.size();
  }
  std::size_t keys = from.keys;
  if (whom.keys.has_value()) {
    const auto law = law_of_.find(text_of(whom.keys));
    keys = law == law_of_.end() ? 0 : law->second;
  }
  const StreamKey key(part->second, whom.type.empty() ? from.type : whom.type,
                      whom.operation.value_or(from.operation), keys, from.population);
  const auto found = stream_of_.find(key);
  return found == stream_of_.end() ? streams_.size() : found->second;
}

const RequestStream* Traffic::cache_read(const Flow& on_miss, const RequestStream& from) const {
  if (on_miss.whom.target.empty()) {
    return &from;
  }
  const std::size_t read =
      callee({.target = on_miss.whom.target, .operation = Operation::read}, from);
  return read < streams_.size() ? &streams_[read] : nullptr;
}

double Traffic::miss(const Flow& on_miss, const RequestStream& from) const {
  const RequestStream* read = cache_read(on_miss, from);
  return read != nullptr ? 1 - read->hit : 1;
}

void Traffic::add_callees(std::size_t index) {
  require(streams_.size() < most_streams, "a scenario has fewer kinds of requests than that");
  const RequestStream from = streams_[index];  // a copy: the list grows
  const double callers = parts_[from.part].instances;
  std::vector<CallTheory> calls;
  walk(from, [&](const Flow& flow, double) {
    if (flow.kind == Flow::Kind::call || flow.kind == Flow::Kind::publish) {
      calls.push_back(flow.whom);
    }
  });
  for (const CallTheory& whom : calls) {
    const std::size_t to = find_or_add(whom, from);
    if (to < streams_.size()) {
      streams_[to].callers += callers;
    }
  }
  // Who consumes what was published here handles it as a request of the same type.
  if (from.operation == Operation::write) {
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      const auto& consumes = parts_[part].theory.consumes;
      if (consumes && consumes->source == parts_[from.part].name) {
        const std::size_t to = find_or_add({.target = parts_[part].name}, from);
        streams_[to].callers += 1;
      }
    }
  }
}

void Traffic::solve(const std::vector<double>& population_rates) {
  constexpr int most_rounds = 60;
  for (int round = 0; round < most_rounds; ++round) {
    solve_once(population_rates);
    const bool is_passed_on = find_popularity();
    const bool is_hit_otherwise = find_hits();
    if (!is_solved_ || (!is_passed_on && !is_hit_otherwise)) {
      return;
    }
  }
}

void Traffic::solve_once(const std::vector<double>& population_rates) {
  const auto n = static_cast<Eigen::Index>(streams_.size());
  Eigen::VectorXd from_outside = Eigen::VectorXd::Zero(n);
  for (const Source& source : sources_) {
    from_outside[static_cast<Eigen::Index>(source.stream)] +=
        population_rates[source.population] * source.share;
  }
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(n, n);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const RequestStream& stream = streams_[i];
    const auto add = [&](std::size_t to, double often) {
      if (to < streams_.size()) {
        matrix(static_cast<Eigen::Index>(to), static_cast<Eigen::Index>(i)) -= often * admitted_[i];
      }
    };
    walk(stream, [&](const Flow& flow, double often) {
      if (flow.kind == Flow::Kind::call || flow.kind == Flow::Kind::publish) {
        add(callee(flow.whom, stream), often);
      }
    });
    if (stream.operation == Operation::write) {
      for (const Part& part : parts_) {
        if (part.theory.consumes && part.theory.consumes->source == parts_[stream.part].name) {
          add(callee({.target = part.name}, stream), 1);
        }
      }
    }
  }
  const Eigen::VectorXd rates = matrix.partialPivLu().solve(from_outside);
  is_solved_ = rates.allFinite() && (rates.array() >= -1e-9).all();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].rate = is_solved_ ? std::max(0.0, rates[static_cast<Eigen::Index>(i)]) : 0;
  }
}

/// Which keys a stream asks for: its callers' mixture, less what caches on the way have answered.
/// One step of the traffic equations for each range of keys; `solve` takes as many as it needs.
bool Traffic::find_popularity() {
  std::vector<std::vector<double>> asked(streams_.size());
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    asked[i].assign(laws_[streams_[i].keys].size(), 0);
  }
  const auto add = [&](std::size_t to, double rate, std::span<const double> shares) {
    double total = 0;
    for (const double share : shares) {
      total += share;
    }
    for (std::size_t r = 0; total > 0 && r < asked[to].size(); ++r) {
      asked[to][r] += rate * shares[r] / total;
    }
  };
  for (const Source& source : sources_) {
    const RequestStream& stream = streams_[source.stream];
    std::vector<double> shares;
    for (const KeyRange& range : laws_[stream.keys]) {
      shares.push_back(range.count * range.share);
    }
    add(source.stream, stream.rate * source.share, shares);
  }
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const RequestStream& from = streams_[i];
    const auto pass_on = [&](const Flow& flow, double often, const Flow* missed) {
      if (flow.kind != Flow::Kind::call && flow.kind != Flow::Kind::publish) {
        return;
      }
      const std::size_t to = callee(flow.whom, from);
      if (to >= streams_.size() || asked[to].empty()) {
        return;
      }
      std::vector<double> shares = from.popularity;
      if (streams_[to].keys != from.keys) {
        shares.clear();  // keys of its own: as their law says
        for (const KeyRange& range : laws_[streams_[to].keys]) {
          shares.push_back(range.count * range.share);
        }
      }
      const RequestStream* read = missed != nullptr ? cache_read(*missed, from) : nullptr;
      if (read != nullptr && read->keys == streams_[to].keys) {
        for (std::size_t r = 0; r < std::min(shares.size(), read->range_hits.size()); ++r) {
          shares[r] *= 1 - read->range_hits[r];
        }
      }
      add(to, from.rate * often, shares);
    };
    walk(*from.flow, from, 1, nullptr, pass_on);
    if (from.operation == Operation::write) {
      for (const Part& part : parts_) {
        if (part.theory.consumes && part.theory.consumes->source == parts_[from.part].name) {
          const std::size_t to = callee({.target = part.name}, from);
          if (to < streams_.size()) {
            add(to, from.rate, from.popularity);
          }
        }
      }
    }
  }
  bool has_changed = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    double total = 0;
    for (const double rate : asked[i]) {
      total += rate;
    }
    if (total > 0) {
      for (std::size_t r = 0; r < asked[i].size(); ++r) {
        asked[i][r] /= total;
        has_changed = has_changed || std::abs(asked[i][r] - streams_[i].popularity[r]) > 1e-9;
      }
      streams_[i].popularity = std::move(asked[i]);
    }
  }
  return has_changed;
}

bool Traffic::find_hits() {
  bool has_changed = false;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    if (parts_[part].theory.copies) {
      has_changed = find_hits_of(part) || has_changed;
    }
  }
  return has_changed;
}

}  // namespace stampede
