#pragma once

#include <optional>
#include <utility>

#include "components/database/measures.hpp"
#include "components/database/row_locks.hpp"
#include "components/database/settings.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/server.hpp"

namespace stampede {

class DatabaseNode;

/// What the copies of one shard agree on: which data a node holds and what a write has to wait for.
class Copies {
 public:
  virtual ~Copies() = default;

  /// What a copy of another shard begins with when a key moves there.
  virtual DataStamp hand_on(std::uint32_t copy, std::uint64_t key) const = 0;
  /// What this node holds of a key.
  virtual DataStamp read(const DatabaseNode& node, std::uint64_t key) = 0;
  /// Takes a write in at this node, whose work is done; the answer's outcome and stamp.
  virtual Task<Response> write(DatabaseNode& node, Request request) = 0;
  /// The node is dead, or is back.
  virtual void went_down(DatabaseNode& node) = 0;
  virtual void came_up(DatabaseNode& node) = 0;
  /// Whether it is up and leads the others.
  virtual bool is_led_by(const DatabaseNode& node) const {
    static_cast<void>(node);
    return false;
  }
};

/// A node with one copy of one shard: does the work of requests, and asks the copies what comes of
/// it. What it holds is on disk and survives a crash.
class DatabaseNode final : public Server {
 public:
  DatabaseNode(const DatabaseSettings& settings, const Component::Context& context,
               DatabaseTold& told, std::uint32_t index, PlaceId place)
      : Server(context,
               {.cpu = settings.cpu,
                .workers = settings.concurrency ? settings.concurrency->workers : 0,
                .boot_time = settings.boot_time},
               index, place),
        settings_(settings),
        told_(told),
        truth_(context.truth),
        work_(context.stream("work")),
        compactions_(context.stream("compaction")),
        copy_(index % static_cast<std::uint32_t>(settings.replicas)) {
    if (settings.concurrency) {
      queue_capacity_ = settings.concurrency->queue.capacity.value;
      workers_.emplace(context.simulation, settings.concurrency->workers,
                       settings.concurrency->queue);
    }
    if (settings.locks && !settings.is_quorum()) {
      locks_.emplace(context.simulation);
    }
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  std::size_t leads() const override { return copies_->is_led_by(*this) ? 1 : 0; }

  void belongs_to(Copies& copies) { copies_ = &copies; }
  /// Its number among the copies of its shard.
  std::uint32_t copy() const { return copy_; }

  /// Work of a write that another node sends it.
  auto work(Duration demand) {
    ++writes_;
    return cpu().work(demand);
  }
  /// Work that nobody waits for.
  void work_aside(Duration demand) {
    if (is_up() && !demand.is_zero()) {
      static_cast<void>(compute(*this, demand));
    }
  }
  /// Goes on until the node dies.
  void begin_to_compact() {
    if (settings_.compaction) {
      static_cast<void>(compact(*this));
    }
  }

 private:
  Reply serve(const Request& asked) override {
    const Request request = asked;
    Response response;
    {
      Stay stay = arrive();
      if (is_full()) {
        stay.end(Outcome::rejected_queue_full);
      } else {
        Worker worker(*this);
        if (workers_) {
          Slot slot = co_await Queueing(*this, *workers_, &stay, request);
          worker.hold(std::move(slot));
        }
        if (workers_ && !worker) {
          stay.end(end_without_slot(request));
        } else {
          stay.start();
          std::optional<RowLocks::Turn> turn;
          bool has_given_up = false;
          if (locks_ && request.operation != Operation::read) {
            turn.emplace(*locks_, request.key);
            const Time since = simulation().now();
            Slot lock = co_await turn->acquire(request.patience);
            has_given_up = !lock;
            turn->hold(std::move(lock));
            told_.lock_wait.took(simulation().now() - since);
          }
          if (has_given_up) {
            stay.end(Outcome::abandoned);
          } else {
            const Duration demand = demand_of(request);
            const Duration waited = co_await cpu().work(demand);
            stay.add_cpu_wait(waited);
            if (fails(request)) {
              stay.end(Outcome::error);
            } else if (request.operation == Operation::read) {
              response.stamp = copies_->read(*this, request.key);
              response.stale = truth_.is_stale(response.stamp, request.key);
              if (!settings_.is_quorum()) {  // otherwise the answer of one copy is not yet one
                told_.read(response.stale);
              }
              stay.end(Outcome::ok);
            } else {
              ++writes_;
              Task<Response> writing = copies_->write(*this, request);
              response = co_await writing;
              stay.end(response.outcome);
            }
          }
        }
      }
      response.outcome = stay.outcome();
    }
    response.version = version();
    const bool has_payload = response.ok() && request.operation == Operation::read;
    response.size = has_payload ? request.response_size : 0;
    co_return response;
  }

  void went_down(KilledWork) override { copies_->went_down(*this); }
  void came_up() override {
    begin_to_compact();
    copies_->came_up(*this);
  }

  static Process compute(DatabaseNode& node, Duration demand) {
    co_await node.cpu().work(demand);
    co_return Done();
  }
  static Process compact(DatabaseNode& node) {
    const CompactionSettings& settings = *node.settings_.compaction;
    Draw draw = node.compactions_.at(node.index());
    const double phase = draw.uniform();
    Time next = node.simulation().now() + settings.interval.scaled(phase);
    for (;;) {
      co_await node.simulation().until(next);
      next = next + settings.interval;
      const std::uint64_t luck = combine(node.index(), ++node.compaction_count_);
      Draw one = node.compactions_.at(luck);
      const Duration whole = settings.work.sample(one);
      const Duration demand = whole + settings.per_write * std::exchange(node.writes_, 0);
      co_await node.cpu().work(demand);
    }
  }

  Duration demand_of(const Request& request) const {
    Draw draw = work_.at(combine(request.luck, copy_));
    return request.operation == Operation::read ? settings_.read.sample(draw)
                                                : settings_.write_work().sample(draw);
  }

  bool is_full() const {
    return workers_ && !workers_->has_free() && workers_->waiting() >= queue_capacity_;
  }

  const DatabaseSettings& settings_;
  DatabaseTold& told_;
  Truth& truth_;
  Stream work_;
  Stream compactions_;
  std::uint32_t copy_;
  Copies* copies_ = nullptr;
  std::optional<Slots> workers_;
  std::optional<RowLocks> locks_;
  std::int64_t writes_ = 0;  ///< since the last compaction
  std::uint64_t compaction_count_ = 0;
  std::uint64_t queue_capacity_ = 0;
  Knob::Hold own_errors_;
};

}  // namespace stampede
