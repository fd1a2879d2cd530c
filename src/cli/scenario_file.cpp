#include "scenario_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "stampede/base/files.hpp"
#include "stampede/scenario/text.hpp"
#include "stampede/schema/render.hpp"
#include "stampede/study/expectations.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

/// The whole stream, or just more of it than a scenario may have.
std::string contents_of(std::istream& in) {
  std::string text(max_text_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void require_readable(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(fmt::format("cannot read {}: it is a directory", path));
  }
  errno = 0;
  if (!std::ifstream(path)) {
    throw FileError(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
}

}  // namespace

ReadScenario load_scenario(const std::string& path, const std::vector<std::string>& settings,
                           int divisor) {
  ReadScenario read;
  if (path == "-") {
    read = read_scenario(contents_of(std::cin), "<stdin>", settings, divisor);
  } else {
    require_readable(path);
    read = read_scenario_file(path, settings, divisor);
  }
  if (read.scenario) {
    const Problems more = check_expectations(*read.scenario);
    read.problems.insert(read.problems.end(), more.begin(), more.end());
    if (has_errors(more)) {
      read.scenario.reset();
    }
  }
  sort_by_place(read.problems);
  return read;
}

std::string read_source(const std::string& path) {
  if (path == "-") {
    return contents_of(std::cin);
  }
  require_readable(path);
  std::ifstream file(path, std::ios::binary);
  return contents_of(file);
}

std::string rendered(const ReadScenario& read) {
  // Whatever stands in a file at all stands in this one; "--set" has no lines.
  return render(read.problems,
                [&](const std::string& file) { return file == "--set" ? "" : read.text; });
}

std::optional<Scenario> load_or_complain(const std::string& path,
                                         const std::vector<std::string>& settings,
                                         std::string* text, int divisor) {
  ReadScenario read = load_scenario(path, settings, divisor);
  complain(rendered(read));
  if (text != nullptr) {
    *text = std::move(read.text);
  }
  return std::move(read.scenario);
}

}  // namespace stampede
