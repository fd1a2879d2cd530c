#pragma once

#include <tsl/robin_set.h>

#include <deque>
#include <optional>

#include "stampede/kernel/slots.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/messages.hpp"

namespace stampede {

struct ConsumeSettings {
  ComponentName queue;
  std::optional<int> consumers;
  int prefetch = 1;
  bool idempotent = false;
  Duration redelivery_delay = Duration::nanoseconds(1'000'000'000);
  Duration wait_time = Duration::nanoseconds(20'000'000'000);
  Duration timeout = Duration::nanoseconds(30'000'000'000);
  Duration reconnect_interval = Duration::nanoseconds(1'000'000'000);
};
inline void describe(Visitor& v, ConsumeSettings& s) {
  v.shorthand("queue");
  v.field("queue", s.queue, "where messages are received", required());
  v.field("consumers", s.consumers,
          "how many of each instance receive, each handling one message at a time; as many as it "
          "has workers unless given, or 1",
          at_least(1), at_most(1'000'000));
  v.field("prefetch", s.prefetch,
          "deliveries that a consumer may hold, with the one that it handles: more save it the "
          "way to the queue, and grow old in its hands",
          at_least(1), at_most(100'000));
  v.field("idempotent", s.idempotent,
          "messages that were processed are remembered with their effects, for all instances and "
          "for good: a duplicate has no effect");
  v.field("redelivery_delay", s.redelivery_delay,
          "how long a message that failed stays invisible before it is delivered again",
          at_least(Duration()));
  v.field("wait_time", s.wait_time, "how long the queue keeps a consumer waiting for a message",
          more_than(Duration()));
  v.field("timeout", s.timeout,
          "after which a consumer takes what it sent to the queue, or the answer, for lost");
  v.field("reconnect_interval", s.reconnect_interval,
          "how long a consumer waits before it turns again to a queue that is down",
          more_than(Duration()));
  v.check(s.timeout > s.wait_time, "timeout", "is not longer than wait_time",
          "the queue may take that long to answer");
  v.declare(ReceivesFrom{s.queue.name, s.queue.place});
}

/// What the consumers of all instances of a service have in common.
class Consumption {
 public:
  Consumption(const ConsumeSettings& settings, int consumers, const Component::Context& context,
              const Measure& suppressed)
      : settings(settings),
        consumers(consumers),
        timeouts(context.simulation.timeouts(settings.timeout)),
        suppressed_(settings.idempotent ? &context.observer.tally(suppressed) : nullptr) {}

  void connect(Directory& directory) {
    source_ = directory.component(settings.queue).messages();
    require(source_ != nullptr, "a checked scenario consumes what is no queue");
  }
  MessageSource& source() { return *source_; }

  bool was_processed(const Delivery& delivery) const {
    return settings.idempotent && processed_.contains(delivery.idempotency_key());
  }
  /// The handler of a message went well. The memory is part of the transaction of its effects: of
  /// two who were at it at the same time, the second finds that it is too late, and undoes its own.
  Settlement remember(const Delivery& delivery) {
    const bool is_first =
        !settings.idempotent || processed_.insert(delivery.idempotency_key()).second;
    return is_first ? Settlement::done : Settlement::repeated;
  }
  void suppress() { suppressed_->add(); }

  const ConsumeSettings& settings;
  int consumers;  ///< of each instance
  Timeouts& timeouts;

 private:
  MessageSource* source_ = nullptr;
  tsl::robin_set<std::uint64_t> processed_;
  Tally* suppressed_;
};

/// The consumers of one instance. They are processes of the instance, and die with it.
class Consumers {
 public:
  /// `handler` takes the messages as requests; `luck` is of what these consumers draw.
  Consumers(Consumption& shared, Endpoint& handler, Scope& scope, PlaceId place, std::uint64_t luck)
      : shared_(shared), handler_(handler), scope_(scope), place_(place), luck_(luck) {}
  Consumers(const Consumers&) = delete;

  Scope& scope() { return scope_; }

  void start() {
    connection_ = &connections_.emplace_back();
    for (int i = 0; i < shared_.consumers; ++i) {
      Slots& turns = turns_.emplace_back(scope_.simulation(), 1);
      for (int k = 0; k < shared_.settings.prefetch; ++k) {
        static_cast<void>(consume(turns));
      }
    }
  }
  /// The instance has died, and all who consumed for it.
  void died(KilledWork how) {
    if (how == KilledWork::answers_broken && connection_ != nullptr) {
      connection_->is_open = false;
    }
  }

 private:
  /// One delivery after the other. `turns` has one slot: who holds it is at work, the others who
  /// share it have been given their deliveries ahead of time.
  Process consume(Slots& turns) {
    const ConsumeSettings& settings = shared_.settings;
    for (;;) {
      const MessageSource::Receive ask{.from = place_,
                                       .luck = draw_luck(),
                                       .wait_time = settings.wait_time,
                                       .connection = connection_};
      Job<Delivery> asked = shared_.source().receive(ask);
      const bool is_answered = co_await asked.within(shared_.timeouts);
      const Delivery delivery = asked.answer();
      if (!is_answered) {
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
        if (!shared_.was_processed(delivery)) {
          Reply handled = handler_.call(request_of(delivery));
          const Response response = co_await handled;
          settlement = response.ok() ? shared_.remember(delivery) : Settlement::failed;
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
    }
  }

  /// The message as a request to the instance: with luck of its own at each delivery, and nobody
  /// who waits for the answer.
  Request request_of(const Delivery& delivery) const {
    Request request = delivery.request.as_branch(delivery.times());
    request.from = place_;
    request.patience = Time::never();
    request.deadline = Time::never();
    return request;
  }

  std::uint64_t draw_luck() { return combine(luck_, ++draws_); }

  Consumption& shared_;
  Endpoint& handler_;
  Scope& scope_;
  PlaceId place_;
  std::uint64_t luck_;
  std::uint64_t draws_ = 0;
  Connection* connection_ = nullptr;
  std::deque<Connection> connections_;  ///< of each life; brokers may still know the old ones
  std::deque<Slots> turns_;
};

}  // namespace stampede
