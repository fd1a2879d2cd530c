#include "stampede/study/replications.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <thread>

namespace stampede {
namespace {

/// Worker threads take replications in turn; the calling thread watches over them.
class Crew {
 public:
  Crew(std::int64_t count, Duration duration, const RunWorld& run_world,
       const ReplicationOptions& options)
      : duration_(duration),
        run_world_(run_world),
        options_(options),
        slots_(static_cast<std::size_t>(count)) {}

  std::vector<Replication> run() {
    {
      std::vector<std::jthread> workers;
      for (std::size_t i = 0; i < worker_count(); ++i) {
        ++working_;
        workers.emplace_back([this] { work(); });
      }
      watch();
    }
    if (first_failure_ < slots_.size()) {
      throw ReplicationFailed(slots_[first_failure_].failure);
    }
    std::vector<Replication> finished;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].record) {
        finished.push_back({static_cast<std::int64_t>(i), std::move(*slots_[i].record)});
      }
    }
    return finished;
  }

 private:
  struct Slot {
    std::atomic<bool> stop = false;
    std::atomic<std::int64_t> simulated_ns = 0;
    std::optional<WorldRecord> record;
    std::string failure;
  };

  std::size_t worker_count() const {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t wanted = options_.jobs > 0 ? static_cast<std::size_t>(options_.jobs) : cores;
    return std::min(wanted, slots_.size());
  }

  void work() {
    for (std::size_t i = next_++; i < slots_.size(); i = next_++) {
      if (!slots_[i].stop) {
        run_one(i);
      }
    }
    const std::lock_guard lock(mutex_);
    --working_;
    ended_.notify_all();
  }

  void run_one(std::size_t number) {
    Slot& slot = slots_[number];
    const std::string name = "replication " + std::to_string(number + 1);
    try {
      WorldRecord record =
          run_world_(static_cast<std::int64_t>(number), slot.stop, slot.simulated_ns);
      if (!record.broken_law.empty()) {
        slot.failure = "bug: " + name + " broke an exact law: " + record.broken_law;
      } else if (record.complete) {
        slot.simulated_ns = duration_.ns();
        slot.record = std::move(record);
        ++finished_;
      }
    } catch (const std::bad_alloc&) {
      slot.failure = name + " ran out of memory";
    } catch (const std::exception& failure) {
      slot.failure = name + ": " + failure.what();
    }
    if (!slot.failure.empty()) {
      failed(number);
    }
  }

  /// Only what comes later is stopped: an earlier one may fail as well, and is to be told instead.
  void failed(std::size_t number) {
    const std::lock_guard lock(mutex_);
    first_failure_ = std::min(first_failure_, number);
    for (std::size_t i = number + 1; i < slots_.size(); ++i) {
      slots_[i].stop = true;
    }
  }

  void watch() {
    std::unique_lock lock(mutex_);
    const auto all_ended = [this] { return working_ == 0; };
    while (!ended_.wait_for(lock, std::chrono::milliseconds(100), all_ended)) {
      if (options_.stop != nullptr && *options_.stop) {
        for (Slot& slot : slots_) {
          slot.stop = true;
        }
      }
      tell();
    }
    tell();
  }

  void tell() const {
    if (!options_.on_progress) {
      return;
    }
    double simulated_ns = 0;
    for (const Slot& slot : slots_) {
      simulated_ns += static_cast<double>(slot.simulated_ns);
    }
    Progress progress;
    progress.finished = finished_;
    progress.replications = static_cast<std::int64_t>(slots_.size());
    progress.share =
        simulated_ns / (static_cast<double>(duration_.ns()) * static_cast<double>(slots_.size()));
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began_;
    progress.wall_s = wall.count();
    if (progress.share > 0) {
      progress.left_s = progress.wall_s * (1 - progress.share) / progress.share;
    }
    options_.on_progress(progress);
  }

  Duration duration_;
  const RunWorld& run_world_;
  const ReplicationOptions& options_;
  std::vector<Slot> slots_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::int64_t> finished_ = 0;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t working_ = 0;
  std::size_t first_failure_ = SIZE_MAX;
};

}  // namespace

std::vector<Replication> run_replications(std::int64_t count, Duration duration,
                                          const RunWorld& run_world,
                                          const ReplicationOptions& options) {
  return Crew(count, duration, run_world, options).run();
}

std::vector<Replication> run_replications(const Scenario& scenario,
                                          const ReplicationOptions& options) {
  const RunWorld run_world = [&](std::int64_t replication, const std::atomic<bool>& stop,
                                 std::atomic<std::int64_t>& simulated_ns) {
    return World(scenario, static_cast<std::uint64_t>(replication)).run(&stop, &simulated_ns);
  };
  return run_replications(scenario.run.replications, scenario.run.duration, run_world, options);
}

}  // namespace stampede
