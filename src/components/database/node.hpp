#pragma once

#include <optional>

#include "components/database/measures.hpp"
#include "components/database/settings.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/server.hpp"

namespace stampede {

class DatabaseNode;

/// What the copies of one shard agree on: which data a node holds and what a write has to wait for.
class Copies {
 public:
  virtual ~Copies() = default;

  /// What this node holds of a key.
  virtual DataStamp read(const DatabaseNode& node, std::uint64_t key) = 0;
  /// Takes a write in at this node, whose work is done; the answer's outcome and stamp.
  virtual Task<Response> write(DatabaseNode& node, Request request) = 0;
  /// The node is dead, or is back.
  virtual void went_down(DatabaseNode& node) = 0;
  virtual void came_up(DatabaseNode& node) = 0;
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
        copy_(index % static_cast<std::uint32_t>(settings.replicas)) {
    if (settings.concurrency) {
      queue_capacity_ = settings.concurrency->queue.capacity.value;
      workers_.emplace(context.simulation, settings.concurrency->workers,
                       settings.concurrency->queue.discipline);
    }
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  void belongs_to(Copies& copies) { copies_ = &copies; }
  /// Its number among the copies of its shard.
  std::uint32_t copy() const { return copy_; }

  /// Work of what others send it besides requests.
  auto work(Duration demand) { return cpu().work(demand); }

 private:
  Reply serve(const Request& asked) override {
    const Request request = asked;
    Response response;
    {
      Stay stay(*this);
      if (is_full()) {
        stay.end(Outcome::rejected_queue_full);
      } else {
        Worker worker(*this);
        if (workers_) {
          if (workers_->has_free()) {
            worker.hold(workers_->take_free());
          } else {
            Queueing queueing(*this, &stay);
            Slot slot = co_await workers_->acquire(request.priority, request.patience);
            worker.hold(std::move(slot));
          }
        }
        if (workers_ && !worker) {
          stay.end(Outcome::abandoned);
        } else {
          stay.start();
          const Duration demand = demand_of(request);
          const Duration waited = co_await cpu().work(demand);
          stay.add_cpu_wait(waited);
          if (fails(request)) {
            stay.end(Outcome::error);
          } else if (request.operation == Operation::read) {
            response.stamp = copies_->read(*this, request.key);
            response.stale = truth_.is_stale(response.stamp, request.key);
            if (settings_.has_primary()) {  // otherwise the answer of one copy is not yet one
              told_.read(response.stale);
            }
            stay.end(Outcome::ok);
          } else {
            Task<Response> writing = copies_->write(*this, request);
            response = co_await writing;
            stay.end(response.outcome);
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
  void came_up() override { copies_->came_up(*this); }

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
  std::uint32_t copy_;
  Copies* copies_ = nullptr;
  std::optional<Slots> workers_;
  std::uint64_t queue_capacity_ = 0;
  Knob::Hold own_errors_;
};

}  // namespace stampede
