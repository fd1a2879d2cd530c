#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "components/log/partition.hpp"

namespace stampede {

/// A consumer group of a log: who its members are, which partitions each reads, and how far the
/// group has come. Its coordinator is the broker that leads one of the partitions; what it knows is
/// a log of its own, with copies, and no crash loses it.
class Group final : public ConsumerGroup, public GroupAtBroker, public PartitionReader {
 public:
  Group(std::string name, const Settings& settings,
        std::vector<std::unique_ptr<Partition>>& partitions, Simulation& simulation,
        const GroupTold& log, const GroupTold& own)
      : name_(std::move(name)),
        settings_(settings),
        partitions_(partitions),
        simulation_(simulation),
        told_{log, own},
        progress_(partitions.size()),
        coordinating_(hash_bytes(name_) % partitions.size()),
        released_(simulation),
        scope_(simulation) {
    for (const auto& partition : partitions_) {
      partition->add_reader(*this);
    }
  }

  const std::string& name() const { return name_; }

  // ---- For consumers ----

  Reply heartbeat(const Heartbeat& sent) override {
    return coordinator().tell(OfGroup<Heartbeat>(sent, *this));
  }
  Reply commit(const Commit& sent) override {
    return coordinator().tell(OfGroup<Commit>(sent, *this));
  }
  Job<Fetched> fetch(const Fetch& asked) override {
    return partitions_[asked.partition]->leader().fetch(OfGroup<Fetch>(asked, *this));
  }
  const Record* record(std::uint32_t partition, std::uint64_t offset) const override {
    const Partition& records = *partitions_[partition];
    const bool is_there = offset >= records.begin() && offset < records.end();
    return is_there ? &records.at(offset) : nullptr;
  }

  void was_handled(std::uint32_t partition, std::uint64_t offset, const Record& record,
                   Handled how) override {
    Progress& progress = progress_[partition];
    if (offset < progress.next) {
      for (const GroupTold& told : told_) {
        told.duplicates.add(how == Handled::processed ? 1 : 0);
      }
      return;
    }
    if (offset > progress.next || offset >= partitions_[partition]->end()) {
      return;  // an unclean election has taken it away
    }
    const Record* there = this->record(partition, offset);
    if (there != nullptr && idempotency_key(there->request) != idempotency_key(record.request)) {
      return;  // and has put another one in its place
    }
    const Time now = simulation_.now();
    for (const GroupTold& told : told_) {
      if (how == Handled::skipped) {
        told.skipped.add();
      } else {
        told.processed.add();
        told.completion.took(now - record.appended);
        told.end_to_end.took(now - record.request.sent);
      }
    }
    ++done_;
    fall_behind(-1);
    ++progress.next;
    if (progress.next == progress.in_hand_until) {
      progress.next = std::max(progress.next, progress.resume_at);
    }
  }

  // ---- At a broker ----

  Job<Fetched> hand_out(LogBroker& broker, const Fetch& asked) override {
    const Partition& partition = *partitions_[asked.partition];
    if (!partition.is_led_by(broker)) {
      return Fetched::with(Outcome::error);
    }
    return wanted(asked) < partition.committed() ? Job<Fetched>(take(asked))
                                                 : wait(broker, *this, asked);
  }

  Reply note(const Heartbeat& heartbeat) override {
    const auto found = std::find_if(members_.begin(), members_.end(), [&](const auto& member) {
      return member->consumer == heartbeat.member;
    });
    if (heartbeat.leaves) {
      if (found != members_.end()) {
        expel(**found);
      }
      return Response();
    }
    if (found != members_.end()) {
      (*found)->heard = simulation_.now();
      return Response();
    }
    if (!heartbeat.joins) {
      return Response::with(Outcome::error);
    }
    members_.push_back(std::make_unique<Member>(heartbeat.member, ++sessions_, simulation_.now()));
    static_cast<void>(watch(scope_, *this, sessions_));
    membership_changed();
    return Response();
  }

