#include "stampede/study/study.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "stampede/base/hash.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/stats/paired.hpp"
#include "stampede/study/cost.hpp"
#include "stampede/study/doubts.hpp"

namespace stampede {
namespace {

/// What was used of the machine since this was made.
class Stopwatch {
 public:
  void stop(Performance& performance) const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began_;
    performance.wall_s = wall.count();
    performance.cpu_s = cpu_seconds() - cpu_began_;
    performance.peak_memory_bytes = static_cast<std::uint64_t>(usage().ru_maxrss) * 1024;
  }

 private:
  static rusage usage() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage;
  }
  static double cpu_seconds() {
    const rusage now = usage();
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(now.ru_utime) + seconds(now.ru_stime);
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double cpu_began_ = cpu_seconds();
};

std::vector<const Recording*> recordings_of(const std::vector<Replication>& finished) {
  std::vector<const Recording*> recordings;
  for (const Replication& replication : finished) {
    recordings.push_back(replication.record.recording.get());
  }
  return recordings;
}

Result result_of(const Scenario& scenario, const std::vector<Replication>& finished) {
  Result result;
  if (finished.empty()) {
    result.duration_s = scenario.run.duration.seconds();
  } else {
    result = summarize(recordings_of(finished), WarmupChoice{scenario.run.warmup.length});
    add_costs(scenario, result);
  }
  result.partial = static_cast<int>(finished.size()) < scenario.run.replications;
  return result;
}

/// Each by the result of the run, or of its own window.
std::vector<CheckedExpectation> judge_all(const Scenario& scenario, const Result& result,
                                          const std::vector<Replication>& finished,
                                          bool with_precision) {
  const std::vector<const Recording*> recordings = recordings_of(finished);
  std::map<std::pair<Duration, Duration>, std::optional<Result>> windows;
  std::vector<CheckedExpectation> checked;
  for (const Expectation& expectation : scenario.expect) {
    if (!expectation.from) {
      checked.push_back(judge_expectation(expectation, result, with_precision));
      continue;
    }
    const std::pair window(*expectation.from, expectation.to.value_or(scenario.run.duration));
    const auto [known, is_new] = windows.try_emplace(window);
    if (is_new) {
      known->second = summarize_between(recordings, Time::from_start(window.first),
                                        Time::from_start(window.second));
    }
    checked.push_back(
        judge_expectation(expectation, known->second.value_or(Result()), with_precision));
    if (!known->second) {
      checked.back().verdict.reason =
          "no time slice begins and ends within its window: make run.slice shorter";
    }
  }
  return checked;
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
    texts.push_back(text);
  }
}

std::vector<std::string> warnings_of(const Scenario& scenario, const StudyResult& study,
                                     const std::vector<Replication>& finished) {
  std::vector<std::string> warnings;
  if (study.result.partial) {
    warnings.push_back(fmt::format("interrupted: {} of {} replications finished",
                                   study.result.replications, study.replications_asked));
  }
  if (study.shortened > 1) {
    warnings.push_back(fmt::format(
        "the times of the run are divided by {}; expectations do not ask for narrow intervals",
        study.shortened));
  }
  for (const std::string& warning : study.result.warnings) {
    add_once(warnings, warning);
  }
  if (!finished.empty()) {
    for (const std::string& doubt : doubts_about(scenario, study.result, finished)) {
      add_once(warnings, doubt);
    }
  }
  for (const Replication& replication : finished) {
    for (const std::string& note : replication.record.notes) {
      add_once(warnings, note);
    }
  }
  for (const CheckedExpectation& expectation : study.expectations) {
    if (!expectation.verdict.doubt.empty()) {
      add_once(warnings, expectation.text + ": " + expectation.verdict.doubt);
    }
  }
  return warnings;
}

}  // namespace

bool StudyResult::has_failed_expectations() const {
  const bool is_another_verdict = chaos && chaos->verdict != chaos->expected;
  return is_another_verdict ||
         std::any_of(expectations.begin(), expectations.end(), [](const auto& expectation) {
           return expectation.verdict.kind != Verdict::Kind::pass;
         });
}

StudyResult study_of(const Scenario& scenario, const std::vector<Replication>& finished,
                     int divisor) {
  StudyResult study;
  study.name = scenario.name;
  study.description = scenario.description;
  study.resolved = resolved(scenario);
  study.scenario_hash = hash_bytes(study.resolved.dump());
  study.seed = scenario.run.seed;
  study.replications_asked = scenario.run.replications;
  study.shortened = divisor;

  study.result = result_of(scenario, finished);
  if (!finished.empty()) {
    study.faults = finished[0].record.faults;
    study.rollouts = finished[0].record.rollouts;
    if (scenario.chaos) {
      study.chaos = judge_chaos(scenario, finished, study.result);
      study.result.chaos = study.chaos->measures;
    }
    study.expectations = judge_all(scenario, study.result, finished, divisor == 1);
  }
  study.predicted = predict(scenario, /*find_saturation=*/false);
  study.redundancy = redundancy_of(scenario);
  study.warnings = warnings_of(scenario, study, finished);
  for (const Replication& replication : finished) {
    study.recordings.emplace_back(replication.number + 1, replication.record.recording);
    study.performance.events += replication.record.events;
    study.performance.requests += replication.record.recording->ended_requests();
    study.performance.simulated_s += scenario.run.duration.seconds();
  }
  return study;
}

