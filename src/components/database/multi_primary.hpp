#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "components/database/node.hpp"
#include "components/database/shard_context.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// The copies of a shard that are primaries all of them (active-active over regions): each takes
/// writes, has them at once, and sends them to the others afterwards. Of writes to one key the last
/// one wins, by the clock of the copy that took it (Johnson and Thomas, RFC 677, 1975; the rule of
/// Cassandra and of DynamoDB's global tables), so that all copies agree in the end.
///
/// Whoever wrote the other one was told that it is committed, and nobody tells that it is gone: a
/// write is lost when it gives way to one that had not seen it. What a write had seen is known
/// exactly (Mattern: Virtual Time and Global States of Distributed Systems, 1989): each copy has
/// applied the first n writes of each other one.
///
/// Each copy sends its writes to each other one in order, as over a TCP connection; what it has
/// received is on its disk. So a crash makes writes late and loses none that way.
class MultiPrimary final : public Copies {
 public:
  MultiPrimary(const ShardContext& shared, const std::vector<DatabaseNode*>& nodes)
      : shared_(shared), scope_(shared.simulation) {
    for (DatabaseNode* node : nodes) {
      Primary& primary = primaries_.emplace_back(shared.simulation);
      primary.node = node;
      primary.from.resize(nodes.size());
      Draw draw = shared.clocks.at(node->index());
      primary.clock_skew = shared.settings.clock_skew.sample(draw);
      node->belongs_to(*this);
    }
  }

  void start() {
    for (const Primary& primary : primaries_) {
      static_cast<void>(apply_writes(*primary.node, *this));
    }
  }

  Scope& scope() { return scope_; }

  std::size_t size() const { return primaries_.size(); }
  DatabaseNode& node(std::size_t copy) { return *primaries_[copy].node; }
  /// Clients have been told that the node is down.
  bool is_known_down(std::size_t copy) const { return primaries_[copy].known_down; }

  // ---- Copies ----

  DataStamp read(const DatabaseNode& node, std::uint64_t key) override {
    const auto& held = primaries_[node.copy()].held;
    const auto found = held.find(key);
    return found == held.end() ? shared_.homes.first(shared_.shard, node.copy(), key)
                               : found->second->stamp;
  }
  DataStamp hand_on(std::uint32_t copy, std::uint64_t key) const override {
    const auto& held = primaries_[copy].held;
    const auto found = held.find(key);
    return found == held.end() ? DataStamp(shared_.store, 0) : found->second->stamp;
  }

  Task<Response> write(DatabaseNode& node, Request request) override {
    return take(node, *this, request);
  }

  void went_down(DatabaseNode& node) override {
    Primary& dead = primaries_[node.copy()];
    dead.is_up = false;
    ++dead.deaths;
    if (shared_.settings.failover) {
      static_cast<void>(watch(*this, node.copy(), dead.deaths));
    }
  }
  void came_up(DatabaseNode& node) override {
    Primary& back = primaries_[node.copy()];
    back.is_up = true;
    back.known_down = false;
    ++back.deaths;
    static_cast<void>(apply_writes(node, *this));
    for (std::uint32_t other = 0; other < primaries_.size(); ++other) {
      open(primaries_[other].from[node.copy()]);
      open(back.from[other]);
      ship(node.copy(), other);
      ship(other, node.copy());
    }
  }

 private:
  struct Write {
    std::uint64_t key;
    DataStamp stamp;
    Time clock;                       ///< as its copy read it
    Time written;                     ///< when that was
    std::uint32_t copy;               ///< that took it
    std::uint64_t position;           ///< among the writes that this one took, from 1
    std::vector<std::uint64_t> seen;  ///< by copy: the position up to which it had applied them
    std::size_t missing;              ///< copies that have not applied it

