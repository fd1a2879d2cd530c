#include "stampede/study/sweep_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stampede/base/files.hpp"
#include "stampede/base/hash.hpp"
#include "stampede/base/json.hpp"
#include "stampede/study/expectations.hpp"
#include "stampede/study/scalability.hpp"
#include "stampede/study/study.hpp"

namespace stampede {
namespace {

constexpr int plan_version = 1;

/// One problem for many points: the first one and how many more.
class PointProblems {
 public:
  void add(const SweepPlan& plan, std::size_t point, const Problems& problems) {
    for (const Problem& problem : problems) {
      const std::string key = fmt::format("{}:{}:{}:{}:{}", problem.place.file, problem.place.line,
                                          problem.place.column, problem.what, problem.expected);
      const auto [known, is_new] = index_of_.try_emplace(key, found_.size());
      if (is_new) {
        found_.push_back({problem, point_text(plan, point), 1});
      } else {
        ++found_[known->second].points;
      }
    }
  }

  Problems texts(std::size_t all_points) const {
    Problems problems;
    for (const Found& found : found_) {
      Problem problem = found.problem;
      if (found.points < all_points) {
        problem.what +=
            fmt::format(" (at {}{})", found.first_point,
                        found.points == 1 ? std::string()
                                          : fmt::format(" and {} more points", found.points - 1));
      }
      problems.push_back(std::move(problem));
    }
    return problems;
  }

 private:
  struct Found {
    Problem problem;
    std::string first_point;
    std::size_t points;
  };
  std::map<std::string, std::size_t> index_of_;
  std::vector<Found> found_;
};

std::vector<std::string> default_metrics(const Scenario& scenario) {
  std::vector<std::string> metrics;
  for (const auto& population : scenario.traffic) {
    metrics.push_back(population.name + ".availability");
    metrics.push_back(population.name + ".latency.p99");
  }
  for (const auto& rollout : scenario.rollouts) {
    metrics.push_back(rollout.name + ".promoted");
    metrics.push_back(rollout.name + ".rolled_back");
    metrics.push_back(rollout.name + ".duration");
    metrics.push_back(rollout.name + ".harmed");
  }
  return metrics;
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

/// The plan without what says nothing about its results.
Json what_matters(const SweepPlan& plan) {
  Json parameters = Json::array();
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    parameters.push_back({{"path", plan.paths[i]}, {"log", static_cast<bool>(plan.is_log[i])}});
  }
  return {{"plan_version", plan_version},
          {"version", plan.version},
          {"scenario", {{"name", plan.name}, {"hash", hash_text(hash_bytes(plan.text))}}},
          {"settings", plan.settings},
          {"shortened", plan.shortened},
          {"design", name_of(plan.design)},
          {"metrics", plan.metrics},
          {"usl", plan.usl},
          {"parameters", std::move(parameters)},
          {"points", plan.points}};
}

}  // namespace

std::uint64_t SweepPlan::hash() const { return hash_bytes(what_matters(*this).dump()); }

std::string point_text(const SweepPlan& plan, std::size_t point) {
  std::string text;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", plan.paths[i], plan.points[point][i]);
  }
  return text;
}

ReadScenario read_point(const SweepPlan& plan, std::size_t point) {
  std::vector<std::string> settings = plan.settings;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    settings.push_back(plan.paths[i] + "=" + plan.points[point][i]);
  }
  ReadScenario read = read_scenario(plan.text, plan.file, settings, plan.shortened);
  if (read.scenario) {
    const Problems more = check_expectations(*read.scenario);
    read.problems.insert(read.problems.end(), more.begin(), more.end());
    if (has_errors(more)) {
      read.scenario.reset();
    }
  }
  return read;
}

CheckedPlan check_plan(SweepPlan& plan) {
  CheckedPlan checked;
  PointProblems problems;
  for (std::size_t point = 0; point < plan.points.size(); ++point) {
    ReadScenario read = read_point(plan, point);
    if (read.scenario) {
      if (plan.metrics.empty()) {
        plan.metrics = default_metrics(*read.scenario);
      }
      if (!plan.usl.empty() &&
          std::find(plan.metrics.begin(), plan.metrics.end(), plan.usl) == plan.metrics.end()) {
        plan.metrics.push_back(plan.usl);
      }
      plan.name = read.scenario->name;
      for (const std::string& metric : plan.metrics) {
        const MetricInfo* found =
            metric_at(*read.scenario, metric, {"--metric", 0, 0}, read.problems);
        if (found != nullptr && metric == plan.usl && found->unit != MetricUnit::per_second) {
          read.problems.push_back({Severity::error,
                                   {"--usl", 0, 0},
                                   metric + " is no throughput",
                                   "a number per second, such as shoppers.throughput",
                                   ""});
        }
      }
      checked.points.push_back(
          {point, read.scenario->run.replications, read.scenario->run.duration});
    }
    problems.add(plan, point, read.problems);
  }
  checked.problems = problems.texts(plan.points.size());
  if (!plan.usl.empty()) {
    const Problems of_usl = check_usl(plan);
    checked.problems.insert(checked.problems.end(), of_usl.begin(), of_usl.end());
  }
  return checked;
}

PlannedPoint planned_point(const SweepPlan& plan, std::size_t point) {
  const ReadScenario read = read_point(plan, point);
  if (!read.scenario) {
    throw FileError(fmt::format("point {} cannot be read: {}", point,
                                read.problems.empty() ? "" : read.problems.front().what));
  }
  return {point, read.scenario->run.replications, read.scenario->run.duration};
}

Json plan_json(const SweepPlan& plan) {
  Json json = what_matters(plan);
  json["scenario"]["file"] = plan.file;
  json["hash"] = hash_text(plan.hash());
  return json;
}

SweepPlan plan_from_json(const Json& json) {
  try {
    if (json.at("plan_version") != plan_version) {
      throw FileError("the plan was written by another version of stampede");
    }
    SweepPlan plan;
    plan.version = json.at("version");
    plan.name = json.at("scenario").at("name");
    plan.file = json.at("scenario").at("file");
    plan.settings = json.at("settings").get<std::vector<std::string>>();
    plan.shortened = json.at("shortened");
    plan.metrics = json.at("metrics").get<std::vector<std::string>>();
    plan.usl = json.at("usl");
    plan.points = json.at("points").get<std::vector<std::vector<std::string>>>();
    for (const Json& parameter : json.at("parameters")) {
      plan.paths.push_back(parameter.at("path"));
      plan.is_log.push_back(parameter.at("log"));
    }
    const std::string design = json.at("design");
    for (const auto& [value, name] : names(Design{}).table) {
      if (design == name) {
        plan.design = value;
      }
    }
    for (const std::vector<std::string>& point : plan.points) {
      if (point.size() != plan.paths.size()) {
        throw FileError("the plan has a point with another number of values than parameters");
      }
    }
    return plan;
  } catch (const Json::exception& wrong) {
    throw FileError(fmt::format("the plan cannot be understood: {}", wrong.what()));
  }
}

}  // namespace stampede
