#include <catch2/catch.hpp>
#include <cmath>

#include "measure/timeline.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

Subject only_component(Timeline& run, Duration warmup = Duration()) {
  const std::string broken = run.play();
  INFO(broken);
  REQUIRE(broken.empty());
  return result_of({&run.recording()}, warmup).components.at(0);
}

}  // namespace

TEST_CASE("waits, service and levels of a component are exact") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 2, 0, 1);
  run.visit(app, 0_s, 0_s, 4_s);
  run.visit(app, 1_s, 0_s, 2_s);
  run.visit(app, 2_s, 1_s, 3_s);
  const Subject all = only_component(run);

  CHECK(all.kind == "service");
  CHECK(count(all, "requests") == 3);
  CHECK(count(all, "outcomes.ok") == 3);
  CHECK(value(all, "throughput_per_s") == Approx(0.3));
  CHECK(value(all, "utilization") == Approx(9.0 / 20));
  CHECK(value(all, "queue_length") == Approx(0.1));
  CHECK(value(all, "in_flight") == Approx(1.0));
  CHECK(value(all, "wait_s.mean") == Approx(1.0 / 3));
  CHECK(value(all, "wait_s.share") == Approx(1.0 / 3));
  CHECK(value(all, "wait_s.max") == Approx(1));
  CHECK(value(all, "service_s.mean") == Approx(3));
  CHECK(value(all, "response_s.mean") == Approx(10.0 / 3));
  CHECK(value(all, "replicas") == 1);
  CHECK(value(all, "uptime") == 1);
}

TEST_CASE("what a component saw belongs to the slice in which it ended") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 0, 1);
  run.visit(app, 0_s, 0_s, 5_s);
  run.visit(app, 1_s, 4_s, 1_s);
  const Subject all = only_component(run, 4_s);

  CHECK(count(all, "requests") == 2);
  CHECK(value(all, "wait_s.mean") == Approx(2));
  CHECK(value(all, "utilization") == Approx(2.0 / 6));
  CHECK(value(all, "queue_length") == Approx(1.0 / 6));
}

TEST_CASE("who is turned away at the door has not waited, who leaves the line has") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 0, 1);
  run.visit(app, 0_s, 0_s, 5_s);
  run.turned_away(app, 1_s, 2_s, Outcome::abandoned);
  run.turned_away(app, 2_s, 0_s, Outcome::rejected_queue_full);
  const Subject all = only_component(run);

  CHECK(value(all, "wait_s.mean") == Approx(1));
  CHECK(value(all, "wait_s.share") == Approx(0.5));
  CHECK(value(all, "service_s.mean") == Approx(5));
  CHECK(value(all, "outcome_share.abandoned") == Approx(1.0 / 3));
  CHECK(value(all, "outcome_share.rejected.queue_full") == Approx(1.0 / 3));
}

TEST_CASE("a component without workers has no utilization instead of 0/0") {
  Timeline run(10_s, 1_s);
  ComponentObserver& balancer = run.add_component();
  run.capacity(balancer, 0_s, 0, 0, 1);
  run.happens(1_s, [&](Time now) { balancer.arrived(now); });
  run.happens(2_s, [&](Time now) {
    Visit visit;
    visit.arrived = at(1_s);
    visit.started = true;
    balancer.ended(now, visit);
  });
  const Subject all = only_component(run);
  CHECK(all.find("utilization") == nullptr);
  CHECK(all.find("cpu_utilization") == nullptr);
  CHECK(all.find("queue_length") == nullptr);
  CHECK(all.find("wait_s.mean") == nullptr);
  CHECK(value(all, "response_s.mean") == Approx(1));
  CHECK(value(all, "throughput_per_s") == Approx(0.1));
}

