// tests/scenario/bad/ holds scenarios that must be refused, tests/scenario/doubtful/ valid ones
// that deserve a warning, tests/scenario/right/ valid ones that must pass without a word. Where a
// file x.yaml has a neighbour x.expected, that is the exact text that is shown.
// `STAMPEDE_UPDATE_GOLDEN=1 ctest -R "bad file"` writes these texts anew.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"
#include "stampede/schema/render.hpp"

using namespace stampede;
namespace fs = std::filesystem;

namespace {

const fs::path folder = STAMPEDE_TEST_DIR;

std::string contents_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream contents;
  contents << stream.rdbuf();
  return contents.str();
}

/// All scenarios below a folder, sorted.
std::vector<fs::path> scenarios_in(const fs::path& where) {
  std::vector<fs::path> all;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(where)) {
    if (entry.path().extension() == ".yaml") {
      all.push_back(entry.path());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

ReadScenario read(const fs::path& path) {
  return read_scenario(contents_of(path), path.lexically_relative(folder).string());
}

std::string shown(const ReadScenario& read) {
  return render(read.problems, [&](const std::string&) { return read.text; });
}

bool has_warnings(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::warning; });
}

}  // namespace

TEST_CASE("every bad file is refused") {
  const std::vector<fs::path> files = scenarios_in(folder / "bad");
  CHECK(files.size() >= 200);
  for (const fs::path& file : files) {
    INFO(file.string());
    const ReadScenario result = read(file);
    CHECK(!result.scenario);
    CHECK(has_errors(result.problems));
    for (const Problem& problem : result.problems) {
      INFO(headline(problem));
      CHECK(!problem.what.empty());
      CHECK(!problem.place.file.empty());
    }
  }
}

TEST_CASE("no message about a bad file carries its control characters to the terminal") {
  for (const fs::path& file : scenarios_in(folder / "bad")) {
    INFO(file.string());
    const std::string text = shown(read(file));
    CHECK(std::none_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
    }));
  }
}

TEST_CASE("every doubtful file is accepted with a warning") {
  for (const fs::path& file : scenarios_in(folder / "doubtful")) {
    INFO(file.string());
    const ReadScenario result = read(file);
    INFO(shown(result));
    CHECK(result.scenario);
    CHECK(has_warnings(result.problems));
  }
}

TEST_CASE("every right file is accepted without a word") {
  for (const fs::path& file : scenarios_in(folder / "right")) {
    INFO(file.string());
    const ReadScenario result = read(file);
    INFO(shown(result));
    CHECK(result.scenario);
    CHECK(result.problems.empty());
  }
}

TEST_CASE("what is wrong with a bad file is told in these words") {
  const bool update = std::getenv("STAMPEDE_UPDATE_GOLDEN") != nullptr;
  std::size_t count = 0;
  for (const fs::path& file : scenarios_in(folder)) {
    const fs::path golden = fs::path(file).replace_extension(".expected");
    if (!fs::exists(golden)) {
      continue;
    }
    ++count;
    const std::string text = shown(read(file));
    if (update) {
      std::ofstream(golden, std::ios::binary) << text;
    }
    INFO(file.string());
    CHECK(text == contents_of(golden));
  }
  CHECK(count >= 40);
}
