#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "components/arrivals/support.hpp"
#include "stampede/base/hash.hpp"

using namespace stampede;
using namespace stampede::literals;
using test::FakePopulation;
using test::FileForTest;
using test::problems_of;
using test::run_arrivals;

namespace {

/// A line of the combined format at 10:<minute>:<second>.
std::string line(const std::string& host, const std::string& time, const std::string& url,
                 const std::string& bytes = "100") {
  return host + " - - [17/May/2015:10:" + time + " +0000] \"GET " + url + " HTTP/1.1\" 200 " +
         bytes + " \"-\" \"curl \\\"7\\\"\"\n";
}

std::vector<std::uint64_t> keys_of(const FakePopulation& population) {
  std::vector<std::uint64_t> keys;
  for (const Ask& ask : population.asks) {
    keys.push_back(ask.key.value_or(999));
  }
  return keys;
}

}  // namespace

// ---- replay_log -------------------------------------------------------------------------------

TEST_CASE("a log is replayed in the order of time, whatever the order of its lines") {
  const FileForTest file("a.log", line("h", "05:09", "/c") + line("h", "05:03", "/a") +
                                      line("h", "05:05", "/b") + line("h", "05:05", "/c"));
  FakePopulation population;
  const std::string note = run_arrivals(
      population, R"({"replay_log": {"file": "a.log", "spread": "none"}})", 6, file.directory());
  CHECK(note.empty());
  CHECK(population.times() == std::vector<double>{0, 2, 2, 6});
  CHECK(keys_of(population) == std::vector<std::uint64_t>{1, 2, 0, 0});  // /c is the most popular
}

TEST_CASE("speed squeezes a log, and 10x is 10") {
  const FileForTest file("a.log", line("h", "05:00", "/a") + line("h", "06:40", "/a"));
  for (const char* speed : {"10", "\"10x\"", "\"10\""}) {
    FakePopulation population;
    run_arrivals(population,
                 std::string(R"({"replay_log": {"file": "a.log", "spread": "none", "speed": )") +
                     speed + "}}",
                 10, file.directory());
    CHECK(population.times() == std::vector<double>{0, 10});
  }
  CHECK_FALSE(
      problems_of(R"({"replay_log": {"file": "a.log", "speed": "0x"}})", file.directory()).empty());
}

TEST_CASE("requests of one second are spread over it and stay in their order") {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += line("h", "05:05", "/" + std::to_string(i));
  }
  text += line("h", "05:06", "/later");
  const FileForTest file("a.log", text);
  FakePopulation population;
  run_arrivals(population, R"({"replay_log": "a.log"})", 3, file.directory());
  REQUIRE(population.asks.size() == 1001);
  std::vector<double> times = population.times();
  CHECK(times.front() == 0);
  CHECK(std::is_sorted(times.begin(), times.end()));
  CHECK(keys_of(population)[500] == 500);
  times.pop_back();
  CHECK(test::follows(times, [](double t) { return std::clamp(t, 0.0, 1.0); }));
}

TEST_CASE("patterns give types and keys, the first that fits") {
  const FileForTest file(
      "a.log", line("h", "05:00", "/img/a.png?v=1") + line("h", "05:01", "/img/a.png?v=2") +
                   line("h", "05:02", "/buy?cart=77") + line("h", "05:03", "/x"));
  FakePopulation population;
  population.types = {{"image", 3}, {"checkout", 5}, {"page", 7}};
  run_arrivals(population, R"({"replay_log": {"file": "a.log", "patterns": [
      {"match": "/img/*.png*", "type": "image", "key": "path"},
      {"match": "/b?y*", "type": "checkout", "key": "drawn"}, {"match": "*", "type": "page"}]}})",
               10, file.directory());
  REQUIRE(population.asks.size() == 4);
  CHECK(population.asks[0].type == 3);
  CHECK(population.asks[0].key == population.asks[1].key);
  CHECK(population.asks[2].type == 5);
  CHECK_FALSE(population.asks[2].key);
  CHECK(population.asks[3].type == 7);
  CHECK(population.asks[3].key == 3);
}

