#include "stampede/study/compare.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "command.hpp"
#include "interrupt.hpp"
#include "manner.hpp"
#include "progress.hpp"
#include "scenario_file.hpp"
#include "stampede/base/relation.hpp"
#include "stampede/report/comparison.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/study/study.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Simulates several scenarios, or variants of one, with the same luck, and says of\n"
    "each number whether the others are better or worse than the first.\n"
    "\n"
    "  stampede compare today.yaml tomorrow.yaml\n"
    "  stampede compare web-shop.yaml --with app.replicas=6\n"
    "  stampede compare web-shop.yaml --with app.replicas=6 --with app.cpu=8\n"
    "  stampede compare web-shop.yaml --with 'app.replicas=6; app.cpu=2'\n"
    "  stampede compare a.yaml b.yaml --metric shoppers.latency.p99.9 --margin 5%\n"
    "\n"
    "Verdicts: better, worse (higher, lower where neither is better), no practical\n"
    "difference (less than the margin), cannot tell (about so many replications more\n"
    "would). Of three and more it says which are perhaps the best.\n"
    "\n"
    "Ctrl-C ends it early: what finished in all scenarios is compared. Exit codes: 0\n"
    "ok, 104 invalid scenario, 130 interrupted.\n";

constexpr std::size_t most_alternatives = 26;  // labels are letters

po::options_description options() {
  po::options_description options = simulation_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto values = [](const char* name) {
    return po::value<std::vector<std::string>>()->value_name(name)->composing();
  };
  options.add_options()("with", values("SETTINGS"),
                        "a variant of the one FILE: path=value; ...; repeatable")(
      "metric", values("PATH"), "compare this number; repeatable")(
      "margin", value("SHARE"), "what is too little to matter; 1% unless given")(
      "format", value("FORMAT"), "text, json or csv on the standard output");
  return options;
}

/// What makes a scenario: its file, settings on top, and how to call the two.
struct Source {
  std::string file;
  std::vector<std::string> settings;
  std::string name;
};

/// "app.replicas=6; app.cpu=2" are two settings.
std::vector<std::string> split_settings(const std::string& text) {
  std::vector<std::string> settings;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    std::string setting = text.substr(begin, end - begin);
    setting.erase(0, std::min(setting.find_first_not_of(' '), setting.size()));
    setting.erase(setting.find_last_not_of(' ') + 1);
    if (!setting.empty()) {
      settings.push_back(std::move(setting));
    }
    begin = end + 1;
  }
  return settings;
}

std::vector<Source> sources_of(const Arguments& arguments) {
  const std::vector<std::string> common = settings_of(arguments);
  std::vector<Source> sources;
  for (const std::string& file : arguments.operands()) {
    sources.push_back({file, common, file});
  }
  const std::vector<std::string> variants = arguments.texts("with");
  if (!variants.empty() && sources.size() > 1) {
    throw UsageError("--with makes variants of one scenario, but there are several");
  }
  for (const std::string& variant : variants) {
    Source source = sources.front();
    const std::vector<std::string> settings = split_settings(variant);
    source.settings.insert(source.settings.end(), settings.begin(), settings.end());
    source.name += " with " + variant;
    sources.push_back(std::move(source));
  }
  if (sources.size() < 2) {
    throw UsageError("there is nothing to compare it with: name another scenario, or --with");
  }
  if (sources.size() > most_alternatives) {
    throw UsageError(fmt::format("these are {} scenarios; {} can be compared", sources.size(),
                                 most_alternatives));
  }
  return sources;
}

double margin_of(const Arguments& arguments) {
  const std::string given = arguments.text("margin").value_or("1%");
  const std::optional<Measurement> margin = parse_measurement(given);
  if (!margin || margin->value < 0 || (margin->unit != "%" && !margin->unit.empty())) {
    throw UsageError(fmt::format("--margin is '{}'; expected a share such as 1%", given));
  }
  return margin->value;
}

void show(const ScenarioComparison& comparison, const std::string& format, const Manner& manner) {
  if (format == "text") {
    print(comparison_text(comparison, manner.style));
    return;
  }
  print(format == "json" ? json_text(comparison_json(comparison)) : comparison_csv(comparison));
  for (const std::string& warning : comparison.warnings) {
    complain(manner.quiet ? "" : "warning: " + warning + "\n");
  }
}

int run(const Arguments& arguments) {
  const std::vector<Source> sources = sources_of(arguments);
  ComparisonOptions options;
  options.metrics = arguments.texts("metric");
  options.margin = margin_of(arguments);
  const Manner manner(arguments);
  options.shortened = manner.divisor;
  const std::string format = arguments.word("format", {"text", "json", "csv"});

  std::vector<Alternative> alternatives;
  bool are_valid = true;
  for (const Source& source : sources) {
    std::optional<Scenario> scenario =
        load_or_complain(source.file, source.settings, nullptr, options.shortened);
    are_valid = are_valid && scenario;
    if (!scenario) {
      complain(fmt::format("stampede: {} is no valid scenario\n", source.name));
    }
    if (scenario) {
      const char label = static_cast<char>('A' + alternatives.size());
      alternatives.push_back({std::string(1, label), source.name, std::move(*scenario)});
    }
  }
  if (!are_valid) {
    return exit_invalid;
  }

  const InterruptWatch interrupt;
  ProgressLine progress(manner.shows_progress);
  try {
    const ScenarioComparison comparison =
        compare(alternatives, options, manner.crew(interrupt.flag(), progress));
    show(comparison, format, manner);
    return comparison.is_partial() ? exit_interrupted : exit_ok;
  } catch (const NotComparable& reason) {
    throw UsageError(reason.what());
  }
}

}  // namespace

const Command compare_command{"compare",
                              "say which of several scenarios is better",
                              "FILE [FILE]... [OPTION]...",
                              about,
                              1,
                              most_alternatives,
                              options,
                              run};

}  // namespace stampede
