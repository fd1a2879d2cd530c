#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/schema/schema.hpp"
#include "stampede/study/parameter.hpp"

namespace stampede {

/// How the values of parameters are combined into points.
enum class Design {
  grid,             ///< each value of each parameter with each of all others
  zip,              ///< the first values together, the second ones, …
  random,           ///< points drawn independently
  latin_hypercube,  ///< points drawn so that each parameter alone is covered evenly
};
const EnumNames<Design>& names(Design);

/// A sweep: what is varied about a scenario, and how. A study file holds it as YAML.
struct SweepSettings {
  int sweep = 1;  ///< version of study files
  std::string description;
  std::string scenario;          ///< a file; relative to the study file
  std::vector<std::string> set;  ///< "path=value", for all points
  std::vector<Parameter> parameters;
  Design design = Design::grid;
  int points = 0;                 ///< of a sample
  std::uint64_t sample_seed = 1;  ///< of a sample; another thing than the seed of the runs
  std::optional<int> replications;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> metrics;
  std::string usl;  ///< a throughput that the Universal Scalability Law is fitted to; or none
};
void describe(Visitor& v, SweepSettings& s);

/// Reads a study file. Settings, if there is no error among the problems.
std::optional<SweepSettings> read_study_file(const std::string& path, Problems& problems,
                                             std::string* text = nullptr);

/// Whether a file is a study file rather than a scenario: it has a key `sweep`. False too if it
/// cannot be read at all.
bool is_study_file(const std::string& path);

/// The values of the parameters at each point, as text; [point][parameter]. Problems are at the
/// places of the parameters. The sample depends on its seed and the parameters' paths only: another
/// parameter more leaves the values of the others as they are.
/// Latin hypercube: McKay, Beckman, Conover: A Comparison of Three Methods for Selecting Values of
/// Input Variables, Technometrics 21 (1979).
std::vector<std::vector<std::string>> points_of(const SweepSettings& settings, Problems& problems);

}  // namespace stampede