TEST_CASE("a visit that takes no time is told as one that arrives and ends at once") {
  const auto told = [](bool in_one) {
    Timeline run(10_s, 1_s);
    ComponentObserver& cache = run.add_component();
    run.capacity(cache, 0_s, 0, 1, 2);
    run.visit(cache, 1_s, 0_s, 3_s);
    for (const Outcome outcome : {Outcome::ok, Outcome::error}) {
      run.happens(2_s, [&cache, in_one, outcome](Time now) {
        Visit visit;
        visit.arrived = now;
        visit.started = true;
        visit.instance = 1;
        visit.outcome = outcome;
        if (in_one) {
          cache.passed(now, visit);
        } else {
          cache.arrived(now);
          cache.ended(now, visit);
        }
      });
    }
    const Subject all = only_component(run);
    std::vector<double> numbers;
    for (const auto& [name, count] : all.counts) {
      numbers.push_back(static_cast<double>(count));
    }
    for (const Metric& metric : all.metrics) {
      if (std::isfinite(metric.value.estimate)) {
        numbers.push_back(metric.value.estimate);
      }
    }
    return numbers;
  };
  CHECK(told(true) == told(false));
}

// Before anybody asks what there is: kinds of component declare theirs when the program starts.
const Measure asked{"service", Measure::count, "test_asked", "for a test"};
const Measure found{"service", Measure::count, "test_found", "for a test"};
const Measure share{"service", "test_share", "for a test", found, asked};
const Measure held{"service", Measure::level, "test_held", "for a test"};
const Measure took{"service", Measure::times, "test_took", "for a test"};

TEST_CASE("own measures are told by slice and as shares of each other") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 0, 0, 1);
  run.happens(1_s, [&](Time now) {
    app.tally(asked).add(4);
    app.tally(found).add();
    app.gauge(held).change(now, 3);
    app.timing(took).took(2_s);
  });
  run.happens(6_s, [&](Time now) {
    app.tally(asked).add(4);
    app.tally(found).add(4);
    app.gauge(held).change(now, -3);
    app.timing(took).took(4_s);
  });
  const Subject all = only_component(run);
  CHECK(*all.find_count("test_asked") == 8);
  CHECK(value(all, "test_share") == Approx(5.0 / 8));
  CHECK(value(all, "test_held") == Approx(1.5));
  CHECK(value(all, "test_took_s.mean") == Approx(3));
  CHECK(value(all, "test_took.max") == Approx(4));
}

TEST_CASE("a share may leave its bounds where part and whole are counted at different moments") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 0, 0, 1);
  run.happens(1_s, [&](Time) {
    app.tally(asked).add(1);
    app.tally(found).add(3);
  });
  CHECK(value(only_component(run), "test_share") == Approx(3));
}

TEST_CASE("crashed workers do not exist, paused ones do") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 2, 0, 1);
  run.capacity(app, 0_s, 2, 0, 1);
  run.visit(app, 0_s, 0_s, 6_s);
  run.capacity(app, 5_s, -2, 0, -1);
  const Subject all = only_component(run);
  CHECK(value(all, "utilization") == Approx(6.0 / 30));
  CHECK(value(all, "replicas") == Approx(1.5));
  CHECK(value(all, "uptime") == Approx(0.75));
}

TEST_CASE("who has not come yet or has left is not down") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 0, 0, 1);
  run.capacity(app, 5_s, 0, 0, 1);
  run.happens(8_s, [&](Time now) {
    app.fleet_changed(now, -1);
    app.capacity_changed(now, 0, 0, -1);
  });
  const Subject all = only_component(run);
  CHECK(value(all, "uptime") == Approx(1));
  CHECK(value(all, "replicas") == Approx(1.3));
}

TEST_CASE("an instance that came after another had left is told apart from both") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 2, 0, 2);
  run.happens(5_s, [&](Time now) {
    app.fleet_changed(now, -1);
    app.capacity_changed(now, -1, 0, -1);
    app.fleet_changed(now, 1);
    app.capacity_changed(now, 1, 0, 1);
  });
  run.visit(app, 6_s, 0_s, 1_s, Outcome::ok, 2);
  CHECK(only_component(run).parts.size() == 3);
}

TEST_CASE("cores are counted like workers") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 0, 4, 1);
  run.happens(1_s, [&](Time now) {
    app.arrived(now);
    app.busy_cores_changed(now, 1);
  });
  run.happens(3_s, [&](Time now) {
    app.busy_cores_changed(now, -1);
    Visit visit;
    visit.arrived = at(1_s);
    visit.started = true;
    visit.cpu_waited = 500_ms;
    app.ended(now, visit);
  });
  const Subject all = only_component(run);
  CHECK(value(all, "cpu_utilization") == Approx(2.0 / 40));
  CHECK(value(all, "cpu_wait_s.mean") == Approx(0.5));
  CHECK(value(all, "service_s.mean") == Approx(2));
}

