#include "stampede/study/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include "stampede/base/files.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/require.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/study/cost.hpp"
#include "stampede/study/expectations.hpp"
#include "stampede/study/study.hpp"

namespace stampede {
namespace {

std::string word_for(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::pass:
      return "pass";
    case Verdict::Kind::fail:
      return "fail";
    case Verdict::Kind::no_data:
      return "no_data";
  }
  fail("a verdict has no word");
}

void add_numbers(const Subject& subject, const std::string& path, std::int64_t replications,
                 std::vector<std::pair<std::string, Estimate>>& numbers) {
  for (const auto& [name, count] : subject.counts) {
    Estimate estimate;
    estimate.estimate = static_cast<double>(count);
    estimate.n = replications;
    numbers.emplace_back(path + "." + name, estimate);
  }
  for (const Metric& metric : subject.metrics) {
    numbers.emplace_back(path + "." + metric.name, metric.value);
  }
  for (const Subject& part : subject.parts) {
    add_numbers(part, path + "." + part.name, replications, numbers);
  }
}

/// What an experiment measured in one replication: how far that moves the numbers of all.
Subject of_replication(const Subject& chaos, std::size_t index) {
  Subject alone = chaos;
  for (Metric& metric : alone.metrics) {
    const double moved = index < metric.deviations.size() ? metric.deviations[index] : std::nan("");
    metric.value = Estimate{.estimate = metric.value.estimate + moved, .n = 1};
    metric.deviations.clear();
  }
  return alone;
}

/// The result of each replication alone, with the warm-up of all together.
std::vector<Result> results_of_each(const Scenario& scenario, const StudyResult& study) {
  std::vector<Result> results;
  const WarmupChoice warmup{Duration::from_seconds(study.result.warmup_s)};
  for (const auto& [number, recording] : study.recordings) {
    const Recording* alone = recording.get();
    results.push_back(summarize({&alone, 1}, warmup));
    add_costs(scenario, results.back());
    if (study.result.chaos) {
      results.back().chaos = of_replication(*study.result.chaos, results.size() - 1);
    }
  }
  return results;
}

/// One point on its way: its scenario lives only while its replications run.
class PointRun {
 public:
  PointRun(const SweepPlan& plan, std::size_t point) : plan_(plan), point_(point) {}

  void begin() { scenario_ = read_point(plan_, point_).scenario; }

  WorldRecord run(std::int64_t replication, const std::atomic<bool>& stop,
                  std::atomic<std::int64_t>& simulated_ns) const {
    if (!scenario_) {
      // It was checked before: a file that it names was changed meanwhile.
      throw FileError("the scenario cannot be read any more");
    }
    return World(*scenario_, static_cast<std::uint64_t>(replication)).run(&stop, &simulated_ns);
  }

  /// Digests its study, if all of its replications have finished.
  void end(const std::vector<Replication>& replications, const DigestStudy& digest) {
    if (scenario_ && replications.size() == static_cast<std::size_t>(scenario_->run.replications)) {
      digest(point_, *scenario_, study_of(*scenario_, replications, plan_.shortened));
    }
    scenario_.reset();
  }

 private:
  const SweepPlan& plan_;
  std::size_t point_;
  std::optional<Scenario> scenario_;
};

/// What the crew's threads have in common.
class Harvest {
 public:
  explicit Harvest(const DigestStudy& digest) : digest_(digest) {}

  void take(PointRun& run, std::size_t point, const BatchEnd& end) {
    if (!end.failure.empty()) {
      const std::lock_guard lock(mutex_);
      failed_.push_back({point, end.failure});
      return;
    }
    try {
      run.end(end.replications, digest_);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      broken_ = broken_ == nullptr ? std::current_exception() : broken_;
      is_broken_ = true;
    }
  }

  bool is_broken() const { return is_broken_; }

  std::vector<FailedPoint> finish() {
    if (broken_ != nullptr) {
      std::rethrow_exception(broken_);
    }
    std::sort(failed_.begin(), failed_.end(),
              [](const FailedPoint& a, const FailedPoint& b) { return a.point < b.point; });
    return std::move(failed_);
  }

