#include "stampede/study/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stampede/base/hash.hpp"
#include "stampede/base/json.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/stats/batches.hpp"
#include "stampede/stats/paired.hpp"
#include "stampede/study/chaos.hpp"
#include "stampede/study/expectations.hpp"

namespace stampede {
namespace {

using Runs = std::vector<std::vector<Replication>>;  ///< by alternative

// ---- Which numbers ----------------------------------------------------------------------------

/// A number that all alternatives have.
struct Wanted {
  std::string path;
  MetricUnit unit;
};

struct Selection {
  std::vector<Wanted> wanted;
  std::vector<std::pair<std::string, std::string>> only_in;
};

std::vector<std::string> default_paths(const std::vector<Alternative>& alternatives) {
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.push_back(path);
    }
  };
  for (const Alternative& alternative : alternatives) {
    for (const auto& population : alternative.scenario.traffic) {
      for (const char* metric :
           {"latency.mean", "latency.p50", "latency.p99", "availability", "goodput"}) {
        add(population.name + "." + metric);
      }
    }
    for (const auto& rollout : alternative.scenario.rollouts) {
      for (const char* metric : {"promoted", "rolled_back", "duration", "harmed"}) {
        add(rollout.name + "." + metric);
      }
    }
  }
  return paths;
}

std::string text_of(const Problem& problem) {
  return problem.what + (problem.hint.empty() ? "" : "; " + problem.hint);
}

Selection select(const std::vector<Alternative>& alternatives, const ComparisonOptions& options) {
  const bool are_given = !options.metrics.empty();
  Selection selection;
  for (const std::string& path : are_given ? options.metrics : default_paths(alternatives)) {
    std::string having;
    Problems problems;
    MetricUnit unit = MetricUnit::number;
    std::size_t count = 0;
    for (const Alternative& alternative : alternatives) {
      if (const MetricInfo* info =
              metric_at(alternative.scenario, path, Place{"--metric"}, problems)) {
        unit = info->unit;
        having += (count++ == 0 ? "" : ", ") + alternative.label;
      }
    }
    if (count == 0) {
      throw NotComparable(text_of(problems.front()));
    }
    if (count == alternatives.size()) {
      selection.wanted.push_back({path, unit});
    } else {
      selection.only_in.emplace_back(path, having);
    }
  }
  if (selection.wanted.empty()) {
    std::string names;
    for (const Alternative& alternative : alternatives) {
      names += names.empty() ? "" : "; ";
      names += alternative.label + " has";
      for (const auto& population : alternative.scenario.traffic) {
        names += " " + population.name;
      }
    }
    throw NotComparable(are_given
                            ? "none of these numbers is in all scenarios"
                            : "the scenarios have no population of traffic in common: " + names);
  }
  return selection;
}

// ---- Running ----------------------------------------------------------------------------------

/// Replication by replication, so that what an interruption leaves are pairs.
Runs run_all(const std::vector<Alternative>& alternatives, const ReplicationOptions& options) {
  struct Task {
    std::size_t alternative;
    BatchEnd end;
  };
  const std::int64_t replications = alternatives.front().scenario.run.replications;
  std::vector<Task> tasks;
  for (std::int64_t r = 0; r < replications; ++r) {
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
      tasks.push_back({i, {}});
    }
  }
  std::vector<Batch> batches;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const Scenario& scenario = alternatives[tasks[t].alternative].scenario;
    Batch batch;
    batch.first = static_cast<std::int64_t>(t / alternatives.size());
    batch.duration = scenario.run.duration;
    batch.run_world = worlds_of(scenario);
    batch.ended = [&task = tasks[t]](BatchEnd end) { task.end = std::move(end); };
    batches.push_back(std::move(batch));
  }
  run_batches(batches, options);

  Runs runs(alternatives.size());
  for (Task& task : tasks) {
    if (!task.end.failure.empty()) {
      throw ReplicationFailed(alternatives[task.alternative].label + ": " + task.end.failure);
    }
    for (Replication& replication : task.end.replications) {
      runs[task.alternative].push_back(std::move(replication));
    }
  }
  return runs;
}

/// Leaves those replications that finished in all alternatives; gives their number.
std::int64_t keep_pairs(Runs& runs) {
  const auto has = [](const std::vector<Replication>& replications, std::int64_t number) {
    return std::any_of(replications.begin(), replications.end(),
                       [&](const Replication& one) { return one.number == number; });
  };
  for (std::vector<Replication>& mine : runs) {
    std::erase_if(mine, [&](const Replication& one) {
      return !std::all_of(runs.begin(), runs.end(),
                          [&](const auto& others) { return has(others, one.number); });
    });
  }
  return static_cast<std::int64_t>(runs.front().size());
}

std::vector<const Recording*> recordings_of(const std::vector<Replication>& replications) {
  std::vector<const Recording*> recordings;
  for (const Replication& replication : replications) {
    recordings.push_back(replication.record.recording.get());
  }
  return recordings;
}

