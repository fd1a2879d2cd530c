#include "stampede/schema/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

namespace stampede {
namespace {

constexpr std::size_t page_width = 80;

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

/// How many bytes the character takes that begins with this one; 0 if none begins so.
std::size_t length_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80   ? 1
         : byte < 0xc2 ? 0
         : byte < 0xe0 ? 2
         : byte < 0xf0 ? 3
         : byte < 0xf5 ? 4
                       : 0;
}

/// Text cut into characters (UTF-8 code points); what a terminal cannot show, or would obey, is
/// replaced.
std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::size_t length = length_of_character(text[0]);
    std::size_t continued = 1;
    while (continued < std::min(length, text.size()) && continues_character(text[continued])) {
      ++continued;
    }
    std::string character(text.substr(0, continued));
    if (length != continued) {
      character = "\ufffd";
    } else if (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f) {
      character = " ";
    }
    all.push_back(std::move(character));
    text.remove_prefix(continued);
  }
  return all;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return !continues_character(byte); }));
}

/// Breaks at spaces; lines after the first are indented.
std::string wrapped(std::string_view text) {
  constexpr std::string_view indent = "    ";
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column != 0 && column + 1 + width(word) > page_width) {
      result += "\n";
      result += indent;
      column = indent.size();
    } else if (column != 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += width(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string_view line_of(std::string_view text, int number) {
  for (int i = 1; i < number; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// The line with a caret under its column, in a window around the caret if it is long.
std::string excerpt(std::string_view line, const Place& place) {
  const std::string gutter = fmt::format("{:>5} | ", place.line);
  const std::size_t room = page_width - gutter.size();
  constexpr std::string_view cut = "...";
  const std::vector<std::string> all = characters(line);
  const std::size_t caret = place.column > 0 ? static_cast<std::size_t>(place.column) - 1 : 0;

  std::size_t begin = 0;
  if (all.size() > room && caret > room / 2) {
    begin = std::min(caret - room / 2, all.size() - std::min(all.size(), room - cut.size()));
  }
  std::string shown = begin > 0 ? std::string(cut) : std::string();
  const std::size_t caret_column = caret - std::min(begin, caret) + shown.size();
  const std::size_t end = std::min(all.size(), begin + room - shown.size());
  const bool cut_at_end = end < all.size();
  for (std::size_t i = begin; i < end - (cut_at_end ? cut.size() : 0); ++i) {
    shown += all[i];
  }
  shown += cut_at_end ? cut : "";
  shown.insert(0, gutter);
  while (shown.ends_with(' ')) {
    shown.pop_back();
  }
  std::string under(gutter.size() - 2, ' ');
  under += "| ";
  under.append(std::min(caret_column, room), ' ');
  return shown + "\n" + under + "^\n";
}

}  // namespace

void sort_by_place(Problems& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
}

std::string headline(const Problem& problem) {
  std::string text;
  if (!problem.place.file.empty()) {
    text = problem.place.file + ":";
    if (problem.place.line > 0) {
      text += fmt::format("{}:{}:", problem.place.line, std::max(problem.place.column, 1));
    }
    text += " ";
  }
  text += problem.severity == Severity::error ? "error: " : "warning: ";
  text += problem.what;
  if (!problem.expected.empty()) {
    text += "; expected " + problem.expected;
  }
  if (!problem.hint.empty()) {
    text += "; " + problem.hint;
  }
  return text;
}

std::string render(const Problem& problem, const std::string& source_text) {
  std::string text = wrapped(headline(problem)) + "\n";
  if (problem.place.line > 0 && !source_text.empty()) {
    text += excerpt(line_of(source_text, problem.place.line), problem.place);
  }
  return text;
}

std::string render(const Problems& problems,
                   const std::function<std::string(const std::string& file)>& source_of) {
  Problems sorted = problems;
  sort_by_place(sorted);
  std::string text;
  std::string file;
  std::string source;
  for (const Problem& problem : sorted) {
    if (text.empty() || problem.place.file != file) {
      file = problem.place.file;
      source = source_of(file);
    }
    text += render(problem, source);
  }
  return text;
}

}  // namespace stampede
