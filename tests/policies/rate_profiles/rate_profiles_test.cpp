#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "random/support.hpp"
#include "stampede/model/arrivals.hpp"
#include "support/files.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

using Texts = std::vector<std::string>;

std::unique_ptr<RateProfile> profile(const std::string& json, const std::string& directory = {}) {
  const auto read = test::read<Choice<RateProfile>>(json, directory);
  INFO(json);
  REQUIRE(read.problems == Texts{});
  return read.value.make({});
}

Texts problems_of(const std::string& json, const std::string& directory = {}) {
  return test::read<Choice<RateProfile>>(json, directory).problems;
}

Time at(Duration since_start) { return Time::from_start(since_start); }
Time at(double seconds) { return at(Duration::from_seconds(seconds)); }

/// The integral of the rate between two times by Simpson's rule on many pieces.
double integral(const RateProfile& rate, double from, double to) {
  constexpr int pieces = 20'000;
  const double width = (to - from) / pieces;
  double sum = 0;
  for (int i = 0; i < pieces; ++i) {
    const double left = from + i * width;
    sum +=
        (rate.rate(at(left)) + 4 * rate.rate(at(left + width / 2)) + rate.rate(at(left + width))) *
        width / 6;
  }
  return sum;
}

const std::vector<std::string> smooth_or_ramped{
    R"("100/s")",
    R"({"diurnal": {"mean": "50/s", "amplitude": "80%", "period": "20s"}})",
    R"({"diurnal": {"mean": "50/s", "amplitude": "100%", "period": "20s", "peak_at": "3s"}})",
    R"({"stages": [{"target": "100/s", "duration": "5s"}, {"target": "20/s", "duration": "5s"}]})",
    R"({"spike": {"base": "10/s", "peak": "500/s", "at": "4s", "ramp": "2s", "for": "6s"}})",
    R"({"points": [{"at": "2s", "rate": "9/s"}, {"at": "7s", "rate": "90/s"}], "kind": "piecewise"})",
};

}  // namespace

TEST_CASE("a plain rate is constant, and its gaps are exact") {
  const auto rate = profile(R"("2000/s")");
  CHECK(rate->rate(at(17.0)) == Approx(2000));
  CHECK(rate->after(at(1_s), 1) == at(1'000'500_us));
  CHECK(rate->after(at(0_s), 6e9) == at(3'000'000_s));
}

TEST_CASE("a rate of zero never brings anything") {
  CHECK(profile(R"("0/s")")->after(at(5_s), 1e-9) == Time::never());
  CHECK(profile(R"({"stages": [{"target": "0/s", "duration": "1h"}]})")->after(at(5_s), 1) ==
        Time::never());
  CHECK(profile(R"({"diurnal": {"mean": "0/s"}})")->after(at(5_s), 1) == Time::never());
  CHECK(profile(R"("1/d")")->after(at(0_s), 1e9) == Time::never());
}

TEST_CASE("after a last rate of zero nothing comes, from wherever one looks") {
  const auto rate = profile(R"({"stages": [{"target": "10/s", "duration": "0s"},
      {"target": "10/s", "duration": "5s"}, {"target": "0/s", "duration": "0s"}]})");
  CHECK(rate->after(at(4_s), 10) == at(5_s));
  CHECK(rate->after(at(4_s), 10.5) == Time::never());
  CHECK(rate->after(at(5_s), 1e-9) == Time::never());
  CHECK(rate->after(at(700_s), 1) == Time::never());
}

TEST_CASE("the time until some events is the inverse of the integrated rate") {
  for (const std::string& json : smooth_or_ramped) {
    INFO(json);
    const auto rate = profile(json);
    for (const double from : {0.0, 1.0, 3.5, 6.0, 9.99, 14.0, 33.0}) {
      for (const double events : {0.001, 1.0, 77.0, 1234.5}) {
        const Time then = rate->after(at(from), events);
        INFO("from " << from << ", " << events << " events, at " << then.seconds());
        REQUIRE(then < Time::never());
        CHECK(integral(*rate, from, then.seconds()) == Approx(events).epsilon(1e-5).margin(1e-6));
      }
    }
  }
}

TEST_CASE("waiting for events in two steps takes as long as in one") {
  for (const std::string& json : smooth_or_ramped) {
    INFO(json);
    const auto rate = profile(json);
    Draw draw = test::draw_for(json);
    for (int i = 0; i < 200; ++i) {
      const double from = draw.uniform() * 30;
      const double first = draw.uniform() * 300;
      const double second = draw.uniform() * 300;
      const Time halfway = rate->after(at(from), first);
      const Time stepwise = rate->after(halfway, second);
      const Time at_once = rate->after(at(from), first + second);
      // Rounding halfway to a nanosecond moves the end where the rate has fallen since.
      const double slack =
          2 + 2 * rate->rate(halfway) / std::max(rate->rate(at_once), 0.01 * rate->rate(halfway));
      CHECK(std::abs(static_cast<double>((stepwise - at_once).ns())) <= slack + 20);
    }
  }
}

