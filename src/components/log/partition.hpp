#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "components/log/broker.hpp"
#include "components/log/measures.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// Told of what becomes of the records of a partition.
class PartitionReader {
 public:
  virtual void appended(std::uint32_t partition, std::uint64_t count) = 0;
  /// The oldest record there is was deleted.
  virtual void expired(std::uint32_t partition, std::uint64_t offset) = 0;
  /// The log ends here now: what came after it is lost.
  virtual void cut(std::uint32_t partition, std::uint64_t end, std::uint64_t old_end) = 0;
  /// No record before this offset will be read again.
  virtual std::uint64_t committed(std::uint32_t partition) const = 0;

 protected:
  ~PartitionReader() = default;
};

/// One partition and its copies. One of them leads: it takes the messages, and the others fetch
/// them from it. Copies that are up to date count as in sync; what all of those have is committed,
/// and only that is read. A leader that dies is replaced by a copy that was in sync, which has all
/// that was committed; what it does not have is lost.
class Partition {
 public:
  struct Shared {
    const LogSettings& settings;
    Simulation& simulation;
    Network& network;
    LogTold& told;
    Stream lags;
  };

  Partition(const Shared& shared, std::uint32_t index, std::vector<LogBroker*> brokers,
            std::uint64_t luck)
      : shared_(shared),
        index_(index),
        luck_(luck),
        appended_(shared.simulation),
        changed_(shared.simulation),
        scope_(shared.simulation) {
    for (LogBroker* broker : brokers) {
      copies_.emplace_back(std::make_unique<Copy>(shared.simulation)).get()->broker = broker;
    }
  }

  void add_reader(PartitionReader& reader) { readers_.push_back(&reader); }
  void start() {
    follow_leader();
    if (copies_.size() > 1) {
      static_cast<void>(watch_lag(scope_, *this));
    }
  }

  LogBroker& leader() { return *copies_[leader_]->broker; }
  bool is_led_by(const LogBroker& broker) const { return copies_[leader_]->broker == &broker; }
  std::uint32_t index() const { return index_; }
  /// The offset of the oldest record that there is, and that after the last one.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return begin_ + records_.size(); }
  /// The offset up to which records are committed: the high watermark.
  std::uint64_t committed() const { return committed_; }
  const Record& at(std::uint64_t offset) const { return records_[offset - begin_].record; }
  std::int64_t total_appended() const { return total_appended_; }
  /// When the leader became that, or came back as that.
  Time led_since() const { return led_since_; }
  int in_sync() const {
    return static_cast<int>(
        std::count_if(copies_.begin(), copies_.end(), [](const auto& c) { return c->in_sync; }));
  }

  /// Waits until more is committed, or for as long as `limit` at most.
  auto advanced(Timeouts& limit) { return AdvanceAwaiter(*this, limit); }

  /// Whoever reads has committed more.
  void forget() {
    std::uint64_t needed = committed_;
    for (const PartitionReader* reader : readers_) {
      needed = std::min(needed, reader->committed(index_));
    }
    while (begin_ < needed) {
      drop_oldest();
    }
  }

  /// The first copy leads again, if it can.
  void elect_preferred() {
    const Copy& preferred = *copies_.front();
    if (leader_ != 0 && preferred.is_up && preferred.in_sync && leader_is_up()) {
      lead_by(0);
    }
  }

  // ---- Taking in ----

  static Task<Response> append(LogBroker& at, Partition& partition,
                               const std::shared_ptr<RecordBatch>& sent) {
    const std::shared_ptr<RecordBatch> batch = sent;
    Response response;
    if (!partition.is_led_by(at) || partition.lacks_copies()) {
      response.outcome = Outcome::rejected_no_backend;
      co_return response;
    }
    if (!partition.has(*batch)) {
      partition.take_in(*batch);
    }
    if (partition.shared_.settings.acks == Acks::all) {
      const bool is_committed = co_await CommitAwaiter(partition, batch->end);
      response.outcome = is_committed ? Outcome::ok : Outcome::rejected_no_backend;
    }
    co_return response;
  }

  // ---- Brokers ----

