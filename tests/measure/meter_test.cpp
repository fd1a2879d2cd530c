#include "stampede/measure/meter.hpp"

#include <catch2/catch.hpp>

#include "measure/timeline.hpp"

namespace stampede {
namespace {

using namespace literals;

/// A component in front of which a meter stands that is read every 10 s.
struct Watched {
  Watched() : run(100_s, 10_s), meter(run.add_component(), 10_s) {
    for (int i = 1; i < 10; ++i) {
      run.happens(10_s * i, [this](Time now) { meter.scrape(now); });
    }
  }
  /// What is known at an instant; told when the run is played.
  void asks(Duration when, MetricQuery query, std::optional<double>& answer) {
    run.happens(when, [this, query, &answer](Time) { answer = meter.read(query); });
  }

  Timeline run;
  Meter meter;
};

MetricQuery query(MonitoredMetric metric, Duration window = 20_s) {
  return {.metric = metric, .window = window, .version = std::nullopt};
}

TEST_CASE("nothing is known before the first scrape, and nothing after it until the next") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 2, 0, 1);
  app.run.visit(app.meter, 1_s, 0_s, 8_s);
  app.run.visit(app.meter, 11_s, 0_s, 5_s);
  std::optional<double> before = -1;
  std::optional<double> after;
  std::optional<double> later;
  app.asks(9_s, query(MonitoredMetric::throughput), before);
  app.asks(19_s, query(MonitoredMetric::throughput), after);
  app.asks(21_s, query(MonitoredMetric::throughput), later);
  CHECK(app.run.play().empty());
  CHECK_FALSE(before.has_value());
  CHECK(after == Approx(0.1));
  CHECK(later == Approx(0.1));  // two in twenty seconds
}

TEST_CASE("a window slides: what is older counts no more") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 2, 0, 1);
  app.run.visit(app.meter, 1_s, 0_s, 8_s, Outcome::error);
  app.run.visit(app.meter, 31_s, 0_s, 2_s);
  std::optional<double> errors;
  std::optional<double> errors_later;
  std::optional<double> errors_at_last = -1;
  app.asks(15_s, query(MonitoredMetric::error_rate), errors);
  app.asks(45_s, query(MonitoredMetric::error_rate), errors_later);
  app.asks(75_s, query(MonitoredMetric::error_rate), errors_at_last);
  CHECK(app.run.play().empty());
  CHECK(errors == Approx(1));
  CHECK(errors_later == Approx(0));
  CHECK_FALSE(errors_at_last.has_value());  // nothing ended: there is no share of it
}

TEST_CASE("levels are time averages over the window, utilization a share of what existed") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 2, 0, 1);
  app.run.visit(app.meter, 0_s, 0_s, 10_s);
  app.run.visit(app.meter, 5_s, 5_s, 10_s);  // waits for the first
  std::optional<double> busy;
  std::optional<double> queue;
  std::optional<double> in_flight;
  app.asks(25_s, query(MonitoredMetric::utilization), busy);
  app.asks(25_s, query(MonitoredMetric::queue_length), queue);
  app.asks(25_s, query(MonitoredMetric::in_flight), in_flight);
  CHECK(app.run.play().empty());
  CHECK(busy == Approx(20.0 / 40));
  CHECK(queue == Approx(5.0 / 20));
  CHECK(in_flight == Approx(25.0 / 20));
}

TEST_CASE("quantiles are of what was worked on and ended in the window") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 9, 0, 1);
  for (int i = 1; i <= 4; ++i) {
    app.run.visit(app.meter, 1_s, 0_s, 1_s * i);
  }
  app.run.turned_away(app.meter, 2_s, 0_s, Outcome::rejected_queue_full);
  std::optional<double> median;
  std::optional<double> p99;
  app.asks(15_s, query(MonitoredMetric::response_p50), median);
  app.asks(15_s, query(MonitoredMetric::response_p99), p99);
  CHECK(app.run.play().empty());
  CHECK(median == Approx(2.5).epsilon(0.01));
  CHECK(p99 == Approx(3.97).epsilon(0.01));
}

TEST_CASE("versions are told apart, also one that comes later") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 9, 0, 1);
  const auto answer = [&](Duration arrived, std::uint16_t version, Outcome outcome) {
    Visit visit;
    visit.arrived = at(arrived);
    visit.version = version;
    visit.outcome = outcome;
    visit.started = true;
    app.run.happens(arrived, [&app](Time now) { app.meter.arrived(now); });
    app.run.happens(arrived + 1_s, [&app, visit](Time now) { app.meter.ended(now, visit); });
  };
  answer(2_s, 0, Outcome::ok);
  answer(22_s, 1, Outcome::error);
  answer(23_s, 0, Outcome::ok);
  std::optional<double> old_errors;
  std::optional<double> new_errors;
  std::optional<double> all;
  MetricQuery of_old = query(MonitoredMetric::error_rate, 100_s);
  of_old.version = 0;
  MetricQuery of_new = of_old;
  of_new.version = 1;
  app.asks(35_s, of_old, old_errors);
  app.asks(35_s, of_new, new_errors);
  app.asks(35_s, query(MonitoredMetric::error_rate, 100_s), all);
  CHECK(app.run.play().empty());
  CHECK(old_errors == Approx(0));
  CHECK(new_errors == Approx(1));
  CHECK(all == Approx(1.0 / 3));
}

TEST_CASE("a meter hands everything on") {
  Watched app;
  app.run.capacity(app.meter, 0_s, 2, 4, 1);
  app.run.visit(app.meter, 1_s, 2_s, 3_s);
  app.run.happens(4_s, [&app](Time now) { app.meter.busy_cores_changed(now, 1); });
  app.run.happens(5_s, [&app](Time now) { app.meter.busy_cores_changed(now, -1); });
  CHECK(app.run.play().empty());  // the laws hold at the recorder
  const Result result = result_of({&app.run.recording()});
  CHECK(*result.components.at(0).find_count("requests") == 1);
  CHECK(result.components.at(0).find("cpu_utilization")->value.estimate == Approx(1.0 / 400));
}

}  // namespace
}  // namespace stampede
