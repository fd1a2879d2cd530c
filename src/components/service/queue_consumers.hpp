#pragma once

#include <deque>

#include "components/service/consumers.hpp"

namespace stampede {

/// The consumers of a queue.
class QueueConsumers final : public Consumers {
 public:
  /// `handler` takes the messages as requests; `luck` is of what these consumers draw.
  QueueConsumers(Consumption& shared, Endpoint& handler, Scope& scope, PlaceId place,
                 std::uint64_t luck)
      : shared_(shared), handler_(handler), scope_(scope), place_(place), luck_(luck) {}
  QueueConsumers(const QueueConsumers&) = delete;

  Scope& scope() { return scope_; }

  void start() override {
    connection_ = &connections_.emplace_back();
    for (int i = 0; i < shared_.consumers; ++i) {
      Slots& turns = turns_.emplace_back(scope_.simulation(), 1);
      for (int k = 0; k < shared_.settings.prefetch; ++k) {
        static_cast<void>(consume(turns));
      }
    }
  }
  /// What it handles is a request that the instance waits for.
  void stop(std::function<void()> has_stopped) override {
    is_stopping_ = true;
    has_stopped();
  }
  void died(KilledWork how) override {
    if (how == KilledWork::answers_broken && connection_ != nullptr) {
      connection_->is_open = false;
    }
  }

 private:
  /// One delivery after the other. `turns` has one slot: who holds it is at work, the others who
  /// share it have been given their deliveries ahead of time.
  Process consume(Slots& turns) {
    const ConsumeSettings& settings = shared_.settings;
    while (!is_stopping_) {
      const MessageSource::Receive ask{.from = place_,
                                       .luck = draw_luck(),
                                       .wait_time = settings.wait_time,
                                       .connection = connection_};
      Job<Delivery> asked = shared_.source().receive(ask);
      const bool is_answered = co_await asked.within(shared_.timeouts);
      const Delivery delivery = asked.answer();
      if (!is_answered) {
        shared_.request_timeouts.add();
        continue;
      }
      if (!delivery.has_message()) {
        if (delivery.outcome != Outcome::ok) {
          co_await scope_.simulation().delay(settings.reconnect_interval);
        }
        continue;
      }

      Settlement settlement = Settlement::repeated;
      {
        Slot turn = co_await turns.acquire();
        const std::uint64_t key = idempotency_key(delivery.request);
        if (!shared_.was_processed(key)) {
          Reply handled = handler_.call(to_be_handled(delivery.request, delivery.times(), place_));
          const Response response = co_await handled;
          settlement = response.ok() ? shared_.remember(key) : Settlement::failed;
        }
      }
      if (settlement == Settlement::repeated) {
        shared_.suppress();
      }
      if (settlement != Settlement::failed) {
        shared_.source().was_processed(delivery.receipt, settlement);
      }
      const MessageSource::Report report{.from = place_,
                                         .luck = draw_luck(),
                                         .receipt = delivery.receipt,
                                         .settlement = settlement,
                                         .redelivery_delay = settings.redelivery_delay};
      Reply told = shared_.source().settle(report);
      co_await told.within(shared_.timeouts);  // if it was not heard, somebody will do it again
      if (settlement == Settlement::failed && settings.redelivery_delay.is_zero()) {
        co_await Turn(scope_.simulation());
      }
    }
    co_return Done();
  }

  std::uint64_t draw_luck() { return combine(luck_, ++draws_); }

  Consumption& shared_;
  Endpoint& handler_;
  Scope& scope_;
  PlaceId place_;
  std::uint64_t luck_;
  std::uint64_t draws_ = 0;
  bool is_stopping_ = false;
  Connection* connection_ = nullptr;
  std::deque<Connection> connections_;  ///< of each life; brokers may still know the old ones
  std::deque<Slots> turns_;
};

}  // namespace stampede
