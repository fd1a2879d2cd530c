#include <string>

#include "command.hpp"
#include "scenario_file.hpp"
#include "stampede/analysis/topology.hpp"
#include "stampede/report/graph.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Prints the topology: who calls whom.\n"
    "\n"
    "  stampede graph web-shop.yaml | dot -Tsvg > web-shop.svg\n"
    "  stampede graph web-shop.yaml --format mermaid\n";

po::options_description options() {
  po::options_description options = scenario_options();
  options.add_options()("format", po::value<std::string>()->value_name("FORMAT"), "dot or mermaid");
  return options;
}

int run(const Arguments& arguments) {
  const std::string format = arguments.word("format", {"dot", "mermaid"});
  const std::optional<Scenario> scenario =
      load_or_complain(arguments.operands()[0], arguments.texts("set"));
  if (!scenario) {
    return exit_invalid;
  }
  const Topology topology = topology_of(*scenario);
  print(format == "dot" ? dot_text(topology) : mermaid_text(topology));
  return exit_ok;
}

}  // namespace

const Command graph_command{
    "graph", "print the topology for Graphviz or Mermaid", "FILE [OPTION]...", about, 1, 1, options,
    run};

}  // namespace stampede
