#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "components/log/partition.hpp"
#include "stampede/kernel/slots.hpp"

namespace stampede {

/// The client of one publisher: finds the partition of a message and its leader, sends messages in
/// batches, and sends again what it was not told to be in. What it holds is sent even if the
/// publisher dies.
class Producer final : public Endpoint {
 public:
  struct Shared {
    const LogSettings& settings;
    Simulation& simulation;
    LogTold& told;
    std::vector<std::unique_ptr<Partition>>& partitions;
    std::uint64_t seed;
    Timeouts& request_timeouts;
    Scope& scope;

    std::uint32_t partition_of(std::uint64_t key) const {
      return static_cast<std::uint32_t>(mix(combine(seed, key)) % partitions.size());
    }
  };

  explicit Producer(const Shared& shared)
      : shared_(shared), lanes_(shared.settings.batch ? shared.partitions.size() : 0) {}

  Reply call(const Request& request) override {
    const std::uint32_t partition = shared_.partition_of(request.key);
    if (lanes_.empty()) {
      const auto batch = std::make_shared<Batch>(shared_.simulation, partition);
      batch->add(request);
      return answer(deliver(shared_.scope, shared_, batch));
    }
    const std::shared_ptr<Batch> batch = add(partition, request);
    return shared_.settings.acks == Acks::none ? Reply(Response()) : wait(shared_.scope, batch);
  }

  /// Sends a batch, again and again if need be.
  static Reply deliver(Scope& scope, const Shared& shared, const std::shared_ptr<Batch>& sent) {
    const std::shared_ptr<Batch> batch = sent;
    const bool asks = shared.settings.acks != Acks::none;
    const Request& first = batch->messages.front();
    const Time give_up = scope.simulation().now() + shared.settings.delivery_timeout;
    Response response;
    for (std::uint64_t attempt = 0;; ++attempt) {
      const Produce produce(batch, first.from, combine(first.luck, attempt));
      Reply sending = shared.partitions[batch->partition]->leader().produce(produce);
      const bool is_answered = co_await sending.within(shared.request_timeouts);
      response = is_answered ? sending.answer() : Response::with(Outcome::timeout);
      const bool is_over = scope.simulation().now() + shared.settings.retry_backoff >= give_up;
      if (!asks || !may_go_well(response.outcome) || is_over) {
        break;
      }
      co_await scope.simulation().delay(shared.settings.retry_backoff);
    }
    if (!asks && batch->end == 0) {
      shared.told.lost.add(static_cast<std::int64_t>(batch->messages.size()));
    }
    batch->finish(response);
    co_return response;
  }

 private:
  /// The batches for one partition, in their order; the last one may still be filled.
  struct Lane {
    std::deque<std::shared_ptr<Batch>> batches;
    std::unique_ptr<Slots> in_flight;
    bool is_sending = false;
    IntrusiveList<Waiter> filling;  ///< the process that waits for the first batch to be full
  };
  class FullOrDue {
   public:
    FullOrDue(Lane& lane, Simulation& simulation, Time due)
        : lane_(lane), simulation_(simulation), due_(due) {}
    ~FullOrDue() {
      if (expiry_.is_pending()) {
        simulation_.cancel(expiry_);
      }
    }
    bool await_ready() const { return due_ <= simulation_.now(); }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      lane_.filling.push_back(waiter_);
      expiry_ = simulation_.schedule(due_, process);
    }
    void await_resume() {
      if (waiter_.is_linked()) {
        expiry_.slot = EventId::none;  // it was the expiry that resumed us
        waiter_.unlink();
      }
    }

   private:
    Lane& lane_;
    Simulation& simulation_;
    Time due_;
    Waiter waiter_;
    EventId expiry_;
  };

  /// Whether it makes sense to send again: all but an error of the broker itself passes.
  static bool may_go_well(Outcome outcome) {
    return outcome != Outcome::ok && outcome != Outcome::error;
  }

  Reply answer(Reply delivering) const {
    return shared_.settings.acks == Acks::none ? Reply(Response()) : std::move(delivering);
  }

  static Reply wait(Scope& scope, const std::shared_ptr<Batch>& of) {
    const std::shared_ptr<Batch> batch = of;
    static_cast<void>(scope);
    co_await batch->done();
    const Response response = batch->response();
    co_return response;
  }

  std::shared_ptr<Batch> add(std::uint32_t partition, const Request& request) {
    const std::uint64_t max_size = shared_.settings.batch->max_size.count;
    Lane& lane = lanes_[partition];
    if (lane.batches.empty() || lane.batches.back()->size + request.size > max_size) {
      lane.batches.push_back(std::make_shared<Batch>(shared_.simulation, partition));
    }
    const std::shared_ptr<Batch> batch = lane.batches.back();
    batch->add(request);
    if (!lane.is_sending) {
      if (lane.in_flight == nullptr) {
        lane.in_flight =
            std::make_unique<Slots>(shared_.simulation, shared_.settings.batch->max_in_flight);
      }
      static_cast<void>(send(shared_.scope, *this, lane));
    } else if (is_full(lane) && !lane.filling.empty()) {
      shared_.simulation.wake(lane.filling.pop_front());
    }
    return batch;
  }
  bool is_full(const Lane& lane) const {
    return lane.batches.size() > 1 ||
           lane.batches.front()->size >= shared_.settings.batch->max_size.count;
  }

  static Process send(Scope& scope, Producer& producer, Lane& lane) {
    lane.is_sending = true;
    while (!lane.batches.empty()) {
      if (!producer.is_full(lane)) {
        const Time due = lane.batches.front()->opened + producer.shared_.settings.batch->linger;
        co_await FullOrDue(lane, scope.simulation(), due);
      }
      Slot slot = co_await lane.in_flight->acquire();
      const std::shared_ptr<Batch> batch = lane.batches.front();
      lane.batches.pop_front();
      static_cast<void>(deliver_one(scope, producer.shared_, batch, slot));
    }
    lane.is_sending = false;
    co_return Done();
  }
  static Process deliver_one(Scope& scope, const Shared& shared, const std::shared_ptr<Batch>& sent,
                             Slot& given) {
    const Slot slot = std::move(given);
    Reply delivering = deliver(scope, shared, sent);
    co_await delivering;
    co_return Done();
  }

  const Shared& shared_;
  std::vector<Lane> lanes_;  ///< by partition
};

}  // namespace stampede
