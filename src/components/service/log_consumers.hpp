#pragma once

#include <deque>
#include <vector>

#include "components/service/consumers.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/fleet.hpp"

namespace stampede {

/// The consumers of a log in one instance: members of a consumer group. Each reads the partitions
/// that the group assigns to it, and handles one record at a time, those of a partition in their
/// order. It notes how far it has come only after that: what it had done since, others do again
/// when it dies.
class LogConsumers final : public Consumers {
 public:
  /// `handler` takes the records as requests; `luck` is of what these consumers draw.
  LogConsumers(Consumption& shared, Endpoint& handler, Instance& instance, Scope& scope,
               std::uint64_t luck)
      : shared_(shared), handler_(handler), instance_(instance), scope_(scope), luck_(luck) {}
  LogConsumers(const LogConsumers&) = delete;

  void start() override {
    for (int i = 0; i < shared_.consumers; ++i) {
      consumers_.emplace_back(*this).start();
    }
  }
  void died(KilledWork) override {
    for (Consumer& consumer : consumers_) {
      consumer.die();
    }
  }

 private:
  /// A partition that a consumer reads. Lives in the process that reads it.
  struct Claim : ListHook {
    Claim(std::uint32_t partition, std::uint64_t number, std::uint64_t offset)
        : partition(partition), number(number), position(offset), committed(offset) {}
    std::uint32_t partition;
    std::uint64_t number;
    std::uint64_t position;   ///< all before it are done
    std::uint64_t committed;  ///< and the group knows it of all before this
    bool is_held = true;      ///< false: it was given up, or somebody else's
    bool is_busy = false;     ///< a record of it is being handled
  };

  class Consumer final : public GroupMember {
   public:
    explicit Consumer(LogConsumers& owner)
        : owner_(owner), shared_(owner.shared_), turns_(owner.scope_.simulation(), 1) {}
    Consumer(const Consumer&) = delete;

    void start() {
      static_cast<void>(stay_in_group(owner_.scope_, *this));
      if (!shared_.settings.commit_interval.is_zero()) {
        static_cast<void>(commit_now_and_then(owner_.scope_, *this));
      }
    }
    void die() { is_alive_ = false; }

    void assigned(std::uint32_t partition, std::uint64_t claim, std::uint64_t offset) override {
      if (is_alive_) {
        static_cast<void>(read(owner_.scope_, *this, partition, claim, offset));
      }
    }
    void revoked(std::uint32_t partition, std::uint64_t number) override {
      Claim* claim = is_alive_ ? find(partition, number) : nullptr;
      if (claim == nullptr) {
        return;
      }
      claim->is_held = false;
      if (!claim->is_busy) {
        static_cast<void>(release(owner_.scope_, *this, partition, number, claim->position));
      }
    }

   private:
    /// Joins, and is heard of from time to time; joins again when it was taken for dead.
    static Process stay_in_group(Scope& scope, Consumer& consumer) {
      const ConsumeSettings& settings = consumer.shared_.settings;
      bool is_member = false;
      for (;;) {
        bool is_answered = false;
        Outcome outcome = Outcome::ok;
        if (consumer.owner_.instance_.speed().value() > 0) {  // who is paused says nothing
          const ConsumerGroup::Heartbeat heartbeat{.from = consumer.owner_.instance_.place(),
                                                   .luck = consumer.owner_.draw_luck(),
                                                   .member = &consumer,
                                                   .joins = !is_member};
          Reply told = consumer.shared_.group().heartbeat(heartbeat);
          is_answered = co_await told.within(consumer.shared_.timeouts);
          outcome = told.answer().outcome;
        }
        if (is_answered && outcome == Outcome::error) {
          is_member = false;
          consumer.forget_claims();
          continue;
        }
        is_member = is_member || (is_answered && outcome == Outcome::ok);
        const Duration wait = is_member ? settings.heartbeat_interval : settings.reconnect_interval;
        co_await scope.simulation().delay(wait);
      }
    }

    /// Reads a partition until it is another's.
    static Process read(Scope& scope, Consumer& consumer, std::uint32_t partition,
                        std::uint64_t number, std::uint64_t offset) {
      const ConsumeSettings& settings = consumer.shared_.settings;
      ConsumerGroup& group = consumer.shared_.group();
      Claim claim(partition, number, offset);
      consumer.claims_.push_back(claim);
      std::vector<Record> records;
      while (claim.is_held) {
        const ConsumerGroup::Fetch ask{
            .from = consumer.owner_.instance_.place(),
            .luck = consumer.owner_.draw_luck(),
            .partition = partition,
            .max_records = static_cast<std::uint32_t>(settings.max_poll_records),
            .offset = claim.position,
            .wait_time = settings.wait_time};
        Job<Fetched> asked = group.fetch(ask);
        const bool is_answered = co_await asked.within(consumer.shared_.timeouts);
        const Fetched fetched = asked.answer();
        if (!claim.is_held) {
          break;
        }
        if (is_answered && fetched.outcome != Outcome::ok) {
          co_await scope.simulation().delay(settings.reconnect_interval);
        }
        if (!is_answered || fetched.count == 0) {
          continue;
        }
        claim.position = fetched.first;
        claim.committed = std::min(claim.committed, claim.position);  // an unclean election cuts
        copy(group, partition, fetched, records);
        for (const Record& record : records) {
          Slot turn = co_await consumer.turns_.acquire();
          if (!claim.is_held) {
            break;
          }
          claim.is_busy = true;
          Task<Done> handling = handle(scope, consumer, claim, record);
          co_await handling;
          claim.is_busy = false;
        }
      }
      co_return Done();
    }

