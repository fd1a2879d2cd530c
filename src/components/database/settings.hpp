#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "stampede/model/capacity.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/sharding.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

struct WorkersSettings {
  int workers = 1;
  QueueSettings queue;
};
inline void describe(Visitor& v, WorkersSettings& s) {
  v.shorthand("workers");
  v.field("workers", s.workers, "requests that each node serves at a time", required(), at_least(1),
          at_most(1'000'000));
  v.field("queue", s.queue, "the line in front of them; full means rejected");
}

/// How the copies of a shard hear of a write, and when it counts as committed.
enum class ReplicationKind {
  async,          ///< the primary has it
  semi_sync,      ///< and one replica has received it
  sync,           ///< and all replicas have applied it
  consensus,      ///< a majority of the copies has received it
  quorum,         ///< no primary: as many copies as the consistency level says
  multi_primary,  ///< every copy is a primary: the one that was asked has it
};
inline const EnumNames<ReplicationKind>& names(ReplicationKind) {
  static const EnumNames<ReplicationKind> table{
      {{ReplicationKind::async, "async"},
       {ReplicationKind::semi_sync, "semi_sync"},
       {ReplicationKind::sync, "sync"},
       {ReplicationKind::consensus, "consensus"},
       {ReplicationKind::quorum, "quorum"},
       {ReplicationKind::multi_primary, "multi_primary"}}};
  return table;
}

/// Which copy answers a read.
enum class ReadFrom { primary, replica, any, nearest, read_your_writes };
inline const EnumNames<ReadFrom>& names(ReadFrom) {
  static const EnumNames<ReadFrom> table{{{ReadFrom::primary, "primary"},
                                          {ReadFrom::replica, "replica"},
                                          {ReadFrom::any, "any"},
                                          {ReadFrom::nearest, "nearest"},
                                          {ReadFrom::read_your_writes, "read_your_writes"}}};
  return table;
}

/// How many copies must answer, in Cassandra's words.
enum class Consistency { one, two, three, quorum, all };
inline const EnumNames<Consistency>& names(Consistency) {
  static const EnumNames<Consistency> table{{{Consistency::one, "one"},
                                             {Consistency::two, "two"},
                                             {Consistency::three, "three"},
                                             {Consistency::quorum, "quorum"},
                                             {Consistency::all, "all"}}};
  return table;
}
inline int answers_needed(Consistency level, int copies) {
  switch (level) {
    case Consistency::one:
      return 1;
    case Consistency::two:
      return 2;
    case Consistency::three:
      return 3;
    case Consistency::quorum:
      return copies / 2 + 1;
    case Consistency::all:
      return copies;
  }
  return copies;
}

struct FailoverSettings {
  Duration detection;
  Duration promotion;
  bool on_silence = false;
  bool lease = false;
};
inline void describe(Visitor& v, FailoverSettings& s) {
  v.shorthand("detection");
  v.field("detection", s.detection,
          "from a node's death until the others are sure of it; under consensus also from the loss "
          "of the majority until the leader steps down",
          required(), more_than(Duration()));
  v.field("promotion", s.promotion, "from then until a replica has become the primary",
          at_least(Duration()));
  v.field("on_silence", s.on_silence,
          "a primary that no replica can hear is taken for dead too. If it is alive, behind a "
          "partition, it goes on taking writes of those who reach it (a split brain), and they are "
          "lost when it hears of the new one");
  v.field("lease", s.lease,
          "a primary that no replica has heard for `detection` takes no writes any more: it gives "
          "up before another one takes its place");
  v.doubt_unless(!s.lease || s.on_silence, "lease",
                 "has no effect: nobody replaces a primary that is alive", "on_silence: true");
}

