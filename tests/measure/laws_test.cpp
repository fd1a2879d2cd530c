#include <catch2/catch.hpp>

#include "measure/timeline.hpp"

using namespace stampede;
using namespace stampede::literals;
using Catch::Contains;

namespace {

/// One worker that is busy from 1 s to 4 s, as everything should be; `break_it` may add to it.
std::string law_of_component(const std::function<void(Timeline&, ComponentObserver&)>& break_it) {
  Timeline run(10_s, 1_s);
  ComponentObserver& app = run.add_component();
  run.capacity(app, 0_s, 1, 1, 1);
  run.visit(app, 1_s, 0_s, 3_s);
  break_it(run, app);
  return run.play();
}

std::string law_of_population(const std::function<void(Timeline&, PopulationObserver&)>& break_it) {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 1_s, 1_s);
  break_it(run, users);
  return run.play();
}

}  // namespace

TEST_CASE("a sound run breaks no law") {
  CHECK(law_of_component([](Timeline&, ComponentObserver&) {}).empty());
  CHECK(law_of_population([](Timeline&, PopulationObserver&) {}).empty());
}

TEST_CASE("work in progress at the end breaks no law") {
  CHECK(law_of_component([](Timeline& run, ComponentObserver& app) {
          run.happens(5_s, [&](Time now) {
            app.arrived(now);
            app.busy_workers_changed(now, 0, 1);
          });
          run.happens(6_s, [&](Time now) {
            app.arrived(now);
            app.queue_changed(now, 1);
          });
        }).empty());
  CHECK(law_of_population([](Timeline& run, PopulationObserver& users) {
          run.unanswered(users, 5_s);
        }).empty());
}

TEST_CASE("a request that ends twice is noticed") {
  CHECK_THAT(law_of_population([](Timeline& run, PopulationObserver& users) {
               const Request request = run.request(users, 3_s, 1_s);
               run.happens(5_s, [&users, request](Time now) {
                 users.ended(request, now, Response::with(Outcome::ok), /*at_first_try=*/false);
               });
             }),
             Contains("users.request: 1 requests of slice 3 were sent, 2 ended"));
}

TEST_CASE("more first tries than requests are noticed") {
  CHECK_THAT(law_of_population([](Timeline& run, PopulationObserver& users) {
               const Request request = run.request(users, 3_s, 1_s);
               run.happens(3_s, [&users, request](Time) {
                 users.attempt_ended(request, Outcome::timeout);
               });
             }),
             Contains("1 requests of slice 3 were sent, but 2 first tries ended"));
}

TEST_CASE("a visit that ends twice is noticed") {
  CHECK_THAT(law_of_component([](Timeline& run, ComponentObserver& app) {
               run.happens(5_s, [&app](Time now) {
                 Visit visit;
                 visit.arrived = at(5_s);
                 app.ended(now, visit);
               });
             }),
             Contains("app: 1 requests arrived, 2 ended and -1 are in flight"));
}

TEST_CASE("a visit with another arrival than it had is noticed") {
  CHECK_THAT(law_of_component([](Timeline& run, ComponentObserver& app) {
               run.happens(5_s, [&app](Time now) { app.arrived(now); });
               run.happens(7_s, [&app](Time now) {
                 Visit visit;
                 visit.arrived = at(6_s);
                 app.ended(now, visit);
               });
             }),
             Contains("app: a request ended that did not arrive at that time"));
}

TEST_CASE("waits that the queue does not know of are noticed") {
  CHECK_THAT(
      law_of_component([](Timeline& run, ComponentObserver& app) {
        run.happens(5_s, [&app](Time now) { app.arrived(now); });
        run.happens(7_s, [&app](Time now) {
          Visit visit;
          visit.arrived = at(5_s);
          visit.waited = 1_s;
          visit.started = true;
          app.ended(now, visit);
        });
      }),
      Contains("app: Little's law does not hold: the queue makes 0 ns, waits 1000000000 ns"));
}

