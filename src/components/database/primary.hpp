#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "components/database/exile.hpp"
#include "components/database/node.hpp"
#include "components/database/shard_context.hpp"
#include "components/database/write_log.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// The copies of a shard of which one is the primary: it takes the writes, the others follow its
/// log. A write counts as committed when as many have it as the kind of replication asks for.
///
/// The log travels in order, as over one TCP connection: a message that was quick waits for those
/// before it. Replicas acknowledge what they have received, which is on their disk then and
/// survives a crash, and apply it after that; under sync they acknowledge what they have applied.
/// What is not committed nobody sees.
///
/// A primary that waits too long for its replicas may fall back: it commits alone until enough of
/// them have caught up (MySQL's rpl_semi_sync_source_timeout). A leader that has lost its majority
/// does not know that at once: writes wait, until it steps down (the CheckQuorum of etcd's raft).
///
/// Fail-over may take silence for death. A primary that was replaced though it is alive goes on in
/// exile, without the others, until the partition is over.
class PrimaryAndReplicas final : public Copies {
 public:
  PrimaryAndReplicas(const ShardContext& shared, std::vector<DatabaseNode*> nodes)
      : shared_(shared),
        changed_(shared.simulation),
        exile_over_(shared.simulation),
        scope_(shared.simulation) {
    for (DatabaseNode* node : nodes) {
      replicas_.emplace_back().node = node;
      node->belongs_to(*this);
    }
  }

  void start() {
    for (const Replica& replica : replicas_) {
      begin_to_apply(*replica.node);
    }
    if (shared_.settings.failover && shared_.settings.failover->on_silence) {
      static_cast<void>(watch_silence(*this));
    }
  }

  Scope& scope() { return scope_; }

  DatabaseNode& primary() { return *replicas_[primary_].node; }
  /// Whom a client at this place takes for the primary: in exile it goes on for those whom the new
  /// one cannot be reached by.
  DatabaseNode& primary_for(PlaceId from) {
    return exile_ && shared_.network.is_cut(from, primary().place())
               ? *replicas_[exile_->copy()].node
               : primary();
  }
  std::size_t size() const { return replicas_.size(); }
  DatabaseNode& node(std::size_t copy) { return *replicas_[copy].node; }
  bool is_primary(std::size_t copy) const { return copy == primary_; }
  /// Clients have been told that the node is down.
  bool is_known_down(std::size_t copy) const { return replicas_[copy].known_down; }
  /// Whether the copy holds this write or a later one.
  bool has(std::size_t copy, DataStamp write) { return replicas_[copy].newest >= write.write(); }

  // ---- Copies ----

  DataStamp read(const DatabaseNode& node, std::uint64_t key) override {
    if (is_exiled(node.copy()) && exile_->seen(key).is_data()) {
      return exile_->seen(key);
    }
    const std::uint64_t visible = std::min(replicas_[node.copy()].applied, committed_);
    return log_.seen(key, visible, first(node.copy(), key));
  }
  DataStamp hand_on(std::uint32_t, std::uint64_t key) const override {
    return log_.seen(key, committed_, DataStamp(shared_.store, 0));
  }

  bool is_led_by(const DatabaseNode& node) const override {
    return is_primary(node.copy()) && replicas_[node.copy()].is_up;
  }

  Task<Response> write(DatabaseNode& node, Request request) override {
    return take(node, *this, request);
  }

  void went_down(DatabaseNode& node) override {
    Replica& dead = replicas_[node.copy()];
    const bool had_majority = !lacks_majority();
    dead.is_up = false;
    ++dead.deaths;
    if (shared_.settings.failover) {
      static_cast<void>(watch(*this, node.copy(), dead.deaths));
    }
    if (is_exiled(node.copy())) {
      end_exile();
    }
    if (had_majority && lacks_majority() && shared_.settings.failover) {
      static_cast<void>(step_down(*this, ++majority_changes_));
    }
    changed_.raise();  // whoever counted on it looks for another
  }
  void came_up(DatabaseNode& node) override {
    Replica& back = replicas_[node.copy()];
    const bool had_majority = !lacks_majority();
    const bool could_elect = can_elect();
    back.is_up = true;
    if (!could_elect && can_elect()) {
      electable_since_ = shared_.simulation.now();
    }
    back.known_down = false;
    ++back.deaths;
    back.sent = back.arrival = Time();  // what was on its way to it is lost
    begin_to_apply(node);
    if (is_primary(node.copy())) {
      reconnect();
      go_on();
    } else {
      ship(node.copy());
      acknowledge_to_primary(node.copy());
    }
    if (!had_majority && !lacks_majority()) {
      ++majority_changes_;
      if (has_stepped_down_) {
        static_cast<void>(stand_again(*this, majority_changes_));
      }
    }
    changed_.raise();
  }

