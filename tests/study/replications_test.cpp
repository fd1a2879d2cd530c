#include "stampede/study/replications.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
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

namespace {

/// What a test sees of the ends of batches, whichever thread tells.
class Ends {
 public:
  Batch batch(std::int64_t count, RunWorld run_world) {
    Batch batch;
    batch.count = count;
    batch.duration = 1_s;
    batch.run_world = std::move(run_world);
    const std::size_t number = ends_.size();
    ends_.emplace_back();
    batch.ended = [this, number](BatchEnd end) {
      const std::lock_guard lock(mutex_);
      ends_[number] = std::move(end);
      order_.push_back(number);
    };
    return batch;
  }
  const BatchEnd& of(std::size_t batch) const { return ends_[batch]; }
  const std::vector<std::size_t>& order() const { return order_; }

 private:
  std::mutex mutex_;
  std::vector<BatchEnd> ends_;
  std::vector<std::size_t> order_;
};

ReplicationOptions with_jobs(int jobs) {
  ReplicationOptions options;
  options.jobs = jobs;
  return options;
}

}  // namespace

TEST_CASE("one crew runs the replications of many batches, and each batch gets its own") {
  for (const int jobs : {1, 3}) {
    Ends ends;
    std::vector<Batch> batches;
    for (std::int64_t b = 0; b < 5; ++b) {
      batches.push_back(ends.batch(b + 1, [b](std::int64_t replication, const std::atomic<bool>&,
                                              std::atomic<std::int64_t>&) {
        return finished_record(static_cast<std::uint64_t>(100 * b + replication));
      }));
    }
    run_batches(batches, with_jobs(jobs));
    REQUIRE(ends.order().size() == 5);
    for (std::size_t b = 0; b < 5; ++b) {
      REQUIRE(ends.of(b).replications.size() == b + 1);
      for (std::size_t i = 0; i <= b; ++i) {
        CHECK(ends.of(b).replications[i].record.events == 100 * b + i);
      }
    }
  }
}

TEST_CASE("a batch begins once, and only when its first replication does") {
  Ends ends;
  std::atomic<int> begun = 0;
  std::vector<Batch> batches;
  for (int b = 0; b < 3; ++b) {
    batches.push_back(ends.batch(
        4, [&begun, b](std::int64_t, const std::atomic<bool>&, std::atomic<std::int64_t>&) {
          return finished_record(begun > b ? 1 : 0);
        }));
    batches.back().begin = [&begun] { ++begun; };
  }
  run_batches(batches, with_jobs(1));
  CHECK(begun == 3);
  CHECK(ends.order() == std::vector<std::size_t>{0, 1, 2});
  for (std::size_t b = 0; b < 3; ++b) {
    for (const Replication& replication : ends.of(b).replications) {
      CHECK(replication.record.events == 1);
    }
  }
}

TEST_CASE("no thread waits for the end of a batch while another one is left") {
  // The last replication of the first batch ends only when the second batch has begun.
  std::atomic<bool> second_began = false;
  Ends ends;
  const std::vector<Batch> batches{
      ends.batch(
          2,
          [&](std::int64_t replication, const std::atomic<bool>&, std::atomic<std::int64_t>&) {
            while (replication == 1 && !second_began) {
              std::this_thread::yield();
            }
            return finished_record(0);
          }),
      ends.batch(1, [&](std::int64_t, const std::atomic<bool>&, std::atomic<std::int64_t>&) {
        second_began = true;
        return finished_record(0);
      })};
  run_batches(batches, with_jobs(2));
  CHECK(ends.order().size() == 2);
}

TEST_CASE("a failure ends its own batch and no other") {
  Ends ends;
  const std::vector<Batch> batches{
      ends.batch(3,
                 [](std::int64_t replication, const std::atomic<bool>&,
                    std::atomic<std::int64_t>&) -> WorldRecord {
                   if (replication == 1) {
                     throw std::runtime_error("too many events");
                   }
                   return finished_record(0);
                 }),
      ends.batch(3, [](std::int64_t, const std::atomic<bool>&, std::atomic<std::int64_t>&) {
        return finished_record(0);
      })};
  run_batches(batches, with_jobs(1));
  CHECK(ends.of(0).failure == "replication 2: too many events");
  CHECK(ends.of(0).replications.size() == 1);
  CHECK(ends.of(1).failure.empty());
  CHECK(ends.of(1).replications.size() == 3);
}

TEST_CASE("batches that were stopped before they began end empty") {
  std::atomic<bool> stop = false;
  Ends ends;
  std::atomic<int> begun = 0;
  std::vector<Batch> batches;
  for (int b = 0; b < 3; ++b) {
    batches.push_back(ends.batch(
        1, [&](std::int64_t, const std::atomic<bool>& stopped, std::atomic<std::int64_t>&) {
          stop = true;
          return wait_for(stopped);
        }));
    batches.back().begin = [&begun] { ++begun; };
  }
  ReplicationOptions options = with_jobs(1);
  options.stop = &stop;
  Progress last;
  options.on_progress = [&](const Progress& progress) { last = progress; };
  run_batches(batches, options);
  CHECK(begun == 1);
  CHECK(ends.order().size() == 3);
  for (std::size_t b = 0; b < 3; ++b) {
    CHECK(ends.of(b).replications.empty());
  }
  CHECK(last.share < 1);
  CHECK(last.batches == 3);
}