    bool saw(const Write& other) const { return seen[other.copy] >= other.position; }
    bool is_after(const Write& other) const {
      return clock != other.clock ? clock > other.clock : stamp.write() > other.stamp.write();
    }
  };
  /// From one copy to another.
  struct Connection {
    std::uint64_t received = 0;  ///< the position up to which its writes have come in
    std::uint64_t applied = 0;   ///< and up to which reads see them
    Time sent;                   ///< when the last message was
    Time arrival;                ///< and when it is there
  };
  struct Primary {
    explicit Primary(Simulation& simulation) : came_in(simulation) {}
    DatabaseNode* node = nullptr;
    Duration clock_skew;
    std::deque<std::shared_ptr<Write>> log;  ///< its own writes that not all others have received
    std::uint64_t log_end = 0;               ///< the position of the last one
    std::vector<Connection> from;            ///< by copy
    std::deque<std::shared_ptr<Write>> received;  ///< to be applied
    tsl::robin_map<std::uint64_t, std::shared_ptr<const Write>> held;
    Signal came_in;
    std::uint64_t deaths = 0;  ///< changes with each death and each return
    bool is_up = true;
    bool known_down = false;
  };

  // ---- Writes ----

  static Task<Response> take(DatabaseNode& node, MultiPrimary& copies, Request request) {
    const ShardContext& shared = copies.shared_;
    Primary& own = copies.primaries_[node.copy()];
    const Time now = shared.simulation.now();
    const auto write = std::make_shared<Write>(
        Write{.key = request.key,
              .stamp = shared.truth.begin_write(shared.store, request.key, request.stamp),
              .clock = now + own.clock_skew,
              .written = now,
              .copy = node.copy(),
              .position = own.log_end + 1,
              .seen = seen_by(own),
              .missing = copies.primaries_.size()});
    Connection& itself = own.from[node.copy()];
    own.log_end = itself.received = itself.applied = write->position;
    own.log.push_back(write);
    copies.commit(write);
    copies.apply(node.copy(), write);
    for (std::uint32_t other = 0; other < copies.primaries_.size(); ++other) {
      copies.ship(node.copy(), other);
    }
    copies.forget(own, node.copy());
    Response response;
    response.stamp = write->stamp;
    co_return response;
  }

  static std::vector<std::uint64_t> seen_by(const Primary& primary) {
    std::vector<std::uint64_t> seen;
    for (const Connection& from : primary.from) {
      seen.push_back(from.applied);
    }
    return seen;
  }

  /// The write that all copies will agree on, if no more come, is what the store holds.
  void commit(const std::shared_ptr<const Write>& write) {
    shared_.told.writes.add();
    std::shared_ptr<const Write>& last = last_[write->key];
    if (!last || write->is_after(*last)) {
      last = write;
      shared_.truth.commit(write->stamp, write->key);
    } else {
      shared_.truth.reject(write->stamp);  // by a clock that is behind
    }
  }

  /// A copy has a write, its own or another's: which it holds now is a matter of their clocks.
  void apply(std::uint32_t copy, const std::shared_ptr<Write>& write) {
    std::shared_ptr<const Write>& held = primaries_[copy].held[write->key];
    if (!held) {
      held = write;
    } else {
      const bool wins = write->is_after(*held);
      const Write& winner = wins ? *write : *held;
      const Write& loser = wins ? *held : *write;
      // A copy that still holds its own write counts the loss; elsewhere it may arrive after what
      // took its place.
      if (loser.copy == copy && !winner.saw(loser)) {
        shared_.told.lost_writes.add();
        shared_.told.conflicts.add(loser.saw(winner) ? 0 : 1);
      }
      if (wins) {
        held = write;
      }
    }
    const Duration age = shared_.simulation.now() - write->written;
    if (write->copy != copy) {
      shared_.told.lag.took(age);
    }
    if (--write->missing == 0) {
      shared_.told.convergence.took(age);
    }
  }

  // ---- Replication ----

  /// Anew, after a death at either end: what was under way is lost, and nothing waits for that.
  static void open(Connection& connection) { connection.sent = connection.arrival = Time(); }

  void ship(std::uint32_t from, std::uint32_t to) {
    const Primary& sender = primaries_[from];
    const Primary& receiver = primaries_[to];
    if (from != to && sender.is_up && receiver.is_up &&
        receiver.from[from].received < sender.log_end) {
      static_cast<void>(deliver(*this, from, to, sender.log_end));
    }
  }

