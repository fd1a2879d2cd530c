#pragma once

#include <string>
#include <vector>

namespace stampede {

/// Where something was written. Lines and columns count from 1; 0 means "nowhere in the text".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

enum class Severity { error, warning };

/// One mistake or doubt in what the user gave: where, what, what was expected, and the way out.
struct Problem {
  Severity severity = Severity::error;
  Place place;
  std::string what;      ///< "unknown key 'replica' in components.app"
  std::string expected;  ///< "a whole number of at least 1"; may be empty
  std::string hint;      ///< "did you mean 'replicas'?"; may be empty
};

using Problems = std::vector<Problem>;

inline bool has_errors(const Problems& problems) {
  for (const Problem& problem : problems) {
    if (problem.severity == Severity::error) {
      return true;
    }
  }
  return false;
}

}  // namespace stampede
