#include "stampede/report/table.hpp"

#include <algorithm>

namespace stampede {
namespace {

constexpr std::size_t page_width = 80;
constexpr std::size_t gap = 2;

/// The first `columns` columns of a text, with a mark where it was cut.
std::string cut(const std::string& text, std::size_t columns, const TextStyle& style) {
  if (columns_of(text) <= columns) {
    return text;
  }
  const std::string mark = style.utf8 ? "…" : ".";
  std::string kept;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    if (begins_character && ++used == columns) {
      break;
    }
    kept += text[i];
  }
  return kept + mark;
}

std::string padding(std::size_t columns) { return std::string(columns, ' '); }

}  // namespace

std::string TextTable::text(const TextStyle& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head_.size(); ++column) {
    std::size_t width = columns_of(head_[column]);
    for (const std::vector<Cell>& row : rows_) {
      width = std::max(width, column < row.size() ? columns_of(row[column].text) : 0);
    }
    widths.push_back(width);
  }
  std::size_t others = 0;
  for (std::size_t column = 1; column < widths.size(); ++column) {
    others += widths[column] + gap;
  }
  widths[0] = std::min(widths[0], page_width - std::min(others, page_width - 1));

  const auto line = [&](const std::vector<Cell>& cells) {
    std::string text;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::size_t width = widths[column];
      const std::string shown = column == 0 ? cut(cells[0].text, width, style) : cells[column].text;
      const std::string space = padding(width - std::min(width, columns_of(shown)));
      const std::string cell = painted(shown, cells[column].paint, style);
      text += column == 0 ? cell + space : padding(gap) + space + cell;
    }
    while (text.ends_with(' ')) {
      text.pop_back();
    }
    return text + "\n";
  };

  std::vector<Cell> head;
  for (const std::string& title : head_) {
    head.push_back({title, Paint::bold});
  }
  std::string text = line(head);
  for (const std::vector<Cell>& row : rows_) {
    text += line(row);
  }
  return text;
}

std::string wrapped(const std::string& text, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (column != 0 && column + 1 + columns_of(word) > page_width) {
      result += "\n" + padding(indent);
      column = indent;
    } else if (begin != 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += columns_of(word);
    begin = end + 1;
  }
  return result + "\n";
}

}  // namespace stampede