 private:
  struct Replica {
    DatabaseNode* node = nullptr;
    std::uint64_t received = 0;      ///< the position in the log up to which it has the writes
    std::uint64_t applied = 0;       ///< and up to which a read there sees them
    std::uint64_t acknowledged = 0;  ///< and up to which the primary knows that it has them
    std::uint64_t newest = 0;        ///< the number of the last write applied
    Time sent;                       ///< when the last message of the log was
    Time arrival;                    ///< and when it is there
    std::uint64_t deaths = 0;        ///< changes with each death and each return
    bool is_up = true;
    bool known_down = false;
  };
  /// A write that waits for others to have it.
  struct Pending : Waiter {
    std::uint64_t position = 0;
    Time since;
  };

  class CommitAwaiter {
   public:
    CommitAwaiter(PrimaryAndReplicas& copies, std::uint64_t position) : copies_(copies) {
      pending_.position = position;
    }
    bool await_ready() const { return copies_.committed_ >= pending_.position; }
    void await_suspend(std::coroutine_handle<> process) {
      pending_.process = process;
      pending_.since = copies_.shared_.simulation.now();
      copies_.pending_.push_back(pending_);
      copies_.watch_for_fallback();
    }
    /// False if the leader stepped down instead; the write may yet be committed.
    bool await_resume() const { return copies_.committed_ >= pending_.position; }

   private:
    PrimaryAndReplicas& copies_;
    Pending pending_;
  };

  DataStamp first(std::uint32_t copy, std::uint64_t key) const {
    return shared_.homes.first(shared_.shard, copy, key);
  }

  // ---- Writes ----

  static Task<Response> take(DatabaseNode& node, PrimaryAndReplicas& copies, Request request) {
    Response response;
    if (copies.is_exiled(node.copy())) {
      if (copies.waits_for_others() && !copies.exile_->is_fenced()) {
        co_await copies.exile_over_.wait();  // nobody will acknowledge it
      }
      response = copies.write_in_exile(node, request);
      co_return response;
    }
    if (!copies.is_primary(node.copy()) || copies.has_given_up_ || copies.has_stepped_down_ ||
        !copies.shared_.homes.is_home(copies.shared_.shard, request.key)) {
      response.outcome = Outcome::error;  // "not primary", "moved": the client's view of it is old
      co_return response;
    }
    const ShardContext& shared = copies.shared_;
    if (shared.settings.optimistic && copies.has_changed(node, request)) {
      shared.told.failed_updates.add();
      response.outcome = Outcome::error;
      co_return response;
    }
    const DataStamp stamp = shared.truth.begin_write(shared.store, request.key, request.stamp);
    const std::uint64_t position = copies.log_.append(
        request.key, stamp, copies.first(node.copy(), request.key), shared.simulation.now());
    Replica& own = copies.replicas_[copies.primary_];
    own.received = own.applied = own.acknowledged = position;
    own.newest = stamp.write();
    for (std::uint32_t copy = 0; copy < copies.replicas_.size(); ++copy) {
      copies.ship(copy);
    }
    copies.go_on();
    const bool is_committed = co_await CommitAwaiter(copies, position);
    if (!is_committed) {
      response.outcome = Outcome::error;
      co_return response;
    }
    response.stamp = stamp;
    co_return response;
  }

  // ---- In exile ----

  bool is_exiled(std::uint32_t copy) const { return exile_ && exile_->copy() == copy; }
  /// Whether a primary cannot commit anything when it is alone, not even after a while.
  bool waits_for_others() const { return copies_needed() > 1 && !shared_.settings.fallback; }

  /// A write to somebody who takes himself for the primary, if he still does.
  Response write_in_exile(const DatabaseNode& node, const Request& request) {
    if (!is_exiled(node.copy()) || exile_->is_fenced() ||
        !shared_.homes.is_home(shared_.shard, request.key)) {
      return Response::with(Outcome::error);
    }
    if (shared_.settings.optimistic && request.stamp.store() == shared_.store &&
        request.stamp.write() != read(node, request.key).write()) {
      shared_.told.failed_updates.add();
      return Response::with(Outcome::error);
    }
    Response response;
    response.stamp = shared_.truth.begin_write(shared_.store, request.key, request.stamp);
    shared_.truth.commit(response.stamp, request.key);
    shared_.told.writes.add();
    exile_->add({request.key, response.stamp, shared_.simulation.now()});
    return response;
  }