namespace {

/// Runs replications in rounds.
class Rounds {
 public:
  Rounds(const PrecisionWish& wish, Scenario& scenario, const ReplicationOptions& options)
      : wish_(wish), scenario_(scenario), options_(options) {}

  PrecisionEnd run() {
    std::int64_t wanted = std::clamp<std::int64_t>(scenario_.run.replications, 10, most());
    while (add_until(wanted)) {
      const Result result = result_of(scenario_, finished_);
      const std::vector<ReachedPrecision> goals = check_precision(wish_.goals, result);
      if (std::all_of(goals.begin(), goals.end(), [](const auto& goal) { return goal.is_met; })) {
        return PrecisionEnd::reached;
      }
      if (wanted >= most()) {
        return PrecisionEnd::most_replications;
      }
      if (is_out_of_time()) {
        return PrecisionEnd::out_of_time;
      }
      wanted = next(goals, wanted);
    }
    return end_;
  }

  const std::vector<Replication>& finished() const { return finished_; }

 private:
  std::int64_t most() const { return std::max<std::int64_t>(1, wish_.most_replications); }

  /// Whether it came to its end; otherwise nothing of the round is kept, unless it is the first.
  bool add_until(std::int64_t wanted) {
    scenario_.run.replications = static_cast<int>(wanted);
    const auto first = static_cast<std::int64_t>(finished_.size());
    std::atomic<bool> stop = false;
    ReplicationOptions options = options_;
    options.stop = &stop;
    options.on_progress = [&](const Progress& progress) {
      if (options_.stop != nullptr && *options_.stop) {
        end_ = PrecisionEnd::interrupted;
        stop = true;
      } else if (first > 0 && is_out_of_time() && !stop) {
        end_ = PrecisionEnd::out_of_time;
        stop = true;
      }
      if (options_.on_progress) {
        options_.on_progress(progress);
      }
    };
    std::vector<Replication> round = run_replications(scenario_, first, wanted - first, options);
    const bool is_whole = static_cast<std::int64_t>(round.size()) == wanted - first;
    if (is_whole || first == 0) {
      std::move(round.begin(), round.end(), std::back_inserter(finished_));
    } else if (end_ == PrecisionEnd::out_of_time) {
      scenario_.run.replications = static_cast<int>(first);  // as good as if it had been asked for
    }
    return is_whole && !stop;
  }

  bool is_out_of_time() const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began_;
    return wish_.most_wall_s && wall.count() >= *wish_.most_wall_s;
  }

  /// What the widest interval needs, since half-widths shrink as 1/√n; by at least a tenth more,
  /// and at most twice as many, because what is judged by are estimates themselves.
  std::int64_t next(const std::vector<ReachedPrecision>& goals, std::int64_t now) const {
    double needed = 1.1 * static_cast<double>(now);
    for (const ReachedPrecision& goal : goals) {
      if (!goal.is_met) {
        const double by_width = replications_for(goal.half_width, now, goal.allowed);
        needed =
            std::max(needed, std::isfinite(by_width) ? by_width : 2.0 * static_cast<double>(now));
      }
    }
    needed =
        std::min({std::ceil(needed), 2.0 * static_cast<double>(now), static_cast<double>(most())});
    return static_cast<std::int64_t>(needed);
  }

  const PrecisionWish& wish_;
  Scenario& scenario_;
  const ReplicationOptions& options_;
  std::vector<Replication> finished_;
  PrecisionEnd end_ = PrecisionEnd::interrupted;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

StudyResult run_study_to(const PrecisionWish& wish, Scenario scenario,
                         const ReplicationOptions& options, int divisor) {
  const Stopwatch stopwatch;
  Rounds rounds(wish, scenario, options);
  const PrecisionEnd end = rounds.run();
  StudyResult study = study_of(scenario, rounds.finished(), divisor);
  study.precision = PrecisionReport{check_precision(wish.goals, study.result), end};
  for (const ReachedPrecision& goal : study.precision->goals) {
    if (!goal.is_met) {
      study.warnings.emplace_back("not reached: " + goal.goal.text);
    }
  }
  stopwatch.stop(study.performance);
  return study;
}

StudyResult run_study(const Scenario& scenario, const ReplicationOptions& options, int divisor) {
  const Stopwatch stopwatch;
  StudyResult study = study_of(scenario, run_replications(scenario, options), divisor);
  stopwatch.stop(study.performance);
  return study;
}

}  // namespace stampede
