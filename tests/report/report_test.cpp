#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "report/study_fixture.hpp"
#include "stampede/report/csv.hpp"
#include "stampede/report/files.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/report/summary.hpp"

using namespace stampede;
using namespace stampede::test;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A directory of its own that is gone after the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "stampede-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("the summary fits 80 columns, in UTF-8 and in ASCII") {
  StudyResult study = shop_study();
  study.result.traffic[0].name = "a_population_with_a_name_that_is_longer_than_anybody_expects";
  study.expectations[0].text = study.result.traffic[0].name + ".availability >= 99.5%";
  study.result.components[0].name = "a_component_of_the_same_kind";
  for (const bool utf8 : {true, false}) {
    const std::string text = summary_text(study, {.colour = false, .utf8 = utf8});
    for (const std::string& line : lines_of(text)) {
      INFO(line);
      CHECK(columns_of(line) <= 80);
      CHECK_FALSE(line.ends_with(' '));
      if (!utf8) {
        CHECK(columns_of(line) == line.size());
      }
    }
  }
}

TEST_CASE("the summary tells how the numbers came about") {
  const std::string text = summary_text(shop_study(), {.colour = false, .utf8 = true});
  CHECK_THAT(text,
             Contains("10 replications of 10.0min, warm-up 42.0s (MSER: 7 of 100 slices), seed 1"));
  CHECK_THAT(text, Contains("fingerprint 0000000000abcdef"));
}

TEST_CASE("a percentile that the run cannot tell is marked") {
  StudyResult study = shop_study();
  std::string text = summary_text(study, {.colour = false, .utf8 = true});
  CHECK_THAT(text, Contains("~214ms"));
  CHECK_THAT(text, Contains("~ too few samples"));
  CHECK_THAT(text, !Contains("still in flight"));
  study.result.traffic[0].metrics[6].unfinished = true;
  text = summary_text(study, {.colour = false, .utf8 = true});
  CHECK_THAT(text, Contains(">214ms"));
  CHECK_THAT(text, Contains("> requests still in flight"));
}

TEST_CASE("the summary lists what went wrong") {
  const std::string text = summary_text(shop_study(), {.colour = false, .utf8 = true});
  CHECK_THAT(text, Contains("shoppers: rejected.queue_full 12 (0.00100%)"));
  CHECK_THAT(text, !Contains("timeout 0"));
  CHECK_THAT(text, Contains("shoppers: 3 retries, 2 of them ok; 1.10 attempts for each request"));
  CHECK_THAT(text, Contains("hot: app (workers 94.7%)"));
  CHECK_THAT(text, Contains("uneven: the busiest instance of app got 2.40 times the mean"));
  CHECK_THAT(text, Contains("crash begins: app-3 app-4"));
  CHECK_THAT(text, Contains("✓ shoppers.availability >= 99.5%"));
  CHECK_THAT(text, Contains("✗ shoppers.latency.p99 < 50ms"));
  CHECK_THAT(text, Contains("no data"));
}

TEST_CASE("a region that is the only one needs no line of its own") {
  const std::string text = summary_text(shop_study(), {.colour = false, .utf8 = true});
  CHECK_THAT(text, Contains("  product_page"));
  CHECK_THAT(text, !Contains("region eu"));
}

TEST_CASE("colours are only written when they are asked for") {
  CHECK_THAT(summary_text(shop_study(), {.colour = false, .utf8 = true}), !Contains("\x1b["));
  CHECK_THAT(summary_text(shop_study(), {.colour = true, .utf8 = true}), Contains("\x1b[31m"));
}

TEST_CASE("without UTF-8 verdicts are words") {
  const std::string text = summary_text(shop_study(), {.colour = false, .utf8 = false});
  CHECK_THAT(text, Contains("PASS shoppers.availability"));
  CHECK_THAT(text, Contains("FAIL shoppers.latency"));
}

