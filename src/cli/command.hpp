#pragma once

#include <boost/program_options/options_description.hpp>
#include <span>
#include <string>
#include <string_view>

#include "arguments.hpp"

namespace stampede {

/// How the program ends.
enum ExitCode : int {
  exit_ok = 0,
  exit_error = 1,          ///< a file could not be read or written, or a bug
  exit_usage = 2,          ///< the command line is wrong
  exit_expectation = 99,   ///< an expectation failed
  exit_invalid = 104,      ///< a scenario has mistakes
  exit_interrupted = 130,  ///< by Ctrl-C or SIGTERM
};

/// One subcommand.
struct Command {
  std::string_view name;
  std::string_view summary;   ///< in the list of commands
  std::string_view synopsis;  ///< what follows the name: "FILE [OPTION]…"
  std::string_view about;     ///< what it does, and examples
  std::size_t least_operands;
  std::size_t most_operands;
  boost::program_options::options_description (*options)();
  int (*run)(const Arguments& arguments);
};

// Each in a file of its own.
extern const Command run_command;
extern const Command compare_command;
extern const Command validate_command;
extern const Command explain_command;
extern const Command sweep_command;
extern const Command search_command;
extern const Command metastability_command;
extern const Command graph_command;
extern const Command selftest_command;
extern const Command list_command;
extern const Command schema_command;
extern const Command reference_command;

/// All of them, in the order in which they are shown.
std::span<const Command* const> commands();

/// What `stampede COMMAND --help` prints.
std::string help_text(const Command& command);
/// The list of commands, with examples.
std::string help_text();

/// The options of every command: --help.
boost::program_options::options_description command_options();
/// The options of every command that reads a scenario: the same and --set.
boost::program_options::options_description scenario_options();

}  // namespace stampede