TEST_CASE("a URL that no pattern fits is a problem") {
  const FileForTest file("a.log", line("h", "05:00", "/img/a.png") + line("h", "05:01", "/buy"));
  const auto problems = problems_of(
      R"({"replay_log": {"file": "a.log", "patterns": [{"match": "/img/*"}]}})", file.directory());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("leaves out 1 URLs, such as '/buy'") != std::string::npos);
  CHECK(problems[0].find("end the list with {match: '*', type: …}") != std::string::npos);
}

TEST_CASE("hosts are users, and bytes are the size of the answer") {
  const FileForTest file("a.log", line("10.0.0.1", "05:00", "/a", "203023") +
                                      line("10.0.0.2", "05:01", "/a", "-") +
                                      line("10.0.0.1", "05:02", "/a", "99999999999"));
  FakePopulation population;
  run_arrivals(population, R"({"replay_log": "a.log"})", 3, file.directory());
  REQUIRE(population.asks.size() == 3);
  CHECK(population.asks[0].user == hash_bytes("10.0.0.1"));
  CHECK(population.asks[1].user == hash_bytes("10.0.0.2"));
  CHECK(population.asks[2].user == population.asks[0].user);
  CHECK(population.asks[0].response_size == 203023);
  CHECK(population.asks[1].response_size == 0);
  CHECK(population.asks[2].response_size == UINT32_MAX);
  FakePopulation drawn;
  run_arrivals(drawn, R"({"replay_log": {"file": "a.log", "user": "drawn"}})", 3, file.directory());
  CHECK_FALSE(drawn.asks[0].user);
}

TEST_CASE("times of a log are compared across zones, months and leap days") {
  const FileForTest file(
      "a.log",
      "h - - [29/Feb/2016:23:59:59 -0100] \"GET /b HTTP/1.1\" 200 1 \"-\" \"-\"\n"
      "h - - [29/Feb/2016:23:59:59 +0030] \"GET /a HTTP/1.1\" 200 1 \"-\" \"-\"\n"
      "h - - [01/Mar/2016:01:00:00 +0000] \"GET /c HTTP/1.1\" 200 1 \"-\" \"-\"\n");
  FakePopulation population;
  run_arrivals(population, R"({"replay_log": {"file": "a.log", "spread": "none"}})", 6000,
               file.directory());
  CHECK(population.times() == std::vector<double>{0, 5400, 5401});
}

TEST_CASE("wrong lines are left out and reported") {
  const std::string good = line("h", "05:00", "/a");
  const FileForTest file("a.log",
                         good + "\n" + good + "no line of a log\n" +
                             "h - - [17/May/2015:10:05:00 +0000] \"GET /a HTTP/1.1\" 200 1\n" +
                             "h - - [31/Jun/2015:10:05:00 +0000] \"GET /a HTTP/1.1\" 200 1 "
                             "\"-\" \"-\"\n" +
                             good.substr(0, good.size() - 3) + "\n");
  FakePopulation combined;
  CHECK(run_arrivals(combined, R"({"replay_log": {"file": "a.log", "spread": "none"}})", 0,
                     file.directory()) ==
        "4 of 6 lines of a.log are no combined-format lines and were left out (first: line 4)");
  CHECK(combined.asks.size() == 2);
  FakePopulation common;
  CHECK(run_arrivals(common, R"({"replay_log": {"file": "a.log", "format": "common"}})", 1,
                     file.directory())
            .starts_with("2 of 6 lines of a.log are no common-format lines and were left out "
                         "(first: line 4)"));
  CHECK(common.asks.size() == 4);
}

TEST_CASE("what a broken client sent is a URL as well") {
  const std::string around = "h - - [17/May/2015:10:05:00 +0000] \"";
  const FileForTest file("a.log", around + "-\" 400 0 \"-\" \"-\"\n" + around +
                                      "GET /old\" 200 0 \"-\" \"-\"\n" + around +
                                      "GET /a b HTTP/1.1\" 400 0 \"-\" \"-\"\n");
  const std::string patterns =
      R"("patterns": [{"match": "-"}, {"match": "/old"}, {"match": "/a b"}])";
  CHECK(problems_of(R"({"replay_log": {"file": "a.log", )" + patterns + "}}", file.directory())
            .empty());
}

TEST_CASE("a log that is longer or shorter than the run is told of") {
  const FileForTest file("a.log", line("h", "05:00", "/a") + line("h", "06:40", "/a"));
  FakePopulation shorter;
  CHECK(run_arrivals(shorter, R"({"replay_log": {"file": "a.log", "spread": "none"}})", 60,
                     file.directory()) == "a.log is longer than the run: it takes 100 s");
  FakePopulation longer;
  CHECK(run_arrivals(longer, R"({"replay_log": {"file": "a.log", "spread": "none"}})", 300,
                     file.directory()) ==
        "a.log is shorter than the run: after 100 s nothing more is sent");
}

TEST_CASE("a file that is no log is a problem before the run") {
  const FileForTest file("a.log", "hello\nworld\n");
  const auto problem = [&](const std::string& settings) {
    const auto problems = problems_of(R"({"replay_log": )" + settings + "}", file.directory());
    return problems.empty() ? "" : problems.front();
  };
  CHECK(problem(R"("a.log")") == "the file 'a.log' has no line of an access log; ; ");
  CHECK(problem(R"("none.log")") == "the file 'none.log' is not there; ; ");
  CHECK(problem(R"(".")") == "the file '.' is no file; ; ");
  CHECK_FALSE(problem("{}").empty());
}

TEST_CASE("a log of the common format is taken for combined only when told so") {
  const FileForTest file("a.log", "h - - [17/May/2015:10:05:00 +0000] \"GET /a HTTP/1.1\" 200 1\n");
  const auto problems = problems_of(R"({"replay_log": "a.log"})", file.directory());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("try format: common") != std::string::npos);
}

TEST_CASE("a real access log is replayed in full") {
  const auto directory = test::data_directory("apache_combined.log");
  if (!directory) {
    return;
  }
  FakePopulation population;
  population.types = {{"image", 1}, {"page", 2}};
  const std::string note =
      run_arrivals(population,
                   R"({"replay_log": {"file": "apache_combined.log", "speed": 1000,
      "patterns": [{"match": "*.png*", "type": "image"}, {"match": "*", "type": "page"}]}})",
                   300, *directory);
  CHECK(
      note.starts_with("1 of 10000 lines of apache_combined.log is no combined-format line and "
                       "was left out (first: line 8899)"));
  REQUIRE(population.asks.size() == 9999);
  const std::vector<double> times = population.times();
  CHECK(std::is_sorted(times.begin(), times.end()));
  CHECK(times.front() == 0);
  // From 17 May 10:05 to 20 May 21:05, and only the first minute or so of each hour.
  CHECK(times.back() == Approx(298.8).margin(0.1));
  std::vector<std::uint64_t> keys = keys_of(population);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  CHECK(keys.back() == keys.size() - 1);
}

// ---- replay_csv -------------------------------------------------------------------------------

TEST_CASE("a table of requests is replayed, columns by name in any order") {
  const FileForTest file("r.csv",
                         "key,time_s,user,type,size,response_size\n"
                         "7,2.5,ann,buy,300,4000\n"
                         "\"shoe, red\",0.5,12,\"search\",,\n"
                         ",2.5,,,,\n");
  FakePopulation population;
  population.types = {{"search", 1}, {"buy", 2}};
  CHECK(run_arrivals(population, R"({"replay_csv": "r.csv"})", 2.5, file.directory()).empty());
  CHECK(population.times() == std::vector<double>{0.5, 2.5, 2.5});
  CHECK(population.asks[0].key == hash_bytes("shoe, red"));
  CHECK(population.asks[0].user == 12);
  CHECK(population.asks[0].type == 1);
  CHECK_FALSE(population.asks[0].size);
  CHECK(population.asks[1].key == 7);
  CHECK(population.asks[1].user == hash_bytes("ann"));
  CHECK(population.asks[1].type == 2);
  CHECK(population.asks[1].size == 300);
  CHECK(population.asks[1].response_size == 4000);
  CHECK_FALSE(population.asks[2].key);
  CHECK_FALSE(population.asks[2].user);
  CHECK_FALSE(population.asks[2].type);
}

TEST_CASE("a table may be replayed faster, and ends with the run") {
  const FileForTest file("r.csv", "time_s\n0\n10\n20\n30\n");
  FakePopulation population;
  CHECK(run_arrivals(population, R"({"replay_csv": {"file": "r.csv", "speed": "10x"}})", 2,
                     file.directory()) == "r.csv is longer than the run: it takes 3 s");
  CHECK(population.times() == std::vector<double>{0, 1, 2});
}

TEST_CASE("a wrong table of requests is a problem that names the line") {
  const auto problem = [](const std::string& text) {
    const FileForTest file("r.csv", text);
    const auto problems = problems_of(R"({"replay_csv": "r.csv"})", file.directory());
    return problems.empty() ? "" : problems.front();
  };
  CHECK(problem("time_s,key\n1\n") ==
        "the file 'r.csv' is wrong: line 2 has 1 values, the first line 2; ; ");
  CHECK(problem("time_s\n-1\n") ==
        "the file 'r.csv' is wrong: line 2 needs a time_s of 0 or more seconds; ; ");
  CHECK(problem("time_s\nnan\n") ==
        "the file 'r.csv' is wrong: line 2 needs a time_s of 0 or more seconds; ; ");
  CHECK(
      problem("time_s,size\n1,1KB\n") ==
      "the file 'r.csv' is wrong: line 2 has '1KB' as size, expected a whole number of bytes below "
      "4 GiB; ; ");
  CHECK(problem("time_s,color\n1,red\n").find("unknown column 'color'") != std::string::npos);
  CHECK(problem("type,key\na,b\n").find("needs a first line with time_s") != std::string::npos);
  CHECK(problem("time_s\n") == "the file 'r.csv' holds no requests; ; ");
}

// ---- replay_keys ------------------------------------------------------------------------------

TEST_CASE("keys are asked for in their order, then no more") {
  const FileForTest file("k.txt", "5\r\n3\n\n5\n18446744073709551615\n");
  FakePopulation population;
  CHECK(run_arrivals(population,
                     R"({"replay_keys": {"file": "k.txt", "rate": "2/s", "arrivals": "constant"}})",
                     100, file.directory()) ==
        "k.txt is shorter than the run: after 2 s nothing more is sent");
  CHECK(keys_of(population) == std::vector<std::uint64_t>{5, 3, 5, UINT64_MAX});
  CHECK(population.times() == std::vector<double>{0.25, 0.75, 1.25, 1.75});
}

TEST_CASE("keys may be asked for again and again, at a Poisson rate") {
  const FileForTest file("k.txt", "5\n3\n");
  FakePopulation population;
  CHECK(run_arrivals(population,
                     R"({"replay_keys": {"file": "k.txt", "rate": "100/s", "repeat": true}})", 1000,
                     file.directory())
            .empty());
  std::vector<double> scaled;
  for (const double gap : test::gaps(population.times())) {
    scaled.push_back(gap * 100);
  }
  CHECK(test::follows(scaled, test::exponential_cdf));
  CHECK(population.asks[2].key == 5);
  CHECK(population.asks[3].key == 3);
}

TEST_CASE("keys that are texts are numbered by popularity") {
  const FileForTest file("k.txt", "12\nred shoe\nhat\nred shoe\n");
  FakePopulation population;
  run_arrivals(population, R"({"replay_keys": {"file": "k.txt", "rate": "1/s"}})", 1000,
               file.directory());
  CHECK(keys_of(population) == std::vector<std::uint64_t>{1, 0, 2, 0});
}

TEST_CASE("a file without keys is a problem") {
  const FileForTest file("k.txt", "\n\n");
  const auto problems =
      problems_of(R"({"replay_keys": {"file": "k.txt", "rate": "1/s"}})", file.directory());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0] == "the file 'k.txt' holds no keys; ; ");
}

TEST_CASE("the keys of a real shop are asked for in full") {
  const auto directory = test::data_directory("cache2k_web07_keys.txt");
  if (!directory) {
    return;
  }
  FakePopulation population;
  run_arrivals(population,
               R"({"replay_keys": {"file": "cache2k_web07_keys.txt", "rate": "1000/s"}})", 100,
               *directory);
  std::vector<std::uint64_t> keys = keys_of(population);
  CHECK(keys.size() == 76'118);
  CHECK(keys[2] == 2);
  std::sort(keys.begin(), keys.end());
  CHECK(std::unique(keys.begin(), keys.end()) - keys.begin() == 20'484);
}
