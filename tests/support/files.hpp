#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

namespace stampede::test {

/// A directory with one file, gone when the test is over.
class FileForTest {
 public:
  FileForTest(const std::string& name, const std::string& text)
      : directory_(std::filesystem::temp_directory_path() /
                   ("stampede-" + std::to_string(hash_of(name + text)))) {
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / name) << text;
  }
  ~FileForTest() { std::filesystem::remove_all(directory_); }
  FileForTest(const FileForTest&) = delete;
  FileForTest& operator=(const FileForTest&) = delete;

  std::string directory() const { return directory_.string(); }

 private:
  static std::size_t hash_of(const std::string& text) { return std::hash<std::string>()(text); }
  std::filesystem::path directory_;
};

/// The directory of real data, if it is there: $STAMPEDE_DATA, or ../shared/data from the sources.
inline std::optional<std::string> data_directory(const std::string& file) {
  const char* given = std::getenv("STAMPEDE_DATA");
  const std::filesystem::path directory =
      given != nullptr ? given : std::string(STAMPEDE_SOURCE_DIR) + "/../shared/data";
  if (std::filesystem::exists(directory / file)) {
    return directory.string();
  }
  WARN("skipped: there is no " << file << "; set STAMPEDE_DATA to the directory that has it");
  return std::nullopt;
}

}  // namespace stampede::test
