#include "stampede/study/replications.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

using namespace stampede;
using namespace stampede::literals;

namespace {

WorldRecord finished_record(std::uint64_t events) {
  WorldRecord record;
  record.complete = true;
  record.events = events;
  return record;
}

/// Runs until it is told to stop.
WorldRecord wait_for(const std::atomic<bool>& stop) {
  while (!stop) {
    std::this_thread::yield();
  }
  return {};
}

}  // namespace

TEST_CASE("replications come back in order whatever the number of threads") {
  const RunWorld later_ones_are_faster = [](std::int64_t replication, const std::atomic<bool>&,
                                            std::atomic<std::int64_t>&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(replication == 0 ? 20 : 0));
    return finished_record(static_cast<std::uint64_t>(replication * replication));
  };
  for (const int jobs : {1, 2, 7}) {
    ReplicationOptions options;
    options.jobs = jobs;
    const std::vector<Replication> all = run_replications(9, 1_s, later_ones_are_faster, options);
    REQUIRE(all.size() == 9);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i].number == static_cast<std::int64_t>(i));
      CHECK(all[i].record.events == i * i);
    }
  }
}

TEST_CASE("a failing replication is named, and it is the first one that fails") {
  const RunWorld fails_from_two_on = [](std::int64_t replication, const std::atomic<bool>&,
                                        std::atomic<std::int64_t>&) -> WorldRecord {
    if (replication == 2) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // after the others have failed
    }
    if (replication >= 2) {
      throw std::runtime_error("too many events");
    }
    return finished_record(0);
  };
  ReplicationOptions options;
  options.jobs = 4;
  CHECK_THROWS_WITH(run_replications(20, 1_s, fails_from_two_on, options),
                    "replication 3: too many events");
}

TEST_CASE("replications after a failed one are stopped") {
  const RunWorld endless_after_the_first = [](std::int64_t replication,
                                              const std::atomic<bool>& stop,
                                              std::atomic<std::int64_t>&) -> WorldRecord {
    if (replication == 0) {
      throw std::overflow_error("time is up");
    }
    return wait_for(stop);
  };
  ReplicationOptions options;
  options.jobs = 2;
  CHECK_THROWS_WITH(run_replications(50, 1_s, endless_after_the_first, options),
                    "replication 1: time is up");
}

TEST_CASE("a broken law is a bug, not a result") {
  const RunWorld unlawful = [](std::int64_t, const std::atomic<bool>&, std::atomic<std::int64_t>&) {
    WorldRecord record = finished_record(0);
    record.broken_law = "app: 3 started, 2 ended, 0 in flight";
    return record;
  };
  CHECK_THROWS_WITH(run_replications(1, 1_s, unlawful, {}),
                    "bug: replication 1 broke an exact law: app: 3 started, 2 ended, 0 in flight");
}

TEST_CASE("what is finished when it is stopped from outside is kept") {
  std::atomic<bool> stop = false;
  const RunWorld only_three_end = [&](std::int64_t replication, const std::atomic<bool>& stopped,
                                      std::atomic<std::int64_t>&) {
    if (replication < 3) {
      return finished_record(1);
    }
    stop = true;
    return wait_for(stopped);
  };
  ReplicationOptions options;
  options.jobs = 2;
  options.stop = &stop;
  const std::vector<Replication> all = run_replications(10, 1_s, only_three_end, options);
  CHECK(all.size() == 3);
}

TEST_CASE("progress goes up to the whole, and estimates what is left") {
  const RunWorld half_way_and_then_the_rest = [](std::int64_t, const std::atomic<bool>&,
                                                 std::atomic<std::int64_t>& simulated_ns) {
    simulated_ns = 500'000'000;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    return finished_record(0);
  };
  std::vector<Progress> seen;
  ReplicationOptions options;
  options.jobs = 1;
  options.on_progress = [&](const Progress& progress) { seen.push_back(progress); };
  run_replications(2, 1_s, half_way_and_then_the_rest, options);
  REQUIRE(seen.size() >= 3);
  CHECK(std::is_sorted(seen.begin(), seen.end(),
                       [](const Progress& a, const Progress& b) { return a.share < b.share; }));
  CHECK(seen.front().share <= 0.75);
  CHECK(seen.front().left_s.has_value());
  CHECK(seen.back().share == 1);
  CHECK(seen.back().finished == 2);
  CHECK(seen.back().left_s.value_or(-1) == 0);
}