TEST_CASE("no events take no time") {
  for (const std::string& json : smooth_or_ramped) {
    CHECK(profile(json)->after(at(3_s), 0) == at(3_s));
  }
}

TEST_CASE("stages are ramps from one target to the next, and the last one holds") {
  const auto rate = profile(R"({"start_rate": "0/s", "stages": [
      {"target": "100/s", "duration": "10s"}, {"target": "100/s", "duration": "10s"},
      {"target": "0/s", "duration": "10s"}, {"target": "40/s", "duration": "0s"}]})");
  CHECK(rate->rate(at(5_s)) == Approx(50));
  CHECK(rate->rate(at(15_s)) == Approx(100));
  CHECK(rate->rate(at(25_s)) == Approx(50));
  CHECK(rate->rate(at(30_s)) == Approx(40));
  CHECK(rate->rate(at(1000_s)) == Approx(40));
  // 5·t² events on the first ramp, then 100 a second, then 500 in all on the last ramp.
  CHECK(rate->after(at(0_s), 125) == at(5_s));
  CHECK(rate->after(at(0_s), 500) == at(10_s));
  CHECK(rate->after(at(0_s), 1500) == at(20_s));
  CHECK(rate->after(at(0_s), 1875) == at(25_s));
  CHECK(rate->after(at(0_s), 2040) == at(31_s));
  CHECK(rate->after(at(10_s), 1500 + 40) == at(31_s));
}

TEST_CASE("a rate that ended at zero brings nothing, whenever one asks") {
  const auto rate = profile(R"({"stages": [{"target": "8/s", "duration": "0s"},
                                           {"target": "0/s", "duration": "5s"}]})");
  CHECK(rate->after(at(0.0), 19) < at(5.0));
  for (const double asked : {0.0, 4.9, 5.0, 6.0, 1000.0}) {
    CHECK(rate->after(at(asked), 21) == Time::never());
  }
}

