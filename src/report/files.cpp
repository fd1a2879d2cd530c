#include "stampede/report/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "stampede/report/csv.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/summary.hpp"

namespace stampede {
namespace {

[[noreturn]] void throw_cannot_write(const std::string& path, const std::string& why) {
  throw FileError("cannot write " + path + ": " + why);
}

}  // namespace

void prepare_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw_cannot_write("to the directory " + directory, error.message());
  }
  if (!std::filesystem::is_directory(directory)) {
    throw_cannot_write("to " + directory, "it is not a directory");
  }
  const std::string probe = directory + "/.stampede-" + std::to_string(getpid());
  write_file(probe, "");
  std::filesystem::remove(probe, error);
}

void write_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  const std::string beside = path + ".tmp-" + std::to_string(getpid());
  errno = 0;
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  if (out) {
    write(out);
    out.close();
  }
  if (!out) {
    const std::string why = errno != 0 ? std::strerror(errno) : "the stream failed";
    std::remove(beside.c_str());
    throw_cannot_write(path, why);
  }
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) {
    std::remove(beside.c_str());
    throw_cannot_write(path, error.message());
  }
}

void write_file(const std::string& path, const std::string& text) {
  write_file(path, [&](std::ostream& out) { out << text; });
}

void write_study(const std::string& directory, const StudyResult& study,
                 const std::string& scenario_text) {
  const std::string base = directory + "/";
  write_file(base + "scenario.yaml", scenario_text);
  write_file(base + "summary.txt", summary_text(study, TextStyle{}));
  write_file(base + "timeseries.csv", [&](std::ostream& out) { write_timeseries_csv(study, out); });
  write_file(base + "performance.json", json_text(performance_json(study)));
  // Last: where there is a result.json, the other files are of the same run.
  write_file(base + "result.json", json_text(result_json(study)));
}

}  // namespace stampede
