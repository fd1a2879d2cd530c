#include "stampede/study/sweep_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "stampede/base/json.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/scenario/text.hpp"

namespace stampede {
namespace {

constexpr std::size_t most_points = 100'000;

using Points = std::vector<std::vector<std::string>>;

void error(Problems& problems, const Place& place, std::string what, std::string hint = {}) {
  problems.push_back({Severity::error, place, std::move(what), {}, std::move(hint)});
}

/// The values of a parameter where no sample is drawn.
std::vector<std::string> values_of(const Parameter& parameter, Problems& problems) {
  if (!parameter.range) {
    return parameter.values;
  }
  const ValueRange& range = *parameter.range;
  if (!range.unit->is_whole || range.is_log) {
    error(problems, parameter.place, fmt::format("the range of {} needs steps", parameter.path),
          "give a step (1s..10s..500ms, 1ms..1s..x2), or draw a sample of points");
    return {};
  }
  if (range.to - range.from >= static_cast<double>(most_points)) {
    error(problems, parameter.place,
          fmt::format("the range of {} has more than {} values", parameter.path, most_points));
    return {};
  }
  std::vector<std::string> values;
  for (double value = range.from; value <= range.to; ++value) {
    values.push_back(range.unit->write(value));
  }
  return values;
}

using Values = std::vector<std::vector<std::string>>;  ///< [parameter][value]

/// The last parameter changes fastest, like the digits of a number.
Points grid(const Values& values, Problems& problems) {
  double count = 1;
  for (const std::vector<std::string>& of_one : values) {
    count *= static_cast<double>(of_one.size());
  }
  if (count > static_cast<double>(most_points)) {
    error(problems, {},
          fmt::format("the grid has {:.0f} points; at most {} can be run", count, most_points),
          "use longer steps, or draw a sample (latin_hypercube)");
    return {};
  }
  Points points{{}};
  for (const std::vector<std::string>& of_one : values) {
    Points longer;
    for (const std::vector<std::string>& point : points) {
      for (const std::string& value : of_one) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

Points zip(const Values& values, const SweepSettings& settings, Problems& problems) {
  const std::size_t count = values.front().size();
  Points points(count);
  for (std::size_t p = 0; p < values.size(); ++p) {
    if (values[p].size() != count) {
      error(problems, settings.parameters[p].place,
            fmt::format("{} has {} values and {} has {}; zip takes as many of each",
                        settings.parameters[0].path, count, settings.parameters[p].path,
                        values[p].size()));
      return {};
    }
    for (std::size_t i = 0; i < count; ++i) {
      points[i].push_back(values[p][i]);
    }
  }
  return points;
}

/// A random order of 0 … count - 1 (Fisher and Yates).
std::vector<std::size_t> shuffled(std::size_t count, Draw& draw) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[draw.below(i)]);
  }
  return order;
}

std::string value_at(const Parameter& parameter, double share) {
  if (parameter.range) {
    return parameter.range->at(share);
  }
  const std::size_t count = parameter.values.size();
  const auto index = static_cast<std::size_t>(share * static_cast<double>(count));
  return parameter.values[std::min(index, count - 1)];
}

Points sample(const SweepSettings& settings) {
  const auto count = static_cast<std::size_t>(settings.points);
  Points points(count);
  for (const Parameter& parameter : settings.parameters) {
    Draw order_draw = Stream(settings.sample_seed, 0, parameter.path, "order").sequence();
    Draw share_draw = Stream(settings.sample_seed, 0, parameter.path, "share").sequence();
    const std::vector<std::size_t> order = shuffled(count, order_draw);
    for (std::size_t i = 0; i < count; ++i) {
      const double within = share_draw.uniform();
      const double share =
          settings.design == Design::random
              ? within
              : (static_cast<double>(order[i]) + within) / static_cast<double>(count);
      points[i].push_back(value_at(parameter, share));
    }
  }
  return points;
}

bool is_sample(Design design) {
  return design == Design::random || design == Design::latin_hypercube;
}

}  // namespace

const EnumNames<Design>& names(Design) {
  static const EnumNames<Design> table{{{Design::grid, "grid"},
                                        {Design::zip, "zip"},
                                        {Design::random, "random"},
                                        {Design::latin_hypercube, "latin_hypercube"}}};
  return table;
}

void describe(Visitor& v, SweepSettings& s) {
  v.field("sweep", s.sweep, "version of study files", required(), at_least(1), at_most(1));
  v.field("description", s.description, "what is to be found out");
  v.field("scenario", s.scenario, "the scenario's file, seen from here", required(), not_empty());
  v.field("set", s.set, "settings of all points, such as app.cpu=2");
  v.field("parameters", s.parameters,
          "what is varied, such as app.replicas=4..20..2 or app.replicas=[4, 8]", required(),
          not_empty());
  v.field("design", s.design,
          "grid: all combinations; zip: first values with first values; random, latin_hypercube: "
          "a sample of so many points");
  v.field("points", s.points, "points of a sample", at_least(0),
          at_most(static_cast<int>(most_points)));
  v.field("sample_seed", s.sample_seed, "another seed, another sample");
  v.field("replications", s.replications, "of each point; the scenario's unless given", at_least(1),
          at_most(1'000'000));
  v.field("seed", s.seed, "of the runs, the same at all points; the scenario's unless given");
  v.field("metrics", s.metrics,
          "numbers for tables and sensitivities, such as shoppers.latency.p99; unless given, "
          "availability and latency.p99 of each population");
  v.field("usl", s.usl,
          "a throughput that the Universal Scalability Law is fitted to, such as users.throughput; "
          "the one parameter is then a size: users, cores, replicas");
  v.check(!is_sample(s.design) || s.points > 0, "points", "is missing for a sample");
  v.check(is_sample(s.design) || s.points == 0, "points", "is for random and latin_hypercube only");
}

std::optional<SweepSettings> read_study_file(const std::string& path, Problems& problems,
                                             std::string* text) {
  const std::optional<Value> tree = read_yaml_file(path, problems, text);
  if (!tree) {
    return std::nullopt;
  }
  SweepSettings settings;
  Reader reader(problems);
  reader.base_directory = std::filesystem::path(path).parent_path().string();
  reader.read(*tree, settings);
  if (has_errors(problems)) {
    return std::nullopt;
  }
  settings.scenario = (std::filesystem::path(path).parent_path() / settings.scenario).string();
  return settings;
}

bool is_study_file(const std::string& path) {
  Problems ignored;
  const std::optional<Value> tree = read_yaml_file(path, ignored);
  return tree && tree->is_map() && tree->find("sweep") != nullptr;
}

std::vector<std::vector<std::string>> points_of(const SweepSettings& settings, Problems& problems) {
  for (std::size_t i = 0; i < settings.parameters.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (settings.parameters[i].path == settings.parameters[j].path) {
        error(problems, settings.parameters[i].place,
              fmt::format("{} is given twice", settings.parameters[i].path));
        return {};
      }
    }
  }
  if (is_sample(settings.design)) {
    return sample(settings);
  }
  Values values;
  for (const Parameter& parameter : settings.parameters) {
    values.push_back(values_of(parameter, problems));
  }
  if (has_errors(problems) || values.empty()) {
    return {};
  }
  return settings.design == Design::grid ? grid(values, problems) : zip(values, settings, problems);
}

}  // namespace stampede