 private:
  const DigestStudy& digest_;
  std::mutex mutex_;
  std::vector<FailedPoint> failed_;
  std::exception_ptr broken_;
  std::atomic<bool> is_broken_ = false;
};

// ---- Files ------------------------------------------------------------------------------------

Json number_json(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

double number_from(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json estimate_json(const Estimate& value) {
  return Json::array(
      {number_json(value.estimate), number_json(value.low), number_json(value.high), value.n});
}

Estimate estimate_from(const Json& json) {
  return {number_from(json.at(0)), number_from(json.at(1)), number_from(json.at(2)),
          json.at(3).get<std::int64_t>()};
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace

PointResult point_of(const SweepPlan& plan, std::size_t point, const Scenario& scenario,
                     const StudyResult& study) {
  PointResult result;
  result.point = point;
  result.replications = study.result.replications;
  result.warmup_s = study.result.warmup_s;
  result.fingerprint = study.result.fingerprint;
  for (const auto* subjects :
       {&study.result.traffic, &study.result.components, &study.result.rollouts}) {
    for (const Subject& subject : *subjects) {
      add_numbers(subject, subject.name, study.result.replications, result.numbers);
    }
  }
  if (const auto& chaos = study.result.chaos) {
    add_numbers(*chaos, chaos->name, study.result.replications, result.numbers);
  }
  if (const std::optional<double> cost = total_cost(study.result)) {
    Estimate estimate;
    estimate.estimate = *cost;
    estimate.n = study.result.replications;
    result.numbers.emplace_back("cost_per_h", estimate);
  }
  const std::vector<Result> of_each = results_of_each(scenario, study);
  for (const std::string& path : plan.metrics) {
    PointResult::Chosen chosen;
    // A number that this point does not have (a component without workers) is a number without
    // data.
    Problems ignored;  // there were none when the plan was checked
    if (const MetricInfo* info = metric_at(scenario, path, {}, ignored)) {
      chosen.unit = info->unit;
    }
    chosen.metric = find_metric(study.result, path).value_or(Metric{path, {}, false, false});
    for (const Result& alone : of_each) {
      const std::optional<Metric> metric = find_metric(alone, path);
      chosen.by_replication.push_back(metric ? metric->value.estimate
                                             : std::numeric_limits<double>::quiet_NaN());
    }
    result.chosen.push_back(std::move(chosen));
  }
  for (const CheckedExpectation& expectation : study.expectations) {
    result.expectations.push_back({expectation.text, word_for(expectation.verdict.kind)});
  }
  if (const auto& chaos = study.chaos) {
    result.expectations.push_back(
        {fmt::format("the experiment is {}", name_of(chaos->expected)),
         word_for(chaos->verdict == chaos->expected ? Verdict::Kind::pass : Verdict::Kind::fail)});
  }
  result.warnings = study.warnings;
  return result;
}

std::vector<FailedPoint> run_studies(const SweepPlan& plan, std::span<const PlannedPoint> points,
                                     const ReplicationOptions& options, const DigestStudy& digest) {
  Harvest harvest(digest);
  std::vector<Batch> batches;
  for (const PlannedPoint& planned : points) {
    const std::size_t point = planned.point;
    const auto run = std::make_shared<PointRun>(plan, point);
    Batch batch;
    batch.count = planned.replications;
    batch.duration = planned.duration;
    batch.begin = [run] { run->begin(); };
    batch.run_world = [run, &harvest](std::int64_t replication, const std::atomic<bool>& stop,
                                      std::atomic<std::int64_t>& simulated_ns) {
      return harvest.is_broken() ? WorldRecord{} : run->run(replication, stop, simulated_ns);
    };
    batch.ended = [run, point, &harvest](const BatchEnd& end) { harvest.take(*run, point, end); };
    batches.push_back(std::move(batch));
  }
  if (!batches.empty()) {
    run_batches(batches, options);
  }
  return harvest.finish();
}

std::vector<FailedPoint> run_points(const SweepPlan& plan, std::span<const PlannedPoint> points,
                                    const ReplicationOptions& options,
                                    const std::function<void(PointResult)>& keep) {
  std::mutex one_at_a_time;
  return run_studies(plan, points, options,
                     [&](std::size_t point, const Scenario& scenario, const StudyResult& study) {
                       PointResult result = point_of(plan, point, scenario, study);
                       const std::lock_guard lock(one_at_a_time);
                       keep(std::move(result));
                     });
}

Json point_json(const PointResult& result, std::uint64_t plan_hash) {
  Json numbers = Json::object();
  for (const auto& [path, value] : result.numbers) {
    numbers[path] = estimate_json(value);
  }
  Json metrics = Json::array();
  for (const PointResult::Chosen& chosen : result.chosen) {
    Json by_replication = Json::array();
    for (const double value : chosen.by_replication) {
      by_replication.push_back(number_json(value));
    }
    metrics.push_back({{"name", chosen.metric.name},
                       {"unit", static_cast<int>(chosen.unit)},
                       {"estimate", estimate_json(chosen.metric.value)},
                       {"supported", chosen.metric.supported},
                       {"unfinished", chosen.metric.unfinished},
                       {"by_replication", std::move(by_replication)}});
  }
  Json expectations = Json::array();
  for (const PointResult::Expected& expected : result.expectations) {
    expectations.push_back({expected.text, expected.verdict});
  }
  return {{"plan", hash_text(plan_hash)},
          {"point", result.point},
          {"replications", result.replications},
          {"warmup_s", result.warmup_s},
          {"fingerprint", hash_text(result.fingerprint)},
          {"metrics", std::move(metrics)},
          {"expectations", std::move(expectations)},
          {"warnings", result.warnings},
          {"numbers", std::move(numbers)}};
}

PointResult point_from_json(const Json& json, std::uint64_t plan_hash) {
  try {
    if (json.at("plan") != hash_text(plan_hash)) {
      throw FileError("it belongs to another sweep");
    }
    PointResult result;
    result.point = json.at("point");
    result.replications = json.at("replications");
    result.warmup_s = json.at("warmup_s");
    result.fingerprint = std::stoull(json.at("fingerprint").get<std::string>(), nullptr, 16);
    for (const Json& metric : json.at("metrics")) {
      PointResult::Chosen chosen;
      chosen.metric = {metric.at("name"), estimate_from(metric.at("estimate")),
                       metric.at("supported"), metric.at("unfinished")};
      chosen.unit = static_cast<MetricUnit>(metric.at("unit").get<int>());
      for (const Json& value : metric.at("by_replication")) {
        chosen.by_replication.push_back(number_from(value));
      }
      result.chosen.push_back(std::move(chosen));
    }
    for (const Json& expected : json.at("expectations")) {
      result.expectations.push_back({expected.at(0), expected.at(1)});
    }
    result.warnings = json.at("warnings").get<std::vector<std::string>>();
    for (const auto& [path, value] : json.at("numbers").items()) {
      result.numbers.emplace_back(path, estimate_from(value));
    }
    return result;
  } catch (const Json::exception& wrong) {
    throw FileError(fmt::format("it cannot be understood: {}", wrong.what()));
  } catch (const std::logic_error& wrong) {
    throw FileError(fmt::format("it cannot be understood: {}", wrong.what()));
  }
}

}  // namespace stampede