struct HintedHandoffSettings {
  Duration window = Duration::nanoseconds(3LL * 3600 * 1'000'000'000);
};
inline void describe(Visitor& v, HintedHandoffSettings& s) {
  v.shorthand("window");
  v.field("window", s.window, "how long writes are kept for a copy that is down",
          more_than(Duration()));
}

/// What storage engines do behind the scenes: compaction of log-structured trees, vacuum,
/// checkpoints.
struct CompactionSettings {
  Duration interval;
  Distribution<Duration> work;
  Duration per_write;
};
inline void describe(Visitor& v, CompactionSettings& s) {
  v.field("interval", s.interval, "from one beginning to the next; nodes do not keep step",
          required(), more_than(Duration()));
  v.field("work", s.work, "work of each, on one core");
  v.field("per_write", s.per_write,
          "and for each write since the last one (the cost of write amplification)",
          at_least(Duration()));
}

struct ReshardingSettings {
  Duration at;
  int shards = 1;
  std::uint64_t items = 0;
  Bytes item_size;
  Bandwidth bandwidth;
  Duration work;
};
inline void describe(Visitor& v, ReshardingSettings& s) {
  v.field("at", s.at, "when it begins, from the first instant of traffic", required(),
          at_least(Duration()), of_run());
  v.field("shards", s.shards, "how many there are afterwards; their nodes are there from the start",
          required(), at_least(1), at_most(100'000));
  v.field("items", s.items, "keys that have data: those from 0 on", required(),
          at_least(std::uint64_t{1}), at_most(std::uint64_t{100'000'000}));
  v.field("item_size", s.item_size, "data of each", required(), more_than(Bytes{0}));
  v.field("bandwidth", s.bandwidth, "at which all that changes place is moved", required(),
          more_than(Bandwidth{0}));
  v.field("work", s.work,
          "work of each item that moves, at the primary that it leaves (the first copy, under "
          "quorum) and at every copy that it comes to",
          at_least(Duration()));
}

struct DatabaseSettings {
  int shards = 1;
  Choice<Sharding> sharding = Choice<Sharding>::of("hash");
  std::optional<ReshardingSettings> resharding;
  int replicas = 1;
  ReplicationKind replication = ReplicationKind::async;
  ReadFrom read_from = ReadFrom::primary;
  Consistency read_consistency = Consistency::quorum;
  Consistency write_consistency = Consistency::quorum;
  Distribution<Duration> replication_lag;
  Distribution<Duration> clock_skew;
  std::optional<Duration> fallback;
  std::optional<FailoverSettings> failover;
  std::optional<HintedHandoffSettings> hinted_handoff;
  bool read_repair = false;
  std::vector<ZoneName> zones;
  Distribution<Duration> read;
  std::optional<Distribution<Duration>> write;
  std::optional<Distribution<Duration>> apply;
  std::optional<WorkersSettings> concurrency;
  std::optional<CpuSettings> cpu;
  std::optional<CompactionSettings> compaction;
  bool locks = false;
  bool optimistic = false;
  Ratio error_rate;
  Distribution<Duration> boot_time;

  /// One of the copies, that the others follow.
  bool has_primary() const { return !is_quorum() && !is_multi_primary(); }
  /// An answer takes several copies.
  bool is_quorum() const { return replication == ReplicationKind::quorum; }
  bool is_multi_primary() const { return replication == ReplicationKind::multi_primary; }
  int most_shards() const { return std::max(shards, resharding ? resharding->shards : 0); }
  /// Of all nodes.
  PlacementSettings placement() const {
    return {.replicas = most_shards() * replicas, .zones = zones};
  }
  const Distribution<Duration>& write_work() const { return write ? *write : read; }
  const Distribution<Duration>& apply_work() const { return apply ? *apply : write_work(); }
};
inline void describe(Visitor& v, DatabaseSettings& s) {
  v.field("shards", s.shards, "parts that the keys are divided into", at_least(1),
          at_most(100'000));
  v.field("sharding", s.sharding, "which shard a key belongs to");
  v.field("resharding", s.resharding,
          "another number of shards from some time on: keys move while they are served");
  v.field("replicas", s.replicas, "copies of each shard, the primary included", at_least(1),
          at_most(100));
  v.field("replication", s.replication,
          "when a write is committed. async: the primary has it; semi_sync: one replica has "
          "received it too; sync: all have applied it; consensus: a majority has received it; "
          "quorum: there is no primary, and as many copies have it as write_consistency says; "
          "multi_primary (active-active): the nearest copy has it; every copy takes writes, and of "
          "those to one key the last one wins");
  v.field("read_from", s.read_from,
          "which copy is read where there is a primary; read_your_writes: any that has what this "
          "user wrote");
  v.field("read_consistency", s.read_consistency, "copies that must answer a read under quorum");
  v.field("write_consistency", s.write_consistency, "copies that must take a write under quorum");
  v.field("replication_lag", s.replication_lag,
          "how long a write waits at the primary before it is sent to a replica; what waits is "
          "lost with the primary (under multi_primary it is late)");
  v.field("clock_skew", s.clock_skew,
          "how far each node's clock is ahead of the right time, drawn once for each; under "
          "multi_primary clocks tell which write was the last");
  v.field("fallback", s.fallback,
          "how long the primary lets a write wait for replicas under semi_sync and sync before it "
          "goes on without them, until enough of them have caught up; for ever unless given",
          more_than(Duration()));
  v.field("failover", s.failover,
          "a replica takes over from a dead primary; without it, writes wait for its return. Under "
          "multi_primary, clients of a dead copy turn to the next");
  v.field("hinted_handoff", s.hinted_handoff,
          "under quorum, writes are kept for copies that are down and given to them later");
  v.field(
      "read_repair", s.read_repair,
      "under quorum, copies that answered a read with old data, be it after the others, are given "
      "the new");
  v.field("zones", s.zones, "where the nodes stand, in turn; all zones unless given");
  v.field("read", s.read, "work of a read", required());
  v.field("write", s.write, "work of a write; that of a read unless given");
  v.field("apply", s.apply, "work of a write on a replica; that of a write unless given");
  v.field("concurrency", s.concurrency, "requests served at a time; without it, no limit");
  v.field("cpu", s.cpu, "cores of each node; without it, work never waits for a core");
  v.field("compaction", s.compaction,
          "work behind the scenes that takes a core of each node from requests");
  v.field("locks", s.locks,
          "writes to the same key wait for each other, from the beginning of their work until they "
          "are committed");
  v.field("optimistic", s.optimistic,
          "an `update` fails where its item was written since it was read (compare and set, "
          "optimistic concurrency); otherwise it overwrites what it has not seen");
  v.field("error_rate", s.error_rate, "share of requests that are worked on and fail nevertheless");
  v.field("boot_time", s.boot_time, "from the start of a node until it is ready");
  if (s.concurrency) {
    v.declare(HasQueue{});
  }
  v.declare(s.placement());
  if (s.has_primary()) {
    v.declare(HasLeaders{});
  }
  if (s.replicas > 1 && !s.is_quorum()) {
    v.declare(KeepsCopiesInStep{});
  }
  const auto only = [&](bool is_on, bool makes_sense, std::string_view field,
                        std::string_view what) {
    v.doubt_unless(!is_on || makes_sense, field, what);
  };
  const bool has_replicas = s.replicas > 1;
  only(s.read_from != ReadFrom::primary, has_replicas && s.has_primary(), "read_from",
       "has no effect without replicas of a primary");
  only(s.failover.has_value(), has_replicas && !s.is_quorum(), "failover",
       "has no effect without replicas that could become the primary");
  only(s.hinted_handoff.has_value(), s.is_quorum(), "hinted_handoff",
       "has no effect unless replication is quorum");
  only(s.fallback && s.replication != ReplicationKind::consensus,
       has_replicas &&
           (s.replication == ReplicationKind::semi_sync || s.replication == ReplicationKind::sync),
       "fallback", "has no effect where writes wait for no replica in particular");
  only(!s.clock_skew.is_zero(), s.is_multi_primary(), "clock_skew",
       "has no effect unless replication is multi_primary");
  only(s.failover && !s.failover->promotion.is_zero(), !s.is_multi_primary(), "failover",
       "has a promotion that has no effect: every copy is a primary");
  only(s.read_repair, s.is_quorum(), "read_repair", "has no effect unless replication is quorum");
  only(s.resharding.has_value(), s.resharding && s.resharding->shards != s.shards, "resharding",
       "has no effect: there are as many shards before");
  only(s.compaction.has_value(), s.cpu.has_value(), "compaction",
       "has no effect without cpu: nobody waits for a core");
  only(s.locks, !s.is_quorum(), "locks", "has no effect without a primary that keeps them");
  only(s.optimistic, s.has_primary(), "optimistic",
       "has no effect without a primary that would know");
  only(s.replication != ReplicationKind::async, has_replicas, "replication",
       "has no effect with one copy of each shard");
  v.check(!s.fallback || s.replication != ReplicationKind::consensus, "fallback",
          "cannot be under consensus: nothing is committed there without a majority",
          "semi_sync or sync, or leave fallback out");
  v.check(!s.resharding || !s.is_multi_primary(), "resharding",
          "cannot be done under multi_primary: where a key is now, copies would not agree",
          "another replication, or none");
  v.check(!s.is_quorum() || answers_needed(s.read_consistency, s.replicas) <= s.replicas,
          "read_consistency", "asks for more copies than there are");
  v.check(!s.is_quorum() || answers_needed(s.write_consistency, s.replicas) <= s.replicas,
          "write_consistency", "asks for more copies than there are");
}

}  // namespace stampede