  /// It hears of the other primary, or dies: what only it had is lost.
  void end_exile() {
    const Time now = shared_.simulation.now();
    Time oldest = Time::never();
    exile_->give_up([&](const Exile::Write& write) {
      if (write.is_committed) {
        shared_.told.lost_writes.add();
        shared_.truth.lose(write.stamp, write.key, hand_on(0, write.key), DataStamp());
        oldest = std::min(oldest, write.written);
      }
    });
    shared_.told.split_brain.took(now - exile_->since());
    if (oldest < Time::never()) {
      shared_.told.data_loss.took(now - oldest);
    }
    exile_.reset();
    exile_over_.raise();
    changed_.raise();
  }

  bool hears(std::uint32_t copy, std::uint32_t other) const {
    return !shared_.network.is_cut(replicas_[other].node->place(), replicas_[copy].node->place());
  }
  /// The primary is up, there are replicas that are up, and none of them hears it.
  bool is_primary_silent() const {
    bool is_silent = false;
    for (std::uint32_t copy = 0; copy < replicas_.size(); ++copy) {
      if (copy != primary_ && replicas_[copy].is_up) {
        if (hears(copy, primary_)) {
          return false;
        }
        is_silent = true;
      }
    }
    return is_silent && replicas_[primary_].is_up;
  }

  /// Replaces a primary that is silent for too long, and reunites both when they hear each other.
  static Process watch_silence(PrimaryAndReplicas& copies) {
    Simulation& simulation = copies.shared_.simulation;
    const FailoverSettings& failover = *copies.shared_.settings.failover;
    for (;;) {
      if (copies.exile_ && copies.hears(copies.exile_->copy(), copies.primary_)) {
        copies.end_exile();
      }
      if (copies.exile_ || !copies.is_primary_silent()) {
        copies.has_given_up_ = false;
        co_await copies.shared_.network.disturbed_otherwise();
        continue;
      }
      const Time silent_since = simulation.now();
      co_await simulation.delay(failover.detection);
      if (copies.is_primary_silent()) {
        copies.has_given_up_ = failover.lease;
        co_await simulation.delay(failover.promotion);
      }
      while (copies.is_primary_silent() && copies.can_elect() && !copies.is_ready_to_lead()) {
        co_await copies.changed_.wait();  // it applies the rest first, or dies
      }
      if (copies.is_primary_silent() && copies.can_elect()) {
        copies.exile_.emplace(copies.primary_, simulation.now(), copies.has_given_up_);
        copies.promote(copies.most_advanced(), silent_since);
        while (!copies.pending_.empty()) {
          simulation.wake(copies.pending_.pop_front());  // it will never be committed
        }
      }
    }
  }
  bool is_ready_to_lead() const {
    const Replica& best = replicas_[most_advanced()];
    return best.applied == best.received;
  }

  /// Whether an item was written since the one who writes it now had read it here; writes that are
  /// not committed yet count.
  bool has_changed(const DatabaseNode& node, const Request& update) const {
    return update.stamp.is_data() && update.stamp.store() == shared_.store &&
           update.stamp.write() !=
               log_.seen(update.key, log_.end(), first(node.copy(), update.key)).write();
  }

  /// More copies have more of the log: commits what can be, wakes who waits for that.
  void go_on() {
    commit_until(committable_until());
    while (!pending_.empty() && pending_.front().position <= committed_) {
      shared_.simulation.wake(pending_.pop_front());
    }
    forget();
  }
  void commit_until(std::uint64_t position) {
    while (committed_ < position) {
      ++committed_;
      WriteLog::Entry& entry = log_.at(committed_);
      entry.source_of_before = shared_.truth.commit(entry.stamp, entry.key);
      shared_.told.writes.add();
    }
  }

  /// The position up to which writes have reached as many copies as they must.
  std::uint64_t committable_until() const {
    return has_fallen_back_ ? log_.end() : known_at(copies_needed());
  }
  /// The position up to which the primary knows that so many copies have the log.
  std::uint64_t known_at(std::size_t needed) const {
    if (needed <= 1) {
      return log_.end();
    }
    std::uint64_t until = 0;
    for (const Replica& candidate : replicas_) {
      const auto have_it = std::count_if(
          replicas_.begin(), replicas_.end(),
          [&](const Replica& replica) { return replica.acknowledged >= candidate.acknowledged; });
      if (static_cast<std::size_t>(have_it) >= needed) {
        until = std::max(until, candidate.acknowledged);
      }
    }
    return until;
  }

