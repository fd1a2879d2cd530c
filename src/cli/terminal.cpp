#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace stampede {
namespace {

/// The value of a variable of the environment; empty when it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// As setlocale would decide, without changing the locale of the program.
bool locale_is_utf8() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (locale.empty()) {
      locale = variable(name);
    }
  }
  std::string word;
  for (const char c : locale) {
    if (c != '-') {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return word.find("utf8") != std::string::npos;
}

}  // namespace

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

bool flush_output() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

void complain(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) != 0; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) != 0; }
bool terminal_is_dumb() { return variable("TERM") == "dumb"; }

TextStyle output_style(const std::string& colour) {
  TextStyle style;
  style.utf8 = locale_is_utf8();
  const std::string forced = variable("CLICOLOR_FORCE");
  if (colour != "auto") {
    style.colour = colour == "always";
  } else if (!variable("NO_COLOR").empty()) {
    style.colour = false;
  } else if (!forced.empty() && forced != "0") {
    style.colour = true;
  } else {
    style.colour = stdout_is_terminal() && !terminal_is_dumb();
  }
  return style;
}

}  // namespace stampede