  Reply note(const Commit& commit) override {
    Progress& progress = progress_[commit.partition];
    if (progress.owner == nullptr || commit.claim != progress.claim) {
      return Response::with(Outcome::error);
    }
    if (commit.offset > progress.committed) {
      const std::uint64_t in_hand = std::max(progress.next, progress.in_hand_until);
      progress.committed =
          std::min(commit.offset, commit.is_ahead ? in_hand : progress.next);  // or it is cut off
      partitions_[commit.partition]->forget();
    }
    if (commit.releases) {
      progress.owner = nullptr;
      released_.raise();
    }
    return Response();
  }

  // ---- Of the log ----

  void appended(std::uint32_t, std::uint64_t count) override {
    fall_behind(static_cast<std::int64_t>(count));
  }

  /// What a consumer has in hand it may still process; what nobody has is gone for this group.
  void expired(std::uint32_t partition, std::uint64_t offset) override {
    Progress& progress = progress_[partition];
    if (offset < std::max(progress.next, progress.in_hand_until)) {
      return;
    }
    miss(1, Missed::expired);
    if (progress.next == offset) {
      progress.next = progress.in_hand_until = offset + 1;
    }
    progress.resume_at = offset + 1;
  }

  void cut(std::uint32_t partition, std::uint64_t end, std::uint64_t old_end) override {
    Progress& progress = progress_[partition];
    const std::uint64_t gap_end = std::max(progress.resume_at, progress.in_hand_until);
    std::uint64_t unread = old_end - std::min(old_end, std::max(progress.next, end));
    const std::uint64_t gap_begin = std::max(end, progress.in_hand_until);
    if (progress.next < progress.in_hand_until && gap_end > gap_begin) {
      unread -= gap_end - gap_begin;  // those have expired before
    }
    cut_ += static_cast<std::int64_t>(unread);
    fall_behind(-static_cast<std::int64_t>(unread));
    for (std::uint64_t* offset :
         {&progress.next, &progress.in_hand_until, &progress.resume_at, &progress.committed}) {
      *offset = std::min(*offset, end);
    }
  }

  std::uint64_t committed(std::uint32_t partition) const override {
    return progress_[partition].committed;
  }

  /// Messages are conserved: what was appended is done, lies before the group, was deleted unread
  /// or was cut off unread.
  std::string broken_law() const {
    std::int64_t appended = 0;
    std::int64_t before = 0;
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      const Progress& progress = progress_[i];
      appended += partitions_[i]->total_appended();
      before += static_cast<std::int64_t>(partitions_[i]->end() - progress.next);
      if (progress.next < progress.in_hand_until && progress.resume_at > progress.in_hand_until) {
        before -= static_cast<std::int64_t>(progress.resume_at - progress.in_hand_until);
      }
    }
    if (before != behind_ || appended != done_ + behind_ + missed_ + cut_) {
      return fmt::format(
          "group {}: of {} messages {} are done, {} (by the offsets {}) are before it, {} expired "
          "or were given up and {} were cut off",
          name_, appended, done_, behind_, before, missed_, cut_);
    }
    return {};
  }

 private:
  struct Member {
    Member(GroupMember* consumer, std::uint64_t session, Time heard)
        : consumer(consumer), session(session), heard(heard) {}
    GroupMember* consumer;
    std::uint64_t session;
    Time heard;
    std::size_t quota = 0;  ///< while partitions are distributed: how many more it may have
  };
  /// How far the group has come in a partition.
  struct Progress {
    std::uint64_t committed = 0;
    std::uint64_t next = 0;           ///< all before it are done, or have expired
    std::uint64_t in_hand_until = 0;  ///< and consumers have been given those up to here
    std::uint64_t resume_at = 0;      ///< those from there to here have expired
    Member* owner = nullptr;
    std::uint64_t claim = 0;  ///< of the owner, or of the last one
    bool is_revoked = false;  ///< the owner has been told to release it
  };

  LogBroker& coordinator() { return partitions_[coordinating_]->leader(); }