  std::size_t copies_needed() const {
    switch (shared_.settings.replication) {
      case ReplicationKind::semi_sync:
        return std::min<std::size_t>(2, replicas_.size());
      case ReplicationKind::sync:
        return replicas_.size();
      case ReplicationKind::consensus:
        return majority();
      default:
        return 1;
    }
  }
  std::size_t majority() const { return replicas_.size() / 2 + 1; }
  std::size_t up_count() const {
    return static_cast<std::size_t>(std::count_if(
        replicas_.begin(), replicas_.end(), [](const Replica& replica) { return replica.is_up; }));
  }
  bool lacks_majority() const {
    return shared_.settings.replication == ReplicationKind::consensus && up_count() < majority();
  }

  /// Entries that are committed and that all copies have applied, down ones included.
  void forget() {
    std::uint64_t least = committed_;
    for (const Replica& replica : replicas_) {
      least = std::min(least, replica.applied);
    }
    log_.forget_before(least);
  }

  // ---- Replication ----

  /// Sends a replica what it does not have.
  void ship(std::uint32_t copy) {
    if (copy != primary_ && replicas_[primary_].is_up && replicas_[copy].is_up &&
        replicas_[copy].received < log_.end()) {
      static_cast<void>(deliver(*this, copy, log_.end(), epoch_));
    }
  }

  /// The primary, that was dead or another one until now, opens its connections to the replicas.
  void reconnect() {
    for (std::uint32_t copy = 0; copy < replicas_.size(); ++copy) {
      replicas_[copy].sent = replicas_[copy].arrival = Time();
      ship(copy);
      acknowledge_to_primary(copy);
    }
  }

  /// A message of the log: all writes up to a position.
  static Process deliver(PrimaryAndReplicas& copies, std::uint32_t copy, std::uint64_t position,
                         std::uint64_t epoch) {
    Simulation& simulation = copies.shared_.simulation;
    Replica& replica = copies.replicas_[copy];
    const Replica& sender = copies.replicas_[copies.primary_];
    const std::uint64_t deaths = replica.deaths;
    const std::uint64_t sender_deaths = sender.deaths;
    const std::uint64_t message = combine(combine(copies.shared_.luck, copy), position);
    Draw draw = copies.shared_.lags.at(message);
    const Duration lag = copies.shared_.settings.replication_lag.sample(draw);
    const Duration in = copies.transit(sender, replica, message);
    replica.sent = std::max(replica.sent, simulation.now() + lag);
    co_await simulation.until(replica.sent);
    if (copies.epoch_ != epoch || sender.deaths != sender_deaths || replica.deaths != deaths) {
      co_return Done();  // it was never sent
    }
    replica.arrival = std::max(replica.arrival, simulation.now() + in);
    co_await simulation.until(replica.arrival);
    while (copies.is_cut(sender, replica)) {
      co_await copies.shared_.network.disturbed_otherwise();
    }
    if (copies.epoch_ != epoch || replica.deaths != deaths) {
      co_return Done();
    }
    replica.received = std::max(replica.received, position);
    if (copies.shared_.settings.replication != ReplicationKind::sync) {
      copies.acknowledge_to_primary(copy);
    }
    copies.changed_.raise();
    co_return Done();
  }

  void acknowledge_to_primary(std::uint32_t copy) {
    const bool is_waited_for = shared_.settings.replication != ReplicationKind::async;
    if (is_waited_for && copy != primary_ && replicas_[copy].is_up) {
      static_cast<void>(acknowledge(*this, copy, epoch_));
    }
  }
  static Process acknowledge(PrimaryAndReplicas& copies, std::uint32_t copy, std::uint64_t epoch) {
    Replica& replica = copies.replicas_[copy];
    const Replica& primary = copies.replicas_[copies.primary_];
    const std::uint64_t position = copies.to_acknowledge(replica);
    const std::uint64_t message = ~combine(combine(copies.shared_.luck, copy), position);
    const Duration out = copies.transit(replica, primary, message);
    co_await copies.shared_.simulation.delay(out);
    while (copies.is_cut(replica, primary)) {
      co_await copies.shared_.network.disturbed_otherwise();
    }
    if (copies.epoch_ == epoch && primary.is_up) {
      replica.acknowledged = std::max(replica.acknowledged, position);
      copies.has_fallen_back_ = copies.has_fallen_back_ && !copies.have_caught_up();
      copies.go_on();
    }
    co_return Done();
  }
  std::uint64_t to_acknowledge(const Replica& replica) const {
    return shared_.settings.replication == ReplicationKind::sync ? replica.applied
                                                                 : replica.received;
  }
  Duration transit(const Replica& from, const Replica& to, std::uint64_t message) const {
    return shared_.network.transit(from.node->place(), to.node->place(), 0, message).latency;
  }

