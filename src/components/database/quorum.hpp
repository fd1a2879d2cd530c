#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "components/database/node.hpp"
#include "components/database/shard_context.hpp"
#include "stampede/base/intrusive_list.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// The copies of a shard without a primary (DeCandia et al.: Dynamo, SOSP 2007). Whoever asks sends
/// to all copies and is content with the answers of as many as the consistency level says; of
/// several versions the latest write wins.
class Quorum final : public Copies {
 public:
  Quorum(const ShardContext& shared, std::vector<DatabaseNode*> nodes)
      : shared_(shared),
        nodes_(std::move(nodes)),
        held_(nodes_.size()),
        hints_(nodes_.size()),
        came_up_(shared.simulation),
        scope_(shared.simulation) {
    for (DatabaseNode* node : nodes_) {
      node->belongs_to(*this);
    }
  }

  Scope& scope() { return scope_; }

  Reply call(const Request& request) {
    return request.operation == Operation::read ? read_from_all(*this, request)
                                                : write_to_all(*this, request);
  }

  // ---- Copies ----

  DataStamp read(const DatabaseNode& node, std::uint64_t key) override {
    const auto& held = held_[node.copy()];
    const auto found = held.find(key);
    return found == held.end() ? shared_.homes.first(shared_.shard, node.copy(), key)
                               : DataStamp(shared_.store, found->second);
  }
  DataStamp hand_on(std::uint32_t copy, std::uint64_t key) const override {
    const auto found = held_[copy].find(key);
    return DataStamp(shared_.store, found == held_[copy].end() ? 0 : found->second);
  }

  Task<Response> write(DatabaseNode& node, Request request) override {
    return take(node, *this, request);
  }

  void went_down(DatabaseNode&) override {}
  void came_up(DatabaseNode&) override { came_up_.raise(); }

 private:
  /// Counts the answers of the copies to one request, and outlives it until the last of them.
  class Answers {
   public:
    Answers(Simulation& simulation, std::size_t copies, std::size_t needed)
        : copies_(copies), may_fail_(copies - needed), needed_(needed), decided_(simulation) {}
    virtual ~Answers() = default;

    static void listen(const std::shared_ptr<Answers>& answers, std::size_t copy, Reply& reply) {
      One& one = answers->copies_[copy];
      if (reply.work() != nullptr) {
        one.keeps = answers;
        one.answers = answers.get();
        one.copy = copy;
        reply.tell(one);
      } else {
        answers->take(copy, reply.done() ? reply.answer() : Response::lost());
      }
    }

    bool is_decided() const { return is_decided_; }
    auto decided() { return decided_.wait(); }
    const Response& response() const { return response_; }
    /// What the copy answered; nothing yet, or nothing good, gives no data.
    const Response& of(std::size_t copy) const { return copies_[copy].heard; }
    bool has_answered(std::size_t copy) const { return copies_[copy].has_answered; }

   private:
    struct One final : ReplyListener {
      void answered(const Response& response) override { end(response); }
      void lost() override { end(Response::lost()); }
      void end(const Response& response) {
        const std::shared_ptr<Answers> last = std::move(keeps);
        answers->take(copy, response);
      }
      std::shared_ptr<Answers> keeps;
      Answers* answers = nullptr;
      std::size_t copy = 0;
      Response heard;
      bool has_answered = false;
    };

    /// A copy was down, died, or was not heard from.
    virtual void missed(std::size_t) {}
    /// That was the last of them.
    virtual void all_ended() {}

    void take(std::size_t copy, const Response& response) {
      copies_[copy].heard = response;
      copies_[copy].has_answered = !response.silent;
      ++ended_;
      if (response.silent || response.outcome == Outcome::reset ||
          response.outcome == Outcome::unreachable) {
        missed(copy);
      }
      if (!is_decided_) {
        count(response);
      }
      if (ended_ == copies_.size()) {
        all_ended();
      }
    }
    void count(const Response& response) {
      if (!response.silent && response.ok()) {
        --needed_;
        if (best_.stamp.write() <= response.stamp.write()) {
          best_ = response;
        }
      } else if (!response.silent) {
        ++failed_;
      }
      if (needed_ == 0) {
        decide(best_);
      } else if (failed_ > may_fail_) {
        decide(Response::with(Outcome::error));  // "unavailable"
      } else if (ended_ == copies_.size()) {
        decide(Response::lost());  // whoever asked goes on waiting for those that fell silent
      }
    }
    void decide(const Response& response) {
      response_ = response;
      is_decided_ = true;
      decided_.raise();
    }

