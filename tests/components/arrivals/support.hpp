#pragma once

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "random/support.hpp"
#include "stampede/model/arrivals.hpp"
#include "support/files.hpp"

namespace stampede::test {

/// Users in front of nothing: keeps what was asked, and answers each request alike after a while.
class FakePopulation final : public Population {
 public:
  explicit FakePopulation(SimulationLimits limits = {})
      : simulation_(limits), scope_(simulation_) {}

  Scope& scope() override { return scope_; }
  Stream stream(std::string_view purpose) const override {
    return Stream(1, replication, "users", purpose);
  }
  std::uint64_t user_count() const override { return users; }
  std::optional<RequestTypeId> type(std::string_view name) const override {
    const auto found = types.find(std::string(name));
    return found == types.end() ? std::nullopt : std::optional(found->second);
  }
  Reply send(const Ask& ask) override {
    CHECK(ask.sent == scope_.simulation().now());
    asks.push_back(ask);
    return answer_time.is_zero() ? Reply(Response::with(outcome)) : answer();
  }

  std::vector<double> times() const {
    std::vector<double> times;
    for (const Ask& ask : asks) {
      times.push_back(ask.sent.seconds());
    }
    return times;
  }

  std::uint64_t replication = 0;
  std::uint64_t users = 0;
  std::map<std::string, RequestTypeId> types;
  Duration answer_time;
  Outcome outcome = Outcome::ok;
  std::vector<Ask> asks;

 private:
  Reply answer() {
    co_await scope_.simulation().delay(answer_time);
    const Response response = Response::with(outcome);
    co_return response;
  }

  Simulation simulation_;
  Scope scope_;
};

/// An arrival process from its JSON, run for some seconds with a population; gives its note.
inline std::string run_arrivals(FakePopulation& population, const std::string& json, double seconds,
                                const std::string& base_directory = {}) {
  const Read<Choice<ArrivalProcess>> settings = read<Choice<ArrivalProcess>>(json, base_directory);
  INFO(json);
  REQUIRE(settings.problems == std::vector<std::string>{});
  const auto process = settings.value.make({population, base_directory});
  process->start();
  population.simulation().run(Time::from_start(Duration::from_seconds(seconds)));
  return process->note();
}

/// The problems of an arrival process.
inline std::vector<std::string> problems_of(const std::string& json,
                                            const std::string& base_directory = {}) {
  return read<Choice<ArrivalProcess>>(json, base_directory).problems;
}

/// How many of the times fall into each window.
inline std::vector<double> counts(const std::vector<double>& times, double window, double end) {
  std::vector<double> counts(static_cast<std::size_t>(end / window + 0.5));
  for (const double time : times) {
    counts[std::min(static_cast<std::size_t>(time / window), counts.size() - 1)] += 1;
  }
  return counts;
}

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

/// Variance over mean of the counts: 1 for a Poisson process, 0 for even spacing.
inline double dispersion(const std::vector<double>& counts) {
  const double mean = mean_of(counts);
  double squares = 0;
  for (const double count : counts) {
    squares += (count - mean) * (count - mean);
  }
  return squares / static_cast<double>(counts.size() - 1) / mean;
}

/// The differences between neighbours.
inline std::vector<double> gaps(const std::vector<double>& times) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    gaps.push_back(times[i] - times[i - 1]);
  }
  return gaps;
}

inline double exponential_cdf(double x) { return 1 - std::exp(-x); }

}  // namespace stampede::test
