#include <fmt/format.h>

#include <string>
#include <vector>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "stampede/base/files.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/search.hpp"
#include "stampede/report/yaml.hpp"
#include "sweep_wishes.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Finds where a scenario ceases to meet its `expect:`, or what meets it for the\n"
    "least money, with a stated confidence.\n"
    "\n"
    "  stampede search web-shop.yaml --largest shoppers.arrivals.rate=100/s..10k/s\n"
    "  stampede search web-shop.yaml --smallest app.replicas=2..40 --confidence 99%\n"
    "  stampede search web-shop.yaml --cheapest --param app.replicas=2..20..2 \\\n"
    "    --param 'app.cpu=[2, 4]' --replications 20\n"
    "  stampede search outage.yaml --breaking faults.0.for=1s..5m --out breaks.yaml\n"
    "\n"
    "--largest and --smallest halve the range until it is as narrow as --precision,\n"
    "with as many replications at each value as it takes to decide; the expectations\n"
    "must be met ever less (or more) as the value grows. With `log` after the range\n"
    "it is halved by factors. --breaking looks for the mildest fault that matters:\n"
    "the smallest value at which an expectation, or the hypothesis of an experiment,\n"
    "fails for sure (the largest, where only the lower end of the range does); it\n"
    "shows how to run what fails, and --out writes it down as a scenario (files that\n"
    "this names are looked for beside it). --cheapest tries every point, needs\n"
    "`prices:` in the scenario, and marks the Pareto front of cost against\n"
    "availability and p99.\n"
    "\n"
    "Exit codes: 0 found, 99 nothing meets the expectations (or breaks them), 104\n"
    "invalid scenario, 130 interrupted.\n";

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("largest", value("PATH=RANGE"), "the largest value that meets")(
      "smallest", value("PATH=RANGE"), "the smallest value that meets")(
      "breaking", value("PATH=RANGE"), "the mildest fault at which one fails")(
      "cheapest", "the cheapest point that meets");
  add_design_options(options);
  options.add_options()("confidence", value("SHARE"), "that what is found meets; 95% unless given")(
      "precision", value("SHARE"), "how narrow the limit is found; 2% unless given")(
      "max-replications", value("N"), "at one value, until it counts as not met; 64")(
      "out,o", value("FILE"), "with --breaking: write the scenario that fails")(
      "format", value("FORMAT"), "text or json on the standard output");
  return options;
}

double share(const Arguments& arguments, const std::string& option, double least, double most,
             double otherwise) {
  const std::optional<std::string> given = arguments.text(option);
  if (!given) {
    return otherwise;
  }
  const Parsed<Ratio> ratio = parse_ratio(*given);
  if (!ratio.value || ratio.value->value < least || ratio.value->value > most) {
    throw UsageError(fmt::format("--{} is '{}'; expected a share from {}% to {}%", option, *given,
                                 100 * least, 100 * most));
  }
  return ratio.value->value;
}

/// What both searches need of the command line.
struct Wishes {
  explicit Wishes(const Arguments& arguments)
      : manner(arguments), as_json(arguments.word("format", {"text", "json"}) == "json") {
    search.confidence = share(arguments, "confidence", 0.5, 0.9999, search.confidence);
    search.precision = share(arguments, "precision", 0.0001, 0.5, search.precision);
    search.most_replications =
        arguments.integer("max-replications", 2).value_or(search.most_replications);
  }

  Manner manner;
  bool as_json;
  SearchOptions search;
};

/// A search without a question is a mistake in the scenario, not of the command line.
bool expects_something(const SweepPlan& plan) {
  const ReadScenario read = read_point(plan, 0);
  if (!read.scenario->expect.empty() || read.scenario->chaos) {
    return true;
  }
  complain(fmt::format(
      "{}: error: there is no `expect:` and no `chaos:`, so there is nothing to search for\n",
      plan.file));
  return false;
}

/// The effective scenario at the value that was found, with the replications that showed it.
std::string scenario_at(SweepPlan plan, const LimitFound& found) {
  plan.points = {{*found.best}};
  plan.settings.push_back(fmt::format("run.replications={}", replications_of_best(found)));
  return yaml_text(resolved(*read_point(plan, 0).scenario));
}

