#include <fmt/format.h>

#include <limits>
#include <string>

#include "command.hpp"
#include "scenario_file.hpp"
#include "stampede/base/json.hpp"
#include "stampede/report/result_json.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Reports everything that is wrong with scenarios; nothing is simulated. Mistakes\n"
    "are shown on the standard error with their lines, or as JSON on the standard\n"
    "output.\n"
    "\n"
    "  stampede validate scenarios/*.yaml\n"
    "  stampede validate web-shop.yaml --format json | jq '.diagnostics[].summary'\n"
    "\n"
    "Exit codes: 0 all valid, 104 some invalid, 1 some could not be read.\n";

po::options_description options() {
  po::options_description options = scenario_options();
  options.add_options()("format", po::value<std::string>()->value_name("FORMAT"), "text or json");
  return options;
}

Json position(int line, int column) { return {{"line", line}, {"column", std::max(column, 1)}}; }

/// The shape of `terraform validate -json`, which editors and CI systems know.
Json diagnostic(const Problem& problem) {
  std::string detail = problem.expected.empty() ? "" : "expected " + problem.expected;
  if (!problem.hint.empty()) {
    detail += (detail.empty() ? "" : "; ") + problem.hint;
  }
  Json json{{"severity", problem.severity == Severity::error ? "error" : "warning"},
            {"summary", problem.what},
            {"detail", detail}};
  if (!problem.place.file.empty()) {
    Json range{{"filename", problem.place.file}};
    if (problem.place.line > 0) {
      range["start"] = position(problem.place.line, problem.place.column);
      range["end"] = position(problem.place.line, problem.place.column + 1);
    }
    json["range"] = std::move(range);
  }
  return json;
}

Json report(const Problems& problems) {
  std::int64_t errors = 0;
  Json diagnostics = Json::array();
  for (const Problem& problem : problems) {
    errors += problem.severity == Severity::error ? 1 : 0;
    diagnostics.push_back(diagnostic(problem));
  }
  const auto all = static_cast<std::int64_t>(problems.size());
  return {{"format_version", "1.0"},
          {"valid", errors == 0},
          {"error_count", errors},
          {"warning_count", all - errors},
          {"diagnostics", std::move(diagnostics)}};
}

int run(const Arguments& arguments) {
  const bool as_json = arguments.word("format", {"text", "json"}) == "json";
  Problems all;
  int code = exit_ok;
  for (const std::string& file : arguments.operands()) {
    ReadScenario read;
    bool was_read = true;
    try {
      read = load_scenario(file, arguments.texts("set"));
    } catch (const std::exception& failure) {
      was_read = false;
      read.problems.push_back({Severity::error, {file}, failure.what(), "", ""});
    }
    const bool is_valid = !has_errors(read.problems);
    if (!was_read) {
      code = exit_error;
    } else if (!is_valid && code == exit_ok) {
      code = exit_invalid;
    }
    if (!as_json) {
      complain(rendered(read));
      print(is_valid ? fmt::format("{}: valid\n", file) : "");
    }
    all.insert(all.end(), read.problems.begin(), read.problems.end());
  }
  if (as_json) {
    print(json_text(report(all)));
  }
  return code;
}

}  // namespace

const Command validate_command{"validate",
                               "report all mistakes in scenarios, run nothing",
                               "FILE... [OPTION]...",
                               about,
                               1,
                               std::numeric_limits<std::size_t>::max(),
                               options,
                               run};

}  // namespace stampede
