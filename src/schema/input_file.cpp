#include "stampede/schema/input_file.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace stampede {
namespace {

/// Guards against a path that names something else than was meant, such as a disk image.
constexpr std::uintmax_t most_bytes = std::uintmax_t{4} << 30;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// The values of a line; a doubled quote inside quotes stands for one (RFC 4180).
std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  for (std::string& cell : cells) {
    cell = std::string(trimmed(cell));
  }
  return cells;
}

}  // namespace

InputFile::InputFile(std::string path, const Place& place, Reader& reader)
    : path_(std::move(path)), place_(place), reader_(reader) {
  const std::filesystem::path full = std::filesystem::path(reader.base_directory) / path_;
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(full, unknown)) {
    error(std::filesystem::exists(full, unknown) ? "is no file" : "is not there");
    return;
  }
  if (std::filesystem::file_size(full, unknown) > most_bytes) {
    error("is larger than 4 GiB");
    return;
  }
  file_.open(full);
  if (!file_.good()) {
    error("cannot be read");
  }
}

bool InputFile::next_line() {
  if (!file_.is_open() || !std::getline(file_, line_)) {
    return false;
  }
  if (!line_.empty() && line_.back() == '\r') {
    line_.pop_back();
  }
  ++line_number_;
  return true;
}

void InputFile::error(const std::string& what) {
  good_ = false;
  reader_.error(place_, fmt::format("the file '{}' {}", path_, what));
}

void InputFile::error_at_line(const std::string& what) {
  error(fmt::format("is wrong: line {} {}", line_number_, what));
}

CsvFile::CsvFile(std::string path, const Place& place, Reader& reader)
    : InputFile(std::move(path), place, reader) {
  if (!is_good()) {
    return;
  }
  if (next_filled_line()) {
    columns_ = split(line());
  } else {
    error("is empty");
  }
}

int CsvFile::column(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i] == name) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool CsvFile::next_row() {
  if (!is_good() || !next_filled_line()) {
    return false;
  }
  cells_ = split(line());
  if (cells_.size() != columns_.size()) {
    error_at_line(fmt::format("has {} values, the first line {}", cells_.size(), columns_.size()));
    return false;
  }
  return true;
}

bool CsvFile::next_filled_line() {
  while (next_line()) {
    const std::string_view text = trimmed(line());
    if (!text.empty() && text.front() != '#') {
      return true;
    }
  }
  return false;
}

}  // namespace stampede
