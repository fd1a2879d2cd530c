#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "stampede/base/problem.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/model/request.hpp"
#include "stampede/schema/codec.hpp"

// The contract between a log and those who consume it; the words are Kafka's. A log keeps records
// in partitions, each in the order of its offsets, from 0 on. Consumers form groups: every group
// sees all records, and within a group each partition is read by one consumer at a time.
namespace stampede {

/// A message, as a log keeps it.
struct Record {
  Request request;  ///< as it was published; its `id` tells it from all others
  Time appended;    ///< when the leader of its partition took it in
};

/// What a consumer that asked for records received: so many of them, from an offset on.
struct Fetched : BrokerAnswer<Fetched> {
  std::uint32_t count = 0;  ///< 0 if nothing came for as long as the consumer was kept waiting
  std::uint32_t size = 0;   ///< payload in bytes
  std::uint64_t first = 0;
};
static_assert(std::is_trivially_copyable_v<Fetched>);
inline std::uint32_t payload_of(const Fetched& fetched) { return fetched.size; }

/// What becomes of the partitions of a group while they are distributed anew.
enum class GroupAssignment {
  eager,        ///< all are given up, and given out again
  cooperative,  ///< those that stay with their consumer are read on
};
inline const EnumNames<GroupAssignment>& names(GroupAssignment) {
  static const EnumNames<GroupAssignment> table{
      {{GroupAssignment::eager, "eager"}, {GroupAssignment::cooperative, "cooperative"}}};
  return table;
}

/// A consumer as its group sees it. The group tells it directly: the time that its messages take is
/// part of the pause of a rebalance. Lives as long as the world.
class GroupMember {
 public:
  /// The partition is its own from now on, under this claim; the group has come to this offset.
  virtual void assigned(std::uint32_t partition, std::uint64_t claim, std::uint64_t offset) = 0;
  /// It is to finish the record that it is at, if any, and then to release the partition.
  virtual void revoked(std::uint32_t partition, std::uint64_t claim) = 0;

 protected:
  ~GroupMember() = default;
};

/// What a consumer needs of its group.
///
/// Heartbeats, fetches and commits go over the network, both ways, and any message may be lost: who
/// waits for an answer, waits with a limit.
class ConsumerGroup {
 public:
  struct Settings {
    GroupAssignment assignment = GroupAssignment::eager;
    Duration rebalance_pause;  ///< a rebalance takes at least so long
    Duration session_timeout;  ///< who was not heard of for so long is no member any more

    friend bool operator==(const Settings&, const Settings&) = default;
  };
  struct Heartbeat {
    PlaceId from = 0;
    std::uint64_t luck = 0;  ///< of what is drawn on the way
    GroupMember* member = nullptr;
    bool joins = false;
    bool leaves = false;
  };
  struct Fetch {
    PlaceId from = 0;
    std::uint64_t luck = 0;
    std::uint32_t partition = 0;
    std::uint32_t max_records = 1;
    std::uint64_t offset = 0;  ///< of the first record that is wanted
    Duration wait_time;        ///< how long the broker keeps it waiting for one
  };
  struct Commit {
    PlaceId from = 0;
    std::uint64_t luck = 0;
    std::uint32_t partition = 0;
    bool releases = false;  ///< the consumer reads it no more
    std::uint64_t claim = 0;
    std::uint64_t offset = 0;  ///< all before it are done
    bool is_ahead = false;     ///< they are not: they are in hand, and nobody shall repeat them
  };
  enum class Handled {
    processed,
    repeated,  ///< what it asks for had been done before
    skipped,   ///< given up
  };

  /// An error says that the sender is not a member any more, or never was.
  virtual Reply heartbeat(const Heartbeat& sent) = 0;
  virtual Job<Fetched> fetch(const Fetch& asked) = 0;
  /// An error says that the claim is an old one, and the offset was not noted.
  virtual Reply commit(const Commit& sent) = 0;
  /// A record that was fetched; null if the log has deleted it since.
  virtual const Record* record(std::uint32_t partition, std::uint64_t offset) const = 0;
  /// For the accounts alone, and before its offset is committed.
  virtual void was_handled(std::uint32_t partition, std::uint64_t offset, const Record& record,
                           Handled how) = 0;

 protected:
  ~ConsumerGroup() = default;
};
inline std::uint32_t payload_of(const ConsumerGroup::Heartbeat&) { return 0; }
inline std::uint32_t payload_of(const ConsumerGroup::Fetch&) { return 0; }
inline std::uint32_t payload_of(const ConsumerGroup::Commit&) { return 0; }

/// Where consumer groups read.
class RecordLog {
 public:
  /// The group of this name, made if there is none yet: with these settings, which all of its
  /// members share, and `observer` to be told how it gets on. Only before the traffic begins.
  virtual ConsumerGroup& group(const std::string& name, const ConsumerGroup::Settings& settings,
                               ComponentObserver& observer) = 0;

 protected:
  ~RecordLog() = default;
};

// What a component may declare of itself (Visitor::declare).

/// So many consumers of all its instances together belong to a consumer group.
struct JoinsGroup {
  std::string log;
  std::string group;  ///< empty: that of its own name
  int consumers = 0;
  ConsumerGroup::Settings settings;
  Place place;
};
/// Whoever calls it does so through a client that gives up by itself: the call comes to an end even
/// if nobody answers, and though it has no time limit of its own.
struct LimitsItsCalls {};

}  // namespace stampede
