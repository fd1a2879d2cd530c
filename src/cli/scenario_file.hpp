#pragma once

#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Reads a scenario and checks it as a whole; `path` may be "-", the standard input. Throws
/// FileError when there is nothing to read.
ReadScenario load_scenario(const std::string& path, const std::vector<std::string>& settings,
                           int divisor = 1);

/// The text of a file, or of the standard input for "-". Throws FileError.
std::string read_source(const std::string& path);

/// The problems with the lines of text that they are about.
std::string rendered(const ReadScenario& read);

/// Loads a scenario and shows its problems on the standard error. None if it has errors.
std::optional<Scenario> load_or_complain(const std::string& path,
                                         const std::vector<std::string>& settings,
                                         std::string* text = nullptr, int divisor = 1);

}  // namespace stampede
