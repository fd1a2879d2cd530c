#include <catch2/catch.hpp>
#include <cmath>

#include "measure/timeline.hpp"

using namespace stampede;
using namespace stampede::literals;

TEST_CASE("the ledger of a population balances and names every outcome") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 0_s, 1_s);
  run.request(users, 1_s, 1_s);
  run.request(users, 2_s, 3_s, Outcome::timeout);
  run.request(users, 3_s, 0_s, Outcome::rejected_queue_full);
  run.unanswered(users, 9_s);
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  CHECK(all.name == "users");
  CHECK(all.kind == "traffic");
  CHECK(count(all, "requests") == 5);
  CHECK(count(all, "outcomes.ok") == 2);
  CHECK(count(all, "outcomes.timeout") == 1);
  CHECK(count(all, "outcomes.rejected.queue_full") == 1);
  CHECK(count(all, "outcomes.error") == 0);
  CHECK(count(all, "outcomes.in_flight") == 1);
  CHECK(value(all, "availability") == 0.5);
  CHECK(value(all, "outcome_share.timeout") == 0.25);
  CHECK(value(all, "throughput_per_s") == Approx(0.4));
  CHECK(value(all, "goodput_per_s") == Approx(0.2));
  // 1 + 1 + 3 + 0 seconds that ended and one second of what is in flight, in 10 seconds
  CHECK(value(all, "in_flight") == Approx(0.6));
}

TEST_CASE("the latency of successes and that of all requests are kept apart") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 0_s, 100_ms);
  run.request(users, 1_s, 300_ms);
  run.request(users, 2_s, 2_s, Outcome::timeout);
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  CHECK(value(all, "latency_s.mean") == Approx(0.2));
  CHECK(value(all, "latency_s.stddev") == Approx(0.2 / std::sqrt(2.0)));
  CHECK(value(all, "latency_s.p50") == Approx(0.2).epsilon(0.008));
  CHECK(value(all, "latency_s.max") == Approx(0.3));
  CHECK(value(all, "latency_all_s.mean") == Approx(0.8));
  CHECK(value(all, "latency_all_s.max") == Approx(2.0));
}

TEST_CASE("an ok after its deadline is no goodput") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users =
      run.recording().add_population("users", {{RequestTypeId{0}, "request"}}, {}, {}, 200_ms);
  run.request(users, 0_s, 200_ms);
  run.request(users, 1_s, 201_ms);
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()});
  CHECK(value(result.traffic.at(0), "goodput") == Approx(0.1));
  CHECK(value(result.traffic.at(0), "throughput") == Approx(0.2));
  CHECK(value(result.traffic.at(0), "availability") == 1);
}

TEST_CASE("retries are counted apart from first tries") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  const Request request = run.request(users, 0_s, 3_s);
  run.happens(1_s, [&](Time) { users.attempt_ended(request.as_attempt(1), Outcome::reset); });
  run.happens(2_s, [&](Time) { users.attempt_ended(request.as_attempt(2), Outcome::ok); });
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  CHECK(count(all, "attempts.first_tries.total") == 1);
  CHECK(count(all, "attempts.first_tries.ok") == 1);
  CHECK(count(all, "attempts.retries.total") == 2);
  CHECK(count(all, "attempts.retries.reset") == 1);
  CHECK(value(all, "attempts_per_request") == 3);
}

TEST_CASE("a request that ends at its first try counts as both") {
  const auto play = [](bool in_one) {
    Timeline run(10_s, 1_s);
    PopulationObserver& users = run.add_population();
    const Request request = run.unanswered(users, 1_s);
    run.happens(3_s, [&users, request, in_one](Time now) {
      if (in_one) {
        users.ended(request, now, Response::with(Outcome::error), /*at_first_try=*/true);
      } else {
        users.attempt_ended(request, Outcome::error);
        users.ended(request, now, Response::with(Outcome::error), /*at_first_try=*/false);
      }
    });
    REQUIRE(run.play().empty());
    const Result result = result_of({&run.recording()});
    return std::pair(result.fingerprint, result.traffic.at(0).counts);
  };
  CHECK(play(true) == play(false));
}

TEST_CASE("a request belongs to the window in which it was meant to be sent") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 3900_ms, 2_s);  // sent before the cut at 4 s, answered after it
  run.request(users, 4_s, 1_s);      // on the boundary: after it
  run.request(users, 5_s, 3_s);
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()}, 4_s);
  const Subject& all = result.traffic.at(0);
  CHECK(result.warmup_s == 4);
  CHECK(count(all, "requests") == 2);
  CHECK(value(all, "latency_s.mean") == Approx(2));
  // Throughput is of what ended within the window: all three.
  CHECK(value(all, "throughput_per_s") == Approx(0.5));
  // In flight are the tail of the first, 4 s … 5.9 s, and the two others, over 6 s.
  CHECK(value(all, "in_flight") == Approx((1.9 + 1 + 3) / 6));
}