int search_limit(const Arguments& arguments, const std::string& question) {
  Wishes wishes(arguments);
  const bool largest = question == "largest";
  const std::optional<std::string> out = arguments.text("out");
  if (question == "breaking") {
    wishes.search.wanted = Decision::fails;
  } else if (out) {
    throw UsageError("--out is for --breaking");
  }
  if (out && wishes.manner.divisor > 1) {
    throw UsageError("--out writes a scenario of full length: leave out --shorten");
  }
  for (const char* option : {"param", "zip", "sample", "sample-seed"}) {
    if (arguments.has(option)) {
      throw UsageError(fmt::format("--{} is for --cheapest", option));
    }
  }
  ValueRange range;
  const std::optional<Prepared> prepared =
      prepare_search(arguments, arguments.operands()[0], {{question.c_str(), &range}});
  if (!prepared || !expects_something(prepared->plan)) {
    return exit_invalid;
  }
  const InterruptWatch interrupt;
  const CostOfRunning cost;
  LimitFound found;
  {
    ProgressLine progress(wishes.manner.shows_progress);
    found = find_limit(prepared->plan, range, largest, wishes.search,
                       wishes.manner.crew(interrupt.flag(), progress));
  }
  print(wishes.as_json
            ? json_text(limit_json(prepared->plan, found, largest, wishes.search))
            : limit_text(prepared->plan, found, largest, wishes.search, wishes.manner.style));
  if (out && found.best) {
    write_file(*out, scenario_at(prepared->plan, found));
  }
  if (!wishes.manner.quiet) {
    complain(cost.text(fmt::format("{} values", found.probes.size())));
  }
  return found.is_partial ? exit_interrupted : found.best ? exit_ok : exit_expectation;
}

int search_cheapest(const Arguments& arguments) {
  const Wishes wishes(arguments);
  for (const char* option : {"precision", "max-replications"}) {
    if (arguments.has(option)) {
      throw UsageError(fmt::format("--{} is for --largest, --smallest and --breaking", option));
    }
  }
  if (arguments.has("out")) {
    throw UsageError("--out is for --breaking");
  }
  const std::optional<Prepared> prepared = prepare_sweep(arguments, arguments.operands()[0]);
  if (!prepared || !expects_something(prepared->plan)) {
    return exit_invalid;
  }
  const SweepPlan& plan = prepared->plan;
  if (read_point(plan, 0).scenario->prices.empty()) {
    complain(fmt::format(
        "{}: error: there are no `prices:`, so there is nothing cheapest; expected what an\n"
        "    instance of a component costs per hour, such as prices: {{app: 0.096}}\n",
        plan.file));
    return exit_invalid;
  }
  const InterruptWatch interrupt;
  const CostOfRunning cost;
  CheapestFound found;
  {
    ProgressLine progress(wishes.manner.shows_progress);
    found = find_cheapest(plan, prepared->points, wishes.search.confidence,
                          wishes.manner.crew(interrupt.flag(), progress));
  }
  print(wishes.as_json ? json_text(cheapest_json(plan, found, wishes.search.confidence))
                       : cheapest_text(plan, found, wishes.search.confidence, wishes.manner.style));
  if (!wishes.manner.quiet) {
    complain(cost.text(fmt::format("{} points", found.candidates.size())));
  }
  return found.is_partial ? exit_interrupted : found.best ? exit_ok : exit_expectation;
}

int run(const Arguments& arguments) {
  std::vector<std::string> questions;
  for (const char* option : {"largest", "smallest", "breaking", "cheapest"}) {
    if (arguments.has(option)) {
      questions.emplace_back(option);
    }
  }
  if (questions.size() != 1) {
    throw UsageError("search needs one of --largest, --smallest, --breaking and --cheapest");
  }
  return questions[0] == "cheapest" ? search_cheapest(arguments)
                                    : search_limit(arguments, questions[0]);
}

}  // namespace

const Command search_command{"search",
                             "find what just meets `expect:`, or just breaks it",
                             "FILE [OPTION]...",
                             about,
                             1,
                             1,
                             options,
                             run};

}  // namespace stampede
