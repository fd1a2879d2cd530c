#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "stampede/base/files.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/sweep.hpp"
#include "stampede/study/scalability.hpp"
#include "stampede/study/sweep_folder.hpp"
#include "sweep_jobs.hpp"
#include "sweep_wishes.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Runs a scenario at many points: all combinations of the values of parameters, or\n"
    "a sample of them. FILE is a scenario, or a study file that says all of this in\n"
    "YAML. A parameter is a path as of --set and a list or a range of values:\n"
    "\n"
    "  stampede sweep web-shop.yaml --param app.replicas=4..20..2\n"
    "  stampede sweep web-shop.yaml --param 'app.replicas=[4, 8, 12]' \\\n"
    "    --param 'shoppers.arrivals.rate=500/s..4k/s..x2' --out sweep/\n"
    "  stampede sweep web-shop.yaml --param app.concurrency.workers=4..64 \\\n"
    "    --param 'product_cache.ttl=10s..1h log' --sample latin:50\n"
    "  stampede sweep study.yaml --out sweep/ --format csv\n"
    "  stampede sweep checkout.yaml --param shoppers.arrivals.users=1..64..x2 \\\n"
    "    --usl shoppers.throughput                     how far it scales\n"
    "\n"
    "With --out, what is finished is kept: interrupted or killed, the same command\n"
    "goes on where it was. DIR gets sweep.csv (every number of every point),\n"
    "sweep.json and summary.txt.\n"
    "\n"
    "On many machines that share a directory:\n"
    "\n"
    "  stampede sweep plan FILE --param ... --out DIR  what is to be done\n"
    "  stampede sweep submit DIR --engine slurm | sh   as a job array; also parallel\n"
    "                                                  and kubernetes (a manifest)\n"
    "  stampede sweep run DIR --task N                 one task: point N\n"
    "  stampede sweep merge DIR                        the files as of one machine\n"
    "\n"
    "Unless given, N is SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX or\n"
    "PARALLEL_SEQ - 1. Without any of them all that is missing is run here.\n"
    "\n"
    "Exit codes: 0 ok, 1 a point failed or is missing, 104 invalid scenario,\n"
    "130 interrupted.\n";

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add_design_options(options);
  options.add_options()("metric",
                        po::value<std::vector<std::string>>()->value_name("PATH")->composing(),
                        "what is shown and ranked, such as app.utilization")(
      "usl", value("PATH"), "fit the Universal Scalability Law to this throughput")(
      "out,o", value("DIR"), "keep points there, and write sweep.csv, sweep.json")(
      "format", value("FORMAT"), "text, json or csv on the standard output")(
      "task", value("N"), "sweep run: which task, from 0")(
      "tasks-per-job", value("K"), "sweep run, submit: tasks that a job runs")(
      "engine", value("ENGINE"), "sweep submit: slurm, parallel or kubernetes")(
      "at-once", value("N"), "sweep submit: jobs that run at a time")(
      "image", value("IMAGE"), "sweep submit: the container, for kubernetes")(
      "claim", value("NAME"), "sweep submit: the volume claim, for kubernetes");
  return options;
}

/// Nothing that was given is silently ignored.
void allow_only(const Arguments& arguments, const std::string& verb,
                const std::set<std::string>& allowed) {
  for (const char* option :
       {"set",    "param",   "zip",          "sample",   "sample-seed", "metric",
        "usl",    "seed",    "replications", "shorten",  "jobs",        "out",
        "format", "quiet",   "color",        "progress", "task",        "tasks-per-job",
        "engine", "at-once", "image",        "claim"}) {
    if (arguments.has(option) && allowed.count(option) == 0) {
      throw UsageError(fmt::format("--{} has no meaning for sweep{}", option,
                                   verb.empty() ? " FILE" : " " + verb));
    }
  }
}

// ---- Doing it -----------------------------------------------------------------------------------

std::vector<FailedPoint> simulate(const SweepPlan& plan, const std::vector<PlannedPoint>& points,
                                  const Manner& manner, const std::atomic<bool>& stop,
                                  const std::function<void(PointResult)>& keep) {
  const CostOfRunning cost;
  std::size_t finished = 0;
  std::vector<FailedPoint> failed;
  {
    ProgressLine progress(manner.shows_progress);
    failed = run_points(plan, points, manner.crew(stop, progress), [&](PointResult result) {
      keep(std::move(result));
      ++finished;
    });
  }
  if (!manner.quiet) {
    complain(cost.text(fmt::format("{} points", finished)));
  }
  return failed;
}

/// sweep.csv, sweep.json, summary.txt.
void write_report(const std::string& directory, const SweepReport& report) {
  write_file(directory + "/sweep.csv", sweep_csv(report));
  write_file(directory + "/summary.txt", sweep_text(report, TextStyle{}));
  // Last: where there is a sweep.json, the other files are of the same sweep.
  write_file(directory + "/sweep.json", json_text(sweep_json(report)));
}

