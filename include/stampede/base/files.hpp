#pragma once

#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>

namespace stampede {

/// A file or directory could not be read or written; the text says which and why.
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

/// The same, and when it returns the file outlives the machine's loss of power: its bytes and its
/// name are on the disk. Two processes, even on two machines, may write one file at a time; the
/// later one wins.
void write_durable_file(const std::string& path, const std::string& text);

/// All of a file. Throws FileError.
std::string read_file(const std::string& path);

}  // namespace stampede
