#include "manner.hpp"

#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>

#include "command.hpp"
#include "terminal.hpp"

namespace stampede {

boost::program_options::options_description simulation_options() {
  namespace po = boost::program_options;
  po::options_description options = scenario_options();
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("seed", value("N"), "another seed, other luck")(
      "replications", value("N"), "runs with luck of their own, for intervals")(
      "shorten", value("N"), "divide the times of the run by N, for a quick look")(
      "jobs,j", value("N"), "threads; one for each core unless given")(
      "quiet,q", "nothing on the standard error but mistakes")(
      "color", value("WHEN"), "auto, always or never")("progress", value("WHEN"),
                                                       "auto, always or never");
  return options;
}

std::vector<std::string> settings_of(const Arguments& arguments) {
  std::vector<std::string> settings = arguments.texts("set");
  if (const auto seed = arguments.count("seed")) {
    settings.push_back(fmt::format("run.seed={}", *seed));
  }
  if (const auto replications = arguments.integer("replications", 1)) {
    settings.push_back(fmt::format("run.replications={}", *replications));
  }
  return settings;
}

Manner::Manner(const Arguments& arguments, int usual_divisor)
    : jobs(static_cast<int>(arguments.integer("jobs", 1).value_or(0))),
      divisor(static_cast<int>(arguments.integer("shorten", 1).value_or(usual_divisor))),
      quiet(arguments.has("quiet")),
      style(output_style(arguments.word("color", {"auto", "always", "never"}))) {
  const std::string when = arguments.word("progress", {"auto", "always", "never"});
  shows_progress = when == "always" || (when == "auto" && !quiet && stderr_is_terminal());
}

ReplicationOptions Manner::crew(const std::atomic<bool>& stop, ProgressLine& progress) const {
  ReplicationOptions options;
  options.jobs = jobs;
  options.stop = &stop;
  options.on_progress = [&progress](const Progress& now) { progress.show(now); };
  return options;
}

}  // namespace stampede
