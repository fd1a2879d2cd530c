#include "stampede/study/study.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "stampede/base/hash.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/study/cost.hpp"

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

Result result_of(const Scenario& scenario, const std::vector<Replication>& finished) {
  Result result;
  if (finished.empty()) {
    result.duration_s = scenario.run.duration.seconds();
  } else {
    std::vector<const Recording*> recordings;
    for (const Replication& replication : finished) {
      recordings.push_back(replication.record.recording.get());
    }
    result = summarize(recordings, WarmupChoice{scenario.run.warmup.length});
    add_costs(scenario, result);
  }
  result.partial = static_cast<int>(finished.size()) < scenario.run.replications;
  return result;
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
    texts.push_back(text);
  }
}

std::vector<std::string> warnings_of(const StudyResult& study,
                                     const std::vector<Replication>& finished) {
  std::vector<std::string> warnings;
  if (study.result.partial) {
    warnings.push_back(fmt::format("interrupted: {} of {} replications finished",
                                   study.result.replications, study.replications_asked));
  }
  if (study.shortened > 1) {
    warnings.push_back(fmt::format(
        "duration and warm-up are divided by {}; expectations do not ask for narrow intervals",
        study.shortened));
  }
  for (const std::string& warning : study.result.warnings) {
    add_once(warnings, warning);
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
  return std::any_of(expectations.begin(), expectations.end(), [](const auto& expectation) {
    return expectation.verdict.kind != Verdict::Kind::pass;
  });
}

Scenario shortened(Scenario scenario, int divisor) {
  const auto divide = [&](Duration length) {
    return std::max(Duration::nanoseconds(1), length / divisor);
  };
  scenario.run.duration = divide(scenario.run.duration);
  if (scenario.run.warmup.length) {
    // A warm-up stays shorter than the run, however short that gets.
    scenario.run.warmup.length = *scenario.run.warmup.length / divisor;
  }
  if (scenario.run.slice) {
    scenario.run.slice = divide(*scenario.run.slice);
  }
  return scenario;
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
    study.expectations = judge_expectations(scenario.expect, study.result, divisor == 1);
  }
  study.warnings = warnings_of(study, finished);
  for (const Replication& replication : finished) {
    study.recordings.emplace_back(replication.number + 1, replication.record.recording);
    study.performance.events += replication.record.events;
    study.performance.requests += replication.record.recording->ended_requests();
    study.performance.simulated_s += scenario.run.duration.seconds();
  }
  return study;
}

StudyResult run_study(const Scenario& scenario, const ReplicationOptions& options, int divisor) {
  const Stopwatch stopwatch;
  StudyResult study = study_of(scenario, run_replications(scenario, options), divisor);
  stopwatch.stop(study.performance);
  return study;
}

}  // namespace stampede
