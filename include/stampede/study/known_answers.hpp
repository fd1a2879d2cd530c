#pragma once

#include <span>
#include <string_view>

namespace stampede {

/// A scenario whose `expect:` are known answers of theory, with their source in its text.
struct KnownAnswers {
  std::string_view name;  ///< of its file, without ".yaml"
  std::string_view text;
};

/// Those of scenarios/validation, by name. The build puts their texts into the program.
std::span<const KnownAnswers> known_answers();

}  // namespace stampede
