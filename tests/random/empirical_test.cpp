#include <unistd.h>

#include <filesystem>

#include "random/support.hpp"

using namespace stampede;
using test::read;

namespace {

/// A directory with one file "data.csv", gone when the test is over.
class DataFile {
 public:
  explicit DataFile(const std::string& text)
      : directory_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / "data.csv") << text;
  }
  ~DataFile() { std::filesystem::remove_all(directory_); }
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  std::string directory() const { return directory_.string(); }

 private:
  /// Test cases run at the same time, in processes of their own.
  static std::string unique_name() {
    static int made = 0;
    return "stampede-empirical-" + std::to_string(getpid()) + "-" + std::to_string(++made);
  }

  std::filesystem::path directory_;
};

/// The first problem with that file as an empirical law of durations, or "".
std::string problem_of(const std::string& text) {
  const DataFile file(text);
  const auto result =
      read<Distribution<Duration>>(R"({"empirical": {"file": "data.csv"}})", file.directory());
  return result.problems.empty() ? "" : result.problems.front();
}

}  // namespace

TEST_CASE("a file of values is the law of those values") {
  const DataFile file("latency_ms\n# measured in May\n4ms\n\n1ms\r\n2ms\n");
  const auto result =
      read<Distribution<Duration>>(R"({"empirical": {"file": "data.csv"}})", file.directory());
  REQUIRE(result.problems == std::vector<std::string>{});
  // Half of the draws lie evenly between 1 and 2 ms, the other half between 2 and 4 ms.
  CHECK(result.value.mean() == Approx(2.25e6));
  CHECK(result.value.variance() == Approx((1e12 / 12 + 4e12 / 12) / 2 + 0.75e6 * 0.75e6));
}

TEST_CASE("a number without a unit in a file is worth the unit given") {
  const DataFile file("4\n1.5\n");
  const auto result = read<Distribution<Duration>>(
      R"({"empirical": {"file": {"path": "data.csv", "unit": "1ms"}}})", file.directory());
  REQUIRE(result.problems == std::vector<std::string>{});
  CHECK(result.value.mean() == Approx(2.75e6));
  const auto plain =
      read<Distribution<double>>(R"({"empirical": {"file": "data.csv"}})", file.directory());
  CHECK(plain.problems == std::vector<std::string>{});
  CHECK(plain.value.mean() == Approx(2.75));
}

TEST_CASE("a file of quantiles and values is the law through those points") {
  const DataFile file("quantile,value\n0,1KB\n0.5, 2KB\n1,6KB\n");
  const auto result =
      read<Distribution<Bytes>>(R"({"empirical": {"file": "data.csv"}})", file.directory());
  REQUIRE(result.problems == std::vector<std::string>{});
  CHECK(result.value.mean() == Approx(2750));
}

TEST_CASE("a single value is a constant") {
  const DataFile file("3ms\n");
  const auto result =
      read<Distribution<Duration>>(R"({"empirical": {"file": "data.csv"}})", file.directory());
  CHECK(result.value.is_constant());
  CHECK(result.value.mean() == 3e6);
}

TEST_CASE("mistakes in a file are told with their line") {
  CHECK(problem_of("1ms\n2\n") ==
        "the file 'data.csv' in file is wrong: line 2 has '2' as value; say what a number without "
        "a unit "
        "means, such as unit: 1ms; ; ");
  CHECK(problem_of("1ms\nfast\n") ==
        "the file 'data.csv' in file is wrong: line 2 has 'fast' as value; ; ");
  CHECK(problem_of("1ms\n-2ms\n") ==
        "the file 'data.csv' in file is wrong: line 2 has '-2ms' as value; ; ");
  CHECK(problem_of("0.5,1ms\n2ms\n") ==
        "the file 'data.csv' in file is wrong: line 2 has another number of columns than the lines "
        "before; ; ");
  CHECK(problem_of("0.5,1ms\n0.5,2ms\n") ==
        "the file 'data.csv' in file is wrong: line 2 does not ascend: quantiles go upwards; ; ");
  CHECK(
      problem_of("0.5,2ms\n1,1ms\n") ==
      "the file 'data.csv' in file is wrong: line 2 does not ascend: values go upwards with their "
      "quantiles; ; ");
  CHECK(problem_of("2,2ms\n") ==
        "the file 'data.csv' in file is wrong: line 1 starts with '2', expected a quantile from 0 "
        "to 1; ; ");
  CHECK(problem_of("0.5,2ms\n") ==
        "the file 'data.csv' in file has no value for quantile 1, the maximum; ; ");
  CHECK(problem_of("# nothing\n") == "the file 'data.csv' in file holds no values; ; ");
}

TEST_CASE("a file that is not there, or no file, is a problem and not a crash") {
  const auto problem = [](const char* json) { return read<Distribution<Duration>>(json).problems; };
  CHECK(problem(R"({"empirical": {"file": "no-such-file.csv"}})") ==
        std::vector<std::string>{
            "the file 'no-such-file.csv' in file is not there, or is no file; ; "});
  CHECK(problem(R"({"empirical": {"file": "/"}})") ==
        std::vector<std::string>{"the file '/' in file is not there, or is no file; ; "});
  CHECK(problem(R"({"empirical": {"file": "/dev/zero"}})") ==
        std::vector<std::string>{"the file '/dev/zero' in file is not there, or is no file; ; "});
}
