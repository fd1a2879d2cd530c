#pragma once

#include <optional>
#include <vector>

#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/model/records.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// What has to have become of a message before its publisher is told that it is in.
enum class Acks { none, leader, all };
inline const EnumNames<Acks>& names(Acks) {
  static const EnumNames<Acks> table{{{Acks::none, "0"}, {Acks::leader, "1"}, {Acks::all, "all"}}};
  return table;
}

struct BatchSettings {
  Bytes max_size{16'384};
  Duration linger = Duration::nanoseconds(5'000'000);
  int max_in_flight = 5;
};
inline void describe(Visitor& v, BatchSettings& s) {
  v.field("max_size", s.max_size, "a batch of that much payload is sent at once",
          more_than(Bytes{0}));
  v.field("linger", s.linger,
          "how long a batch waits for more messages at most; while as many as may be are on their "
          "way it waits, and grows, longer than that",
          at_least(Duration()));
  v.field("max_in_flight", s.max_in_flight,
          "batches of one publisher for one partition that are not answered yet; more than one may "
          "overtake each other where the latency of the network varies",
          at_least(1), at_most(1000));
}

struct RetentionSettings {
  std::optional<Duration> time;
  std::optional<Bytes> size;
};
inline void describe(Visitor& v, RetentionSettings& s) {
  v.shorthand("time");
  v.field("time", s.time, "how long a message is kept; for ever unless given",
          more_than(Duration()));
  v.field("size", s.size, "payload that each partition keeps; no limit unless given",
          more_than(Bytes{0}));
  v.doubt_unless(s.time || s.size, "time", "and size are both absent: nothing is ever deleted");
}

struct LeaderElectionSettings {
  Duration detection = Duration::nanoseconds(9'000'000'000);
  Duration promotion;
};
inline void describe(Visitor& v, LeaderElectionSettings& s) {
  v.shorthand("detection");
  v.field("detection", s.detection,
          "from a broker's death until the others are sure of it, and its copies do not count as "
          "in sync any more",
          more_than(Duration()));
  v.field("promotion", s.promotion, "from then until another copy leads where it led",
          at_least(Duration()));
}

struct LeaderRebalanceSettings {
  Duration check_interval = Duration::nanoseconds(300'000'000'000);
};
inline void describe(Visitor& v, LeaderRebalanceSettings& s) {
  v.shorthand("check_interval");
  v.field("check_interval", s.check_interval, "how often it is looked after",
          more_than(Duration()));
}

/// The words and defaults are Kafka's.
struct LogSettings {
  int partitions = 1;
  int brokers = 1;
  std::vector<ZoneName> zones;
  int replicas = 1;
  Acks acks = Acks::all;
  int min_insync_replicas = 1;
  std::optional<BatchSettings> batch;
  Duration request_timeout = Duration::nanoseconds(30'000'000'000);
  Duration delivery_timeout = Duration::nanoseconds(120'000'000'000);
  Duration retry_backoff = Duration::nanoseconds(100'000'000);
  Distribution<Duration> append;
  Distribution<Duration> append_batch;
  Distribution<Duration> replication_lag;
  Duration replica_lag_time = Duration::nanoseconds(30'000'000'000);
  LeaderElectionSettings failover;
  bool unclean_leader_election = false;
  std::optional<LeaderRebalanceSettings> auto_leader_rebalance;
  std::optional<RetentionSettings> retention;
  std::optional<CpuSettings> cpu;
  Ratio error_rate;
  Distribution<Duration> boot_time;

  PlacementSettings placement() const { return {.replicas = brokers, .zones = zones}; }
};
inline void describe(Visitor& v, LogSettings& s) {
  v.field("partitions", s.partitions,
          "parts that the messages are divided into by their keys; each keeps its order, and is "
          "read by one consumer of a group at a time",
          at_least(1), at_most(100'000));
  v.field("brokers", s.brokers, "nodes that the partitions are spread over", at_least(1),
          at_most(10'000));
  v.field("zones", s.zones, "where the brokers stand, in turn; all zones unless given");
  v.field("replicas", s.replicas,
          "copies of each partition, that of its leader included, each on a broker of its own",
          at_least(1), at_most(100));
  v.field("acks", s.acks,
          "when a publisher is told that its message is in. 0: at once, whatever becomes of it; 1: "
          "the leader has it; all: and all copies that are in sync");
  v.field("min_insync_replicas", s.min_insync_replicas,
          "with fewer copies in sync, messages are refused under acks all", at_least(1));
  v.field("batch", s.batch,
          "messages of one publisher for one partition travel together; without it, each by "
          "itself");
  v.field("request_timeout", s.request_timeout,
          "after which a publisher's client takes what it sent, or the answer, for lost",
          more_than(Duration()));
  v.field("delivery_timeout", s.delivery_timeout,
          "from publishing until the client gives up on what it was not told to be in; until then "
          "it sends it again, which the log does not take in twice; not under acks 0, where it "
          "does not ask",
          more_than(Duration()));
  v.field("retry_backoff", s.retry_backoff, "how long the client waits before it sends again",
          more_than(Duration()));
  v.field("append", s.append, "work of taking a message in, at the leader and at each other copy");
  v.field("append_batch", s.append_batch, "and of each batch that it comes in, on top");
  v.field("replication_lag", s.replication_lag,
          "how long messages wait at the leader before they are sent to another copy; what waits "
          "may be lost with the leader");
  v.field(
      "replica_lag_time", s.replica_lag_time,
      "a copy that has not caught up for so long is not in sync any more; looked after twice in "
      "that time",
      at_least(Duration::nanoseconds(1'000'000)));
  v.field("failover", s.failover, "how a dead broker is replaced where it led");
  v.field("unclean_leader_election", s.unclean_leader_election,
          "where no copy in sync is left, another one leads: messages are lost instead of waited "
          "for");
  v.field("auto_leader_rebalance", s.auto_leader_rebalance,
          "the copy that led a partition at first leads it again when it is up and in sync; what "
          "the other one had not handed on is lost (under acks all nothing); without it, a broker "
          "that comes back leads nothing");
  v.field("retention", s.retention, "what is deleted, whether or not everybody has read it");
  v.field("cpu", s.cpu, "cores of each broker; without it, work never waits for a core");
  v.field("error_rate", s.error_rate, "share of batches that are refused with an error");
  v.field("boot_time", s.boot_time, "from the start of a broker until it is ready");
  v.check(s.replicas <= s.brokers, "replicas", "are more than there are brokers for them",
          "a broker keeps one copy of a partition at most");
  v.check(s.min_insync_replicas <= s.replicas, "min_insync_replicas",
          "are more than there are replicas: no message would ever be taken in");
  const Duration linger = s.batch ? s.batch->linger : Duration();
  v.check(linger + s.request_timeout <= s.delivery_timeout, "delivery_timeout",
          "is shorter than the batches' linger and request_timeout together",
          "a message is sent at least once");
  v.doubt_unless(s.acks == Acks::all || s.min_insync_replicas == 1, "min_insync_replicas",
                 "has no effect unless acks is all");
  v.doubt_unless(s.replicas > 1 || !s.unclean_leader_election, "unclean_leader_election",
                 "has no effect with one copy of each partition");
  v.doubt_unless(s.replicas > 1 || !s.auto_leader_rebalance, "auto_leader_rebalance",
                 "has no effect with one copy of each partition");
  v.doubt_unless(s.replicas > 1 || s.replication_lag.is_zero(), "replication_lag",
                 "has no effect with one copy of each partition");
  v.doubt_unless(s.acks != Acks::all || s.replicas == 1 || s.min_insync_replicas > 1, "acks",
                 "is all, yet a leader that is left alone takes messages in that die with it",
                 "such as min_insync_replicas: 2");
  v.declare(s.placement());
  v.declare(HasLeaders{});
  if (s.replicas > 1) {
    v.declare(KeepsCopiesInStep{});
  }
  v.declare(LimitsItsCalls{});
  v.declare(HoldsMessages{.partitions = s.partitions,
                          .retention = s.retention ? s.retention->time : std::nullopt});
}

}  // namespace stampede
