#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "components/arrivals/support.hpp"

using namespace stampede;
using namespace stampede::literals;
using test::counts;
using test::dispersion;
using test::FakePopulation;
using test::gaps;
using test::mean_of;
using test::problems_of;
using test::run_arrivals;

namespace {

/// The variance of counts over windows of this length divided by their mean, for a Poisson process
/// whose rate jumps between two states, left at rates r1 and r2 (Fischer, Meier-Hellstern: The
/// Markov-Modulated Poisson Process (MMPP) Cookbook, 1993, §3).
double mmpp2_dispersion(double rate1, double rate2, double r1, double r2, double window) {
  const double r = r1 + r2;
  const double difference = rate1 - rate2;
  const double a = 2 * r1 * r2 * difference * difference / (r * r * (r1 * rate2 + r2 * rate1));
  return 1 + a - a / (r * window) * (1 - std::exp(-r * window));
}

}  // namespace

// ---- poisson ----------------------------------------------------------------------------------

TEST_CASE("poisson arrivals have exponential gaps and counts as variable as their mean") {
  FakePopulation population;
  run_arrivals(population, R"({"poisson": "1000/s"})", 200);
  const std::vector<double> times = population.times();
  CHECK(times.size() == Approx(200'000).margin(4 * std::sqrt(200'000)));
  std::vector<double> scaled;
  for (const double gap : gaps(times)) {
    scaled.push_back(gap * 1000);
  }
  CHECK(test::follows(scaled, test::exponential_cdf));
  // The standard error of the ratio is sqrt(2 / windows) = 0.032.
  CHECK(dispersion(counts(times, 0.1, 200)) == Approx(1).margin(0.13));
}

TEST_CASE("poisson arrivals follow the integral of a rate that changes") {
  FakePopulation population;
  run_arrivals(population,
               R"({"kind": "poisson", "rate": {"start_rate": "0/s", "stages": [
                   {"target": "2000/s", "duration": "50s"}, {"target": "0/s", "duration": "50s"}]}})",
               120);
  const std::vector<double> times = population.times();
  CHECK(times.size() == Approx(100'000).margin(4 * std::sqrt(100'000)));
  CHECK(times.back() < 100);
  // In operational time, the integral of the rate, it is a Poisson process of rate 1.
  std::vector<double> operational;
  for (const double t : times) {
    operational.push_back(t < 50 ? 20 * t * t : 100'000 - 20 * (100 - t) * (100 - t));
  }
  CHECK(test::follows(gaps(operational), test::exponential_cdf));
}

TEST_CASE("no rate, no arrivals, and the run ends") {
  for (const char* kind : {"poisson", "constant"}) {
    FakePopulation population;
    run_arrivals(population, std::string("{\"") + kind + "\": \"0/s\"}", 1e6);
    CHECK(population.asks.empty());
  }
}

// ---- constant ---------------------------------------------------------------------------------

TEST_CASE("constant arrivals are evenly spaced, and every second has its share") {
  FakePopulation population;
  run_arrivals(population, R"({"constant": "3/s"})", 1000);
  REQUIRE(population.asks.size() == 3000);
  CHECK(population.asks[0].sent.ns() == 166'666'667);
  CHECK(population.asks[2999].sent.ns() == 999'833'333'333);
  CHECK(dispersion(counts(population.times(), 1, 1000)) == 0);
}

TEST_CASE("constant arrivals get closer on a ramp") {
  FakePopulation population;
  run_arrivals(population, R"({"constant": {"rate": {"stages": [
      {"target": "100/s", "duration": "10s"}]}}})",
               10);
  REQUIRE(population.asks.size() == 500);
  for (std::size_t i = 0; i < 500; ++i) {
    CHECK(population.asks[i].sent.seconds() ==
          Approx(std::sqrt((static_cast<double>(i) + 0.5) / 5)));
  }
}

// ---- on_off -----------------------------------------------------------------------------------