  void went_down(const LogBroker& broker) {
    const std::size_t which = find(broker);
    if (which == copies_.size()) {
      return;
    }
    Copy& dead = *copies_[which];
    if (!dead.is_up) {
      return;  // it died while it booted: the others have been at it since it died first
    }
    dead.is_up = false;
    ++dead.deaths;
    if (which == leader_) {
      stop_following();
    } else {
      dead.fetching.kill(KilledWork::stays_silent);
    }
    if (copies_.size() > 1) {
      static_cast<void>(watch(scope_, *this, which, dead.deaths));
    }
  }
  void came_up(const LogBroker& broker) {
    const std::size_t which = find(broker);
    if (which == copies_.size()) {
      return;
    }
    Copy& back = *copies_[which];
    back.is_up = true;
    ++back.deaths;
    if (which == leader_) {
      led_since_ = shared_.simulation.now();
      follow_leader();
      advance();
    } else {
      follow(which);
    }
    changed_.raise();
  }

  /// What was appended is there, or was cut off, or was deleted; nothing is before itself.
  std::string broken_law() const {
    const auto all = static_cast<std::int64_t>(end()) + total_cut_;
    if (total_appended_ != all || committed_ > end() || begin_ > committed_) {
      return fmt::format(
          "partition {}: {} messages were appended, {} cut off; it goes from {} to {}, and is "
          "committed up to {}",
          index_, total_appended_, total_cut_, begin_, end(), committed_);
    }
    return {};
  }

 private:
  struct Stored {
    Record record;
    std::uint64_t bytes_before;  ///< payload of all that came before it
  };
  struct Copy {
    explicit Copy(Simulation& simulation) : fetching(simulation) {}
    LogBroker* broker = nullptr;
    std::uint64_t received = 0;            ///< the offset up to which it has the records
    std::uint64_t acknowledged = 0;        ///< and up to which the leader knows that it has them
    std::uint64_t received_bytes = 0;      ///< payload of what it has
    Time behind_since = Time::never();     ///< of the oldest record that it does not have
    Time unfetched_since = Time::never();  ///< of the oldest one that it is not about to get
    std::uint64_t fetches = 0;
    std::uint64_t deaths = 0;  ///< changes with each death and each return
    bool is_up = true;
    bool in_sync = true;
    Scope fetching;  ///< of it, while it follows
  };
  /// A batch that waits until all copies in sync have it.
  struct Pending : Waiter {
    std::uint64_t end = 0;
    bool is_refused = false;
  };
  class CommitAwaiter {
   public:
    CommitAwaiter(Partition& partition, std::uint64_t end) : partition_(partition) {
      pending_.end = end;
    }
    bool await_ready() const { return partition_.committed_ >= pending_.end; }
    void await_suspend(std::coroutine_handle<> process) {
      pending_.process = process;
      partition_.keep_waiting(pending_);
    }
    bool await_resume() const { return !pending_.is_refused; }

   private:
    Partition& partition_;
    Pending pending_;
  };

  /// A consumer that is kept waiting.
  struct Poll : ListHook {
    TimedWaiter waiter;
  };
  class AdvanceAwaiter {
   public:
    AdvanceAwaiter(Partition& partition, Timeouts& limit) : partition_(partition), limit_(limit) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> process) {
      poll_.waiter.process = process;
      partition_.polls_.push_back(poll_);
      limit_.start(poll_.waiter);
    }
    void await_resume() { poll_.unlink(); }

