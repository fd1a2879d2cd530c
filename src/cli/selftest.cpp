#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/selftest.hpp"
#include "stampede/schema/render.hpp"
#include "stampede/study/known_answers.hpp"
#include "stampede/study/study.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Simulates models whose answers are known exactly (queues, networks of queues,\n"
    "balancers, caches, quorums, breakdowns) and prints what theory says beside what\n"
    "was observed. The models are part of the program; their sources and descriptions\n"
    "are in scenarios/validation. Their lengths are divided by 20 unless --shorten is\n"
    "given, which takes about half a minute on two cores.\n"
    "\n"
    "  stampede selftest\n"
    "  stampede selftest --filter wait.p99\n"
    "  stampede selftest --shorten 1               full length, narrow intervals\n"
    "  stampede selftest --format json | jq .failed\n"
    "  stampede selftest --filter mm1 \\\n"
    "    --set queue.handler.0.compute.exponential.mean=1.05s     must fail\n"
    "\n"
    "Exit codes: 0 all agree, 1 one does not, 130 interrupted.\n";

constexpr int usual_divisor = 20;

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("filter", value("TEXT"), "only answers with this in scenario.metric")(
      "format", value("FORMAT"), "text or json");
  return options;
}

/// What the command line asks for.
struct Wishes {
  explicit Wishes(const Arguments& arguments)
      : filter(arguments.text("filter").value_or("")),
        settings(settings_of(arguments)),
        manner(arguments, usual_divisor),
        as_json(arguments.word("format", {"text", "json"}) == "json") {}

  std::string filter;
  std::vector<std::string> settings;
  Manner manner;
  bool as_json;
};

ReadScenario read(const KnownAnswers& answers, const std::vector<std::string>& settings,
                  int divisor) {
  return read_scenario(std::string(answers.text), std::string(answers.name), settings, divisor);
}

/// Leaves those answers that are asked for.
void filter(std::vector<Expectation>& answers, std::string_view scenario, std::string_view filter) {
  std::erase_if(answers, [&](const Expectation& answer) {
    const std::string path = fmt::format("{}.{}.{}", scenario, answer.subject, answer.metric);
    return path.find(filter) == std::string::npos;
  });
}

/// The scenarios with answers that are asked for. None after a mistake in --set, which was told.
std::optional<std::vector<Scenario>> load(const Wishes& wishes) {
  std::vector<Scenario> scenarios;
  for (const KnownAnswers& answers : known_answers()) {
    // --set is for the scenarios that are run: others may not have what it changes.
    std::vector<Expectation> wanted =
        read(answers, {}, wishes.manner.divisor).scenario.value().expect;
    filter(wanted, answers.name, wishes.filter);
    if (wanted.empty()) {
      continue;
    }
    ReadScenario changed = read(answers, wishes.settings, wishes.manner.divisor);
    if (!changed.scenario) {
      complain(render(changed.problems, [](const std::string&) { return std::string(); }));
      return std::nullopt;
    }
    filter(changed.scenario->expect, answers.name, wishes.filter);
    scenarios.push_back(std::move(*changed.scenario));
  }
  return scenarios;
}

StudyResult simulate(const Scenario& scenario, const Wishes& wishes, const std::string& progress_of,
                     const std::atomic<bool>& stop) {
  ProgressLine progress(wishes.manner.shows_progress, progress_of);
  StudyResult study =
      run_study(scenario, wishes.manner.crew(stop, progress), wishes.manner.divisor);
  study.recordings.clear();  // large, and nobody asks for time series here
  return study;
}

bool all_agree(const std::vector<StudyResult>& studies) {
  return std::none_of(studies.begin(), studies.end(),
                      [](const StudyResult& study) { return study.has_failed_expectations(); });
}

int run(const Arguments& arguments) {
  const Wishes wishes(arguments);
  const std::optional<std::vector<Scenario>> scenarios = load(wishes);
  if (!scenarios) {
    return exit_invalid;
  }
  if (scenarios->empty()) {
    throw UsageError(fmt::format("no known answer has '{}' in its name", wishes.filter));
  }
  const InterruptWatch interrupt;
  std::vector<StudyResult> studies;
  for (const Scenario& scenario : *scenarios) {
    const std::string of =
        fmt::format("{} ({} of {}) ", scenario.name, studies.size() + 1, scenarios->size());
    StudyResult study = simulate(scenario, wishes, of, interrupt.flag());
    if (study.result.partial) {
      break;
    }
    if (!wishes.as_json) {
      print(selftest_text(study, wishes.manner.style));
    }
    studies.push_back(std::move(study));
  }
  const bool is_partial = studies.size() < scenarios->size();
  print(wishes.as_json ? json_text(selftest_json(studies, is_partial))
                       : selftest_verdict_text(studies, is_partial, wishes.manner.style));
  if (is_partial) {
    return exit_interrupted;
  }
  return all_agree(studies) ? exit_ok : exit_error;
}

}  // namespace

const Command selftest_command{
    "selftest", "compare with answers that theory knows", "[OPTION]...", about, 0, 0, options, run};

}  // namespace stampede