  /// A message: all writes of a copy up to a position that the other does not have.
  static Process deliver(MultiPrimary& copies, std::uint32_t from, std::uint32_t to,
                         std::uint64_t position) {
    Simulation& simulation = copies.shared_.simulation;
    Primary& sender = copies.primaries_[from];
    Primary& receiver = copies.primaries_[to];
    Connection& connection = receiver.from[from];
    const std::uint64_t sender_deaths = sender.deaths;
    const std::uint64_t deaths = receiver.deaths;
    const std::uint64_t message =
        combine(combine(combine(copies.shared_.luck, from), to), position);
    Draw draw = copies.shared_.lags.at(message);
    const Duration lag = copies.shared_.settings.replication_lag.sample(draw);
    const Duration in =
        copies.shared_.network.transit(sender.node->place(), receiver.node->place(), 0, message)
            .latency;
    connection.sent = std::max(connection.sent, simulation.now() + lag);
    co_await simulation.until(connection.sent);
    if (sender.deaths != sender_deaths || receiver.deaths != deaths) {
      co_return Done();  // it was never sent
    }
    connection.arrival = std::max(connection.arrival, simulation.now() + in);
    co_await simulation.until(connection.arrival);
    while (receiver.node->is_cut_from_copies() ||
           copies.shared_.network.is_cut(sender.node->place(), receiver.node->place())) {
      co_await copies.shared_.network.disturbed_otherwise();  // the stream repeats what was lost
    }
    if (receiver.deaths == deaths) {
      while (connection.received < position) {
        ++connection.received;
        receiver.received.push_back(at(sender, connection.received));
      }
      copies.forget(sender, from);
      receiver.came_in.raise();
    }
    co_return Done();
  }

  static const std::shared_ptr<Write>& at(const Primary& sender, std::uint64_t position) {
    return sender.log[sender.log.size() - 1 - (sender.log_end - position)];
  }

  /// What all others have received, down ones included, is never sent again.
  void forget(Primary& sender, std::uint32_t copy) {
    std::uint64_t least = sender.log_end;
    for (const Primary& primary : primaries_) {
      least = std::min(least, primary.from[copy].received);
    }
    while (sender.log_end - sender.log.size() < least) {
      sender.log.pop_front();
    }
  }

  /// Dies with the node.
  static Process apply_writes(DatabaseNode& node, MultiPrimary& copies) {
    const ShardContext& shared = copies.shared_;
    Primary& own = copies.primaries_[node.copy()];
    for (;;) {
      while (own.received.empty()) {
        co_await own.came_in.wait();
      }
      const std::uint64_t luck = combine(copies.shared_.luck, own.received.front()->stamp.write());
      Draw draw = shared.applies.at(combine(luck, node.copy()));
      const Duration demand = shared.settings.apply_work().sample(draw);
      co_await node.work(demand);
      const std::shared_ptr<Write> write = std::move(own.received.front());
      own.received.pop_front();
      own.from[write->copy].applied = write->position;
      copies.apply(node.copy(), write);
    }
  }

  // ---- Deaths ----

  /// The others notice, and clients turn to them.
  static Process watch(MultiPrimary& copies, std::uint32_t copy, std::uint64_t death) {
    const Duration detection = copies.shared_.settings.failover->detection;
    co_await copies.shared_.simulation.delay(detection);
    Primary& dead = copies.primaries_[copy];
    if (dead.deaths != death) {
      co_return Done();
    }
    dead.known_down = true;
    const bool has_another = std::any_of(copies.primaries_.begin(), copies.primaries_.end(),
                                         [](const Primary& primary) { return primary.is_up; });
    if (has_another) {
      copies.shared_.told.failovers.add();
      copies.shared_.told.failover.took(detection);
    }
    co_return Done();
  }

  ShardContext shared_;
  std::deque<Primary> primaries_;  ///< by copy; processes refer to them
  tsl::robin_map<std::uint64_t, std::shared_ptr<const Write>> last_;  ///< by key
  Scope scope_;
};

}  // namespace stampede
