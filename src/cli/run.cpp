#include <fmt/format.h>

#include <string>
#include <vector>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "scenario_file.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/csv.hpp"
#include "stampede/report/files.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/summary.hpp"
#include "stampede/study/study.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Simulates the scenario FILE (- is the standard input) and prints what came out.\n"
    "Results go to the standard output, warnings and progress to the standard error.\n"
    "\n"
    "  stampede run web-shop.yaml\n"
    "  stampede run web-shop.yaml --set app.replicas=6 --set run.duration=5m\n"
    "  stampede run web-shop.yaml --replications 20 --jobs 4 --out results/\n"
    "  stampede run web-shop.yaml --format json | jq .traffic.shoppers.availability\n"
    "  stampede run web-shop.yaml --precision 'shoppers.latency.p99 within 2%'\n"
    "\n"
    "--shorten divides all times of the run, such as its length, its warm-up and when\n"
    "faults and stages come; how long the system takes for something stays.\n"
    "Ctrl-C ends it early: finished replications are reported, marked partial; a\n"
    "second Ctrl-C kills it. Exit codes: 0 ok, 99 an expectation failed, 104 invalid\n"
    "scenario, 130 interrupted.\n";

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("precision",
                        po::value<std::vector<std::string>>()->value_name("GOAL")->composing(),
                        "add replications until the goal holds; repeatable")(
      "max-replications", value("N"), "but no more than this; 1000 unless given")(
      "max-wall", value("TIME"), "nor for longer than this, such as 10m")(
      "out,o", value("DIR"), "write result.json, summary.txt, timeseries.csv, ...")(
      "format", value("FORMAT"), "text, json or csv on the standard output");
  return options;
}

PrecisionGoal precision_goal(const std::string& text) {
  if (const std::optional<PrecisionGoal> goal = parse_precision(text)) {
    return *goal;
  }
  throw UsageError(
      fmt::format("--precision is '{}'; expected such as "
                  "'shoppers.latency.p99 within 2%'",
                  text));
}

/// Before a long run: that the numbers exist.
void check_goals(const Scenario& scenario, const std::vector<PrecisionGoal>& goals) {
  Problems problems;
  for (const PrecisionGoal& goal : goals) {
    metric_at(scenario, goal.path, Place{"--precision"}, problems);
  }
  if (!problems.empty()) {
    const Problem& first = problems.front();
    throw UsageError(
        fmt::format("--precision: {}{}", first.what, first.hint.empty() ? "" : "; " + first.hint));
  }
}

/// What the command line asks for, checked before anything is done.
struct Wishes {
  explicit Wishes(const Arguments& arguments)
      : file(arguments.operands()[0]),
        settings(settings_of(arguments)),
        manner(arguments),
        out(arguments.text("out").value_or("")),
        format(arguments.word("format", {"text", "json", "csv"})) {
    for (const std::string& goal : arguments.texts("precision")) {
      precision.goals.push_back(precision_goal(goal));
    }
    precision.most_replications = arguments.integer("max-replications", 2).value_or(1000);
    if (const auto limit = arguments.text("max-wall")) {
      const Parsed<Duration> time = parse_duration(*limit);
      if (!time.value) {
        throw UsageError(fmt::format("--max-wall is '{}'; expected a time such as 10m", *limit));
      }
      precision.most_wall_s = time.value->seconds();
    }
  }

  std::string file;
  std::vector<std::string> settings;
  PrecisionWish precision;
  Manner manner;
  std::string out;
  std::string format;
};

StudyResult simulate(const Scenario& scenario, const Wishes& wishes,
                     const std::atomic<bool>& stop) {
  ProgressLine progress(wishes.manner.shows_progress);
  const ReplicationOptions crew = wishes.manner.crew(stop, progress);
  return wishes.precision.goals.empty()
             ? run_study(scenario, crew, wishes.manner.divisor)
             : run_study_to(wishes.precision, scenario, crew, wishes.manner.divisor);
}

void show(const StudyResult& study, const Wishes& wishes) {
  if (wishes.format == "json") {
    print(json_text(result_json(study)));
  } else if (wishes.format == "csv") {
    print(result_csv(study));
  } else {
    print(summary_text(study, wishes.manner.style));
  }
  if (wishes.manner.quiet) {
    return;
  }
  if (wishes.format != "text") {  // the summary has them already
    for (const std::string& warning : study.warnings) {
      complain("warning: " + warning + "\n");
    }
  }
  complain(performance_text(study.performance, wishes.manner.style) + "\n");
}

int exit_code(const StudyResult& study) {
  if (study.result.partial) {
    return exit_interrupted;
  }
  return study.has_failed_expectations() ? exit_expectation : exit_ok;
}

int run(const Arguments& arguments) {
  const Wishes wishes(arguments);
  std::string source;
  const std::optional<Scenario> scenario =
      load_or_complain(wishes.file, wishes.settings, &source, wishes.manner.divisor);
  if (!scenario) {
    return exit_invalid;
  }
  check_goals(*scenario, wishes.precision.goals);
  if (!wishes.out.empty()) {
    prepare_directory(wishes.out);
  }
  const InterruptWatch interrupt;
  const StudyResult study = simulate(*scenario, wishes, interrupt.flag());
  if (!wishes.out.empty()) {
    write_study(wishes.out, study, source);
  }
  show(study, wishes);
  return exit_code(study);
}

}  // namespace

const Command run_command{"run", "simulate a scenario", "FILE [OPTION]...", about, 1, 1, options,
                          run};

}  // namespace stampede