TEST_CASE("the load of each instance is told, and how uneven it is") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  for (int i = 0; i < 3; ++i) {
    run.capacity(app, 0_s, 2, 0, 1);
  }
  run.visit(app, 0_s, 0_s, 1_s, Outcome::ok, 0);  // warm-up
  run.visit(app, 5_s, 0_s, 1_s, Outcome::ok, 0);
  run.visit(app, 6_s, 0_s, 2_s, Outcome::ok, 1);
  run.visit(app, 7_s, 0_s, 1_s, Outcome::ok, 1);
  run.visit(app, 8_s, 0_s, 1_s, Outcome::ok, 1);
  const Subject all = only_component(run, 5_s);
  CHECK(value(all, "instance_share.min") == 0);
  CHECK(value(all, "instance_share.max") == 0.75);
  REQUIRE(all.parts.size() == 3);
  CHECK(all.parts[1].name == "app-1");
  CHECK(all.parts[1].kind == "instance");
  CHECK(count(all.parts[1], "requests") == 3);
  CHECK(value(all.parts[1], "share") == 0.75);
  CHECK(value(all.parts[1], "utilization") == Approx(0.4));
  CHECK(value(all.parts[2], "share") == 0);
}

TEST_CASE("of a large fleet only the extremes are told") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  for (int i = 0; i < 100; ++i) {
    run.capacity(app, 0_s, 1, 0, 1);
  }
  for (int i = 0; i < 100; ++i) {
    run.visit(app, 5_s, 0_s, 1_s, Outcome::ok, static_cast<std::uint32_t>(i));
  }
  run.visit(app, 7_s, 0_s, 1_s, Outcome::ok, 42);
  const Subject all = only_component(run);
  CHECK(all.parts.empty());
  CHECK(value(all, "instance_share.min") == Approx(1.0 / 101));
  CHECK(value(all, "instance_share.max") == Approx(2.0 / 101));
}

TEST_CASE("an instance that first works in a late slice has idle slices before") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 0, 1);
  run.visit(app, 0_s, 0_s, 1_s, Outcome::ok, 0);
  run.capacity(app, 5_s, 1, 0, 1);
  run.visit(app, 6_s, 0_s, 1_s, Outcome::ok, 1);
  const Subject all = only_component(run, 5_s);
  REQUIRE(all.parts.size() == 2);
  CHECK(count(all.parts[0], "requests") == 0);
  CHECK(count(all.parts[1], "requests") == 1);
}

TEST_CASE("instances that all come in a late slice have idle slices before") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 5_s, 2, 0, 2);
  run.visit(app, 6_s, 0_s, 1_s, Outcome::ok, 0);
  run.visit(app, 7_s, 0_s, 1_s, Outcome::ok, 1);
  const Subject all = only_component(run);
  REQUIRE(all.parts.size() == 2);
  CHECK(value(all.parts[0], "utilization") == Approx(value(all.parts[1], "utilization")));
}

TEST_CASE("an endless queue marks waits, not service") {
  Timeline run(1000_s, 10_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 0, 1);
  // One a second arrives, one in two seconds is served: the queue grows for ever.
  for (int i = 0; i < 500; ++i) {
    run.visit(app, 1_s * i, 1_s * i, 2_s);
  }
  for (int i = 500; i < 1000; ++i) {
    run.happens(1_s * i, [&](Time now) {
      app.arrived(now);
      app.queue_changed(now, 1);
    });
  }
  const Subject all = only_component(run);
  CHECK(all.find("wait.p95")->unfinished);
  CHECK(all.find("wait.max")->unfinished == false);  // the oldest in line is as old as the longest
  CHECK(all.find("response.p95")->unfinished);
  CHECK(all.find("service.p95")->supported);
  CHECK(all.find("service.p50")->supported);
}

TEST_CASE("a component that nothing reaches has levels and no times") {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 2, 0, 1);
  const Subject all = only_component(run);
  CHECK(value(all, "utilization") == 0);
  CHECK(value(all, "throughput_per_s") == 0);
  CHECK(std::isnan(value(all, "wait_s.mean")));
  CHECK_FALSE(all.find("wait_s.mean")->supported);
}
