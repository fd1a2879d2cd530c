#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "command.hpp"
#include "stampede/base/files.hpp"
#include "stampede/base/json.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reference.hpp"
#include "stampede/schema/registry.hpp"
#include "stampede/study/sweep_settings.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view schema_help =
    "Prints the JSON Schema of scenarios, or of study files for sweeps, for editors\n"
    "and other tools.\n"
    "\n"
    "  stampede schema > scenario.schema.json\n"
    "  stampede schema study > study.schema.json\n"
    "\n"
    "Begin a scenario with this line to have completion and checks while writing:\n"
    "  # yaml-language-server: $schema=scenario.schema.json\n";

constexpr std::string_view reference_help =
    "Writes the reference of the scenario language and of this program as Markdown.\n"
    "\n"
    "  stampede reference --out docs/reference\n";

constexpr std::string_view study_meaning = "What a sweep varies about a scenario, and how.";

po::options_description reference_options() {
  po::options_description options = command_options();
  options.add_options()("out,o", po::value<std::string>()->value_name("DIR"), "where the pages go");
  return options;
}

std::string commands_page() {
  std::string page = "# Commands\n\n```text\n" + help_text() + "```\n";
  for (const Command* command : commands()) {
    page += fmt::format("\n## stampede {}\n\n```text\n{}```\n", command->name, help_text(*command));
  }
  return page;
}

std::string index_page() {
  std::string page =
      "# Reference\n\n"
      "Written by `stampede reference`; `./dev docs` does it again.\n\n"
      "- [Commands](commands.md)\n"
      "- [Scenario](scenario.md): the sections of a scenario\n"
      "- [Study file](study.md): what `stampede sweep` varies about a scenario\n";
  for (const AnyRegistry* registry : all_registries()) {
    page += fmt::format("- [{}]({}.md): {}\n", registry->name(), registry->slug(),
                        fmt::join(registry->kind_names(), ", "));
  }
  return page;
}

int run_schema(const Arguments& arguments) {
  const std::string of = arguments.operands().empty() ? "scenario" : arguments.operands()[0];
  if (of != "scenario" && of != "study") {
    throw UsageError(fmt::format("schema is of scenario or study, not of '{}'{}", of,
                                 suggestion(of, {"scenario", "study"})));
  }
  print(json_text(of == "study" ? json_schema<SweepSettings>("Stampede study", study_meaning)
                                : json_schema<Scenario>(
                                      "Stampede scenario",
                                      "A web architecture and the traffic that it is put to.")));
  return exit_ok;
}

int run_reference(const Arguments& arguments) {
  const std::optional<std::string> out = arguments.text("out");
  if (!out) {
    throw UsageError("reference needs --out DIR");
  }
  prepare_directory(*out);
  write_file(*out + "/README.md", index_page());
  write_file(*out + "/commands.md", commands_page());
  write_file(*out + "/scenario.md",
             reference_page<Scenario>("Scenario", "The sections of a scenario and their keys."));
  write_file(*out + "/study.md", reference_page<SweepSettings>("Study file", study_meaning));
  for (const AnyRegistry* registry : all_registries()) {
    write_file(*out + "/" + registry->slug() + ".md", reference_page(*registry));
  }
  return exit_ok;
}

}  // namespace

const Command schema_command{"schema",
                             "print the JSON Schema of scenarios",
                             "[scenario|study]",
                             schema_help,
                             0,
                             1,
                             command_options,
                             run_schema};

const Command reference_command{
    "reference", "write the reference pages", "--out DIR",  reference_help, 0,
    0,           reference_options,           run_reference};

}  // namespace stampede
