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
      const auto batch = std::make_shared<RecordBatch>(shared_.simulation, partition);
      batch->add(request);
      return answer(deliver(shared_.scope, shared_, batch));
    }
    const std::shared_ptr<RecordBatch> batch = add(partition, request);
    return shared_.settings.acks == Acks::none ? Reply(Response()) : wait(shared_.scope, batch);
  }

  static Reply deliver(Scope& scope, const Shared& shared,
                       const std::shared_ptr<RecordBatch>& batch) {
    return shared.settings.acks == Acks::none ? send_once(scope, shared, batch)
                                              : send_until_told(scope, shared, batch);
  }

 private:
  /// Waits until nobody works for an answer any more, whether or not one comes.
  class WorkEnded final : public JobListener<Response> {
   public:
    WorkEnded(Reply& asked, Simulation& simulation) : asked_(asked), simulation_(simulation) {}
    bool await_ready() const { return asked_.work() == nullptr; }
    void await_suspend(std::coroutine_handle<> process) {
      waiter_.process = process;
      asked_.tell(*this);
    }
    void await_resume() {}
    void answered(const Response&) override { simulation_.wake(waiter_); }
    void lost() override { simulation_.wake(waiter_); }

   private:
    Reply& asked_;
    Simulation& simulation_;
    Waiter waiter_;
  };

  /// Sends a batch and does not ask what becomes of it. The accounts do: it is lost if it was not
  /// appended by the time that nobody has it in hand any more.
  static Reply send_once(Scope& scope, const Shared& shared,
                         const std::shared_ptr<RecordBatch>& sent) {
    const std::shared_ptr<RecordBatch> batch = sent;
    const Request& first = batch->messages.front();
    const Produce produce(batch, first.from, first.luck);
    Reply sending = shared.partitions[batch->partition]->leader().produce(produce);
    co_await WorkEnded(sending, scope.simulation());
    if (batch->end == 0) {
      shared.told.lost.add(static_cast<std::int64_t>(batch->messages.size()));
    }
    const Response response = Response();
    batch->finish(response);
    co_return response;
  }

  /// Sends a batch, again and again if need be, until it is known to be in or its time is up.
  static Reply send_until_told(Scope& scope, const Shared& shared,
                               const std::shared_ptr<RecordBatch>& sent) {
    const std::shared_ptr<RecordBatch> batch = sent;
    const LogSettings& settings = shared.settings;
    Simulation& simulation = scope.simulation();
    const Request& first = batch->messages.front();
    const Time give_up = batch->opened + settings.delivery_timeout;
    Response response = Response::with(Outcome::timeout);
    for (std::uint64_t attempt = 0; simulation.now() < give_up; ++attempt) {
      const Produce produce(batch, first.from, combine(first.luck, attempt));
      Reply sending = shared.partitions[batch->partition]->leader().produce(produce);
      bool is_answered = false;
      if (simulation.now() + settings.request_timeout <= give_up) {
        is_answered = co_await sending.within(shared.request_timeouts);
      } else {
        is_answered = co_await sending.before(simulation, give_up);
      }
      response = is_answered ? sending.answer() : Response::with(Outcome::timeout);
      const bool is_over = simulation.now() + settings.retry_backoff >= give_up;
      if (!may_go_well(response.outcome) || is_over) {
        break;
      }
      co_await simulation.delay(settings.retry_backoff);
    }
    batch->finish(response);
    co_return response;
  }

  /// The batches for one partition, in their order; the last one may still be filled.
  struct Lane {
    std::deque<std::shared_ptr<RecordBatch>> batches;
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

  static Reply wait(Scope& scope, const std::shared_ptr<RecordBatch>& of) {
    const std::shared_ptr<RecordBatch> batch = of;
    static_cast<void>(scope);
    if (!batch->is_done()) {
      co_await batch->done();
    }
    const Response response = batch->response();
    co_return response;
  }

  std::shared_ptr<RecordBatch> add(std::uint32_t partition, const Request& request) {
    const std::uint64_t max_size = shared_.settings.batch->max_size.count;
    Lane& lane = lanes_[partition];
    if (lane.batches.empty() || lane.batches.back()->size + request.size > max_size) {
      lane.batches.push_back(std::make_shared<RecordBatch>(shared_.simulation, partition));
    }
    const std::shared_ptr<RecordBatch> batch = lane.batches.back();
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
      const std::shared_ptr<RecordBatch> batch = lane.batches.front();
      lane.batches.pop_front();
      static_cast<void>(deliver_one(scope, producer.shared_, batch, slot));
    }
    lane.is_sending = false;
    co_return Done();
  }
  static Process deliver_one(Scope& scope, const Shared& shared,
                             const std::shared_ptr<RecordBatch>& sent, Slot& given) {
    const Slot slot = std::move(given);
    Reply delivering = deliver(scope, shared, sent);
    co_await delivering;
    co_return Done();
  }

  const Shared& shared_;
  std::vector<Lane> lanes_;  ///< by partition
};

}  // namespace stampede
