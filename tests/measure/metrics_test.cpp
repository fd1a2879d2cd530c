#include <catch2/catch.hpp>
#include <set>

#include "measure/timeline.hpp"
#include "stampede/measure/metrics.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

enum class Answers { without_data, with_data };

/// A world with something of everything; `with_data` has two requests more.
Result full_result(Answers answers = Answers::without_data) {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.recording().add_population(
      "shoppers", {{RequestTypeId{0}, "page"}, {RequestTypeId{1}, "eu"}},
      {{"region", {"eu", "us"}}},
      [](std::uint64_t user, std::size_t) { return static_cast<int>(user); });
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 2, 1, 1);
  run.capacity(app, 0_s, 2, 1, 1);
  run.request(users, 0_s, 1_s, Outcome::ok, 0, 0);
  run.request(users, 0_s, 2_s, Outcome::error, 1, 1);
  run.request(users, 0_s, 3_s, Outcome::ok, 0, 1);
  for (const RequestTypeId part : {RequestTypeId{0}, RequestTypeId{1}}) {
    if (answers == Answers::without_data) {
      break;
    }
    Request request;
    request.type = part;
    request.user = part;
    Response response;
    response.stamp = DataStamp(1, 1);
    response.stale = true;
    response.degraded = true;
    run.happens(0_s, [&users, request](Time) { users.sent(request); });
    run.happens(1_s, [&users, request, response](Time now) {
      users.ended(request, now, response, /*at_first_try=*/true);
    });
  }
  run.visit(app, 0_s, 1_s, 2_s, Outcome::ok, 0);
  run.visit(app, 0_s, 0_s, 1_s, Outcome::ok, 1);
  REQUIRE(run.play().empty());
  return result_of({&run.recording()});
}

double number(const Result& result, std::string_view path) {
  const std::optional<Metric> found = find_metric(result, path);
  return found ? found->value.estimate : -1;
}

void check_catalogue(const Subject& subject) {
  std::set<std::string> known;
  for (const MetricInfo& info : metrics_of(subject.kind)) {
    INFO(info.name);
    CHECK(known.insert(info.name).second);
    CHECK_FALSE(info.meaning.empty());
  }
  for (const MetricInfo& own : own_metrics_of(subject.kind)) {
    known.erase(own.name);  // nobody measured any here
  }
  known.erase("cost_per_h");  // added where the scenario has prices
  std::set<std::string> present;
  for (const Metric& metric : subject.metrics) {
    present.insert(metric.name);
  }
  for (const auto& [name, counted] : subject.counts) {
    present.insert(name);
  }
  CHECK(present == known);
  for (const Subject& part : subject.parts) {
    check_catalogue(part);
  }
}

}  // namespace

TEST_CASE("the catalogue lists exactly the numbers that results hold") {
  const Result result = full_result(Answers::with_data);
  check_catalogue(result.traffic.at(0));
  check_catalogue(result.components.at(0));
}

TEST_CASE("units are told apart by the catalogue") {
  const auto unit = [](std::string_view kind, std::string_view name) {
    for (const MetricInfo& info : metrics_of(kind)) {
      if (info.name == name) {
        return info.unit;
      }
    }
    FAIL(name);
    return MetricUnit::number;
  };
  CHECK(unit("traffic", "latency_s.p99.9") == MetricUnit::seconds);
  CHECK(unit("request_type", "throughput_per_s") == MetricUnit::per_second);
  CHECK(unit("region", "availability") == MetricUnit::share);
  CHECK(unit("traffic", "outcomes.timeout") == MetricUnit::number);
  CHECK(unit("service", "wait_s.share") == MetricUnit::share);
  CHECK(unit("load_balancer", "queue_length") == MetricUnit::number);
  CHECK(unit("instance", "utilization") == MetricUnit::share);
}

TEST_CASE("paths of expectations leave out the unit") {
  CHECK(without_unit("latency_s.p99.9") == "latency.p99.9");
  CHECK(without_unit("throughput_per_s") == "throughput");
  CHECK(without_unit("latency_all_s.mean") == "latency_all.mean");
  CHECK(without_unit("availability") == "availability");
  CHECK(without_unit("attempts_per_request") == "attempts_per_request");
}

TEST_CASE("a path finds populations, their parts, components and instances") {
  const Result result = full_result();
  CHECK(number(result, "shoppers.latency.mean") == Approx(2));
  CHECK(number(result, "shoppers.latency_s.mean") == Approx(2));
  CHECK(number(result, "shoppers.throughput") == Approx(0.3));
  CHECK(number(result, "shoppers.latency.p99.9") == Approx(3).epsilon(0.01));
  CHECK(number(result, "shoppers.page.availability") == 1);
  CHECK(number(result, "shoppers.us.availability") == 0.5);
  CHECK(number(result, "app.wait.mean") == Approx(0.5));
  CHECK(number(result, "app.wait.share") == Approx(0.5));
  CHECK(number(result, "app.instances.app-1.share") == 0.5);
  CHECK(number(result, "app.app-1.share") == 0.5);
}

TEST_CASE("a path finds counts, which have no interval") {
  const Result result = full_result();
  CHECK(number(result, "shoppers.requests") == 3);
  CHECK(number(result, "shoppers.outcomes.error") == 1);
  CHECK(number(result, "shoppers.attempts.retries.total") == 0);
  CHECK(std::isnan(find_metric(result, "shoppers.requests")->value.low));
}

TEST_CASE("where a region is called like a request type, its kind tells them apart") {
  const Result result = full_result();
  CHECK(number(result, "shoppers.eu.availability") == 0);  // types come first
  CHECK(number(result, "shoppers.requests_by_type.eu.availability") == 0);
  CHECK(number(result, "shoppers.requests.eu.availability") == 0);
  CHECK(number(result, "shoppers.regions.eu.availability") == 1);
  CHECK(number(result, "shoppers.region.eu.availability") == 1);
}

TEST_CASE("what does not exist is not found") {
  const Result result = full_result();
  for (const char* path :
       {"", "shoppers", "shoppers.", "nobody.availability", "shoppers.latency",
        "shoppers.latency.p98", "shoppers.page", "shoppers.regions.page.requests",
        "app.instances.app-7.share", "app.availability", "app..wait", "."}) {
    INFO(path);
    CHECK_FALSE(find_metric(result, path));
  }
}