void show(const SweepReport& report, const Arguments& arguments) {
  const std::string format = arguments.word("format", {"text", "json", "csv"});
  if (format == "json") {
    print(json_text(sweep_json(report)));
  } else if (format == "csv") {
    print(sweep_csv(report));
  } else {
    print(sweep_text(report, output_style(arguments.word("color", {"auto", "always", "never"}))));
  }
  for (const FailedPoint& failed : report.failed) {
    complain(fmt::format("stampede: point {} ({}) failed: {}\n", failed.point,
                         point_text(report.plan, failed.point), failed.why));
  }
}

SweepReport report_on(const SweepPlan& plan, std::vector<PointResult> points,
                      std::vector<FailedPoint> failed) {
  std::sort(points.begin(), points.end(),
            [](const PointResult& a, const PointResult& b) { return a.point < b.point; });
  std::vector<Sensitivity> ranked = sensitivities(plan, points);
  const std::optional<UslFit> usl = fit_usl(plan, points);
  return {plan, std::move(points), std::move(failed), std::move(ranked), usl};
}

int exit_code(const SweepReport& report, bool was_interrupted) {
  if (!report.failed.empty()) {
    return exit_error;
  }
  return was_interrupted && report.is_partial() ? exit_interrupted : exit_ok;
}

std::vector<PlannedPoint> those(const std::vector<PlannedPoint>& points,
                                const std::vector<std::size_t>& numbers) {
  std::vector<PlannedPoint> some;
  for (const std::size_t number : numbers) {
    some.push_back(points[number]);
  }
  return some;
}

int sweep_here(const Arguments& arguments) {
  allow_only(arguments, "",
             {"set", "param", "zip", "sample", "sample-seed", "metric", "usl", "seed",
              "replications", "shorten", "jobs", "out", "format", "quiet", "color", "progress"});
  const Manner manner(arguments);
  arguments.word("format", {"text", "json", "csv"});
  const std::optional<Prepared> prepared = prepare_sweep(arguments, arguments.operands()[0]);
  if (!prepared) {
    return exit_invalid;
  }
  const InterruptWatch interrupt;
  const SweepPlan& plan = prepared->plan;
  const std::optional<std::string> out = arguments.text("out");
  std::vector<PointResult> points;
  std::vector<FailedPoint> failed;
  if (out) {
    const SweepFolder folder = SweepFolder::create(*out, plan);
    const std::vector<std::size_t> missing = folder.missing();
    if (missing.size() < plan.points.size() && !manner.quiet) {
      complain(fmt::format("{} of {} points are there already\n",
                           plan.points.size() - missing.size(), plan.points.size()));
    }
    failed = simulate(plan, those(prepared->points, missing), manner, interrupt.flag(),
                      [&](const PointResult& result) { folder.keep(result); });
    points = folder.finished();
  } else {
    failed = simulate(plan, prepared->points, manner, interrupt.flag(),
                      [&](PointResult result) { points.push_back(std::move(result)); });
  }
  const SweepReport report = report_on(plan, std::move(points), std::move(failed));
  if (out) {
    write_report(*out, report);
  }
  show(report, arguments);
  return exit_code(report, interrupt.flag());
}

// ---- On many machines ---------------------------------------------------------------------------

int sweep_plan(const Arguments& arguments) {
  allow_only(arguments, "plan",
             {"set", "param", "zip", "sample", "sample-seed", "metric", "usl", "seed",
              "replications", "shorten", "out"});
  const std::optional<std::string> out = arguments.text("out");
  if (!out) {
    throw UsageError("sweep plan needs --out DIR");
  }
  const std::optional<Prepared> prepared = prepare_sweep(arguments, arguments.operands()[1]);
  if (!prepared) {
    return exit_invalid;
  }
  const SweepFolder folder = SweepFolder::create(*out, prepared->plan);
  print(fmt::format("{} tasks in {}, {} of them done\n", prepared->plan.points.size(), *out,
                    prepared->plan.points.size() - folder.missing().size()));
  return exit_ok;
}

/// The number of the task or job that an engine gave to this process.
std::optional<std::size_t> number_from_engine() {
  struct Engine {
    const char* variable;
    std::int64_t first;
  };
  std::optional<std::size_t> number;
  std::string known;
  for (const Engine& engine : {Engine{"SLURM_ARRAY_TASK_ID", 0}, Engine{"JOB_COMPLETION_INDEX", 0},
                               Engine{"PARALLEL_SEQ", 1}}) {
    const char* value = std::getenv(engine.variable);
    if (value == nullptr) {
      continue;
    }
    const Parsed<std::int64_t> parsed = parse_integer(value);
    if (!parsed.value || *parsed.value < engine.first) {
      throw UsageError(fmt::format("{} is '{}'; expected a number", engine.variable, value));
    }
    if (number) {
      throw UsageError(fmt::format("both {} and {} are set: give --task", known, engine.variable));
    }
    number = static_cast<std::size_t>(*parsed.value - engine.first);
    known = engine.variable;
  }
  return number;
}

