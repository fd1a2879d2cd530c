#include "stampede/study/replications.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

namespace stampede {
namespace {

/// Worker threads take replications in turn; the calling thread watches over them.
class Crew {
 public:
  Crew(std::span<const Batch> batches, const ReplicationOptions& options)
      : options_(options), accounts_(batches.size()) {
    std::size_t count = 0;
    for (std::size_t b = 0; b < batches.size(); ++b) {
      accounts_[b].batch = &batches[b];
      accounts_[b].first_slot = count;
      accounts_[b].left = batches[b].count;
      count += static_cast<std::size_t>(batches[b].count);
      all_ns_ +=
          static_cast<double>(batches[b].duration.ns()) * static_cast<double>(batches[b].count);
    }
    slots_ = std::vector<Slot>(count);
    for (Account& account : accounts_) {
      for (std::size_t i = 0; i < account.size(); ++i) {
        slots_[account.first_slot + i].account = &account;
      }
    }
  }

  void run() {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < worker_count(); ++i) {
      ++working_;
      workers.emplace_back([this] { work(); });
    }
    watch();
  }

 private:
  /// What is known of a batch.
  struct Account {
    std::size_t size() const { return static_cast<std::size_t>(batch->count); }

    const Batch* batch = nullptr;
    std::size_t first_slot = 0;
    std::once_flag begun;
    std::atomic<std::int64_t> left = 0;    ///< replications that have not ended
    std::size_t first_failure = SIZE_MAX;  ///< guarded by the crew's mutex
  };

  struct Slot {
    Account* account = nullptr;
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
      Account& account = *slots_[i].account;
      if (--account.left == 0) {
        end(account);
      }
    }
    const std::lock_guard lock(mutex_);
    --working_;
    ended_.notify_all();
  }

  void run_one(std::size_t index) {
    Slot& slot = slots_[index];
    const Batch& batch = *slot.account->batch;
    const std::size_t number = index - slot.account->first_slot;
    const std::string name =
        "replication " + std::to_string(batch.first + static_cast<std::int64_t>(number) + 1);
    try {
      std::call_once(slot.account->begun, batch.begin);
      WorldRecord record = batch.run_world(batch.first + static_cast<std::int64_t>(number),
                                           slot.stop, slot.simulated_ns);
      if (!record.broken_law.empty()) {
        slot.failure = "bug: " + name + " broke an exact law: " + record.broken_law;
      } else if (record.complete) {
        slot.simulated_ns = batch.duration.ns();
        slot.record = std::move(record);
        ++finished_;
      }
    } catch (const std::bad_alloc&) {
      slot.failure = name + " ran out of memory";
    } catch (const std::exception& failure) {
      slot.failure = name + ": " + failure.what();
    }
    if (!slot.failure.empty()) {
      failed(*slot.account, number);
    }
  }

  /// Only what comes later is stopped: an earlier one may fail as well, and is to be told instead.
  void failed(Account& account, std::size_t number) {
    const std::lock_guard lock(mutex_);
    account.first_failure = std::min(account.first_failure, number);
    for (std::size_t i = number + 1; i < account.size(); ++i) {
      slots_[account.first_slot + i].stop = true;
    }
  }

  /// Hands the records over, by whoever ran the last replication. Nobody else touches them now:
  /// `left` came down to zero.
  void end(Account& account) {
    BatchEnd end;
    {
      const std::lock_guard lock(mutex_);
      if (account.first_failure < account.size()) {
        end.failure = slots_[account.first_slot + account.first_failure].failure;
      }
    }
    for (std::size_t i = 0; i < account.size(); ++i) {
      Slot& slot = slots_[account.first_slot + i];
      if (slot.record) {
        end.replications.push_back(
            {account.batch->first + static_cast<std::int64_t>(i), std::move(*slot.record)});
        slot.record.reset();
      }
      if (!end.failure.empty()) {
        slot.simulated_ns = account.batch->duration.ns();  // nothing is left to do here
      }
    }
    account.batch->ended(std::move(end));
    ++finished_batches_;
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
    progress.finished_batches = finished_batches_;
    progress.batches = static_cast<std::int64_t>(accounts_.size());
    progress.share = simulated_ns / all_ns_;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began_;
    progress.wall_s = wall.count();
    if (progress.share > 0) {
      progress.left_s = progress.wall_s * (1 - progress.share) / progress.share;
    }
    options_.on_progress(progress);
  }

  const ReplicationOptions& options_;
  std::vector<Account> accounts_;
  std::vector<Slot> slots_;
  double all_ns_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::int64_t> finished_ = 0;
  std::atomic<std::int64_t> finished_batches_ = 0;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t working_ = 0;
};

}  // namespace

void run_batches(std::span<const Batch> batches, const ReplicationOptions& options) {
  Crew(batches, options).run();
}

std::vector<Replication> run_replications(std::int64_t count, Duration duration,
                                          const RunWorld& run_world,
                                          const ReplicationOptions& options) {
  BatchEnd end;
  Batch batch;
  batch.count = count;
  batch.duration = duration;
  batch.run_world = run_world;
  batch.ended = [&](BatchEnd of_batch) { end = std::move(of_batch); };
  run_batches({&batch, 1}, options);
  if (!end.failure.empty()) {
    throw ReplicationFailed(end.failure);
  }
  return std::move(end.replications);
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
