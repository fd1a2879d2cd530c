#pragma once

#include <deque>
#include <vector>

#include "components/service/consumers.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/fleet.hpp"

namespace stampede {

/// The consumers of a log in one instance: members of a consumer group. Each reads the partitions
/// that the group assigns to it, and handles one record at a time, those of a partition in their
/// order. It notes how far it has come only after that: what it had done since, others do again
/// when it dies. Under at_most_once it notes what it has fetched before it begins with that.
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
  /// They commit how far they have come and leave their group, as a client does that is closed.
  void stop(std::function<void()> has_stopped) override {
    has_stopped_ = std::move(has_stopped);
    open_ = 0;
    for (Consumer& consumer : consumers_) {
      open_ += consumer.is_alive() ? 1 : 0;
    }
    for (Consumer& consumer : consumers_) {
      if (consumer.is_alive()) {
        consumer.close();
      }
    }
    if (open_ == 0) {
      has_stopped_();
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
    std::uint64_t position;        ///< all before it are done
    std::uint64_t committed;       ///< and the group knows it of all before this
    bool is_held = true;           ///< false: it was given up, or somebody else's
    bool is_busy = false;          ///< a record of it is being handled
    bool has_batch = false;        ///< there are fetched records to handle
    bool ends_with_batch = false;  ///< given up, but for the records that were fetched
  };

  class Consumer final : public GroupMember {
   public:
    explicit Consumer(LogConsumers& owner)
        : owner_(owner),
          shared_(owner.shared_),
          turns_(owner.scope_.simulation(), 1),
          is_through_(owner.scope_.simulation()) {}
    Consumer(const Consumer&) = delete;

    void start() {
      static_cast<void>(stay_in_group(owner_.scope_, *this));
      if (!shared_.settings.commit_interval.is_zero() && !is_at_most_once()) {
        static_cast<void>(commit_now_and_then(owner_.scope_, *this));
      }
    }
    void die() { is_alive_ = false; }
    bool is_alive() const { return is_alive_; }
    void close() {
      is_closing_ = true;
      static_cast<void>(close_when_through(owner_.scope_, *this));
    }

    void assigned(std::uint32_t partition, std::uint64_t claim, std::uint64_t offset) override {
      if (is_alive_ && !is_closing_) {
        static_cast<void>(read(owner_.scope_, *this, partition, claim, offset));
      }
    }
    void revoked(std::uint32_t partition, std::uint64_t number) override {
      Claim* claim = is_alive_ ? find(partition, number) : nullptr;
      if (claim == nullptr) {
        return;
      }
      give_up(*claim, is_at_most_once());
      if (!claim->is_busy && !claim->ends_with_batch) {
        static_cast<void>(release(owner_.scope_, *this, partition, number, claim->position));
      }
    }

   private:
    /// Joins, and is heard of from time to time; joins again when it was taken for dead.
    static Process stay_in_group(Scope& scope, Consumer& consumer) {
      const ConsumeSettings& settings = consumer.shared_.settings;
      bool is_member = false;
      while (!consumer.is_closing_) {
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
          consumer.give_up_all(consumer.is_at_most_once());
          continue;
        }
        if (is_member && consumer.is_stuck()) {
          is_member = false;
          consumer.shared_.poll_timeouts->add();
          Task<Done> leaving = leave_group(scope, consumer);
          co_await leaving;
          while (consumer.batches_ > 0) {
            co_await consumer.is_through_.wait();
          }
          continue;
        }
        is_member = is_member || (is_answered && outcome == Outcome::ok);
        const Duration wait = is_member ? settings.heartbeat_interval : settings.reconnect_interval;
        co_await scope.simulation().delay(wait);
      }
      co_return Done();
    }
    /// Gives back one partition after the other, each when its record is handled, then leaves.
    static Process close_when_through(Scope& scope, Consumer& consumer) {
      consumer.claims_.for_each([&](Claim& claim) {
        if (claim.is_held) {
          give_up(claim, consumer.is_at_most_once());
          if (!claim.is_busy && !claim.ends_with_batch) {
            static_cast<void>(
                release(scope, consumer, claim.partition, claim.number, claim.position));
          }
        }
      });
      while (consumer.batches_ > 0) {
        co_await consumer.is_through_.wait();
      }
      Task<Done> leaving = leave_group(scope, consumer);
      co_await leaving;
      consumer.owner_.closed_one();
      co_return Done();
    }

    /// Since when it has had records in hand without asking for more, or trying one again.
    bool is_stuck() const {
      return batches_ > 0 &&
             owner_.scope_.simulation().now() - polled_ >= shared_.settings.max_poll_interval;
    }
    /// It learns of what others make of that when it asks for more; until then it goes on with what
    /// it has.
    static Task<Done> leave_group(Scope& scope, Consumer& consumer) {
      consumer.give_up_all(/*after_batch=*/true);
      for (;;) {
        const ConsumerGroup::Heartbeat goodbye{.from = consumer.owner_.instance_.place(),
                                               .luck = consumer.owner_.draw_luck(),
                                               .member = &consumer,
                                               .leaves = true};
        Reply told = consumer.shared_.group().heartbeat(goodbye);
        const bool is_answered = co_await told.within(consumer.shared_.timeouts);
        if (is_answered && told.answer().ok()) {
          co_return Done();
        }
        co_await scope.simulation().delay(consumer.shared_.settings.reconnect_interval);
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
        consumer.shared_.request_timeouts.add(is_answered ? 0 : 1);
        if (!is_answered || fetched.count == 0) {
          continue;
        }
        claim.position = fetched.first;
        claim.committed = std::min(claim.committed, claim.position);  // an unclean election cuts
        copy(group, partition, fetched, records);
        consumer.begin_batch(claim);
        bool is_ours = !records.empty();
        if (consumer.is_at_most_once()) {
          Task<Done> noting = note_ahead(scope, consumer, claim, records.size());
          co_await noting;
          is_ours = claim.committed > claim.position;
        }
        for (std::size_t i = 0; is_ours && i < records.size(); ++i) {
          Slot turn = co_await consumer.turns_.acquire();
          if (!claim.is_held && !claim.ends_with_batch) {
            break;
          }
          claim.is_busy = true;
          const std::uint64_t position = claim.position;
          Task<Done> handling = handle(scope, consumer, claim, records[i]);
          co_await handling;
          claim.is_busy = false;
          is_ours = claim.position > position;  // else it failed, and others will try it
        }
        consumer.end_batch(claim);
      }
      co_return Done();
    }

    /// Commits the records that were fetched before any of them is handled, until it was heard.
    static Task<Done> note_ahead(Scope& scope, Consumer& consumer, Claim& claim,
                                 std::size_t records) {
      const std::uint64_t end = claim.position + records;
      while (claim.committed < end && (claim.is_held || claim.ends_with_batch)) {
        Reply committing = commit(scope, consumer, claim.partition, claim.number, end,
                                  /*is_ahead=*/true);
        co_await committing;
        const Response response = committing.answer();
        if (response.ok()) {
          claim.committed = end;
        } else if (response.outcome == Outcome::error) {
          claim.is_held = claim.ends_with_batch = false;
        } else {
          co_await scope.simulation().delay(consumer.shared_.settings.reconnect_interval);
        }
      }
      co_return Done();
    }

    void begin_batch(Claim& claim) {
      claim.has_batch = true;
      if (batches_++ == 0) {
        polled_ = owner_.scope_.simulation().now();
      }
    }
    void end_batch(Claim& claim) {
      claim.has_batch = false;
      polled_ = owner_.scope_.simulation().now();
      if (--batches_ == 0) {
        is_through_.raise();
      }
      if (claim.ends_with_batch) {
        static_cast<void>(
            release(owner_.scope_, *this, claim.partition, claim.number, claim.position));
      }
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
          is_skipped = consumer.is_at_most_once() ||
                       (shared.settings.max_attempts && attempt >= *shared.settings.max_attempts);
          if (!is_skipped) {
            consumer.polled_ = scope.simulation().now();  // it fetches it again
            co_await scope.simulation().delay(shared.settings.redelivery_delay);
            if (shared.settings.redelivery_delay.is_zero()) {
              co_await Turn(scope.simulation());
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
      const bool commits_each =
          shared.settings.commit_interval.is_zero() && !consumer.is_at_most_once();
      if (claim.is_held && commits_each) {
        Reply committing = commit(scope, consumer, claim.partition, claim.number, claim.position);
        co_await committing;
      }
      if (!claim.is_held && !claim.ends_with_batch) {  // perhaps since the commit
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
                        std::uint64_t number, std::uint64_t position, bool is_ahead = false) {
      static_cast<void>(scope);
      Reply told = consumer.send_commit(partition, number, position, /*releases=*/false, is_ahead);
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
                      bool releases, bool is_ahead = false) {
      const ConsumerGroup::Commit commit{.from = owner_.instance_.place(),
                                         .luck = owner_.draw_luck(),
                                         .partition = partition,
                                         .releases = releases,
                                         .claim = number,
                                         .offset = position,
                                         .is_ahead = is_ahead};
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
    bool is_at_most_once() const {
      return shared_.settings.delivery == DeliveryPromise::at_most_once;
    }
    /// At once, or when the records that were fetched are handled.
    static void give_up(Claim& claim, bool after_batch) {
      claim.is_held = false;
      claim.ends_with_batch = after_batch && claim.has_batch;
    }
    void give_up_all(bool after_batch) {
      claims_.for_each([&](Claim& claim) { give_up(claim, after_batch); });
    }

    LogConsumers& owner_;
    Consumption& shared_;
    bool is_alive_ = true;
    bool is_closing_ = false;
    IntrusiveList<Claim> claims_;
    Slots turns_;      ///< one: whoever has it handles a record
    int batches_ = 0;  ///< claims that have records in hand
    Time polled_;      ///< when it last asked for more, while it has some
    Signal is_through_;
  };

  std::uint64_t draw_luck() { return combine(luck_, ++draws_); }
  void closed_one() {
    if (--open_ == 0) {
      has_stopped_();
    }
  }

  Consumption& shared_;
  Endpoint& handler_;
  Instance& instance_;
  Scope& scope_;
  std::uint64_t luck_;
  std::uint64_t draws_ = 0;
  int open_ = 0;  ///< consumers that have not left their group since `stop`
  std::function<void()> has_stopped_;
  std::deque<Consumer> consumers_;  ///< of each life; their group may still know the old ones
};

}  // namespace stampede
