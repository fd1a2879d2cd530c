#pragma once

#include <string>
#include <string_view>

#include "stampede/report/style.hpp"

namespace stampede {

/// Writes to the standard output; what goes wrong is told by `flush_output`.
void print(std::string_view text);
bool flush_output();

/// Writes to the standard error: mistakes, warnings, progress.
void complain(std::string_view text);

bool stdout_is_terminal();
bool stderr_is_terminal();
/// Whether escape sequences are understood there at all.
bool terminal_is_dumb();

/// How to write to the standard output: `colour` is auto, always or never. With auto, colours are
/// for terminals that are not dumb, unless NO_COLOR is set (no-color.org); CLICOLOR_FORCE is for
/// others. UTF-8 is written where the locale says so.
TextStyle output_style(const std::string& colour);

}  // namespace stampede
