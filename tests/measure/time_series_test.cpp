#include <catch2/catch.hpp>
#include <map>

#include "measure/timeline.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

using Series = std::map<std::pair<std::string, double>, double>;

/// Value by (subject and metric, time).
Series series_of(Timeline& run) {
  REQUIRE(run.play().empty());
  Series series;
  for (const SeriesPoint& point : time_series(run.recording(), 3)) {
    CHECK(point.replication == 3);
    const std::string name = point.subject + " " + std::string(point.metric);
    CHECK(series.emplace(std::pair(name, point.time_s), point.value).second);
  }
  return series;
}

}  // namespace

TEST_CASE("each slice of traffic has its numbers") {
  Timeline run(4_s, 2_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 0_s, 1_s);
  run.request(users, 1_s, 2_s);  // ends in the next slice
  run.request(users, 1_s, 2_s, Outcome::timeout);
  const Series series = series_of(run);
  CHECK(series.at({"users throughput_per_s", 0}) == 0.5);
  CHECK(series.at({"users throughput_per_s", 2}) == 1);
  CHECK(series.at({"users goodput_per_s", 2}) == 0.5);
  CHECK(series.at({"users latency_s.mean", 0}) == Approx(1.5));
  CHECK(series.count({"users latency_s.mean", 2}) == 0);  // nothing was sent
  CHECK(series.at({"users availability", 0}) == Approx(2.0 / 3));
  CHECK(series.count({"users availability", 2}) == 0);
  CHECK(series.at({"users in_flight", 0}) == Approx(1.5));
  CHECK(series.at({"users in_flight", 2}) == Approx(1));
}

TEST_CASE("types have a series of their own where there are several") {
  Timeline run(2_s, 1_s);
  PopulationObserver& users = run.recording().add_population(
      "users", {{RequestTypeId{0}, "page"}, {RequestTypeId{1}, "checkout"}});
  run.request(users, 0_s, 100_ms, Outcome::ok, 1);
  const Series series = series_of(run);
  CHECK(series.at({"users.checkout latency_s.mean", 0}) == Approx(0.1));
  CHECK(series.count({"users.page latency_s.mean", 0}) == 0);
}

TEST_CASE("each slice of a component has its numbers") {
  Timeline run(4_s, 2_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 0, 1);
  run.visit(app, 0_s, 0_s, 1_s);
  run.visit(app, 0_s, 1_s, 2_s);
  run.capacity(app, 3_s, -1, 0, -1);
  const Series series = series_of(run);
  CHECK(series.at({"app throughput_per_s", 0}) == 0.5);
  CHECK(series.at({"app utilization", 0}) == 1);
  CHECK(series.at({"app utilization", 2}) == 1);
  CHECK(series.at({"app queue_length", 0}) == 0.5);
  CHECK(series.at({"app in_flight", 0}) == 1.5);
  CHECK(series.at({"app wait_s.mean", 2}) == Approx(1));
  CHECK(series.at({"app response_s.mean", 2}) == Approx(3));
  CHECK(series.at({"app replicas", 2}) == 0.5);
  CHECK(series.count({"app cpu_utilization", 0}) == 0);
}
