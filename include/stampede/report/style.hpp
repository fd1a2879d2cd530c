#pragma once

#include <string>
#include <string_view>

namespace stampede {

/// What whoever reads a text can show.
struct TextStyle {
  bool colour = false;  ///< ANSI escape sequences
  bool utf8 = true;     ///< ±, µs, ✓ rather than +-, us, PASS
};

enum class Paint { none, bold, dim, red, green, yellow };

/// The text in a colour, or as it is.
std::string painted(std::string_view text, Paint paint, const TextStyle& style);

/// The number of columns that a UTF-8 text takes (one for each code point; we write no wide ones).
std::size_t columns_of(std::string_view text);

}  // namespace stampede
