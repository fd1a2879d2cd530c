#include "stampede/analysis/predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "solver.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

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

std::optional<double> known(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

}  // namespace

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
      told.remarks.emplace_back("its timeout cuts answers short, which theory leaves out");
    }
    result.populations.push_back(std::move(told));
    ++population;
  }
  const auto [pressure, where] = greatest_pressure();
  if (where && is_known && result.components[*where].unknown.empty()) {
    result.bottleneck = where;
    if (users_.size() == 1 && has_closed_) {
      result.saturation_users = saturation_users_;
    }
  }
  return result;
}

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
    if (!today.greatest_pressure().second) {
      prediction.saturation = infinite;
    }
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
