#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/cmdline.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "command.hpp"
#include "stampede/cli/main.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

constexpr std::string_view examples =
    "\n"
    "Examples:\n"
    "  stampede run scenarios/web-shop.yaml\n"
    "  stampede run web-shop.yaml --replications 20 --out results/\n"
    "  stampede run web-shop.yaml --set app.replicas=6 --format json\n"
    "  stampede compare web-shop.yaml --with app.replicas=6\n"
    "  stampede validate scenarios/*.yaml\n"
    "  stampede list \"load balancing policy\"\n"
    "\n"
    "Exit codes: 0 ok, 1 error, 2 wrong usage, 99 an expectation failed, 104 invalid\n"
    "scenario, 130 interrupted.\n";

const Command* find_command(const std::string& name) {
  const auto all = commands();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Command* command) { return command->name == name; });
  return found == all.end() ? nullptr : *found;
}

const Command& command_named(const std::string& name) {
  if (const Command* command = find_command(name)) {
    return *command;
  }
  std::vector<std::string> names{"help", "version"};
  for (const Command* command : commands()) {
    names.emplace_back(command->name);
  }
  throw UsageError(fmt::format("unknown command '{}'{}", name, suggestion(name, names)));
}

int help(const std::vector<std::string>& words) {
  print(words.empty() ? help_text() : help_text(command_named(words[0])));
  return exit_ok;
}

int version() {
  print("stampede " STAMPEDE_VERSION "\n");
  return exit_ok;
}

/// "-o, --out DIR"
std::string option_name(const boost::program_options::option_description& option) {
  // The short form, with its dash, where there is one; otherwise the long form without dashes.
  const std::string brief = option.canonical_display_name(
      boost::program_options::command_line_style::allow_dash_for_short);
  const std::string name = (brief.starts_with('-') ? brief + ", --" : "--") + option.long_name();
  const std::string value = option.format_parameter();
  return value.empty() ? name : name + " " + value;
}

void check_operands(const Command& command, const std::vector<std::string>& operands) {
  if (operands.size() < command.least_operands) {
    throw UsageError(
        fmt::format("{0} needs more: stampede {0} {1}", command.name, command.synopsis));
  }
  if (operands.size() > command.most_operands) {
    throw UsageError(fmt::format("'{}' is too much: stampede {} {}",
                                 operands[command.most_operands], command.name, command.synopsis));
  }
}

int run_command_line(const std::vector<std::string>& words) {
  const std::string& first = words[0];
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (first == "help" || first == "--help" || first == "-h") {
    return help(rest);
  }
  if (first == "version" || first == "--version" || first == "-V") {
    return version();
  }
  const Command& command = command_named(first);
  const Arguments arguments(command.options(), rest);
  if (arguments.has("help")) {
    return help({first});
  }
  check_operands(command, arguments.operands());
  return command.run(arguments);
}

}  // namespace

std::span<const Command* const> commands() {
  static const Command* const all[] = {
      &run_command,           &compare_command,  &sweep_command,   &search_command,
      &metastability_command, &validate_command, &explain_command, &graph_command,
      &selftest_command,      &list_command,     &schema_command,  &reference_command};
  return all;
}

std::string help_text() {
  std::string text =
      "usage: stampede COMMAND [OPTION]...\n"
      "\n"
      "Simulates scale-out web architectures that are described in YAML.\n"
      "\n";
  for (const Command* command : commands()) {
    text += fmt::format("  {:<13}  {}\n", command->name, command->summary);
  }
  text +=
      "  help           what a command does and its options: stampede help run\n"
      "  version        the version of this program\n";
  return text + std::string(examples);
}

std::string help_text(const Command& command) {
  // Named: a range-based for would let the description die before its options are read.
  const boost::program_options::options_description described = command.options();
  std::string options;
  for (const auto& option : described.options()) {
    const std::string name = option_name(*option);
    options += fmt::format("  {:<24}", name);
    options += name.size() > 24 ? "\n" + std::string(26, ' ') : "";
    options += option->description() + "\n";
  }
  return fmt::format("usage: stampede {} {}\n\n{}\nOptions:\n{}", command.name, command.synopsis,
                     command.about, options);
}

boost::program_options::options_description command_options() {
  boost::program_options::options_description options;
  options.add_options()("help,h", "this text");
  return options;
}

boost::program_options::options_description scenario_options() {
  namespace po = boost::program_options;
  po::options_description options = command_options();
  options.add_options()(
      "set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE")->composing(),
      "change a setting, such as app.replicas=6; repeatable");
  return options;
}

int main_with(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  int code = exit_ok;
  try {
    if (words.empty()) {
      complain(help_text());
      return exit_usage;
    }
    code = run_command_line(words);
  } catch (const UsageError& wrong) {
    complain(fmt::format("stampede: {}\n(stampede --help tells more)\n", wrong.what()));
    return exit_usage;
  } catch (const std::exception& failure) {
    complain(fmt::format("stampede: {}\n", failure.what()));
    return exit_error;
  }
  if (!flush_output()) {
    complain("stampede: cannot write to the standard output\n");
    return exit_error;
  }
  return code;
}

}  // namespace stampede
