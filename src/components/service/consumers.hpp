#pragma once

#include <tsl/robin_set.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "stampede/kernel/slots.hpp"
#include "stampede/kernel/turn.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/model/records.hpp"

namespace stampede {

struct ConsumeSettings {
  ComponentName queue;
  ComponentName log;
  std::optional<int> consumers;
  bool idempotent = false;
  Duration redelivery_delay = Duration::nanoseconds(1'000'000'000);
  int prefetch = 1;

  std::string group;
  int max_poll_records = 500;
  Duration commit_interval = Duration::nanoseconds(5'000'000'000);
  std::optional<int> max_attempts;
  DeliveryPromise delivery = DeliveryPromise::at_least_once;
  Duration max_poll_interval = Duration::nanoseconds(300'000'000'000);
  GroupAssignment assignment = GroupAssignment::eager;
  Duration rebalance_pause = Duration::nanoseconds(3'000'000'000);
  Duration session_timeout = Duration::nanoseconds(45'000'000'000);
  Duration heartbeat_interval = Duration::nanoseconds(3'000'000'000);

  Duration wait_time = Duration::nanoseconds(20'000'000'000);
  Duration request_timeout = Duration::nanoseconds(30'000'000'000);
  Duration reconnect_interval = Duration::nanoseconds(1'000'000'000);

  /// What all members of a group have to agree on.
  ConsumerGroup::Settings of_group() const {
    return {.assignment = assignment,
            .rebalance_pause = rebalance_pause,
            .session_timeout = session_timeout};
  }
};
inline void describe(Visitor& v, ConsumeSettings& s) {
  v.shorthand("queue");
  v.field("queue", s.queue, "where messages are received: a queue,");
  v.field("log", s.log, "or a log");
  v.field("consumers", s.consumers,
          "how many of each instance receive, each handling one message at a time; as many as it "
          "has workers unless given, or 1",
          at_least(1), at_most(1'000'000));
  v.field("idempotent", s.idempotent,
          "messages that were processed are remembered with their effects, for all instances and "
          "for good: a duplicate has no effect");
  v.field("redelivery_delay", s.redelivery_delay,
          "how long a message that failed stays invisible before a queue delivers it again; a "
          "consumer of a log waits so long and tries again, and all that is behind the message "
          "waits too",
          at_least(Duration()));
  v.field("prefetch", s.prefetch,
          "deliveries of a queue that a consumer may hold, with the one that it handles: more save "
          "it the way to the queue, and grow old in its hands",
          at_least(1), at_most(100'000));
  v.field("group", s.group,
          "consumers of a log with the same group share its partitions, and every group sees all "
          "messages; that of the service's name unless given");
  v.field("max_poll_records", s.max_poll_records,
          "messages of a partition that a consumer of a log fetches at a time", at_least(1),
          at_most(1'000'000));
  v.field("commit_interval", s.commit_interval,
          "how often a consumer of a log tells how far it has come: what it has processed since, "
          "others process again when it dies; after every message, before the next, if 0",
          at_least(Duration()));
  v.field("max_attempts", s.max_attempts,
          "tries after which a message of a log that failed again is skipped; no limit unless "
          "given",
          at_least(1), at_most(1'000'000));
  v.field("delivery", s.delivery,
          "of a log. at_least_once: a consumer commits what it has processed, and others repeat "
          "what it had not committed; at_most_once: it commits what it has fetched before it "
          "processes any of it, tries nothing twice, and what it does not come to is lost");
  v.field("max_poll_interval", s.max_poll_interval,
          "a consumer of a log that is at it for so long without asking for more leaves its group, "
          "though it lives and is heard of; it comes back when it is through with what it has",
          more_than(Duration()));
  v.field("assignment", s.assignment,
          "when consumers come or go, the partitions of a log are distributed anew. eager: all "
          "consumers stop; cooperative: only what changes hands stops");
  v.field("rebalance_pause", s.rebalance_pause,
          "how long that takes, at the least: a consumer finishes the message that it is at first",
          at_least(Duration()));
  v.field("session_timeout", s.session_timeout,
          "a consumer of a log that was not heard of for so long is taken for dead",
          more_than(Duration()));
  v.field("heartbeat_interval", s.heartbeat_interval,
          "how often a consumer of a log lets itself be heard of", more_than(Duration()));
  v.field("wait_time", s.wait_time, "how long a consumer is kept waiting for a message",
          more_than(Duration()));
  v.field("request_timeout", s.request_timeout,
          "after which a consumer takes what it sent to a broker, or the answer, for lost, and "
          "asks again");
  v.field("reconnect_interval", s.reconnect_interval,
          "how long a consumer waits before it turns again to a broker that is down",
          more_than(Duration()));
  v.check(s.request_timeout > s.wait_time, "request_timeout",
          "is not longer than wait_time, for which a broker may keep a consumer waiting",
          "lower wait_time, or raise request_timeout");
  v.check(s.queue.empty() != s.log.empty(), "queue", "or log must be given, and not both",
          "such as queue: orders");
  v.check(s.heartbeat_interval < s.session_timeout, "heartbeat_interval",
          "is not shorter than session_timeout", "every consumer would be taken for dead");
  v.doubt_unless(s.log.empty() || s.prefetch == 1, "prefetch", "has no effect on a log",
                 "max_poll_records says how many messages are fetched");
  v.doubt_unless(s.queue.empty() || s.group.empty(), "group", "has no effect on a queue");
  v.doubt_unless(s.queue.empty() || !s.max_attempts, "max_attempts", "has no effect on a queue",
                 "a queue has a max_receive_count");
  v.doubt_unless(s.queue.empty() || s.delivery == DeliveryPromise::at_least_once, "delivery",
                 "has no effect on a queue", "a queue has a delivery of its own");
  v.doubt_unless(s.delivery == DeliveryPromise::at_least_once || !s.max_attempts, "max_attempts",
                 "has no effect under at_most_once: nothing is tried twice");
  v.declare(ReceivesFrom{.source = s.log.empty() ? s.queue.name : s.log.name,
                         .place = s.log.empty() ? s.queue.place : s.log.place,
                         .is_log = !s.log.empty()});
}

/// What a service measures that consumes.
struct ConsumptionMeasures {
  const Measure& suppressed_duplicates;
  const Measure& request_timeouts;
  const Measure& poll_timeouts;  ///< of a log
};

/// What the consumers of all instances of a service have in common.
class Consumption {
 public:
  Consumption(const ConsumeSettings& settings, int consumers, const Component::Context& context,
              const ConsumptionMeasures& measures)
      : settings(settings),
        consumers(consumers),
        timeouts(context.simulation.timeouts(settings.request_timeout)),
        request_timeouts(context.observer.tally(measures.request_timeouts)),
        poll_timeouts(settings.log.empty() ? nullptr
                                           : &context.observer.tally(measures.poll_timeouts)),
        context_(context),
        suppressed_(settings.idempotent ? &context.observer.tally(measures.suppressed_duplicates)
                                        : nullptr) {}

  void connect(Directory& directory) {
    if (settings.log.empty()) {
      source_ = directory.component(settings.queue).messages();
      require(source_ != nullptr, "a checked scenario consumes what is no queue");
      return;
    }
    RecordLog* log = directory.component(settings.log).records();
    require(log != nullptr, "a checked scenario consumes what is no log");
    group_ = &log->group(settings.group.empty() ? context_.name : settings.group,
                         settings.of_group(), context_.observer);
  }
  bool is_of_log() const { return group_ != nullptr; }
  MessageSource& source() { return *source_; }
  ConsumerGroup& group() { return *group_; }

  bool was_processed(std::uint64_t idempotency_key) const {
    return settings.idempotent && processed_.contains(idempotency_key);
  }
  /// The handler of a message went well. The memory is part of the transaction of its effects: of
  /// two who were at it at the same time, the second finds that it is too late, and undoes its own.
  Settlement remember(std::uint64_t idempotency_key) {
    const bool is_first = !settings.idempotent || processed_.insert(idempotency_key).second;
    return is_first ? Settlement::done : Settlement::repeated;
  }
  void suppress() { suppressed_->add(); }

  const ConsumeSettings& settings;
  int consumers;  ///< of each instance
  Timeouts& timeouts;
  Tally& request_timeouts;
  Tally* poll_timeouts;  ///< null where there is no log

 private:
  const Component::Context& context_;
  MessageSource* source_ = nullptr;
  ConsumerGroup* group_ = nullptr;
  tsl::robin_set<std::uint64_t> processed_;
  Tally* suppressed_;
};

/// A message as a request to the instance that consumes it, at `place`: with luck of its own in
/// each turn, and nobody who waits for the answer.
inline Request to_be_handled(const Request& message, std::uint64_t turn, PlaceId place) {
  Request request = message.as_branch(turn);
  request.from = place;
  request.patience = Time::never();
  request.deadline = Time::never();
  return request;
}

/// The consumers of one instance. They are processes of the instance, and die with it.
class Consumers {
 public:
  virtual ~Consumers() = default;
  virtual void start() = 0;
  /// The instance is about to leave: takes nothing new, finishes what it has, and calls
  /// `has_stopped` when whoever gave it messages knows.
  virtual void stop(std::function<void()> has_stopped) = 0;
  /// The instance has died, and all who consumed for it.
  virtual void died(KilledWork how) = 0;
};

}  // namespace stampede