TEST_CASE("on-off arrivals come only while they are on") {
  FakePopulation population;
  run_arrivals(population, R"({"on_off": {"on": "2s", "off": "8s", "rate": "500/s"}})", 1000);
  CHECK(population.asks.size() == Approx(100'000).margin(4 * std::sqrt(100'000)));
  for (const double time : population.times()) {
    REQUIRE(std::fmod(time, 10) < 2);
  }
}

TEST_CASE("on-off arrivals with exponential phases have the rate and dispersion of an IPP") {
  FakePopulation population;
  run_arrivals(population,
               R"({"on_off": {"on": {"exponential": {"mean": "1s"}},
                              "off": {"exponential": {"mean": "3s"}}, "rate": "40/s"}})",
               40'000);
  const std::vector<double> times = population.times();
  CHECK(static_cast<double>(times.size()) / 40'000 == Approx(10).epsilon(0.04));
  for (const double window : {0.25, 1.0, 4.0}) {
    CHECK(dispersion(counts(times, window, 40'000)) ==
          Approx(mmpp2_dispersion(40, 0, 1, 1 / 3.0, window)).epsilon(0.08));
  }
}

// ---- mmpp -------------------------------------------------------------------------------------

TEST_CASE("Markov-modulated arrivals have the rate and dispersion of theory") {
  FakePopulation population;
  run_arrivals(population,
               R"({"mmpp": [{"rate": "5/s", "mean_duration": "4s"},
                            {"rate": "50/s", "mean_duration": "1s"}]})",
               40'000);
  const std::vector<double> times = population.times();
  CHECK(static_cast<double>(times.size()) / 40'000 == Approx(14).epsilon(0.04));
  for (const double window : {0.25, 1.0, 4.0}) {
    CHECK(dispersion(counts(times, window, 40'000)) ==
          Approx(mmpp2_dispersion(5, 50, 0.25, 1, window)).epsilon(0.08));
  }
}

TEST_CASE("a Markov-modulated process with one rate in all states is Poisson") {
  FakePopulation population;
  run_arrivals(population,
               R"({"mmpp": [{"rate": "100/s", "mean_duration": "30ms"},
                            {"rate": "100/s", "mean_duration": "5ms"},
                            {"rate": "100/s", "mean_duration": "1s"}]})",
               1000);
  std::vector<double> scaled;
  for (const double gap : gaps(population.times())) {
    scaled.push_back(gap * 100);
  }
  CHECK(test::follows(scaled, test::exponential_cdf));
}

TEST_CASE("Markov-modulated states follow their transitions") {
  // Visits are 4 : 4 : 1, so shares of time 4·1 : 4·2 : 1·4 and the mean rate is 0.25 of the last.
  FakePopulation population;
  run_arrivals(population,
               R"({"mmpp": {"states": [{"rate": "0/s", "mean_duration": "1s"},
                                       {"rate": "0/s", "mean_duration": "2s"},
                                       {"rate": "100/s", "mean_duration": "4s"}],
                            "transitions": [[0, 1, 0], ["75%", 0, 0.25], [1, 0, 0]]}})",
               100'000);
  CHECK(static_cast<double>(population.asks.size()) / 100'000 == Approx(25).epsilon(0.04));
}

TEST_CASE("a Markov-modulated process begins in equilibrium") {
  // The fast state has a tenth of the time, so a tenth of very short runs begin in it.
  int began_fast = 0;
  for (std::uint64_t replication = 0; replication < 4000; ++replication) {
    FakePopulation population;
    population.replication = replication;
    run_arrivals(population,
                 R"({"mmpp": [{"rate": "0/s", "mean_duration": "900s"},
                              {"rate": "1M/s", "mean_duration": "100s"}]})",
                 1e-4);
    began_fast += population.asks.empty() ? 0 : 1;
  }
  CHECK(began_fast == Approx(400).margin(4 * std::sqrt(360)));
}

