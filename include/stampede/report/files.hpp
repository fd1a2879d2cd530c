#pragma once

#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>

#include "stampede/study/study.hpp"

namespace stampede {

/// A file or directory could not be written; the text says which and why.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Makes the directory and those above it, and finds out now, not after a long run, whether files
/// can be written there. Throws FileError.
void prepare_directory(const std::string& directory);

/// Writes a file so that whoever looks sees the old one or the whole new one: beside it, then
/// renamed. Throws FileError.
void write_file(const std::string& path, const std::function<void(std::ostream&)>& write);
void write_file(const std::string& path, const std::string& text);

/// All files of `--out`: result.json, summary.txt, timeseries.csv, performance.json, and the
/// scenario as it was given, scenario.yaml. Throws FileError.
void write_study(const std::string& directory, const StudyResult& study,
                 const std::string& scenario_text);

}  // namespace stampede