/// One result for each alternative. Where the warm-up is to be found, all have the longest that
/// one of them needs: numbers of different windows would differ by that.
std::vector<Result> results_of(const std::vector<Alternative>& alternatives, const Runs& runs) {
  std::vector<Result> results;
  double longest = 0;
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    const Warmup& warmup = alternatives[i].scenario.run.warmup;
    results.push_back(summarize(recordings_of(runs[i]), WarmupChoice{warmup.length}));
    longest = std::max(longest, warmup.length ? 0 : results.back().warmup_s);
  }
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    const bool was_found = !alternatives[i].scenario.run.warmup.length;
    if (was_found && results[i].warmup_s < longest && longest < results[i].duration_s) {
      const std::vector<std::string> warnings = std::move(results[i].warnings);
      results[i] = summarize(recordings_of(runs[i]), WarmupChoice{Duration::from_seconds(longest)});
      results[i].warnings = warnings;
    }
    if (alternatives[i].scenario.chaos) {
      results[i].chaos = judge_chaos(alternatives[i].scenario, runs[i], results[i]).measures;
    }
  }
  return results;
}

// ---- Judging ----------------------------------------------------------------------------------

/// What a share of one is, for a margin that is relative: of a share of yes or no the rarer side,
/// so that from 99.9 % to 99.8 % is twice the failures and no small thing.
double size_of(double estimate, MetricUnit unit) {
  return unit == MetricUnit::share && estimate >= 0 && estimate <= 1
             ? std::min(estimate, 1 - estimate)
             : std::abs(estimate);
}

Difference direction(double difference, Improves improves) {
  const bool is_up = difference > 0;
  if (improves == Improves::neither) {
    return is_up ? Difference::higher : Difference::lower;
  }
  return is_up == (improves == Improves::upwards) ? Difference::better : Difference::worse;
}

/// `replications` is what `more_replications` adds to.
void judge(ComparedPair& pair, double margin, Improves improves, std::int64_t replications) {
  const Estimate& difference = pair.difference;
  if (std::isnan(difference.estimate)) {
    return;
  }
  if (std::isnan(difference.low)) {
    pair.verdict = Difference::unclear;
    return;
  }
  if (difference.low >= -margin && difference.high <= margin) {
    pair.verdict = Difference::none;
  } else if (difference.low > 0 || difference.high < 0) {
    pair.verdict = direction(difference.estimate, improves);
  } else {
    pair.verdict = Difference::unclear;
    // Clear of zero or within the margin, whichever is nearer.
    const double size = std::abs(difference.estimate);
    const double target = std::max(size, margin - size);
    const double half_width = (difference.high - difference.low) / 2;
    const double needed = replications_for(half_width, replications, target);
    constexpr double most = 1e6;
    if (needed < most) {
      pair.more_replications =
          std::max<std::int64_t>(1, static_cast<std::int64_t>(needed) - replications);
    }
  }
}

class Judge {
 public:
  Judge(const ScenarioComparison& comparison, const ComparisonOptions& options)
      : comparison_(comparison), options_(options) {}

  ComparedMetric compare(const Wanted& wanted) const {
    ComparedMetric metric;
    metric.path = wanted.path;
    metric.unit = wanted.unit;
    for (const ComparedScenario& scenario : comparison_.scenarios) {
      metric.values.push_back(find_metric(scenario.result, wanted.path).value_or(Metric{}));
    }
    metric.improves = direction_of(metric.values.front().name);
    const double level = simultaneous(options_.confidence, comparison_.intervals);
    const double margin =
        options_.margin * size_of(metric.values.front().value.estimate, metric.unit);
    for (std::size_t i = 1; i < metric.values.size(); ++i) {
      metric.pairs.push_back(pair(metric.values.front(), metric.values[i], level));
      judge(metric.pairs.back(), margin, metric.improves, comparison_.replications);
    }
    if (metric.values.size() > 2 && metric.improves != Improves::neither) {
      rank(metric);
    }
    return metric;
  }

 private:
  ComparedPair pair(const Metric& first, const Metric& second, double level) const {
    ComparedPair pair{};
    pair.variance_reduction = NAN;
    if (first.deviations.size() != second.deviations.size()) {  // batches of different runs
      pair.difference.estimate = second.value.estimate - first.value.estimate;
      return pair;
    }
    const PairedDifference paired = paired_difference(
        first.value.estimate, first.deviations, second.value.estimate, second.deviations, level);
    pair.difference = paired.value;
    pair.variance_reduction = paired.variance_reduction;
    if (comparison_.scenarios.front().result.batches > 0) {
      widen(pair.difference, first.deviations, second.deviations);
    }
    return pair;
  }

  static void widen(Estimate& difference, const std::vector<double>& first,
                    const std::vector<double>& second) {
    std::vector<double> apart;
    for (std::size_t i = 0; i < first.size(); ++i) {
      apart.push_back(second[i] - first[i]);
    }
    const double widening = dependence_of(apart).widening;
    difference.low = difference.estimate - widening * (difference.estimate - difference.low);
    difference.high = difference.estimate + widening * (difference.high - difference.estimate);
  }