  void fall_behind(std::int64_t by) {
    behind_ += by;
    for (const GroupTold& told : told_) {
      told.lag.change(simulation_.now(), by);
    }
  }
  /// Why nobody will process a message.
  enum class Missed { expired, unprocessed };
  void miss(std::int64_t count, Missed why) {
    missed_ += count;
    fall_behind(-count);
    for (const GroupTold& told : told_) {
      (why == Missed::expired ? told.expired : told.unprocessed).add(count);
    }
  }

  // ---- Fetching ----

  /// Where a consumer goes on: not before what there is, nor behind what an unclean election left.
  std::uint64_t wanted(const Fetch& asked) const {
    return std::max(std::min(asked.offset, progress_[asked.partition].next),
                    partitions_[asked.partition]->begin());
  }

  Fetched take(const Fetch& asked) {
    Progress& progress = progress_[asked.partition];
    const Partition& partition = *partitions_[asked.partition];
    Fetched fetched;
    fetched.first = wanted(asked);
    if (fetched.first > progress.next) {
      // A consumer died with some in hand, and those have expired since.
      miss(static_cast<std::int64_t>(std::min(fetched.first, progress.in_hand_until) -
                                     progress.next),
           Missed::expired);
      progress.next = fetched.first;
    }
    fetched.count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(asked.max_records, partition.committed() - fetched.first));
    std::uint64_t size = 0;
    for (std::uint32_t i = 0; i < fetched.count; ++i) {
      size += partition.at(fetched.first + i).request.size;
    }
    fetched.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, UINT32_MAX));
    progress.in_hand_until = std::max(progress.in_hand_until, fetched.first + fetched.count);
    return fetched;
  }

  static Job<Fetched> wait(LogBroker& broker, Group& group, const Fetch& asked) {
    const Fetch fetch = asked;
    Partition& partition = *group.partitions_[fetch.partition];
    co_await partition.advanced(group.simulation_.timeouts(fetch.wait_time));
    Fetched fetched;
    if (partition.is_led_by(broker) && group.wanted(fetch) < partition.committed()) {
      fetched = group.take(fetch);
    }
    co_return fetched;
  }

  // ---- Members ----

  static Process watch(Scope& scope, Group& group, std::uint64_t session) {
    for (;;) {
      const auto found =
          std::find_if(group.members_.begin(), group.members_.end(),
                       [&](const auto& member) { return member->session == session; });
      if (found == group.members_.end()) {
        co_return Done();  // it has left
      }
      Member& member = **found;
      // A coordinator that has just come gives everybody the time to be heard of.
      const Time since =
          std::max(member.heard, group.partitions_[group.coordinating_]->led_since());
      const Time due = since + group.settings_.session_timeout;
      if (scope.simulation().now() < due) {
        co_await scope.simulation().until(due);
        continue;
      }
      if (!group.coordinator().is_up()) {  // whoever comes after it comes later than now
        co_await scope.simulation().delay(group.settings_.session_timeout);
        continue;
      }
      group.expel(member);
      co_return Done();
    }
  }

  void expel(Member& member) {
    for (Progress& progress : progress_) {
      if (progress.owner == &member) {
        progress.owner = nullptr;
      }
    }
    std::erase_if(members_, [&](const auto& other) { return other.get() == &member; });
    released_.raise();
    membership_changed();
  }

  // ---- Rebalancing ----

  void membership_changed() {
    is_due_ = true;
    if (!is_rebalancing_ && !members_.empty()) {
      is_rebalancing_ = true;
      static_cast<void>(rebalance(scope_, *this));
    }
  }

  static Process rebalance(Scope& scope, Group& group) {
    while (group.is_due_ && !group.members_.empty()) {
      const Time began = scope.simulation().now();
      group.revoke_what_moves();
      co_await scope.simulation().delay(group.settings_.rebalance_pause);
      while (group.waits_for_a_release()) {
        co_await group.released_.wait();
      }
      if (group.members_.empty()) {
        break;
      }
      group.give_out();
      for (const GroupTold& told : group.told_) {
        told.rebalances.add();
        told.rebalance.took(scope.simulation().now() - began);
      }
    }
    group.is_rebalancing_ = false;
    co_return Done();
  }

  void revoke_what_moves() {
    const std::vector<Member*> target = distribution();
    for (std::size_t i = 0; i < progress_.size(); ++i) {
      Progress& progress = progress_[i];
      const bool moves =
          settings_.assignment == GroupAssignment::eager || target[i] != progress.owner;
      progress.is_revoked = progress.owner != nullptr && moves;
    }
    for (std::size_t i = 0; i < progress_.size(); ++i) {
      if (progress_[i].is_revoked && progress_[i].owner != nullptr) {
        progress_[i].owner->consumer->revoked(static_cast<std::uint32_t>(i), progress_[i].claim);
      }
    }
  }

  bool waits_for_a_release() const {
    return std::any_of(progress_.begin(), progress_.end(), [](const Progress& progress) {
      return progress.is_revoked && progress.owner != nullptr;
    });
  }

  /// To the members that there are now.
  void give_out() {
    const std::vector<Member*> target = distribution();
    is_due_ = false;
    std::vector<std::size_t> given;
    for (std::size_t i = 0; i < progress_.size(); ++i) {
      Progress& progress = progress_[i];
      if (progress.owner == nullptr && target[i] != nullptr) {
        give_up_what_is_committed(progress);
        progress.owner = target[i];
        progress.is_revoked = false;
        ++progress.claim;
        given.push_back(i);
      }
      is_due_ = is_due_ || progress.owner != target[i];
    }
    for (const std::size_t i : given) {
      progress_[i].owner->consumer->assigned(static_cast<std::uint32_t>(i), progress_[i].claim,
                                             progress_[i].committed);
    }
  }

  /// The last owner committed it ahead, and nobody will process it.
  void give_up_what_is_committed(Progress& progress) {
    if (progress.committed > progress.next) {
      miss(static_cast<std::int64_t>(progress.committed - progress.next), Missed::unprocessed);
      progress.next = progress.committed;
    }
  }

  /// Who shall have which partition: evenly, and none leaves its owner without need. What is free
  /// goes in rows to the members in the order in which they joined.
  std::vector<Member*> distribution() {
    std::vector<Member*> target(progress_.size(), nullptr);
    if (members_.empty()) {
      return target;
    }
    const std::size_t least = progress_.size() / members_.size();
    std::size_t extra = progress_.size() % members_.size();
    for (const auto& member : members_) {
      const auto owned = static_cast<std::size_t>(
          std::count_if(progress_.begin(), progress_.end(),
                        [&](const Progress& progress) { return progress.owner == member.get(); }));
      const bool has_extra = owned > least && extra > 0;
      extra -= has_extra ? 1 : 0;
      member->quota = least + (has_extra ? 1 : 0);
    }
    for (const auto& member : members_) {
      const bool gets_extra = member->quota == least && extra > 0;
      extra -= gets_extra ? 1 : 0;
      member->quota += gets_extra ? 1 : 0;
    }
    for (std::size_t i = 0; i < progress_.size(); ++i) {
      Member* owner = progress_[i].owner;
      if (owner != nullptr && owner->quota > 0) {
        target[i] = owner;
        --owner->quota;
      }
    }
    std::size_t next = 0;
    for (Member*& member : target) {
      while (member == nullptr) {
        if (members_[next]->quota > 0) {
          member = members_[next].get();
          --member->quota;
        } else {
          ++next;
        }
      }
    }
    return target;
  }

  std::string name_;
  Settings settings_;
  std::vector<std::unique_ptr<Partition>>& partitions_;
  Simulation& simulation_;
  std::array<GroupTold, 2> told_;  ///< the log's and the group's own
  std::vector<Progress> progress_;
  std::size_t coordinating_;
  std::vector<std::unique_ptr<Member>> members_;  ///< in the order in which they joined
  std::uint64_t sessions_ = 0;
  bool is_rebalancing_ = false;
  bool is_due_ = false;  ///< the partitions are not distributed over the members that there are

  std::int64_t done_ = 0;  ///< processed or skipped, each once
  std::int64_t behind_ = 0;
  std::int64_t missed_ = 0;
  std::int64_t cut_ = 0;
  Signal released_;
  Scope scope_;
};

}  // namespace stampede
