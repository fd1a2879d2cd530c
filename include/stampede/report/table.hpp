#pragma once

#include <string>
#include <vector>

#include "stampede/report/style.hpp"

namespace stampede {

/// A table for the terminal: the first column is text and is cut when it is too long, the others
/// are numbers that stand to the right. Lines are at most 80 columns.
class TextTable {
 public:
  struct Cell {
    std::string text;
    Paint paint = Paint::none;
  };

  explicit TextTable(std::vector<std::string> head) : head_(std::move(head)) {}

  void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  std::string text(const TextStyle& style) const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<Cell>> rows_;
};

/// Breaks a text at spaces into lines of at most 80 columns; those after the first are indented.
std::string wrapped(const std::string& text, std::size_t indent);

}  // namespace stampede