  /// Copies are connected by streams that repeat what was lost: they stand still while their path
  /// is cut, or the one who listens does not, and go on afterwards.
  bool is_cut(const Replica& from, const Replica& to) const {
    return to.node->is_cut_from_copies() ||
           shared_.network.is_cut(from.node->place(), to.node->place());
  }

  void begin_to_apply(DatabaseNode& node) {
    if (replicas_.size() > 1) {
      static_cast<void>(apply_writes(node, *this));
    }
  }

  /// Dies with the node.
  static Process apply_writes(DatabaseNode& node, PrimaryAndReplicas& copies) {
    const ShardContext& shared = copies.shared_;
    Replica& replica = copies.replicas_[node.copy()];
    for (;;) {
      while (replica.applied >= replica.received) {
        co_await copies.changed_.wait();
      }
      const std::uint64_t epoch = copies.epoch_;
      const std::uint64_t position = replica.applied + 1;
      Draw draw = shared.applies.at(combine(combine(copies.shared_.luck, node.copy()), position));
      const Duration demand = shared.settings.apply_work().sample(draw);
      co_await node.work(demand);
      if (copies.epoch_ != epoch || replica.applied + 1 != position) {
        continue;  // there is another primary, or it is this node
      }
      const WriteLog::Entry& entry = copies.log_.at(position);
      replica.applied = position;
      replica.newest = entry.stamp.write();
      shared.told.lag.took(shared.simulation.now() - entry.written);
      if (shared.settings.replication == ReplicationKind::sync) {
        copies.acknowledge_to_primary(node.copy());
      }
      copies.forget();
      copies.changed_.raise();
    }
  }

  // ---- Without enough replicas ----

  void watch_for_fallback() {
    if (shared_.settings.fallback && !is_watching_) {
      is_watching_ = true;
      static_cast<void>(fall_back_when_late(*this));
    }
  }
  /// There as long as writes wait.
  static Process fall_back_when_late(PrimaryAndReplicas& copies) {
    Simulation& simulation = copies.shared_.simulation;
    while (!copies.pending_.empty()) {
      const Time due = copies.pending_.front().since + *copies.shared_.settings.fallback;
      if (simulation.now() < due) {
        co_await simulation.until(due);
      } else {
        copies.has_fallen_back_ = true;
        copies.shared_.told.fallbacks.add();
        copies.go_on();
      }
    }
    copies.is_watching_ = false;
    co_return Done();
  }

  /// Enough replicas are so close behind that writes need not wait for longer than they may.
  bool have_caught_up() {
    const std::uint64_t next = known_at(copies_needed()) + 1;
    return !log_.holds(next) ||
           shared_.simulation.now() - log_.at(next).written < *shared_.settings.fallback;
  }

  /// A leader that has not heard from a majority for an election timeout gives up. Its log stays,
  /// and what waits there may be committed when the others are back.
  static Process step_down(PrimaryAndReplicas& copies, std::uint64_t change) {
    co_await copies.shared_.simulation.delay(copies.shared_.settings.failover->detection);
    if (copies.majority_changes_ == change) {
      copies.has_stepped_down_ = true;
      while (!copies.pending_.empty()) {
        copies.shared_.simulation.wake(copies.pending_.pop_front());
      }
    }
    co_return Done();
  }
  /// There is a majority again, and it elects a leader; a dead one is replaced by `watch`.
  static Process stand_again(PrimaryAndReplicas& copies, std::uint64_t change) {
    co_await copies.shared_.simulation.delay(copies.shared_.settings.failover->promotion);
    if (copies.majority_changes_ == change) {
      copies.has_stepped_down_ = false;
    }
    co_return Done();
  }

  // ---- Fail-over ----

