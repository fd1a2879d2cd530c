#include <catch2/catch.hpp>
#include <cmath>

#include "measure/timeline.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

/// A hundred slices of one second with a request each tenth of one, whose latency `latency_at`
/// gives.
template <class LatencyAt>
Recording recording_of(LatencyAt latency_at) {
  Timeline run(100_s, 1_s);
  PopulationObserver& users = run.add_population();
  for (int i = 0; i < 1000; ++i) {
    run.request(users, 100_ms * i, Duration::from_seconds(latency_at(i)));
  }
  REQUIRE(run.play().empty());
  return std::move(run.recording());
}

/// Something without a trend that is the same on every machine.
double ripple(int i) { return 1e-3 * ((i * 7919) % 101); }

}  // namespace

TEST_CASE("the warm-up that MSER finds is cut off") {
  // 20 slices that are slower and slower, then a steady 50 ms.
  const Recording run = recording_of(
      [](int i) { return 0.05 + ripple(i) * 0.1 + (i < 200 ? 0.004 * (200 - i) : 0); });
  const Recording* const replications[] = {&run};
  const Result result = summarize(replications, {});
  CHECK(result.warmup_found);
  CHECK(result.warmup_s >= 18);
  CHECK(result.warmup_s <= 22);
  CHECK(result.warnings.empty());
  CHECK(value(result.traffic.at(0), "latency_all.mean") < 0.06);
}

TEST_CASE("a steady run loses little") {
  const Recording run = recording_of([](int i) { return 0.05 + ripple(i); });
  const Recording* const replications[] = {&run};
  const Result result = summarize(replications, {});
  CHECK(result.warmup_s < 50);
  CHECK(result.warnings.empty());
}

TEST_CASE("a run that never settles keeps everything and is warned about") {
  const Recording run = recording_of([](int i) { return 0.05 + 1e-4 * i; });
  const Recording* const replications[] = {&run};
  const Result result = summarize(replications, {});
  CHECK(result.warmup_s == 0);
  CHECK_FALSE(result.warmup_found);
  CHECK(warns(result, "the run is too short to leave its warm-up"));
  // And its batches are alike, as they rise one after the other.
  CHECK(warns(result, "the latency of users is much alike from one batch of the run to the next"));
  REQUIRE(result.warmup_search);
  CHECK(result.warmup_search->refused);
  CHECK(result.warmup_search->slices == 100);
}

TEST_CASE("a warm-up that is given is taken, whatever MSER would say") {
  const Recording run = recording_of([](int i) { return 0.05 + 1e-4 * i; });
  const Result result = result_of({&run}, 30_s);
  CHECK(result.warmup_s == 30);
  CHECK_FALSE(result.warmup_found);
  CHECK_FALSE(result.warmup_search);
  CHECK_FALSE(warns(result, "the run is too short"));
}

TEST_CASE("a warm-up that ends within a slice is rounded up, and that is said") {
  const Recording run = recording_of([](int i) { return 0.05 + 1e-4 * i; });
  const Result result = result_of({&run}, 29500_ms);
  CHECK(result.warmup_s == 30);
  CHECK(warns(result,
              "the warm-up of 29.5s was rounded up to 30s, where a time slice begins (run.slice)"));
}

TEST_CASE("replications share one warm-up, found on their average") {
  std::vector<Recording> runs;
  for (int r = 0; r < 4; ++r) {
    runs.push_back(recording_of(
        [r](int i) { return 0.05 + ripple(i + 13 * r) + (i < 100 * (r + 1) ? 0.3 : 0); }));
  }
  const Result result = result_of({&runs[0]}, Duration());
  CHECK(result.warmup_s == 0);
  std::vector<const Recording*> all;
  for (const Recording& run : runs) {
    all.push_back(&run);
  }
  const Result together = summarize(all, {});
  CHECK(together.warmup_s >= 40);
  CHECK(together.warmup_s <= 42);
  CHECK(together.replications == 4);
}

TEST_CASE("the order of replications changes the fingerprint only") {
  const Recording a = recording_of([](int i) { return 0.05 + ripple(i); });
  const Recording b = recording_of([](int i) { return 0.05 + ripple(i + 50); });
  const Result one = result_of({&a, &b});
  const Result other = result_of({&b, &a});
  CHECK(one.fingerprint != other.fingerprint);
  CHECK(one.fingerprint == result_of({&a, &b}).fingerprint);
  CHECK(value(one.traffic.at(0), "latency.p99") == value(other.traffic.at(0), "latency.p99"));
}
