#include <fmt/format.h>

#include <string>

#include "command.hpp"
#include "scenario_file.hpp"
#include "stampede/analysis/predict.hpp"
#include "stampede/analysis/redundancy.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/theory.hpp"
#include "stampede/report/yaml.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Prints the effective scenario: what FILE says, --set applied, with every default\n"
    "filled in; what is absent is off. It is a scenario itself.\n"
    "\n"
    "With --theory it prints what queueing theory says of the scenario instead,\n"
    "without running it: how often each component is asked, how busy it is, how long\n"
    "requests wait, which component is the bottleneck, at which load it saturates,\n"
    "and whose loss alone requests do not survive.\n"
    "\n"
    "  stampede explain web-shop.yaml\n"
    "  stampede explain web-shop.yaml --set app.replicas=6 > web-shop-6.yaml\n"
    "  stampede explain web-shop.yaml --format json | jq .components.balancer\n"
    "  stampede explain web-shop.yaml --theory\n"
    "  stampede explain web-shop.yaml --theory --format json | jq .bottleneck\n";

po::options_description options() {
  po::options_description options = scenario_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("theory", "predictions instead of the scenario")(
      "format", value("FORMAT"), "yaml or json; with --theory text or json")(
      "color", value("WHEN"), "auto, always or never");
  return options;
}

/// Without what is off: a scenario leaves it out.
Json without_nulls(const Json& json) {
  if (!json.is_structured()) {
    return json;
  }
  Json kept = json.is_object() ? Json::object() : Json::array();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      kept.push_back(without_nulls(value));
    } else if (!value.is_null()) {
      kept[key] = without_nulls(value);
    }
  }
  return kept;
}

int run(const Arguments& arguments) {
  const bool wants_theory = arguments.has("theory");
  const std::string format =
      arguments.word("format", {wants_theory ? "text" : "yaml", std::string("json")});
  const TextStyle style = output_style(arguments.word("color", {"auto", "always", "never"}));
  const std::optional<Scenario> scenario =
      load_or_complain(arguments.operands()[0], arguments.texts("set"));
  if (!scenario) {
    return exit_invalid;
  }
  if (wants_theory) {
    const Prediction prediction = predict(*scenario);
    const Redundancy redundancy = redundancy_of(*scenario);
    print(format == "json" ? json_text(theory_json(prediction, redundancy))
                           : theory_text(prediction, redundancy, style));
    return exit_ok;
  }
  const Json effective = without_nulls(resolved(*scenario));
  print(format == "json" ? json_text(effective) : yaml_text(effective));
  return exit_ok;
}

}  // namespace

const Command explain_command{"explain",
                              "print the effective scenario, or what theory says of it",
                              "FILE [OPTION]...",
                              about,
                              1,
                              1,
                              options,
                              run};

}  // namespace stampede