    std::vector<One> copies_;
    std::size_t may_fail_;
    std::size_t needed_;
    std::size_t failed_ = 0;
    std::size_t ended_ = 0;
    Response best_;
    Response response_;
    bool is_decided_ = false;
    Signal decided_;
  };

  /// Those to a write: what a copy missed is kept for it, if hints are. The last answers may come
  /// at the end of the world, when the quorum is gone.
  class AnswersToWrite final : public Answers, public ListHook {
   public:
    AnswersToWrite(Quorum& quorum, const Request& write, std::size_t needed)
        : Answers(quorum.shared_.simulation, quorum.nodes_.size(), needed),
          quorum_(quorum),
          write_(write) {
      quorum.writes_.push_back(*this);
    }

   private:
    void missed(std::size_t copy) override {
      if (is_linked() && quorum_.shared_.settings.hinted_handoff) {
        quorum_.keep_hint(copy, write_);
      }
    }

    Quorum& quorum_;
    Request write_;
  };

  /// Those to a read: when all have answered, whoever showed old data is given the new. The last
  /// answers may come at the end of the world, when the quorum is gone.
  class AnswersToRead final : public Answers, public ListHook {
   public:
    AnswersToRead(Quorum& quorum, const Request& read, std::size_t needed)
        : Answers(quorum.shared_.simulation, quorum.nodes_.size(), needed),
          quorum_(quorum),
          read_(read) {
      quorum.reads_.push_back(*this);
    }

   private:
    void all_ended() override {
      if (is_linked() && quorum_.shared_.settings.read_repair) {
        quorum_.repair(*this, read_);
      }
    }

    Quorum& quorum_;
    Request read_;
  };

  static Reply read_from_all(Quorum& quorum, Request request) {
    // What is committed while the read is under way, it need not show.
    const DataStamp due = quorum.shared_.truth.latest(quorum.shared_.store, request.key);
    const int needed = answers_needed(quorum.shared_.settings.read_consistency,
                                      static_cast<int>(quorum.nodes_.size()));
    const std::shared_ptr<Answers> answers =
        std::make_shared<AnswersToRead>(quorum, request, static_cast<std::size_t>(needed));
    for (std::size_t copy = 0; copy < quorum.nodes_.size(); ++copy) {
      Reply reply = quorum.nodes_[copy]->call(request);
      Answers::listen(answers, copy, reply);
    }
    if (!answers->is_decided()) {
      co_await answers->decided();
    }
    Response response = answers->response();
    if (!response.silent && response.ok()) {
      Truth& truth = quorum.shared_.truth;
      response.stale = response.stamp.write() < due.write() ||
                       truth.is_stale(truth.source_of(response.stamp, request.key), request.key);
      quorum.shared_.told.read(response.stale);
    }
    co_return response;
  }

  void repair(const Answers& answers, const Request& request) {
    DataStamp newest;
    for (std::size_t copy = 0; copy < nodes_.size(); ++copy) {
      const bool is_newer = shows_data(answers, copy) &&
                            (!newest.is_data() || answers.of(copy).stamp.write() > newest.write());
      newest = is_newer ? answers.of(copy).stamp : newest;
    }
    for (std::size_t copy = 0; copy < nodes_.size(); ++copy) {
      if (shows_data(answers, copy) && answers.of(copy).stamp.write() < newest.write()) {
        shared_.told.repairs.add();
        Request write = request.as_branch(copy);
        write.operation = Operation::write;
        write.stamp = newest;
        static_cast<void>(nodes_[copy]->call(write));
      }
    }
  }
  static bool shows_data(const Answers& answers, std::size_t copy) {
    return answers.has_answered(copy) && answers.of(copy).ok();
  }

