#pragma once

#include <source_location>
#include <string>

namespace stampede {

/// Ends the program with `what` and the caller's place: a mistake of ours, never of the user.
[[noreturn]] void fail(const std::string& what,
                       std::source_location where = std::source_location::current());

/// An invariant of the program. A broken one is a bug: the process stops with its place.
inline void require(bool holds, const char* what,
                    std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    fail(what, where);
  }
}

}  // namespace stampede