TEST_CASE("a wait longer than the stay is noticed") {
  CHECK_THAT(law_of_component([](Timeline& run, ComponentObserver& app) {
               run.happens(5_s, [&app](Time now) { app.arrived(now); });
               run.happens(7_s, [&app](Time now) {
                 Visit visit;
                 visit.arrived = at(5_s);
                 visit.waited = 3_s;
                 app.ended(now, visit);
               });
             }),
             Contains("app: a request waited for longer than it stayed"));
}

TEST_CASE("more busy workers than there are is noticed") {
  CHECK_THAT(
      law_of_component(
          [](Timeline& run, ComponentObserver& app) { run.visit(app, 2_s, 0_s, 1_s); }),
      Contains("app: the utilisation law does not hold: of 1000000000 ns of workers in slice 2, "
               "2000000000 ns were used"));
}

TEST_CASE("more busy cores than there are is noticed") {
  CHECK_THAT(law_of_component([](Timeline& run, ComponentObserver& app) {
               run.happens(5_s, [&app](Time now) { app.busy_cores_changed(now, 2); });
             }),
             Contains("of 1000000000 ns of cores in slice 5, 2000000000 ns were used"));
}

TEST_CASE("all subjects that break a law are named") {
  Timeline run(10_s, 1_s);
  ComponentObserver& a = run.add_component("a");
  ComponentObserver& b = run.add_component("b");
  for (ComponentObserver* component : {&a, &b}) {
    run.capacity(*component, 0_s, 1, 0, 1);
    run.happens(5_s, [component](Time now) { component->busy_workers_changed(now, 0, 2); });
  }
  const std::string broken = run.play();
  CHECK_THAT(broken, Contains("a: the utilisation law") && Contains("; b: the utilisation law"));
}

TEST_CASE("what dies with the world after the end counts for nothing") {
  const auto play = [](bool dies) {
    Timeline run(10_s, 1_s);
    PopulationObserver& users = run.add_population();
    ComponentObserver& app = run.add_component();
    run.capacity(app, 0_s, 1, 0, 1);
    const Request request = run.unanswered(users, 5_s);
    run.happens(5_s, [&](Time now) {
      app.arrived(now);
      app.busy_workers_changed(now, 0, 1);
    });
    REQUIRE(run.play().empty());
    if (dies) {
      Visit visit;
      visit.arrived = at(5_s);
      app.busy_workers_changed(at(10_s), 0, -1);
      app.ended(at(10_s), visit);
      users.ended(request, at(10_s), Response::with(Outcome::reset), /*at_first_try=*/false);
    }
    const Result result = result_of({&run.recording()});
    return std::tuple(result.fingerprint, count(result.traffic.at(0), "outcomes.in_flight"),
                      count(result.components.at(0), "outcomes.in_flight"),
                      value(result.components.at(0), "utilization"),
                      run.recording().ended_requests());
  };
  CHECK(play(true) == play(false));
}

TEST_CASE("the fingerprint tells population, request, outcome and time apart, and nothing else") {
  struct Story {
    Duration latency = 1_s;
    Outcome outcome = Outcome::ok;
    int skipped_ids = 0;
    bool in_other_population = false;
    bool has_visit = false;
  };
  const auto fingerprint_of = [](const Story& story) {
    Timeline run(10_s, 1_s);
    PopulationObserver& users = run.add_population("users");
    PopulationObserver& others = run.add_population("others");
    ComponentObserver& app = run.add_component();
    run.capacity(app, 0_s, 1, 0, 1);
    for (int i = 0; i < story.skipped_ids; ++i) {
      run.unanswered(users, 0_s);
    }
    run.request(story.in_other_population ? others : users, 1_s, story.latency, story.outcome);
    if (story.has_visit) {
      run.visit(app, 1_s, 0_s, 1_s);
    }
    REQUIRE(run.play().empty());
    CHECK(run.recording().ended_requests() == 1);
    return run.recording().fingerprint();
  };
  const std::uint64_t plain = fingerprint_of({});
  CHECK(plain == fingerprint_of({}));
  CHECK(plain != fingerprint_of({.latency = 2_s}));
  CHECK(plain != fingerprint_of({.outcome = Outcome::error}));
  CHECK(plain != fingerprint_of({.skipped_ids = 1}));
  CHECK(plain != fingerprint_of({.in_other_population = true}));
  CHECK(plain == fingerprint_of({.has_visit = true}));
}
