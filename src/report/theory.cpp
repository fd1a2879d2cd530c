#include "stampede/report/theory.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <vector>

#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

using ComponentPart = Prediction::ComponentPart;
using PopulationPart = Prediction::PopulationPart;

constexpr double tight = 0.9;

TextTable::Cell time_cell(const std::optional<double>& seconds, const TextStyle& style) {
  if (!seconds) {
    return {};
  }
  return std::isinf(*seconds) ? TextTable::Cell{"no end", Paint::red}
                              : TextTable::Cell{seconds_text(*seconds, style)};
}
TextTable::Cell share_cell(const std::optional<double>& share, const TextStyle& style) {
  return share ? TextTable::Cell{share_text(*share, style),
                                 *share >= tight ? Paint::red : Paint::none}
               : TextTable::Cell{};
}

class Theory80 {
 public:
  Theory80(const Prediction& prediction, const Redundancy& redundancy, const TextStyle& style)
      : prediction_(prediction), redundancy_(redundancy), style_(style) {}

  std::string text() {
    text_ = painted("theory", Paint::bold, style_) +
            ": the steady state, without faults, timeouts and retries\n";
    traffic();
    components();
    limits();
    single_points();
    availability();
    remarks();
    return std::move(text_);
  }

 private:
  void traffic() {
    TextTable table({"traffic", "requests", "mean latency"});
    for (const PopulationPart& population : prediction_.populations) {
      table.row({{population.name},
                 population.rate ? TextTable::Cell{rate_text(*population.rate, style_)}
                                 : TextTable::Cell{"unknown"},
                 time_cell(population.latency, style_)});
      for (const auto& type : population.types) {
        if (population.types.size() > 1) {
          table.row({{"  " + type.name},
                     population.rate
                         ? TextTable::Cell{rate_text(*population.rate * type.share, style_)}
                         : TextTable::Cell{},
                     time_cell(type.latency, style_)});
        }
      }
    }
    text_ += "\n" + table.text(style_);
  }

  void components() {
    TextTable table(
        {"component", "asked", "workers", "cores", "wait", "cpu wait", "visit", "hits"});
    for (const ComponentPart& part : prediction_.components) {
      if (!part.unknown.empty()) {
        table.row({{part.name}, {"unknown"}, {}, {}, {}, {}, {}, {}});
        continue;
      }
      TextTable::Cell hits =
          part.hit_ratio ? TextTable::Cell{share_text(*part.hit_ratio, style_)} : TextTable::Cell{};
      table.row({{part.name},
                 {rate_text(part.rate, style_)},
                 share_cell(part.utilization, style_),
                 share_cell(part.cpu_utilization, style_),
                 time_cell(part.wait, style_),
                 time_cell(part.cpu_wait, style_),
                 time_cell(part.response, style_),
                 hits});
    }
    text_ += "\n" + table.text(style_);
  }

  void limits() {
    if (!prediction_.bottleneck) {
      if (prediction_.saturation && std::isinf(*prediction_.saturation)) {
        text_ += "\nNothing here is limited: there is no bottleneck.\n";
      }
      return;
    }
    const ComponentPart& part = prediction_.components[*prediction_.bottleneck];
    std::string line = fmt::format("bottleneck: {}", part.name);
    if (part.pressure) {
      line += fmt::format(", asked for {} of its {}", share_text(*part.pressure, style_),
                          part.resource);
    }
    const double average =
        part.resource == "cores" ? part.cpu_utilization.value_or(0) : part.utilization.value_or(0);
    if (part.pressure && *part.pressure < 1 && *part.pressure > 1.01 * average) {
      line += " (of the busiest instance)";
    }
    text_ += "\n" + wrapped(line, 2);
    if (prediction_.saturation && std::isfinite(*prediction_.saturation)) {
      const double factor = *prediction_.saturation;
      std::string limit = fmt::format("{} saturates at {} times today's load", part.name,
                                      plain_text(factor, style_));
      std::string rates;
      for (const PopulationPart& population : prediction_.populations) {
        if (population.rate && !population.is_closed) {
          rates += fmt::format("{}{} {}", rates.empty() ? ": " : ", ", population.name,
                               rate_text(*population.rate * factor, style_));
        }
      }
      const Paint paint = factor < 1 ? Paint::red : Paint::none;
      text_ += painted(wrapped("  " + limit + rates, 4), paint, style_);
    } else if (prediction_.saturation) {
      text_ += "  nothing saturates under a million times today's load\n";
    }
    if (prediction_.saturation_users) {
      text_ += wrapped(fmt::format("  about {} users saturate it; more of them wait for each other",
                                   plain_text(*prediction_.saturation_users, style_)),
                       4);
    }
  }

  void single_points() {
    std::string lines;
    for (const Redundancy::SinglePoint& point : redundancy_.single_points) {
      std::string fails;
      for (const Redundancy::SinglePoint::Harm& harm : point.harm) {
        const std::string name =
            prediction_.populations.size() > 1 ? harm.population + "." + harm.type : harm.type;
        const bool is_all = harm.share > 1 - 1e-9;
        fails += fmt::format("{}{}{}", fails.empty() ? "" : ", ",
                             is_all ? "" : share_text(harm.share, style_) + " of ", name);
      }
      lines += wrapped(fmt::format("  {} {}: without it, {} fail{}", point.what, point.why, fails,
                                   point.harm.size() == 1 ? "s" : ""),
                       4);
    }
    section("single points of failure", lines);
  }

