#include "stampede/base/files.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace stampede {
namespace {

[[noreturn]] void throw_cannot_write(const std::string& path, const std::string& why) {
  throw FileError("cannot write " + path + ": " + why);
}

/// The name of a file that is not complete yet: no other process has one of that name, on this
/// machine or on another one that shares the directory.
std::string beside(const std::string& path) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  gethostname(host.data(), host.size() - 1);
  return path + ".tmp-" + host.data() + "-" + std::to_string(getpid());
}

/// Has what was written to the file or directory stored.
void sync_to_disk(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw_cannot_write(path, std::strerror(errno));
  }
  const int failed = fsync(file);
  const int why = errno;
  close(file);
  // Some file systems of clusters have no fsync of directories: EINVAL says that.
  if (failed != 0 && why != EINVAL) {
    throw_cannot_write(path, std::strerror(why));
  }
}

void write_beside(const std::string& path, const std::string& temporary,
                  const std::function<void(std::ostream&)>& write) {
  errno = 0;
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  if (out) {
    write(out);
    out.close();
  }
  if (!out) {
    const std::string why = errno != 0 ? std::strerror(errno) : "the stream failed";
    std::remove(temporary.c_str());
    throw_cannot_write(path, why);
  }
}

void put_in_place(const std::string& path, const std::string& temporary) {
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) {
    std::remove(temporary.c_str());
    throw_cannot_write(path, error.message());
  }
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
  const std::string temporary = beside(path);
  write_beside(path, temporary, write);
  put_in_place(path, temporary);
}

void write_file(const std::string& path, const std::string& text) {
  write_file(path, [&](std::ostream& out) { out << text; });
}

void write_durable_file(const std::string& path, const std::string& text) {
  const std::string temporary = beside(path);
  write_beside(path, temporary, [&](std::ostream& out) { out << text; });
  sync_to_disk(temporary);
  put_in_place(path, temporary);
  const std::string directory = std::filesystem::path(path).parent_path().string();
  sync_to_disk(directory.empty() ? "." : directory);
}

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) {
    throw FileError("cannot read " + path + ": " +
                    (errno != 0 ? std::strerror(errno) : "the stream failed"));
  }
  return text;
}

}  // namespace stampede