  /// After a death: the others notice, and replace the primary if it was that.
  static Process watch(PrimaryAndReplicas& copies, std::uint32_t copy, std::uint64_t death) {
    Simulation& simulation = copies.shared_.simulation;
    const Time died = simulation.now();
    co_await simulation.delay(copies.shared_.settings.failover->detection);
    Replica& dead = copies.replicas_[copy];
    if (dead.deaths != death) {
      co_return Done();
    }
    dead.known_down = true;
    if (copy != copies.primary_) {
      co_return Done();
    }
    const Time detected = simulation.now();
    while (dead.deaths == death) {
      // Who takes over must be there for as long as that takes.
      const Time due =
          std::max(detected, copies.electable_since_) + copies.shared_.settings.failover->promotion;
      if (!copies.can_elect()) {
        co_await copies.changed_.wait();  // until somebody comes back
      } else if (simulation.now() < due) {
        co_await simulation.until(due);
      } else {
        const std::uint32_t best = copies.most_advanced();
        if (copies.replicas_[best].applied == copies.replicas_[best].received) {
          copies.promote(best, died);
          co_return Done();
        }
        co_await copies.changed_.wait();  // it applies the rest first, or dies
      }
    }
    co_return Done();
  }
  /// There is somebody who could take over from the primary, and who may.
  bool can_elect() const { return most_advanced() != primary_ && !lacks_majority(); }

  /// The replica that is up and has received most, and of several the one that has applied most;
  /// the primary itself if there is none.
  std::uint32_t most_advanced() const {
    std::uint32_t best = primary_;
    for (std::uint32_t copy = 0; copy < replicas_.size(); ++copy) {
      const bool is_candidate = copy != primary_ && replicas_[copy].is_up && !is_exiled(copy);
      if (is_candidate && (best == primary_ || is_ahead(replicas_[copy], replicas_[best]))) {
        best = copy;
      }
    }
    return best;
  }
  static bool is_ahead(const Replica& one, const Replica& other) {
    return one.received != other.received ? one.received > other.received
                                          : one.applied > other.applied;
  }

  void promote(std::uint32_t copy, Time died) {
    const bool is_split = is_exiled(primary_);
    ++epoch_;
    primary_ = copy;
    has_fallen_back_ = has_stepped_down_ = false;
    Time oldest_lost = Time::never();
    std::uint64_t position = log_.end();
    log_.cut(replicas_[copy].applied, [&](const WriteLog::Entry& entry) {
      if (is_split) {
        exile_->keep({entry.key, entry.stamp, entry.written, position <= committed_});
      } else if (position <= committed_) {
        shared_.told.lost_writes.add();
        shared_.truth.lose(entry.stamp, entry.key, entry.before, entry.source_of_before);
        oldest_lost = std::min(oldest_lost, entry.written);
      }
      --position;
    });
    committed_ = std::min(committed_, log_.end());
    // What only others had is not part of the log any more, and they drop it.
    for (Replica& replica : replicas_) {
      if (replica.applied > log_.end()) {
        replica.applied = log_.end();
        replica.newest = replicas_[copy].newest;
      }
      replica.received = std::min(replica.received, log_.end());
      replica.acknowledged = replica.is_up ? to_acknowledge(replica) : 0;  // they took part in it
    }
    reconnect();
    go_on();
    shared_.told.failovers.add();
    shared_.told.failover.took(shared_.simulation.now() - died);
    if (oldest_lost < Time::never()) {
      shared_.told.data_loss.took(died - oldest_lost);
    }
    changed_.raise();
  }

  ShardContext shared_;
  std::vector<Replica> replicas_;  ///< by copy; never grows, so that processes may refer to one
  std::uint32_t primary_ = 0;
  std::uint64_t epoch_ = 0;             ///< changes with the primary
  bool has_fallen_back_ = false;        ///< it commits alone
  bool is_watching_ = false;            ///< whether it should
  std::uint64_t majority_changes_ = 0;  ///< losses and returns of a majority of copies that are up
  bool has_stepped_down_ = false;
  bool has_given_up_ = false;  ///< its lease is over
  std::optional<Exile> exile_;
  Time electable_since_;  ///< when there was somebody again to take over
  WriteLog log_;
  std::uint64_t committed_ = 0;     ///< the position in the log up to which writes are committed
  IntrusiveList<Pending> pending_;  ///< ascending
  Signal changed_;
  Signal exile_over_;
  Scope scope_;
};

}  // namespace stampede