TEST_CASE("a warm-up is rounded up to a boundary of slices") {
  Timeline run(10_s, 1_s);
  run.request(run.add_population(), 9_s, 1_s);
  REQUIRE(run.play().empty());
  CHECK(result_of({&run.recording()}, 3001_ms).warmup_s == 4);
  CHECK(result_of({&run.recording()}, 3_s).warmup_s == 3);
  CHECK(result_of({&run.recording()}, Duration()).warmup_s == 0);
  CHECK(result_of({&run.recording()}).duration_s == 10);
}

TEST_CASE("a warm-up that leaves nothing keeps the last slice and says so") {
  Timeline run(10_s, 1_s);
  run.request(run.add_population(), 9_s, 1_s);
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()}, 9500_ms);
  CHECK(result.warmup_s == 9);
  CHECK(count(result.traffic.at(0), "requests") == 1);
  CHECK(warns(result, "the warm-up leaves nothing but the last slice"));
}

TEST_CASE("answers that come hundreds of slices late still count for their own slice") {
  constexpr int requests = 1000;
  Timeline run(Duration::nanoseconds(2 * requests), Duration::nanoseconds(1));
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < requests; ++i) {
    // The answers come in an order that jumps over all slices, and each twice.
    const Duration sent = Duration::nanoseconds(i);
    const Duration answered = Duration::nanoseconds(requests + (i * 617) % requests);
    run.request(users, sent, answered - sent);
    run.request(users, sent, answered - sent + Duration::nanoseconds(i % 3), Outcome::error);
  }
  REQUIRE(run.play().empty());

  const Duration warmup = Duration::nanoseconds(300);
  const Result result = result_of({&run.recording()}, warmup);
  std::int64_t latencies = 0;
  std::int64_t longest = 0;
  for (int i = 300; i < requests; ++i) {
    const std::int64_t latency = requests + (i * 617) % requests - i;
    latencies += latency;
    longest = std::max(longest, latency);
  }
  const Subject& all = result.traffic.at(0);
  CHECK(count(all, "outcomes.ok") == requests - 300);
  CHECK(value(all, "latency_s.mean") ==
        Approx(static_cast<double>(latencies) / (requests - 300) * 1e-9));
  CHECK(value(all, "latency_s.max") == Approx(static_cast<double>(longest) * 1e-9));
}

TEST_CASE("types and divisions of users add up to their population") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.recording().add_population(
      "users", {{RequestTypeId{7}, "page"}, {RequestTypeId{2}, "checkout"}},
      {{"region", {"eu", "us"}}, {"tenant", {"eu"}}}, [](std::uint64_t user, std::size_t division) {
        return division == 0 ? static_cast<int>(user % 2) : user == 1 ? 0 : -1;
      });
  run.request(users, 0_s, 1_s, Outcome::ok, 7, 0);
  run.request(users, 1_s, 3_s, Outcome::ok, 7, 1);
  run.request(users, 2_s, 5_s, Outcome::error, 2, 3);
  REQUIRE(run.play().empty());

  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  REQUIRE(all.parts.size() == 5);
  const auto part = [&](std::size_t i, const std::string& name, const std::string& kind) {
    CHECK(all.parts[i].name == name);
    CHECK(all.parts[i].kind == kind);
    return count(all.parts[i], "requests");
  };
  CHECK(count(all, "requests") == 3);
  CHECK(part(0, "page", "request_type") == 2);
  CHECK(part(1, "checkout", "request_type") == 1);
  CHECK(part(2, "eu", "region") == 1);
  CHECK(part(3, "us", "region") == 2);
  CHECK(part(4, "eu", "tenant") == 1);
  CHECK(value(all, "latency_s.mean") == Approx(2));
  CHECK(value(all.parts[0], "latency_s.mean") == Approx(2));
  CHECK(std::isnan(value(all.parts[1], "latency_s.mean")));
  CHECK(value(all.parts[1], "latency_all_s.mean") == Approx(5));
  CHECK(value(all.parts[3], "availability") == 0.5);
}

TEST_CASE("numbers of several replications are of pooled sums and merged histograms") {
  Timeline one(10_s, 1_s);
  PopulationObserver& users_of_one = one.add_population();
  for (int i = 0; i < 9; ++i) {
    one.request(users_of_one, 0_s, 100_ms);
  }
  Timeline two(10_s, 1_s);
  PopulationObserver& users_of_two = two.add_population();
  two.request(users_of_two, 0_s, 1100_ms);
  two.request(users_of_two, 1_s, 1_s, Outcome::error);
  REQUIRE(one.play().empty());
  REQUIRE(two.play().empty());

  const Result result = result_of({&one.recording(), &two.recording()});
  const Subject& all = result.traffic.at(0);
  CHECK(result.replications == 2);
  CHECK(count(all, "requests") == 11);
  // The mean of all ten successes, not the mean of the means 0.1 and 1.1.
  CHECK(value(all, "latency_s.mean") == Approx(0.2));
  // Nine of the ten merged ones took 0.1 s; the median of medians would be 0.6 s.
  CHECK(value(all, "latency_s.p50") == Approx(0.1).epsilon(0.008));
  CHECK(value(all, "availability") == Approx(10.0 / 11));
  const Estimate mean = all.find("latency.mean")->value;
  CHECK(mean.n == 2);
  CHECK(mean.low < 0.2);
  CHECK(mean.high > 0.2);
  CHECK(value(all, "throughput_per_s") == Approx((0.9 + 0.2) / 2));
}

