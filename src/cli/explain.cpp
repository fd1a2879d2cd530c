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
    "filled in. It is a scenario itself.\n"
    "\n"
    "  stampede explain web-shop.yaml\n"
    "  stampede explain web-shop.yaml --set app.replicas=6 > web-shop-6.yaml\n"
    "  stampede explain web-shop.yaml --format json | jq .components.balancer\n";

po::options_description options() {
  po::options_description options = command_options();
  options.add_options()
      ("set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE")->composing(),
       "change a setting first, such as app.replicas=6; repeatable")
      ("format", po::value<std::string>()->value_name("FORMAT"), "yaml or json");
  return options;
}

int run(const Arguments& arguments) {
  const std::string format = arguments.word("format", {"yaml", "json"});
  const std::optional<Scenario> scenario =
      load_or_complain(arguments.operands()[0], arguments.texts("set"));
  if (!scenario) {
    return exit_invalid;
  }
  const Json effective = resolved(*scenario);
  print(format == "json" ? json_text(effective) : yaml_text(effective));
  return exit_ok;
}

}  // namespace

const Command explain_command{"explain", "print the effective scenario, with all defaults",
                              "FILE [OPTION]...", text, 1, 1, options, run};

}  // namespace stampede