  void availability() {
    std::string lines;
    for (const Redundancy::Availability& part : redundancy_.availability) {
      lines += fmt::format("  {}{}{}: at most {}\n", part.population, part.type.empty() ? "" : ".",
                           part.type, share_text(part.share, style_));
    }
    for (const std::string& remark : redundancy_.remarks) {
      lines += wrapped("  " + remark, 4);
    }
    section("availability with the faults whose time is fixed", lines);
  }

  void section(std::string_view title, const std::string& lines) {
    if (!lines.empty()) {
      text_ += "\n" + painted(title, Paint::bold, style_) + "\n" + lines;
    }
  }

  void remarks() {
    std::string lines;
    const auto add = [&](const std::string& name, const std::string& remark) {
      lines += wrapped(fmt::format("  {}: {}", name, remark), 4);
    };
    for (const PopulationPart& population : prediction_.populations) {
      if (!population.unknown.empty()) {
        add(population.name, "unknown: " + population.unknown);
      }
      for (const std::string& remark : population.remarks) {
        add(population.name, remark);
      }
    }
    for (const ComponentPart& part : prediction_.components) {
      if (!part.unknown.empty()) {
        add(part.name, "unknown: " + part.unknown);
      }
      if (part.lost > 0) {
        add(part.name, share_text(part.lost, style_) + " of its visits is turned away or gives up");
      }
      for (const std::string& remark : part.remarks) {
        add(part.name, remark);
      }
    }
    for (const std::string& remark : prediction_.remarks) {
      lines += wrapped("  " + remark, 4);
    }
    section("left out or special", lines);
  }

  const Prediction& prediction_;
  const Redundancy& redundancy_;
  const TextStyle& style_;
  std::string text_;
};

/// Six digits: what two machines may differ in is far behind.
Json number(double value) {
  if (!std::isfinite(value)) {
    return nullptr;
  }
  return std::stod(fmt::format("{:.6g}", value));
}
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

Json mean(const std::optional<double>& value) { return {{"mean", number(value)}}; }

Json population_json(const PopulationPart& population) {
  Json types = Json::object();
  for (const auto& type : population.types) {
    types[type.name] = {{"share", number(type.share)}, {"latency_s", mean(type.latency)}};
  }
  Json json{{"throughput_per_s", number(population.rate)},
            {"latency_s", mean(population.latency)},
            {"requests_by_type", std::move(types)},
            {"remarks", population.remarks}};
  if (!population.unknown.empty()) {
    json["unknown"] = population.unknown;
  }
  return json;
}

Json component_json(const ComponentPart& part) {
  Json json{{"kind", part.kind},
            {"throughput_per_s", number(part.rate)},
            {"utilization", number(part.utilization)},
            {"cpu_utilization", number(part.cpu_utilization)},
            {"wait_s", mean(part.wait)},
            {"cpu_wait_s", mean(part.cpu_wait)},
            {"response_s", mean(part.response)},
            {"hit_ratio", number(part.hit_ratio)},
            {"lost", number(part.lost)},
            {"remarks", part.remarks}};
  if (!part.unknown.empty()) {
    json["unknown"] = part.unknown;
  }
  return json;
}

}  // namespace

std::string theory_text(const Prediction& prediction, const Redundancy& redundancy,
                        const TextStyle& style) {
  return Theory80(prediction, redundancy, style).text();
}

Json theory_json(const Prediction& prediction, const Redundancy& redundancy) {
  Json traffic = Json::object();
  for (const PopulationPart& population : prediction.populations) {
    traffic[population.name] = population_json(population);
  }
  for (const Redundancy::Availability& part : redundancy.availability) {
    Json& population = traffic[part.population];
    (part.type.empty() ? population : population["requests_by_type"][part.type])["availability"] =
        number(part.share);
  }
  Json components = Json::object();
  for (const ComponentPart& part : prediction.components) {
    components[part.name] = component_json(part);
  }
  Json json{{"traffic", std::move(traffic)}, {"components", std::move(components)}};
  if (prediction.bottleneck) {
    const ComponentPart& part = prediction.components[*prediction.bottleneck];
    json["bottleneck"] = {
        {"component", part.name}, {"resource", part.resource}, {"asked", number(part.pressure)}};
  }
  if (prediction.saturation) {
    json["saturation_factor"] = number(*prediction.saturation);
  }
  if (prediction.saturation_users) {
    json["saturation_users"] = number(*prediction.saturation_users);
  }
  Json points = Json::array();
  for (const Redundancy::SinglePoint& point : redundancy.single_points) {
    Json harm = Json::array();
    for (const Redundancy::SinglePoint::Harm& one : point.harm) {
      harm.push_back(
          {{"traffic", one.population}, {"request_type", one.type}, {"share", number(one.share)}});
    }
    points.push_back({{"what", point.what}, {"why", point.why}, {"fails", std::move(harm)}});
  }
  json["single_points_of_failure"] = std::move(points);
  std::vector<std::string> remarks = prediction.remarks;
  remarks.insert(remarks.end(), redundancy.remarks.begin(), redundancy.remarks.end());
  json["remarks"] = remarks;
  return json;
}

}  // namespace stampede