TEST_CASE("transitions that are no Markov chain, or one that gets stuck, are problems") {
  const auto problem = [](const std::string& transitions) {
    const auto problems = problems_of(
        R"({"mmpp": {"states": [{"rate": "1/s", "mean_duration": "1s"},
                                {"rate": "2/s", "mean_duration": "1s"}],
                     "transitions": )" +
        transitions + "}}");
    return problems.empty() ? "" : problems.front();
  };
  CHECK(problem("[[0, 1], [1, 0]]").empty());
  CHECK(problem("[[0, 1]]").find("a list of as many probabilities") != std::string::npos);
  CHECK(problem("[[0, 1], [1]]").find("a list of as many probabilities") != std::string::npos);
  CHECK(problem("[[0, 1], [0.5, 0]]").find("a list of as many probabilities") != std::string::npos);
  CHECK(problem("[[0, 1], [0, 1]]").find("never left") != std::string::npos);
}

// ---- closed -----------------------------------------------------------------------------------

TEST_CASE("a closed loop turns at users over think time and answer time") {
  FakePopulation population;
  population.answer_time = 250_ms;
  run_arrivals(population, R"({"closed": {"users": 20, "think_time": "1s"}})", 1000);
  // Each of the 20 sends at 1 s, 2.25 s, 3.5 s, …: 800 times until 1000 s.
  CHECK(population.asks.size() == 20 * 800);
}