TEST_CASE("result.json holds every number at its place") {
  const Json json = result_json(shop_study());
  CHECK(json["schema_version"] == 1);
  CHECK(json["scenario"]["hash"] == "0000000000001234");
  CHECK(json["run"]["warmup_s"] == 42.0);
  CHECK(json["run"].contains("partial") == false);
  const Json& shoppers = json["traffic"]["shoppers"];
  CHECK(shoppers["requests"] == 1'200'345);
  CHECK(shoppers["outcomes"]["rejected.queue_full"] == 12);
  CHECK(shoppers["availability"]["estimate"] == 0.99812);
  CHECK(shoppers["latency_s"]["p99.9"]["supported"] == false);
  CHECK(shoppers["latency_s"]["max"] == 0.5);
  CHECK(shoppers["requests_by_type"]["checkout"]["requests"] == 200'345);
  CHECK(shoppers["regions"]["eu"]["requests"] == 1'200'345);
  CHECK(json["components"]["app"]["kind"] == "service");
  CHECK(json["components"]["app"]["utilization"]["n"] == 10);
  CHECK(json["expectations"][1]["verdict"] == "fail");
  CHECK(json["expectations"][2]["observed"].is_null());
  CHECK(json["faults"][0]["event"] == "begins");
}

TEST_CASE("what has no interval or no value is null in JSON") {
  StudyResult study = shop_study();
  study.result.traffic[0].metrics[0].value = Estimate{2000, none, none, 1};
  study.result.traffic[0].metrics[1].value = Estimate{none, none, none, 0};
  const Json json = result_json(study);
  CHECK(json["traffic"]["shoppers"]["throughput_per_s"]["low"].is_null());
  CHECK(json["traffic"]["shoppers"]["throughput_per_s"]["estimate"] == 2000);
  CHECK(json["traffic"]["shoppers"]["goodput_per_s"]["estimate"].is_null());
}

TEST_CASE("an interrupted run is marked partial") {
  StudyResult study = shop_study();
  study.result.partial = true;
  study.result.replications = 3;
  const Json run = result_json(study)["run"];
  CHECK(run["partial"] == true);
  CHECK(run["replications"] == 3);
  CHECK(run["replications_asked"] == 10);
  CHECK_THAT(summary_text(study, {.colour = false, .utf8 = true}),
             Contains("3 of 10 replications"));
}

TEST_CASE("the CSV is tidy: one number a line, six fields each") {
  const std::vector<std::string> lines = lines_of(result_csv(shop_study()));
  CHECK(lines[0] == "subject,metric,estimate,low,high,n");
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(std::count(line.begin(), line.end(), ',') == 5);
  }
  CHECK(std::find(lines.begin(), lines.end(), "shoppers,latency_s.max,0.5,,,10") != lines.end());
  CHECK(std::find(lines.begin(), lines.end(), "shoppers.checkout,requests,200345,,,10") !=
        lines.end());
}

TEST_CASE("all files are written, and no half-written ones are left") {
  const Folder folder;
  const std::string out = (folder.path / "a" / "b").string();
  prepare_directory(out);
  write_study(out, shop_study(), "stampede: 1\n");
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"performance.json", "result.json", "scenario.yaml",
                                          "summary.txt", "timeseries.csv"});
  CHECK(contents_of(out + "/scenario.yaml") == "stampede: 1\n");
  CHECK(contents_of(out + "/result.json") == json_text(result_json(shop_study())));
  CHECK_THAT(contents_of(out + "/performance.json"), Contains("\"events_per_s\": 20000000"));
}

TEST_CASE("a directory that cannot be written to is told before the run") {
  const Folder folder;
  const std::string file = (folder.path / "file").string();
  write_file(file, "x");
  CHECK_THROWS_AS(prepare_directory(file), FileError);
  CHECK_THROWS_AS(prepare_directory(file + "/below"), FileError);
  CHECK_THROWS_AS(write_file((folder.path / "no" / "such").string(), "x"), FileError);
}
