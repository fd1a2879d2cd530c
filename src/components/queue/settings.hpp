#pragma once

#include <optional>

#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// What becomes of a message for which there is no room.
enum class Overflow { reject, drop_head, block };
inline const EnumNames<Overflow>& names(Overflow) {
  static const EnumNames<Overflow> table{{{Overflow::reject, "reject"},
                                          {Overflow::drop_head, "drop_head"},
                                          {Overflow::block, "block"}}};
  return table;
}

/// Whether a delivery that nobody settles is made again.
/// The words and defaults are those of Amazon SQS, those of overflow are RabbitMQ's.
struct MessageQueueSettings {
  ZoneName zone;
  Capacity capacity{Capacity::unbounded};
  Overflow overflow = Overflow::reject;
  DeliveryPromise delivery = DeliveryPromise::at_least_once;
  Duration visibility_timeout = Duration::nanoseconds(30'000'000'000);
  std::optional<int> max_receive_count;
  ComponentName dead_letter_queue;
  Duration delay;
  std::optional<Duration> retention;
  bool fifo = false;
  bool persistent = true;
  Distribution<Duration> publish;
  std::optional<CpuSettings> cpu;
  Ratio error_rate;
  Distribution<Duration> boot_time;

  PlacementSettings placement() const { return placement_in(zone); }
};
inline void describe(Visitor& v, MessageQueueSettings& s) {
  v.field("zone", s.zone, "where the broker stands; in the first zone unless given");
  v.field("capacity", s.capacity,
          "messages that wait in it; those that are delivered do not count");
  v.field("overflow", s.overflow,
          "when it is full, reject: the publisher is turned away; drop_head: the oldest message is "
          "dropped; block: the publisher waits");
  v.field("delivery", s.delivery,
          "at_least_once: a message is kept until it is settled, and delivered again if it is not; "
          "at_most_once: it is gone when it is received");
  v.field("visibility_timeout", s.visibility_timeout,
          "a delivery that is not settled by then is visible again, at its old place in the line; "
          "under at_most_once, a message of which nothing was heard by then counts as lost",
          more_than(Duration()));
  v.field("max_receive_count", s.max_receive_count,
          "deliveries after which a message that failed again is a dead letter; no limit unless "
          "given",
          at_least(1), at_most(1'000'000));
  v.field("dead_letter_queue", s.dead_letter_queue,
          "the queue that takes dead letters; without it they are dropped");
  v.field("delay", s.delay, "from when a message is in until it is visible", at_least(Duration()));
  v.field("retention", s.retention,
          "how long a message is kept that is not delivered; for ever unless given",
          more_than(Duration()));
  v.field("fifo", s.fifo,
          "of each key one message at a time is out, so that they are processed in their order");
  v.field("persistent", s.persistent, "messages outlive a crash of the broker");
  v.field("publish", s.publish, "work of taking a message in");
  v.field("cpu", s.cpu, "cores of the broker; without it, that work never waits for a core");
  v.field("error_rate", s.error_rate, "share of messages that are refused with an error");
  v.field("boot_time", s.boot_time, "from the start of the broker until it is ready");
  v.check(s.capacity.value > 0, "capacity", "leaves no room for any message",
          "such as capacity: 1000");
  v.check(!s.retention || *s.retention > s.delay, "retention",
          "is not longer than delay: every message is too old before anybody can receive it",
          "give it more than the delay");
  v.doubt_unless(s.overflow == Overflow::reject || s.capacity.value != Capacity::unbounded,
                 "overflow", "has no effect without a capacity");
  v.doubt_unless(!s.max_receive_count || !s.dead_letter_queue.empty(), "max_receive_count",
                 "without a dead_letter_queue: what fails so often is dropped");
  v.doubt_unless(s.dead_letter_queue.empty() || s.max_receive_count, "dead_letter_queue",
                 "gets nothing without a max_receive_count");
  v.doubt_unless(!s.max_receive_count || s.delivery == DeliveryPromise::at_least_once,
                 "max_receive_count", "has no effect under at_most_once");
  v.declare(s.placement());
  v.declare(HoldsMessages{});
  if (s.overflow == Overflow::block) {
    v.declare(HasQueue{});
  }
  if (!s.dead_letter_queue.empty()) {
    v.declare(MovesDeadLettersTo{s.dead_letter_queue.name, s.dead_letter_queue.place});
  }
}

}  // namespace stampede