TEST_CASE("a stage without a duration is a step") {
  const auto rate = profile(R"({"stages": [{"target": "10/s", "duration": "0s"},
      {"target": "10/s", "duration": "5s"}, {"target": "1000/s", "duration": 0}]})");
  CHECK(rate->rate(at(0_s)) == Approx(10));
  CHECK(rate->rate(at(4'999_ms)) == Approx(10));
  CHECK(rate->rate(at(5_s)) == Approx(1000));
  CHECK(rate->after(at(0_s), 50 + 1000) == at(6_s));
}

TEST_CASE("a spike rises, stays and falls back") {
  const auto rate = profile(
      R"({"spike": {"base": "0/s", "peak": "100/s", "at": "10s", "ramp": "2s", "for": "5s"}})");
  CHECK(rate->rate(at(9_s)) == 0);
  CHECK(rate->rate(at(11_s)) == Approx(50));
  CHECK(rate->rate(at(15_s)) == Approx(100));
  CHECK(rate->rate(at(18_s)) == Approx(50));
  CHECK(rate->rate(at(20_s)) == 0);
  CHECK(rate->after(at(0_s), 25) == at(11_s));
  CHECK(rate->after(at(0_s), 100 + 500 + 75) == at(18_s));
  CHECK(rate->after(at(0_s), 701) == Time::never());
}

TEST_CASE("a spike without a ramp is a step up and a step down") {
  const auto rate =
      profile(R"({"spike": {"base": "10/s", "peak": "100/s", "at": "10s", "for": "5s"}})");
  CHECK(rate->rate(at(Duration::nanoseconds(9'999'999'999))) == Approx(10));
  CHECK(rate->rate(at(10_s)) == Approx(100));
  CHECK(rate->rate(at(15_s)) == Approx(10));
  CHECK(rate->after(at(0_s), 100 + 500 + 10) == at(16_s));
}

TEST_CASE("a day has its mean rate, its peak and its trough") {
  const auto rate = profile(
      R"({"diurnal": {"mean": "100/s", "amplitude": "50%", "period": "24h", "peak_at": "14h"}})");
  CHECK(rate->rate(at(14 * 3600.0)) == Approx(150));
  CHECK(rate->rate(at(2 * 3600.0)) == Approx(50));
  CHECK(rate->rate(at(26 * 3600.0)) == Approx(50));
  CHECK(rate->after(at(0_s), 86400 * 100.0).seconds() == Approx(86400));
  CHECK(rate->after(at(4321.5), 7 * 86400 * 100.0).seconds() == Approx(4321.5 + 7 * 86400));
}

TEST_CASE("a day peaks at noon unless told otherwise") {
  CHECK(profile(R"({"diurnal": {"mean": "100/s"}})")->rate(at(12 * 3600.0)) == Approx(150));
}

TEST_CASE("a night in which the rate touches zero ends") {
  const auto rate =
      profile(R"({"diurnal": {"mean": "1/s", "amplitude": "100%", "period": "100s"}})");
  // The trough is at 0 s, around which the count grows with the cube of the time.
  const Time first = rate->after(at(0_s), 1e-9);
  CHECK(integral(*rate, 0, first.seconds()) == Approx(1e-9).epsilon(1e-3));
}

TEST_CASE("piecewise rates may step instead of ramp, faster and higher") {
  const auto rate = profile(R"({"piecewise": {"between": "step", "speed": 10, "scale": 2,
      "points": [{"at": "10s", "rate": "5/s"}, {"at": "20s", "rate": "50/s"}]}})");
  CHECK(rate->rate(at(0_s)) == Approx(10));
  CHECK(rate->rate(at(1'999'999_us)) == Approx(10));
  CHECK(rate->rate(at(2_s)) == Approx(100));
  CHECK(rate->after(at(0_s), 120) == at(3_s));
}

TEST_CASE("piecewise rates come from a file of seconds and rates") {
  const test::FileForTest file("load.csv", "# measured\ntime_s, rate\n0,10\n\n10,30\n10,0\n");
  const auto rate = profile(R"({"piecewise": {"file": "load.csv"}})", file.directory());
  CHECK(rate->rate(at(5_s)) == Approx(20));
  CHECK(rate->after(at(0_s), 200) == at(10_s));
  CHECK(rate->after(at(0_s), 201) == Time::never());
}

TEST_CASE("piecewise rates come from a file of timestamps and counts") {
  const test::FileForTest file(
      "load.csv", "timestamp,value\n2016-02-28 23:59:00,60\n2016-02-29 00:00:00,120\n");
  const auto rate =
      profile(R"({"piecewise": {"file": {"path": "load.csv", "per": "1m"}, "between": "step"}})",
              file.directory());
  CHECK(rate->rate(at(59_s)) == Approx(1));
  CHECK(rate->rate(at(60_s)) == Approx(2));
}

TEST_CASE("a wrong file of rates is a problem that names the line") {
  const auto problem = [](const std::string& text) {
    const test::FileForTest file("load.csv", text);
    const Texts problems = problems_of(R"({"piecewise": {"file": "load.csv"}})", file.directory());
    return problems.empty() ? "" : problems.front();
  };
  CHECK(problem("a,b\n1,2\n") ==
        "the file 'load.csv' needs a first line with time_s or timestamp, and rate or value; ; ");
  CHECK(problem("time_s,rate\n0,1\n1\n") ==
        "the file 'load.csv' is wrong: line 3 has 1 values, the first line 2; ; ");
  CHECK(problem("time_s,rate\n0,1\nx,2\n") ==
        "the file 'load.csv' is wrong: line 3 does not begin with a time; ; ");
  CHECK(problem("time_s,rate\n5,1\n3,2\n") ==
        "the file 'load.csv' is wrong: line 3 goes back in time; ; ");
  CHECK(problem("time_s,rate\n5,-1\n") ==
        "the file 'load.csv' is wrong: line 2 has no rate between 0 and 1G/s; ; ");
  CHECK(problem("timestamp,value\n2016-13-01 00:00:00,1\n") ==
        "the file 'load.csv' is wrong: line 2 does not begin with a time; ; ");
  CHECK(problem("time_s,rate\n") == "the file 'load.csv' holds no rates; ; ");
  CHECK(problem("") == "the file 'load.csv' is empty; ; ");
  CHECK(problems_of(R"({"piecewise": {"file": "none.csv"}})", "/").front() ==
        "the file 'none.csv' is not there; ; ");
}

TEST_CASE("counts of a real load balancer become a rate") {
  const std::string name = "NAB_elb_request_count_8c0756.csv";
  const auto directory = test::data_directory(name);
  if (!directory) {
    return;
  }
  const auto rate = profile(
      R"({"piecewise": {"between": "step", "file": {"path": ")" + name + R"(", "per": "5m"}}})",
      *directory);
  CHECK(rate->rate(at(1_s)) == Approx(94.0 / 300));
  CHECK(rate->rate(at(301_s)) == Approx(56.0 / 300));
  CHECK(rate->after(at(0_s), 94 + 56).seconds() == Approx(600));
}

TEST_CASE("what makes no sense of a rate profile is a problem") {
  CHECK_FALSE(problems_of(R"("-1/s")").empty());
  CHECK_FALSE(problems_of(R"("2G/s")").empty());
  CHECK_FALSE(problems_of(R"({"stages": []})").empty());
  CHECK_FALSE(problems_of(R"({"diurnal": {"mean": "1/s", "amplitude": "150%"}})").empty());
  CHECK_FALSE(problems_of(R"({"piecewise": {}})").empty());
  CHECK_FALSE(problems_of(R"({"piecewise": [{"at": "2s", "rate": "1/s"},
                                            {"at": "1s", "rate": "1/s"}]})")
                  .empty());
}