   private:
    Partition& partition_;
    Timeouts& limit_;
    Poll poll_;
  };

  bool leader_is_up() const { return copies_[leader_]->is_up; }
  std::size_t find(const LogBroker& broker) const {
    const auto found = std::find_if(copies_.begin(), copies_.end(),
                                    [&](const auto& copy) { return copy->broker == &broker; });
    return static_cast<std::size_t>(found - copies_.begin());
  }

  // ---- The log ----

  /// What is sent again waits for an end that it got before.
  void keep_waiting(Pending& pending) {
    IntrusiveList<Pending> later;
    while (!pending_.empty() && pending_.back().end > pending.end) {
      later.push_front(pending_.pop_back());
    }
    pending_.push_back(pending);
    pending_.take_all(later);
  }

  /// Fewer copies are in sync than there must be for a message to be safe.
  bool lacks_copies() const {
    return shared_.settings.acks == Acks::all && in_sync() < shared_.settings.min_insync_replicas;
  }
  /// It has been appended, and no election since has cut it off.
  bool has(const RecordBatch& batch) const {
    bool is_there = batch.end > 0;
    for (std::uint64_t epoch = batch.epoch; is_there && epoch < ends_.size(); ++epoch) {
      is_there = batch.end <= ends_[epoch];
    }
    return is_there;
  }

  void take_in(RecordBatch& batch) {
    const Time now = shared_.simulation.now();
    for (const Request& message : batch.messages) {
      records_.push_back({{message, now}, bytes_});
      bytes_ += message.size;
    }
    batch.end = end();
    batch.epoch = ends_.size();
    const std::size_t count = batch.messages.size();
    total_appended_ += static_cast<std::int64_t>(count);
    shared_.told.published.add(static_cast<std::int64_t>(count));
    shared_.told.batches.add();
    for (PartitionReader* reader : readers_) {
      reader->appended(index_, count);
    }
    for (const auto& copy : copies_) {
      copy->behind_since = std::min(copy->behind_since, now);
      copy->unfetched_since = std::min(copy->unfetched_since, now);
    }
    Copy& own = *copies_[leader_];
    own.received = own.acknowledged = end();
    own.received_bytes = bytes_;
    own.behind_since = own.unfetched_since = Time::never();
    appended_.raise();
    advance();
  }

  /// Commits what all copies in sync have, and answers those who wait for that.
  void advance() {
    std::uint64_t until = end();
    for (const auto& copy : copies_) {
      until = copy->in_sync ? std::min(until, copy->acknowledged) : until;
    }
    if (lacks_copies()) {
      refuse_pending();
      return;
    }
    if (until <= committed_) {
      return;
    }
    committed_ = until;
    while (!pending_.empty() && pending_.front().end <= committed_) {
      shared_.simulation.wake(pending_.pop_front());
    }
    forget();
    keep_to_retention();
    while (!polls_.empty()) {
      shared_.simulation.wake(polls_.pop_front().waiter);
    }
  }

  void refuse_pending() {
    while (!pending_.empty()) {
      Pending& refused = pending_.pop_front();
      refused.is_refused = true;
      shared_.simulation.wake(refused);
    }
  }

  // ---- Retention ----

  void keep_to_retention() {
    const auto& retention = shared_.settings.retention;
    if (!retention) {
      return;
    }
    while (retention->size && begin_ < committed_ &&
           bytes_ - records_.front().bytes_before > retention->size->count) {
      expire_oldest();
    }
    if (retention->time && begin_ < committed_ && !is_watching_age_) {
      is_watching_age_ = true;
      static_cast<void>(watch_age(scope_, *this, *retention->time));
    }
  }
  static Process watch_age(Scope& scope, Partition& partition, Duration age) {
    while (partition.begin_ < partition.committed_) {
      const Time due = partition.records_.front().record.appended + age;
      co_await scope.simulation().until(due);
      while (partition.begin_ < partition.committed_ &&
             partition.records_.front().record.appended + age <= scope.simulation().now()) {
        partition.expire_oldest();
      }
    }
    partition.is_watching_age_ = false;
    co_return Done();
  }
  void expire_oldest() {
    const std::uint64_t offset = begin_;
    drop_oldest();
    for (PartitionReader* reader : readers_) {
      reader->expired(index_, offset);
    }
  }
  /// Payload of all records that are not kept any more.
  std::uint64_t bytes_deleted() const {
    return records_.empty() ? bytes_ : records_.front().bytes_before;
  }
  void drop_oldest() {
    records_.pop_front();
    ++begin_;
  }

  // ---- Replication ----

  void follow_leader() {
    for (std::size_t copy = 0; copy < copies_.size(); ++copy) {
      follow(copy);
    }
  }
  void stop_following() {
    for (const auto& copy : copies_) {
      copy->fetching.kill(KilledWork::stays_silent);
    }
  }
  void follow(std::size_t which) {
    Copy& copy = *copies_[which];
    if (which != leader_ && copy.is_up && leader_is_up()) {
      copy.fetching.kill(KilledWork::stays_silent);
      copy.unfetched_since = copy.behind_since;
      static_cast<void>(fetch(copy.fetching, *this, which));
    }
  }

  /// A copy asks the leader for what comes next, over and over; each time it says what it has. What
  /// retention has deleted meanwhile it does not get. Brokers are connected by TCP, whose segments
  /// are sent again: the network's loss does not reach this stream, and a cut holds it up.
  static Process fetch(Scope& scope, Partition& partition, std::size_t which) {
    Simulation& simulation = scope.simulation();
    const Shared& shared = partition.shared_;
    Copy& copy = *partition.copies_[which];
    const PlaceId here = copy.broker->place();
    const PlaceId there = partition.leader().place();
    for (;;) {
      const std::uint64_t luck = combine(combine(partition.luck_, which), ++copy.fetches);
      const Network::Transit out = shared.network.transit(here, there, 0, luck);
      co_await simulation.delay(out.latency);
      while (shared.network.is_cut(here, there)) {
        co_await shared.network.disturbed_otherwise();
      }
      partition.acknowledge(copy);
      while (copy.received == partition.end()) {
        co_await partition.appended_.wait();
      }
      Draw draw = shared.lags.at(luck);
      const Duration lag = shared.settings.replication_lag.sample(draw);
      co_await simulation.delay(lag);

      const std::uint64_t end = partition.end();
      const std::uint64_t bytes = partition.bytes_;
      const Time oldest = copy.behind_since;
      copy.unfetched_since = Time::never();
      const std::uint64_t begin = std::max(copy.received, partition.begin_);
      const std::uint64_t bytes_before = std::max(copy.received_bytes, partition.bytes_deleted());
      const auto payload =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes - bytes_before, UINT32_MAX));
      const Network::Transit in = shared.network.transit(there, here, payload, ~luck);
      if (in.line != nullptr) {
        co_await in.line->work(in.transfer);
      }
      co_await simulation.delay(in.latency);
      while (copy.broker->is_cut_from_copies() || shared.network.is_cut(there, here)) {
        co_await shared.network.disturbed_otherwise();
      }
      co_await copy.broker->write(luck, end - begin);
      copy.received = end;
      copy.received_bytes = bytes;
      copy.behind_since = copy.unfetched_since;
      shared.told.replication.took(simulation.now() - oldest);
    }
  }

  /// The leader learns what a copy has.
  void acknowledge(Copy& copy) {
    copy.acknowledged = copy.received;
    copy.in_sync = copy.in_sync || copy.acknowledged >= committed_;
    advance();
    changed_.raise();
  }

  /// Looks after copies that are up and do not keep up, as often as Kafka does.
  static Process watch_lag(Scope& scope, Partition& partition) {
    const Duration limit = partition.shared_.settings.replica_lag_time;
    for (;;) {
      co_await scope.simulation().delay(limit / 2);
      const Time now = scope.simulation().now();
      for (std::size_t which = 0; which < partition.copies_.size(); ++which) {
        Copy& copy = *partition.copies_[which];
        const bool is_slow = copy.behind_since < Time::never() && copy.behind_since + limit <= now;
        if (which != partition.leader_ && copy.in_sync && is_slow && partition.leader_is_up()) {
          copy.in_sync = false;
          partition.advance();
        }
      }
    }
  }

  // ---- Leader election ----

  /// After a death: the others notice, and replace the leader if it was that.
  static Process watch(Scope& scope, Partition& partition, std::size_t which,
                       std::uint64_t deaths) {
    const LeaderElectionSettings& settings = partition.shared_.settings.failover;
    const Time died = scope.simulation().now();
    co_await scope.simulation().delay(settings.detection);
    Copy& dead = *partition.copies_[which];
    if (dead.deaths != deaths) {
      co_return Done();
    }
    if (which != partition.leader_) {
      // Nothing is committed on behalf of a leader that is dead: what it has goes with it.
      while (dead.deaths == deaths && !partition.leader_is_up()) {
        co_await partition.changed_.wait();
      }
      if (dead.deaths == deaths) {
        dead.in_sync = false;
        partition.advance();
      }
      co_return Done();
    }
    co_await scope.simulation().delay(settings.promotion);
    while (dead.deaths == deaths) {
      const std::size_t next = partition.candidate();
      if (next != partition.leader_) {
        partition.elect(next, died);
        co_return Done();
      }
      co_await partition.changed_.wait();  // somebody comes back
    }
    co_return Done();
  }

  /// The first copy in sync that is up; where there is none, under unclean election, the one that
  /// has most; else the leader itself.
  std::size_t candidate() const {
    std::size_t best = leader_;
    for (std::size_t which = 0; which < copies_.size(); ++which) {
      const Copy& copy = *copies_[which];
      if (which == leader_ || !copy.is_up) {
        continue;
      }
      if (copy.in_sync) {
        return which;
      }
      if (shared_.settings.unclean_leader_election &&
          (best == leader_ || copy.received > copies_[best]->received)) {
        best = which;
      }
    }
    return best;
  }

  /// Instead of one that died.
  void elect(std::size_t which, Time died) {
    copies_[leader_]->in_sync = false;
    shared_.told.failover.took(shared_.simulation.now() - died);
    lead_by(which);
  }

  void lead_by(std::size_t which) {
    leader_ = which;
    Copy& leader = *copies_[which];
    leader.in_sync = true;
    cut(leader.received);
    leader.acknowledged = leader.received;
    leader.behind_since = leader.unfetched_since = Time::never();
    shared_.told.elections.add();
    led_since_ = shared_.simulation.now();
    stop_following();
    follow_leader();
    refuse_pending();  // an old leader that lives on leads no more: publishers turn to the new one
    advance();
    changed_.raise();
  }

  /// Takes back what the new leader does not have. Its publishers were told that it is in: at once,
  /// by the old leader, or, of an unclean election, when it was committed.
  void cut(std::uint64_t new_end) {
    ends_.push_back(new_end);
    const std::uint64_t old_end = end();
    const std::uint64_t told_until = shared_.settings.acks == Acks::all ? committed_ : old_end;
    if (told_until > new_end) {
      shared_.told.lost.add(static_cast<std::int64_t>(told_until - new_end));
    }
    for (PartitionReader* reader : readers_) {
      reader->cut(index_, new_end, old_end);
    }
    while (end() > new_end && !records_.empty()) {
      bytes_ = records_.back().bytes_before;
      records_.pop_back();
    }
    total_cut_ += static_cast<std::int64_t>(old_end - new_end);
    begin_ = std::min(begin_, new_end);  // an unclean election may go back behind all that is kept
    committed_ = std::min(committed_, new_end);
    for (const auto& copy : copies_) {
      copy->received = std::min(copy->received, new_end);
      copy->received_bytes = std::min(copy->received_bytes, bytes_);
      copy->acknowledged = std::min(copy->acknowledged, new_end);
      if (copy->received == new_end) {
        copy->behind_since = Time::never();
      }
    }
  }

  Shared shared_;
  std::uint32_t index_;
  std::uint64_t luck_;
  std::vector<std::unique_ptr<Copy>> copies_;
  std::size_t leader_ = 0;
  Time led_since_;
  std::vector<PartitionReader*> readers_;

  std::deque<Stored> records_;  ///< those that somebody may still read
  std::uint64_t begin_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t bytes_ = 0;          ///< payload of all records from the first one on
  std::vector<std::uint64_t> ends_;  ///< at each election, where the new leader's log ended
  std::int64_t total_appended_ = 0;
  std::int64_t total_cut_ = 0;
  bool is_watching_age_ = false;

  IntrusiveList<Pending> pending_;  ///< ascending
  Signal appended_;
  Signal changed_;  ///< a copy came back, caught up or was elected
  IntrusiveList<Poll> polls_;
  Scope scope_;
};

}  // namespace stampede