  void rank(ComparedMetric& metric) const {
    const std::size_t count = metric.values.size();
    const double sign = metric.improves == Improves::upwards ? 1 : -1;
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isfinite(metric.values[i].value.estimate)) {
        metric.ranking.push_back(i);
      }
    }
    std::stable_sort(
        metric.ranking.begin(), metric.ranking.end(), [&](std::size_t a, std::size_t b) {
          return sign * metric.values[a].value.estimate > sign * metric.values[b].value.estimate;
        });
    // One-sided, against each of the others, in each of the metrics: an interval of level 1 - 2α
    // leaves α on its lower side.
    const auto others = static_cast<std::int64_t>(count - 1);
    const auto metrics = comparison_.intervals / others;
    const double level = 1 - 2 * (1 - simultaneous(options_.confidence, metrics * others));
    for (const std::size_t mine : metric.ranking) {
      const bool is_beaten =
          std::any_of(metric.ranking.begin(), metric.ranking.end(), [&](std::size_t other) {
            const Estimate ahead =
                pair(metric.values[mine], metric.values[other], level).difference;
            return sign > 0 ? ahead.low > 0 : ahead.high < 0;
          });
      if (!is_beaten) {
        metric.perhaps_best.push_back(mine);
      }
    }
  }

  const ScenarioComparison& comparison_;
  const ComparisonOptions& options_;
};

// ---- What is said of it -----------------------------------------------------------------------

void warn_about(const std::vector<Alternative>& given, ScenarioComparison& comparison) {
  std::vector<std::string>& warnings = comparison.warnings;
  if (comparison.is_partial()) {
    warnings.push_back(fmt::format("interrupted: {} of {} replications finished in all scenarios",
                                   comparison.replications, comparison.replications_asked));
  }
  const RunSettings& first = given.front().scenario.run;
  for (const Alternative& other : given) {
    const RunSettings& run = other.scenario.run;
    if (run.seed != first.seed || run.replications != first.replications) {
      warnings.push_back(fmt::format(
          "{} asks for {} replications with seed {}; all have {} with seed {}, as {}", other.label,
          run.replications, run.seed, first.replications, first.seed, given.front().label));
    }
    if (run.duration != first.duration) {
      warnings.push_back(fmt::format("{} runs for {:g}s, {} for {:g}s", other.label,
                                     run.duration.seconds(), given.front().label,
                                     first.duration.seconds()));
    }
  }
  for (const ComparedScenario& scenario : comparison.scenarios) {
    for (const std::string& warning : scenario.result.warnings) {
      warnings.push_back(scenario.label + ": " + warning);
    }
  }
  for (const ComparedMetric& metric : comparison.metrics) {
    for (std::size_t i = 0; i < metric.values.size(); ++i) {
      const Metric& value = metric.values[i];
      if (!value.supported && std::isfinite(value.value.estimate)) {
        warnings.push_back(fmt::format("{} of {}: {}", metric.path, comparison.scenarios[i].label,
                                       value.unfinished
                                           ? "requests that are still in flight would raise it"
                                           : "there are too few samples for it"));
      }
    }
  }
}

}  // namespace

ScenarioComparison compare(const std::vector<Alternative>& given, const ComparisonOptions& options,
                           const ReplicationOptions& run) {
  Selection selection = select(given, options);
  std::vector<Alternative> alternatives = given;
  for (Alternative& alternative : alternatives) {
    alternative.scenario.run.seed = given.front().scenario.run.seed;
    alternative.scenario.run.replications = given.front().scenario.run.replications;
  }

  ScenarioComparison comparison;
  comparison.only_in = std::move(selection.only_in);
  comparison.seed = given.front().scenario.run.seed;
  comparison.replications_asked = given.front().scenario.run.replications;
  comparison.intervals =
      static_cast<std::int64_t>(selection.wanted.size() * (alternatives.size() - 1));
  comparison.margin = options.margin;
  comparison.confidence = options.confidence;
  comparison.shortened = options.shortened;

  Runs runs = run_all(alternatives, run);
  comparison.replications = keep_pairs(runs);
  const std::vector<Result> results = comparison.replications > 0
                                          ? results_of(alternatives, runs)
                                          : std::vector<Result>(alternatives.size());
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    const Scenario& scenario = alternatives[i].scenario;
    comparison.scenarios.push_back({alternatives[i].label, alternatives[i].source, scenario.name,
                                    hash_bytes(resolved(scenario).dump()), results[i]});
  }
  const Judge judge(comparison, options);
  for (const Wanted& wanted : selection.wanted) {
    comparison.metrics.push_back(judge.compare(wanted));
  }
  warn_about(given, comparison);
  return comparison;
}

}  // namespace stampede
