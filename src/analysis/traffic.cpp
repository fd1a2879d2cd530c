#include "traffic.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "stampede/base/json.hpp"
#include "stampede/model/in_process.hpp"
#include "stampede/model/messages.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

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

double Traffic::miss(const Flow& on_miss, const RequestStream& from) const {
  if (on_miss.whom.target.empty()) {
    return 1 - from.hit;
  }
  const std::size_t read =
      callee({.target = on_miss.whom.target, .operation = Operation::read}, from);
  return read < streams_.size() ? 1 - streams_[read].hit : 1;
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
    if (!is_solved_ || !find_hits()) {
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

bool Traffic::find_hits() {
  bool has_changed = false;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    if (parts_[part].theory.copies) {
      has_changed = find_hits_of(part) || has_changed;
    }
  }
  return has_changed;
}

double Traffic::users_behind(std::size_t part) const {
  std::set<std::size_t> populations;
  double users = 0;
  for (const RequestStream& stream : streams_) {
    if (stream.part == part && stream.rate > 0 && populations.insert(stream.population).second) {
      users += user_counts_[stream.population] > 0 ? user_counts_[stream.population] : infinite;
    }
  }
  return users;
}

bool Traffic::find_hits_of(std::size_t part) {
  const CopiesTheory& copies = *parts_[part].theory.copies;
  std::vector<std::size_t> reads;
  double drops = 0;
  double bytes = 0;
  double rate = 0;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const RequestStream& stream = streams_[i];
    if (stream.part != part) {
      continue;
    }
    const bool is_drop = stream.operation == Operation::invalidate ||
                         stream.operation == Operation::remove ||
                         (stream.operation == Operation::write && copies.drops_written);
    drops += is_drop ? stream.rate : 0;
    // A cache that has an origin does not keep what it only passes on.
    bool keeps = parts_[part].theory.handlers.size() == 1;
    const Flow* flow = stream.flow;
    const auto asks_itself = [](const Flow& f, const auto& self) -> bool {
      return (f.kind == Flow::Kind::on_miss && f.whom.target.empty()) ||
             std::any_of(f.parts.begin(), f.parts.end(),
                         [&](const Flow& inner) { return self(inner, self); });
    };
    keeps = keeps || asks_itself(*flow, asks_itself);
    if (stream.operation == Operation::read && keeps) {
      reads.push_back(i);
      rate += stream.rate;
      bytes += stream.rate * stream.bytes;
    }
  }
  unknown_hits_[part].clear();
  bool has_changed = false;
  const auto set = [&](std::size_t stream, double hit) {
    has_changed = has_changed || std::abs(streams_[stream].hit - hit) > 1e-9;
    streams_[stream].hit = hit;
  };
  if (copies.hit_ratio) {
    for (const std::size_t i : reads) {
      set(i, *copies.hit_ratio);
    }
    return has_changed;
  }
  if (!copies.unknown.empty()) {
    unknown_hits_[part] = copies.unknown;
    return false;
  }
  // How much of the traffic one table sees, and how much it holds.
  double seen = 1;
  double tables = 1;
  if (copies.whom == CopiesTheory::For::instance) {
    seen = 1 / parts_[part].instances;
  } else if (copies.whom == CopiesTheory::For::user) {
    seen = 1 / users_behind(part);
  } else {
    tables = parts_[part].instances;
  }
  const double size = rate > 0 ? bytes / rate : 0;
  double capacity = tables * copies.capacity_entries;
  if (std::isfinite(copies.capacity_bytes)) {
    if (size <= 0) {
      capacity = infinite;
    } else {
      capacity = std::min(capacity, tables * std::floor(copies.capacity_bytes / size));
    }
  }
  // Items by ranges of ranks in which no law changes; each type apart, if the cache tells them.
  std::map<std::string, std::vector<std::size_t>> spaces;
  for (const std::size_t i : reads) {
    if (!law_is_known_[streams_[i].keys]) {
      unknown_hits_[part] = "keys that are asked for in an order";
      return false;
    }
    spaces[copies.tells_types_apart ? streams_[i].type : std::string()].push_back(i);
  }
  const auto hits_with = [&](double share) {
    std::vector<KeyClass> classes;
    std::vector<std::vector<double>> of_stream;  // by class: share of each read that falls into it
    for (const auto& [type, members] : spaces) {
      std::set<double> ends;
      for (const std::size_t i : members) {
        double end = 0;
        for (const KeyRange& range : laws_[streams_[i].keys]) {
          ends.insert(end += range.count);
        }
        if (streams_[i].keys == 0 && streams_[i].rate > 0) {
          // Each its own item, for nobody else: they take room and are never hit.
          classes.push_back({1e15, share * streams_[i].rate / 1e15});
          of_stream.emplace_back(reads.size(), 0.0);
        }
      }
      double begin = 0;
      for (const double end : ends) {
        KeyClass key{end - begin, 0};
        std::vector<double> shares(reads.size(), 0);
        for (std::size_t r = 0; r < reads.size(); ++r) {
          const RequestStream& stream = streams_[reads[r]];
          if (std::find(members.begin(), members.end(), reads[r]) == members.end()) {
            continue;
          }
          double upper = 0;
          for (const KeyRange& range : laws_[stream.keys]) {
            upper += range.count;
            if (begin < upper) {
              key.rate += share * stream.rate * range.share;
              shares[r] = key.count * range.share;
              break;
            }
          }
        }
        begin = end;
        classes.push_back(key);
        of_stream.push_back(std::move(shares));
      }
    }
    const std::vector<double> hits = cache_hits(classes, capacity, copies.ttl, copies.renew_on_hit,
                                                copies.forgetting.value_or(Forgetting::lru));
    std::vector<double> of_reads(reads.size(), 0);
    for (std::size_t c = 0; c < classes.size(); ++c) {
      for (std::size_t r = 0; r < reads.size(); ++r) {
        of_reads[r] += of_stream[c][r] * hits[c];
      }
    }
    return of_reads;
  };
  std::vector<double> hits(reads.size(), 0);
  if (rate > 0 && seen > 0 && copies.whom == CopiesTheory::For::instance &&
      !parts_[part].shares.empty()) {
    for (const double share : parts_[part].shares) {
      if (share > 0) {
        const std::vector<double> here = hits_with(share);
        for (std::size_t r = 0; r < reads.size(); ++r) {
          hits[r] += share * here[r];
        }
      }
    }
  } else if (rate > 0 && seen > 0) {
    hits = hits_with(seen);
  }
  // What was dropped since it came is missed: of the last two events of an item, one was a drop.
  const double left = rate + drops > 0 ? rate / (rate + drops) : 1;
  for (std::size_t r = 0; r < reads.size(); ++r) {
    set(reads[r], hits[r] * left);
  }
  return has_changed;
}

std::optional<double> Traffic::hit_ratio(std::size_t part) const {
  if (!parts_[part].theory.copies || !unknown_hits_[part].empty()) {
    return std::nullopt;
  }
  double reads = 0;
  double hits = 0;
  for (const RequestStream& stream : streams_) {
    const bool is_kept = parts_[part].theory.handlers.size() == 1 || stream.hit > 0;
    if (stream.part == part && stream.operation == Operation::read && is_kept) {
      reads += stream.rate;
      hits += stream.rate * stream.hit;
    }
  }
  return reads > 0 ? std::optional(hits / reads) : std::nullopt;
}

}  // namespace stampede
