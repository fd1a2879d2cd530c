#include <fmt/format.h>

#include <string>

#include "command.hpp"
#include "scenario_file.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/yaml.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view text =
    "Prints the effective scenario: what FILE says, --set applied, with every default\n"
    "filled in; what is absent is off. It is a scenario itself.\n"
    "\n"
    "  stampede explain web-shop.yaml\n"
    "  stampede explain web-shop.yaml --set app.replicas=6 > web-shop-6.yaml\n"
    "  stampede explain web-shop.yaml --format json | jq .components.balancer\n";

po::options_description options() {
  po::options_description options = scenario_options();
  options.add_options()("format", po::value<std::string>()->value_name("FORMAT"), "yaml or json");
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
  const std::string format = arguments.word("format", {"yaml", "json"});
  const std::optional<Scenario> scenario =
      load_or_complain(arguments.operands()[0], arguments.texts("set"));
  if (!scenario) {
    return exit_invalid;
  }
  const Json effective = without_nulls(resolved(*scenario));
  print(format == "json" ? json_text(effective) : yaml_text(effective));
  return exit_ok;
}

}  // namespace

const Command explain_command{"explain",
                              "print the effective scenario, with all defaults",
                              "FILE [OPTION]...",
                              text,
                              1,
                              1,
                              options,
                              run};

}  // namespace stampede