  static Reply write_to_all(Quorum& quorum, Request request) {
    const int needed = answers_needed(quorum.shared_.settings.write_consistency,
                                      static_cast<int>(quorum.nodes_.size()));
    request.stamp =
        quorum.shared_.truth.begin_write(quorum.shared_.store, request.key, request.stamp);
    const std::shared_ptr<Answers> answers =
        std::make_shared<AnswersToWrite>(quorum, request, static_cast<std::size_t>(needed));
    for (std::size_t copy = 0; copy < quorum.nodes_.size(); ++copy) {
      Reply reply = quorum.nodes_[copy]->call(request);
      Answers::listen(answers, copy, reply);
    }
    if (!answers->is_decided()) {
      co_await answers->decided();
    }
    Response response = answers->response();
    if (!response.silent && response.ok()) {
      response.stamp = request.stamp;
      quorum.shared_.truth.commit(request.stamp, request.key);
      quorum.shared_.told.writes.add();
    }
    co_return response;
  }

  /// A write that waits for a copy that was down when it came.
  struct Hint {
    Request write;
    Time until;
    int attempts = 0;
  };
  struct Hints {
    std::deque<Hint> kept;  ///< in the order of the writes, without those being handed over
    int hands = 0;          ///< processes that hand them over
  };
  /// A copy that is back is not overrun by all that it missed: Cassandra, too, sends a page of
  /// hints and waits for the answers to these.
  static constexpr int hints_at_a_time = 8;
  /// How long who hands a write over waits for the answer, and after a failure until the next
  /// attempt: Cassandra's hinted hand-off looks every ten seconds whether it can go on.
  static constexpr Duration hint_interval = Duration::nanoseconds(10'000'000'000);

  void keep_hint(std::size_t copy, const Request& write) {
    Hint hint{write.as_branch(copy),
              shared_.simulation.now() + shared_.settings.hinted_handoff->window};
    hint.write.patience = hint.write.deadline = Time::never();  // the user has been answered
    Hints& hints = hints_[copy];
    hints.kept.push_back(hint);
    if (hints.hands < hints_at_a_time) {
      ++hints.hands;
      static_cast<void>(hand_over(*this, copy));
    }
  }

  /// One hint after the other. There as long as hints are.
  static Process hand_over(Quorum& quorum, std::size_t copy) {
    Simulation& simulation = quorum.shared_.simulation;
    Timeouts& timeouts = simulation.timeouts(hint_interval);
    DatabaseNode& node = *quorum.nodes_[copy];
    Hints& hints = quorum.hints_[copy];
    while (!hints.kept.empty()) {
      if (!node.is_up()) {
        co_await quorum.came_up_.wait();
        continue;
      }
      Hint hint = hints.kept.front();
      hints.kept.pop_front();
      if (simulation.now() > hint.until) {
        continue;
      }
      Reply reply = node.call(hint.write.as_attempt(hint.attempts));
      const bool is_over = co_await reply.within(timeouts);
      if (is_over && reply.answer().ok()) {
        quorum.shared_.told.hints.add();
        continue;
      }
      ++hint.attempts;
      hints.kept.push_front(hint);
      if (is_over && node.is_up()) {
        co_await simulation.delay(hint_interval);  // it turned the write away
      }
    }
    --hints.hands;
    co_return Done();
  }

  /// At the node: the write is in, unless a later one is.
  static Task<Response> take(DatabaseNode& node, Quorum& quorum, Request request) {
    std::uint64_t& held = quorum.held_[node.copy()][request.key];
    held = std::max(held, request.stamp.write());
    Response response;
    response.stamp = request.stamp;
    co_return response;
  }

  ShardContext shared_;
  std::vector<DatabaseNode*> nodes_;
  std::vector<tsl::robin_map<std::uint64_t, std::uint64_t>> held_;  ///< by copy: the last write
  std::vector<Hints> hints_;                                        ///< by copy; what they missed
  Signal came_up_;
  IntrusiveList<AnswersToRead> reads_;  ///< not all of whose answers are there
  IntrusiveList<AnswersToWrite> writes_;
  Scope scope_;
};

}  // namespace stampede
