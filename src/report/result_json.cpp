#include "stampede/report/result_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "stampede/measure/metrics.hpp"
#include "stampede/report/chaos.hpp"
#include "stampede/report/exact.hpp"
#include "stampede/report/expectations.hpp"
#include "stampede/report/theory.hpp"

namespace stampede {
namespace {

constexpr int schema_version = 1;

/// Where a name belongs: "latency_s.p99.9" is the member "p99.9" of "latency_s", and
/// "attempts.retries.rejected.limit" the member "rejected.limit" of "retries" of "attempts".
Json& place_in(Json& subject, std::string_view name) {
  const std::size_t dot = name.find('.');
  const std::string_view block = name.substr(0, dot);
  Json& place = subject[std::string(block)];
  if (dot == std::string_view::npos) {
    return place;
  }
  const std::string_view member = name.substr(dot + 1);
  return block == "attempts" ? place_in(place, member) : place[std::string(member)];
}

std::string block_of(const Subject& part) {
  if (part.kind == "request_type") {
    return "requests_by_type";
  }
  return plural_of(part.kind);  // regions, segments, tenants, instances
}

Json subject_json(const Subject& subject) {
  Json json = Json::object();
  for (const auto& [name, count] : subject.counts) {
    place_in(json, name) = count;
  }
  for (const Metric& metric : subject.metrics) {
    const bool is_maximum = metric.name.ends_with("_s.max");
    place_in(json, metric.name) =
        is_maximum ? exact_json(metric.value.estimate) : metric_json(metric);
  }
  for (const Subject& part : subject.parts) {
    json[block_of(part)][part.name] = subject_json(part);
  }
  return json;
}

Json subjects_json(const std::vector<Subject>& subjects, bool with_kind) {
  Json json = Json::object();
  for (const Subject& subject : subjects) {
    Json one = Json::object();
    if (with_kind) {
      one["kind"] = subject.kind;
    }
    one.update(subject_json(subject));
    json[subject.name] = std::move(one);
  }
  return json;
}

Json faults_json(const std::vector<FaultEvent>& faults) {
  Json json = Json::array();
  for (const FaultEvent& fault : faults) {
    json.push_back({{"at_s", fault.at_s},
                    {"kind", fault.kind},
                    {"target", fault.target},
                    {"event", fault.begins ? "begins" : "ends"}});
  }
  return json;
}

/// The numbers over all replications, and what was done in the first one.
Json rollouts_json(const StudyResult& study) {
  Json json = Json::array();
  for (std::size_t i = 0; i < study.rollouts.size(); ++i) {
    const RolloutRecord& first = study.rollouts[i];
    Json one{{"name", first.name},
             {"kind", first.kind},
             {"target", first.target},
             {"to", first.to},
             {"verdict", name_of(first.verdict)}};
    if (i < study.result.rollouts.size()) {
      one.update(subject_json(study.result.rollouts[i]));
    }
    Json steps = Json::array();
    for (const RolloutStep& step : first.steps) {
      steps.push_back({{"at_s", step.at_s}, {"what", step.what}});
    }
    one["steps"] = std::move(steps);
    json.push_back(std::move(one));
  }
  return json;
}

std::string_view word_for(PrecisionEnd end) {
  switch (end) {
    case PrecisionEnd::reached:
      return "reached";
    case PrecisionEnd::most_replications:
      return "most_replications";
    case PrecisionEnd::out_of_time:
      return "out_of_time";
    case PrecisionEnd::interrupted:
      return "interrupted";
  }
  return "";
}

Json precision_json(const PrecisionReport& precision) {
  Json goals = Json::array();
  for (const ReachedPrecision& goal : precision.goals) {
    goals.push_back({{"goal", goal.goal.text},
                     {"observed", goal.observed ? metric_json(*goal.observed) : Json(nullptr)},
                     {"half_width", exact_json(goal.half_width)},
                     {"allowed", exact_json(goal.allowed)},
                     {"met", goal.is_met}});
  }
  return {{"ended", word_for(precision.end)}, {"goals", std::move(goals)}};
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace

Json result_json(const StudyResult& study) {
  const Result& result = study.result;
  Json run{{"seed", study.seed},
           {"replications", result.replications},
           {"duration_s", result.duration_s},
           {"warmup_s", result.warmup_s},
           {"version", STAMPEDE_VERSION},
           {"fingerprint", hash_text(result.fingerprint)}};
  if (result.batches > 0) {
    run["batches"] = result.batches;
  }
  if (const auto& search = result.warmup_search) {
    run["warmup_search"] = {
        {"slices", search->slices}, {"best_cut", search->best}, {"refused", search->refused}};
  }
  if (result.partial) {
    run["partial"] = true;
    run["replications_asked"] = study.replications_asked;
  }
  if (study.shortened > 1) {
    run["shortened"] = study.shortened;
  }
  if (study.precision) {
    run["precision"] = precision_json(*study.precision);
  }
  Json json{{"schema_version", schema_version},
            {"scenario",
             {{"name", study.name},
              {"hash", hash_text(study.scenario_hash)},
              {"resolved", study.resolved}}},
            {"run", std::move(run)},
            {"traffic", subjects_json(result.traffic, false)},
            {"components", subjects_json(result.components, true)},
            {"faults", faults_json(study.faults)},
            {"rollouts", rollouts_json(study)},
            {"expectations", expectations_json(study.expectations)},
            {"warnings", study.warnings}};
  if (study.chaos) {
    json["chaos"] = chaos_json(*study.chaos);
  }
  if (!result.ab_tests.empty()) {
    json["ab_tests"] = subjects_json(result.ab_tests, false);
  }
  if (study.predicted) {
    json["predicted"] = theory_json(*study.predicted, study.redundancy);
  }
  return json;
}

Json performance_json(const StudyResult& study) {
  const Performance& cost = study.performance;
  const auto per_second = [&](double amount) {
    return cost.wall_s > 0 ? Json(amount / cost.wall_s) : Json(nullptr);
  };
  return {{"schema_version", schema_version},
          {"version", STAMPEDE_VERSION},
          {"wall_s", cost.wall_s},
          {"cpu_s", cost.cpu_s},
          {"simulated_s", cost.simulated_s},
          {"events", cost.events},
          {"events_per_s", per_second(static_cast<double>(cost.events))},
          {"requests", cost.requests},
          {"requests_per_s", per_second(static_cast<double>(cost.requests))},
          {"peak_memory_bytes", cost.peak_memory_bytes}};
}

std::string json_text(const Json& json) { return json.dump(2) + "\n"; }

}  // namespace stampede