int sweep_run(const Arguments& arguments) {
  allow_only(arguments, "run", {"task", "tasks-per-job", "jobs", "quiet", "progress"});
  const auto per_job = static_cast<std::size_t>(arguments.integer("tasks-per-job", 1).value_or(1));
  const std::optional<std::int64_t> task = arguments.integer("task", 0);
  const std::optional<std::size_t> job =
      task ? static_cast<std::size_t>(*task) : number_from_engine();
  const Manner manner(arguments);
  const SweepFolder folder = SweepFolder::open(arguments.operands()[1]);
  const SweepPlan& plan = folder.plan();
  if (job && *job >= job_count(plan, per_job)) {
    throw UsageError(fmt::format("there is no task {}: {} has {} tasks from 0, {} in a job", *job,
                                 folder.directory(), plan.points.size(), per_job));
  }
  std::vector<PlannedPoint> points;
  for (const std::size_t point : folder.missing()) {
    if (!job || point / per_job == *job) {
      points.push_back(planned_point(plan, point));
    }
  }
  const InterruptWatch interrupt;
  const std::vector<FailedPoint> failed =
      simulate(plan, points, manner, interrupt.flag(),
               [&](const PointResult& result) { folder.keep(result); });
  for (const FailedPoint& point : failed) {
    complain(fmt::format("stampede: point {} ({}) failed: {}\n", point.point,
                         point_text(plan, point.point), point.why));
  }
  return !failed.empty() ? exit_error : interrupt.flag() ? exit_interrupted : exit_ok;
}

/// "3, 7-12, 40"
std::string ranges_text(const std::vector<std::size_t>& numbers) {
  std::string ranges;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
      ++last;
    }
    ranges += fmt::format("{}{}", ranges.empty() ? "" : ",", numbers[i]);
    ranges += last > i ? fmt::format("-{}", numbers[last]) : "";
    i = last + 1;
  }
  return ranges;
}

int sweep_merge(const Arguments& arguments) {
  allow_only(arguments, "merge", {"format", "color", "quiet"});
  arguments.word("format", {"text", "json", "csv"});
  const SweepFolder folder = SweepFolder::open(arguments.operands()[1]);
  const std::vector<std::size_t> missing = folder.missing();
  const SweepReport report = report_on(folder.plan(), folder.finished(), {});
  write_report(folder.directory(), report);
  show(report, arguments);
  if (!missing.empty()) {
    complain(fmt::format("stampede: {} of {} tasks are missing: {}\n", missing.size(),
                         folder.plan().points.size(), ranges_text(missing)));
    return exit_error;
  }
  return exit_ok;
}

int sweep_submit(const Arguments& arguments) {
  allow_only(arguments, "submit", {"engine", "tasks-per-job", "at-once", "image", "claim"});
  const std::string engine = arguments.word("engine", {"slurm", "parallel", "kubernetes"});
  if (engine != "kubernetes" && (arguments.has("image") || arguments.has("claim"))) {
    throw UsageError("--image and --claim are for --engine kubernetes");
  }
  const SweepFolder folder = SweepFolder::open(arguments.operands()[1]);
  // Slurm's MaxArraySize is 1001 unless it was changed.
  constexpr std::size_t most_jobs = 1000;
  const std::size_t enough = (folder.plan().points.size() + most_jobs - 1) / most_jobs;
  JobWishes wishes;
  wishes.program =
      engine == "kubernetes" ? "stampede" : std::filesystem::canonical("/proc/self/exe").string();
  wishes.tasks_per_job = static_cast<std::size_t>(
      arguments.integer("tasks-per-job", 1).value_or(static_cast<std::int64_t>(enough)));
  wishes.at_once = static_cast<std::size_t>(arguments.integer("at-once", 1).value_or(0));
  wishes.image = arguments.text("image").value_or("stampede:" STAMPEDE_VERSION);
  wishes.claim = arguments.text("claim").value_or("stampede-sweep");
  print(engine == "slurm"      ? slurm_script(folder, wishes)
        : engine == "parallel" ? parallel_script(folder, wishes)
                               : kubernetes_manifest(folder, wishes));
  return exit_ok;
}

int run(const Arguments& arguments) {
  struct Verb {
    const char* name;
    int (*run)(const Arguments&);
  };
  const std::vector<std::string>& operands = arguments.operands();
  for (const Verb& verb : {Verb{"plan", sweep_plan}, Verb{"run", sweep_run},
                           Verb{"merge", sweep_merge}, Verb{"submit", sweep_submit}}) {
    if (operands[0] == verb.name) {
      if (operands.size() < 2) {
        throw UsageError(fmt::format("sweep {0} needs a {1}: stampede sweep {0} {1}", verb.name,
                                     operands[0] == "plan" ? "FILE" : "DIR"));
      }
      return verb.run(arguments);
    }
  }
  if (operands.size() > 1) {
    throw UsageError(fmt::format("'{}' is too much: stampede sweep FILE{}", operands[1],
                                 suggestion(operands[0], {"plan", "run", "merge", "submit"})));
  }
  return sweep_here(arguments);
}

}  // namespace

const Command sweep_command{"sweep",
                            "run a scenario at many points, here or on a cluster",
                            "FILE [OPTION]...",
                            about,
                            1,
                            2,
                            options,
                            run};

}  // namespace stampede