TEST_CASE("a closed loop with random think time has the throughput of theory") {
  FakePopulation population;
  population.answer_time = 250_ms;
  run_arrivals(population,
               R"({"closed": {"users": 20, "think_time": {"exponential": {"mean": "5s"}}}})",
               20'000);
  const double throughput = static_cast<double>(population.asks.size()) / 20'000;
  CHECK(throughput == Approx(20 / 5.25).epsilon(0.015));
}

TEST_CASE("a user of a closed loop never has two requests under way") {
  FakePopulation population;
  population.answer_time = 100_ms;
  run_arrivals(population,
               R"({"closed": {"users": 3, "think_time": {"exponential": {"mean": "10ms"}}}})", 100);
  std::map<std::uint64_t, Time> free_from;
  for (const Ask& ask : population.asks) {
    REQUIRE(ask.user);
    CHECK(ask.sent >= free_from[*ask.user]);
    free_from[*ask.user] = ask.sent + 100_ms;
  }
  CHECK(free_from.size() == 3);
}

TEST_CASE("a closed loop takes the number of users from the population unless it has its own") {
  FakePopulation population;
  population.users = 7;
  run_arrivals(population, R"({"closed": {"think_time": "1s"}})", 1.5);
  CHECK(population.asks.size() == 7);
}

TEST_CASE("users for whom no time ever passes end the run with an error") {
  FakePopulation population(SimulationLimits{.resumptions_per_instant = 1000});
  CHECK_THROWS_AS(run_arrivals(population, R"({"closed": 2})", 1), LimitExceeded);
}

// ---- sessions ---------------------------------------------------------------------------------

TEST_CASE("a session does its requests one after the other") {
  FakePopulation population;
  population.types = {{"search", 4}, {"buy", 9}};
  population.answer_time = 2_s;
  run_arrivals(population,
               R"({"sessions": {"rate": "1/s", "requests": ["search", "search", "buy"],
                                "think_time": "3s"}})",
               10'000);
  std::map<std::uint64_t, std::vector<Ask>> by_user;
  for (const Ask& ask : population.asks) {
    by_user[*ask.user].push_back(ask);
  }
  CHECK(by_user.size() == Approx(10'000).margin(400));
  int whole = 0;
  for (const auto& [user, asks] : by_user) {
    if (asks.size() == 3) {
      ++whole;
      CHECK(asks[0].type == 4);
      CHECK(asks[1].type == 4);
      CHECK(asks[2].type == 9);
      CHECK(asks[1].sent == asks[0].sent + 5_s);
      CHECK(asks[2].sent == asks[1].sent + 5_s);
    }
  }
  CHECK(whole > 9'000);
}

TEST_CASE("sessions begin as a Poisson process") {
  FakePopulation population;
  run_arrivals(population, R"({"sessions": {"rate": "100/s", "count": 1}})", 1000);
  std::vector<double> scaled;
  for (const double gap : gaps(population.times())) {
    scaled.push_back(gap * 100);
  }
  CHECK(test::follows(scaled, test::exponential_cdf));
}

TEST_CASE("a session may have a random number of requests, at least one") {
  FakePopulation population;
  run_arrivals(population,
               R"({"sessions": {"rate": "100/s", "count": {"uniform": {"low": 0, "high": 8}}}})",
               1000);
  std::map<std::uint64_t, int> lengths;
  for (const Ask& ask : population.asks) {
    ++lengths[*ask.user];
  }
  std::map<int, double> share;
  for (const auto& [user, length] : lengths) {
    share[length] += 1.0 / static_cast<double>(lengths.size());
  }
  CHECK(share[1] == Approx(1.5 / 8).margin(0.005));  // what would round to 0 as well
  CHECK(share[2] == Approx(1.0 / 8).margin(0.005));
  CHECK(share[8] == Approx(0.5 / 8).margin(0.005));
}

TEST_CASE("a failed request ends the session, unless the user goes on") {
  for (const bool goes_on : {false, true}) {
    FakePopulation population;
    population.outcome = Outcome::error;
    run_arrivals(population,
                 std::string(R"({"sessions": {"rate": "10/s", "count": 3, "on_failure": )") +
                     (goes_on ? "\"continue\"" : "\"leave\"") + "}}",
                 100);
    std::set<std::uint64_t> users;
    for (const Ask& ask : population.asks) {
      users.insert(*ask.user);
    }
    CHECK(population.asks.size() == users.size() * (goes_on ? 3 : 1));
  }
}

TEST_CASE("sessions are those of known users where there are such") {
  FakePopulation population;
  population.users = 10;
  run_arrivals(population, R"({"sessions": {"rate": "100/s", "count": 1}})", 100);
  std::vector<double> sessions(10);
  for (const Ask& ask : population.asks) {
    REQUIRE(*ask.user < 10);
    sessions[*ask.user] += 1;
  }
  const std::vector<double> alike(10, static_cast<double>(population.asks.size()) / 10);
  CHECK(test::fits(sessions, alike));
}

// ---- all of them ------------------------------------------------------------------------------

TEST_CASE("the same seed and replication give the same arrivals, another replication others") {
  for (
      const char* json :
      {R"({"poisson": "10/s"})", R"({"on_off": {"on": "1s", "off": "1s", "rate": "10/s"}})",
       R"({"mmpp": [{"rate": "5/s", "mean_duration": "1s"}, {"rate": "20/s", "mean_duration": "1s"}]})",
       R"({"closed": {"users": 2, "think_time": {"exponential": {"mean": "1s"}}}})",
       R"({"sessions": {"rate": "10/s", "count": 2, "think_time": {"exponential": {"mean": "1s"}}}})"}) {
    FakePopulation first;
    FakePopulation second;
    FakePopulation other;
    other.replication = 1;
    run_arrivals(first, json, 100);
    run_arrivals(second, json, 100);
    run_arrivals(other, json, 100);
    CHECK(first.times() == second.times());
    CHECK(first.times() != other.times());
  }
}

TEST_CASE("arrivals without what they need are problems") {
  CHECK_FALSE(problems_of(R"("poisson")").empty());
  CHECK_FALSE(problems_of(R"({"on_off": {"on": "0s", "off": "1s", "rate": "1/s"}})").empty());
  CHECK_FALSE(problems_of(R"({"mmpp": [{"rate": "1/s", "mean_duration": "1s"}]})").empty());
  CHECK_FALSE(problems_of(R"({"closed": 0})").empty());
  CHECK_FALSE(problems_of(R"({"sessions": {"rate": "1/s"}})").empty());
  CHECK_FALSE(
      problems_of(R"({"sessions": {"rate": "1/s", "requests": ["a"], "count": 2}})").empty());
}