    /// What arrived in time: the log may have deleted the oldest of them, and then the consumer
    /// asks again.
    static void copy(const ConsumerGroup& group, std::uint32_t partition, const Fetched& fetched,
                     std::vector<Record>& records) {
      records.clear();
      for (std::uint64_t i = 0; i < fetched.count; ++i) {
        const Record* record = group.record(partition, fetched.first + i);
        if (record == nullptr) {
          break;
        }
        records.push_back(*record);
      }
    }

    /// Handles the record at the claim's position, until it is done or the partition is another's.
    static Task<Done> handle(Scope& scope, Consumer& consumer, Claim& claim, const Record& of) {
      const Record record = of;
      Consumption& shared = consumer.shared_;
      const std::uint64_t key = idempotency_key(record.request);
      Settlement settlement = Settlement::failed;
      bool is_skipped = false;
      for (int attempt = 1; settlement == Settlement::failed && !is_skipped; ++attempt) {
        if (shared.was_processed(key)) {
          settlement = Settlement::repeated;
        } else {
          const std::uint64_t turn = combine(claim.number, static_cast<std::uint64_t>(attempt));
          Reply handled = consumer.owner_.handler_.call(
              to_be_handled(record.request, turn, consumer.owner_.instance_.place()));
          const Response response = co_await handled;
          settlement = response.ok() ? shared.remember(key) : Settlement::failed;
        }
        if (settlement == Settlement::failed) {
          is_skipped = shared.settings.max_attempts && attempt >= *shared.settings.max_attempts;
          if (!is_skipped) {
            co_await scope.simulation().delay(shared.settings.redelivery_delay);
            if (shared.settings.redelivery_delay.is_zero()) {
              co_await LetOthersGo(scope.simulation());
            }
          }
          if (!claim.is_held && !is_skipped) {
            break;
          }
        }
      }
      if (settlement == Settlement::repeated) {
        shared.suppress();
      }
      if (settlement != Settlement::failed || is_skipped) {
        shared.group().was_handled(claim.partition, claim.position, record,
                                   is_skipped ? ConsumerGroup::Handled::skipped
                                   : settlement == Settlement::repeated
                                       ? ConsumerGroup::Handled::repeated
                                       : ConsumerGroup::Handled::processed);
        ++claim.position;
      }
      if (claim.is_held && shared.settings.commit_interval.is_zero()) {
        Reply committing = commit(scope, consumer, claim.partition, claim.number, claim.position);
        co_await committing;
      }
      if (!claim.is_held) {  // it may have been revoked during the commit
        static_cast<void>(release(scope, consumer, claim.partition, claim.number, claim.position));
      }
      co_return Done();
    }

    // ---- Committing ----

    static Process commit_now_and_then(Scope& scope, Consumer& consumer) {
      for (;;) {
        co_await scope.simulation().delay(consumer.shared_.settings.commit_interval);
        consumer.claims_.for_each([&](Claim& claim) {
          if (claim.is_held && claim.position > claim.committed) {
            static_cast<void>(
                commit(scope, consumer, claim.partition, claim.number, claim.position));
          }
        });
      }
    }

    /// Tells the group how far it has come. That it was not heard does not matter: it tells again.
    static Reply commit(Scope& scope, Consumer& consumer, std::uint32_t partition,
                        std::uint64_t number, std::uint64_t position) {
      static_cast<void>(scope);
      Reply told = consumer.send_commit(partition, number, position, /*releases=*/false);
      const bool is_answered = co_await told.within(consumer.shared_.timeouts);
      const Response response = is_answered ? told.answer() : Response::with(Outcome::timeout);
      Claim* claim = consumer.find(partition, number);
      if (claim != nullptr && response.ok()) {
        claim->committed = std::max(claim->committed, position);
      } else if (claim != nullptr && response.outcome == Outcome::error) {
        claim->is_held = false;  // it is somebody else's
      }
      co_return response;
    }

    /// The same for the last time, until it was heard.
    static Process release(Scope& scope, Consumer& consumer, std::uint32_t partition,
                           std::uint64_t number, std::uint64_t position) {
      for (;;) {
        Reply told = consumer.send_commit(partition, number, position, /*releases=*/true);
        const bool is_answered = co_await told.within(consumer.shared_.timeouts);
        const Outcome outcome = told.answer().outcome;
        if (is_answered && (outcome == Outcome::ok || outcome == Outcome::error)) {
          co_return Done();
        }
        co_await scope.simulation().delay(consumer.shared_.settings.reconnect_interval);
      }
    }

    Reply send_commit(std::uint32_t partition, std::uint64_t number, std::uint64_t position,
                      bool releases) {
      const ConsumerGroup::Commit commit{.from = owner_.instance_.place(),
                                         .luck = owner_.draw_luck(),
                                         .partition = partition,
                                         .releases = releases,
                                         .claim = number,
                                         .offset = position};
      return shared_.group().commit(commit);
    }

    Claim* find(std::uint32_t partition, std::uint64_t number) {
      Claim* found = nullptr;
      claims_.for_each([&](Claim& claim) {
        if (claim.partition == partition && claim.number == number && claim.is_held) {
          found = &claim;
        }
      });
      return found;
    }
    void forget_claims() {
      claims_.for_each([](Claim& claim) { claim.is_held = false; });
    }

    LogConsumers& owner_;
    Consumption& shared_;
    bool is_alive_ = true;
    IntrusiveList<Claim> claims_;
    Slots turns_;  ///< one: whoever has it handles a record
  };

  std::uint64_t draw_luck() { return combine(luck_, ++draws_); }

  Consumption& shared_;
  Endpoint& handler_;
  Instance& instance_;
  Scope& scope_;
  std::uint64_t luck_;
  std::uint64_t draws_ = 0;
  std::deque<Consumer> consumers_;  ///< of each life; their group may still know the old ones
};

}  // namespace stampede
