#include <fmt/format.h>

#include <string>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/metastability.hpp"
#include "stampede/report/result_json.hpp"
#include "sweep_wishes.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Looks for a collapse that outlives its trigger: raises the load step by step and\n"
    "lowers it again in one world (hysteresis), then finds at each load the largest\n"
    "trigger from which the system recovers, and the load below which none keeps it\n"
    "down.\n"
    "\n"
    "  stampede metastability shop.yaml --rate shoppers.arrivals.rate=100/s..1k/s \\\n"
    "    --trigger faults.0.for=1s..60s\n"
    "  stampede metastability shop.yaml --rate shoppers.arrivals.rate=100/s..1k/s \\\n"
    "    --trigger 'faults.0.factor=1..50 log' --steps 10 --hold 1m\n"
    "\n"
    "The faults of the scenario are the trigger: each begins `at` an instant and\n"
    "lasts `for` a time, early enough for the system to recover before the run ends.\n"
    "Well is a system of whose requests 90% are goodput, in every replication.\n"
    "\n"
    "Exit codes: 0 done, 104 invalid scenario, 130 interrupted.\n";

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("rate", value("PATH=RANGE"), "the load: a rate of arrivals")(
      "trigger", value("PATH=RANGE"), "the size of the trigger: a setting of a fault")(
      "steps", value("N"), "loads from one end of the range to the other; 6")(
      "hold", value("TIME"), "of each load going up and down; a tenth of the run")(
      "precision", value("SHARE"), "how narrow limits are found; 10% unless given")(
      "format", value("FORMAT"), "text or json on the standard output");
  return options;
}

MetastabilityOptions wish_of(const Arguments& arguments) {
  MetastabilityOptions wish;
  wish.loads = static_cast<std::size_t>(arguments.integer("steps", 2).value_or(6));
  if (const auto text = arguments.text("precision")) {
    const Parsed<Ratio> ratio = parse_ratio(*text);
    if (!ratio.value || ratio.value->value < 0.001 || ratio.value->value > 0.5) {
      throw UsageError(
          fmt::format("--precision is '{}'; expected a share from 0.1% to 50%", *text));
    }
    wish.precision = ratio.value->value;
  }
  if (const auto text = arguments.text("hold")) {
    const Parsed<Duration> time = parse_duration(*text);
    if (!time.value || *time.value <= Duration()) {
      throw UsageError(fmt::format("--hold is '{}'; expected a time such as 1m", *text));
    }
    wish.hold = *time.value;
  }
  return wish;
}

/// The population whose load a path sets: "traffic.shoppers.arrivals.rate" is of the shoppers.
std::string population_of(std::string path) {
  constexpr std::string_view section = "traffic.";
  if (path.starts_with(section)) {
    path.erase(0, section.size());
  }
  return path.substr(0, path.find('.'));
}

int run(const Arguments& arguments) {
  const Manner manner(arguments);
  const bool as_json = arguments.word("format", {"text", "json"}) == "json";
  const MetastabilityOptions wish = wish_of(arguments);
  for (const char* option : {"rate", "trigger"}) {
    if (!arguments.has(option)) {
      throw UsageError(fmt::format("metastability needs --{}", option));
    }
  }
  ValueRange load;
  ValueRange trigger;
  const std::optional<Prepared> prepared =
      prepare_search(arguments, arguments.operands()[0], {{"rate", &load}, {"trigger", &trigger}});
  if (!prepared) {
    return exit_invalid;
  }
  const InterruptWatch interrupt;
  const CostOfRunning cost;
  MetastabilityFound found;
  try {
    ProgressLine progress(manner.shows_progress);
    found = find_metastability(prepared->plan, population_of(prepared->plan.paths[0]), load,
                               trigger, wish, manner.crew(interrupt.flag(), progress));
  } catch (const NotMetastable& why) {
    complain(fmt::format("{}: error: {}\n", arguments.operands()[0], why.what()));
    return exit_invalid;
  }
  print(as_json ? json_text(metastability_json(prepared->plan, found, wish))
                : metastability_text(prepared->plan, found, wish, manner.style));
  if (!manner.quiet) {
    complain(cost.text(fmt::format("{} worlds", found.worlds)));
  }
  return found.is_partial ? exit_interrupted : exit_ok;
}

}  // namespace

const Command metastability_command{"metastability",
                                    "find collapses that outlive their trigger",
                                    "FILE --rate ... --trigger ... [OPTION]...",
                                    about,
                                    1,
                                    1,
                                    options,
                                    run};

}  // namespace stampede