TEST_CASE("one replication has no intervals") {
  Timeline run(10_s, 1_s);
  run.request(run.add_population(), 0_s, 1_s);
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  for (const Metric& metric : result.traffic.at(0).metrics) {
    INFO(metric.name);
    CHECK(std::isnan(metric.value.low));
    CHECK(std::isnan(metric.value.high));
    CHECK(metric.value.n <= 1);
  }
}

TEST_CASE("a percentile with too few samples beyond it is marked") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 200; ++i) {
    run.request(users, 1_s, 1_ms * (i + 1));
  }
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  CHECK(all.find("latency.p95")->supported);
  CHECK_FALSE(all.find("latency.p99")->supported);
  CHECK_FALSE(all.find("latency.p99")->unfinished);
  CHECK(all.find("latency.mean")->supported);
}

TEST_CASE("requests that hang at the end mark the percentiles that they would move") {
  Timeline run(100_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 2000; ++i) {
    run.request(users, 10_ms * i, 100_ms);
  }
  for (int i = 0; i < 40; ++i) {
    run.unanswered(users, 50_s);
  }
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  const Subject& all = result.traffic.at(0);
  // Forty hang among two thousand: twice as many as are beyond p99, nothing to the median.
  CHECK(all.find("latency.p99")->unfinished);
  CHECK_FALSE(all.find("latency.p99")->supported);
  CHECK(all.find("latency.p50")->supported);
  CHECK(all.find("latency.max")->unfinished);
  // Fifty seconds each would make the mean ten times as large.
  CHECK(all.find("latency.mean")->unfinished);
}

TEST_CASE("the few requests that are always in flight mark nothing") {
  Timeline run(100_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 9990; ++i) {
    run.request(users, 10_ms * i, 1_ms * (1 + i % 100));
  }
  for (int i = 0; i < 5; ++i) {
    run.unanswered(users, 100_s - 10_ms * (i + 1));
  }
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  for (const Metric& metric : result.traffic.at(0).metrics) {
    INFO(metric.name);
    CHECK_FALSE(metric.unfinished);
  }
  CHECK(result.warnings.empty());
}

TEST_CASE("a population whose requests do not end is warned about") {
  Timeline run(10_s, 1_s);
  PopulationObserver& users = run.add_population();
  run.request(users, 1_s, 1_s);
  run.unanswered(users, 5_s);
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  CHECK(
      warns(result,
            "50 % of the requests of users are still in flight at the end: what is slow is missing "
            "from its latencies"));
  CHECK(warns(result, "only 1 of the requests of users ended after the warm-up"));
}

TEST_CASE("a population that sent nothing has no numbers, and says so") {
  Timeline run(10_s, 1_s);
  run.add_population();
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  CHECK(std::isnan(value(result.traffic.at(0), "availability")));
  CHECK_FALSE(result.traffic.at(0).find("availability")->supported);
  CHECK(result.warnings == std::vector<std::string>{"users sent no requests after the warm-up"});
}

TEST_CASE("a single replication has intervals over batches, and the sums of the whole run") {
  Timeline run(100_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 9990; ++i) {
    run.request(users, 10_ms * i, 1_ms * (1 + (i * 37) % 101),
                i % 50 == 0 ? Outcome::error : Outcome::ok);
  }
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()}, 10_s);
  CHECK(result.batches == 30);
  const Subject& subject = result.traffic.at(0);
  CHECK(count(subject, "requests") == 8990);
  for (const char* name : {"latency.mean", "latency.p99", "availability", "throughput"}) {
    CAPTURE(name);
    const Metric* metric = subject.find(name);
    REQUIRE(metric != nullptr);
    CHECK(metric->value.n == 30);
    CHECK(metric->deviations.size() == 30);
    CHECK(metric->value.low <= metric->value.estimate);
    CHECK(metric->value.high >= metric->value.estimate);
  }
  // The estimates are those of the run as a whole, whatever the batches.
  CHECK(value(subject, "throughput") == Approx(8990.0 / 90).epsilon(0.002));
  CHECK(value(subject, "availability") == Approx(0.98).epsilon(0.001));
}

TEST_CASE("too few slices make no batches") {
  Timeline run(10_s, 1_s);
  run.request(run.add_population(), 1_s, 1_s);
  REQUIRE(run.play().empty());
  const Result result = result_of({&run.recording()});
  CHECK(result.batches == 0);
  CHECK(std::isnan(result.traffic.at(0).find("latency.mean")->value.low));
}

TEST_CASE("a percentile that the run cannot tell says how much longer it would have to be") {
  Timeline run(100_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 500; ++i) {
    run.request(users, 100_ms * i, 10_ms);
  }
  REQUIRE(run.play().empty());
  const Subject subject = result_of({&run.recording()}).traffic.at(0);
  CHECK(std::isnan(subject.find("latency.p95")->needs_times));
  CHECK(subject.find("latency.p99")->needs_times == Approx(2));
  CHECK(subject.find("latency.p99.9")->needs_times == Approx(20));
}
