#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/problem.hpp"
#include "stampede/schema/reader.hpp"

namespace stampede {

/// A text file that settings name, read line by line while the settings are read. Relative paths
/// start from the reader's base directory. Whatever is wrong with the file is told to the reader as
/// an error at the place that names it, so that nothing can be wrong with it later.
class InputFile {
 public:
  /// Opens the file; `place` and `reader` must outlive it.
  InputFile(std::string path, const Place& place, Reader& reader);

  /// Goes to the next line. False at the end, or when the file could not be opened.
  bool next_line();
  /// The line without its end; valid until the next one.
  std::string_view line() const { return line_; }
  /// Counts from 1.
  int line_number() const { return line_number_; }

  /// Whether nothing was wrong so far.
  bool is_good() const { return good_; }
  /// "the file 'x.csv' <what>"
  void error(const std::string& what);
  /// "the file 'x.csv' is wrong: line 7 <what>"
  void error_at_line(const std::string& what);

 private:
  std::string path_;
  const Place& place_;
  Reader& reader_;
  std::ifstream file_;
  std::string line_;
  int line_number_ = 0;
  bool good_ = true;
};

/// A file of comma-separated values whose first line names the columns. Values may be in double
/// quotes, but not go over several lines. Empty lines and lines that start with # are passed over.
class CsvFile : public InputFile {
 public:
  CsvFile(std::string path, const Place& place, Reader& reader);

  /// The number of the column of that name, or -1.
  int column(std::string_view name) const;
  const std::vector<std::string>& columns() const { return columns_; }

  /// Goes to the next row. False at the end, or after an error: a row with another number of values
  /// than there are columns is one.
  bool next_row();
  /// A value of this row, without blanks around it; empty for column -1.
  std::string_view cell(int column) const {
    return column < 0 ? std::string_view()
                      : std::string_view(cells_[static_cast<std::size_t>(column)]);
  }

 private:
  bool next_filled_line();

  std::vector<std::string> columns_;
  std::vector<std::string> cells_;
};

}  // namespace stampede
