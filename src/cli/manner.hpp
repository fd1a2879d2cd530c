#pragma once

#include <atomic>
#include <boost/program_options/options_description.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "progress.hpp"
#include "stampede/report/style.hpp"

namespace stampede {

/// The options of every command that simulates: those of scenarios, and --seed, --replications,
/// --shorten, --jobs, --quiet, --color and --progress.
boost::program_options::options_description simulation_options();

/// What --set, --seed and --replications make of a scenario, as settings.
std::vector<std::string> settings_of(const Arguments& arguments);

/// How a command simulates and tells of it, as the command line says.
struct Manner {
  /// `divisor` is that of a command that shortens unless told otherwise.
  explicit Manner(const Arguments& arguments, int divisor = 1);

  /// For a crew that `stop` ends early and that tells `progress` how far it is.
  ReplicationOptions crew(const std::atomic<bool>& stop, ProgressLine& progress) const;

  int jobs;
  int divisor;  ///< of the times of the run
  bool quiet;
  bool shows_progress;
  TextStyle style;
};

}  // namespace stampede
