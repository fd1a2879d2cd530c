#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "components/database/node.hpp"
#include "stampede/kernel/signal.hpp"

namespace stampede {

/// The copies of a shard without a primary (DeCandia et al.: Dynamo, SOSP 2007). Whoever asks sends
/// to all copies and is content with the answers of as many as the consistency level says; of
/// several versions the latest write wins.
class Quorum final : public Copies {
 public:
  struct Shared {
    const DatabaseSettings& settings;
    Simulation& simulation;
    Truth& truth;
    DatabaseTold& told;
    std::uint16_t store;
  };

  Quorum(const Shared& shared, std::vector<DatabaseNode*> nodes)
      : shared_(shared),
        nodes_(std::move(nodes)),
        held_(nodes_.size()),
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
    return DataStamp(shared_.store, found == held.end() ? 0 : found->second);
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

    static void listen(const std::shared_ptr<Answers>& answers, std::size_t copy, Reply& reply) {
      One& one = answers->copies_[copy];
      if (reply.work() != nullptr) {
        one.keeps = answers;
        one.answers = answers.get();
        one.copy = copy;
        reply.tell(one);
      } else if (reply.done()) {
        answers->take(copy, reply.answer());
      } else {
        answers->take(copy, Response::with(Outcome::timeout));
      }
    }

    bool is_decided() const { return is_decided_; }
    auto decided() { return decided_.wait(); }
    const Response& response() const { return response_; }
    /// What the copy answered; nothing yet, or nothing good, gives no data.
    const Response& of(std::size_t copy) const { return copies_[copy].response; }
    bool has_answered(std::size_t copy) const { return copies_[copy].has_answered; }

   private:
    struct One final : ReplyListener {
      void answered(const Response& response) override { end(response); }
      void lost() override { end(Response::with(Outcome::timeout)); }
      void end(const Response& response) {
        const std::shared_ptr<Answers> last = std::move(keeps);
        answers->take(copy, response);
      }
      std::shared_ptr<Answers> keeps;
      Answers* answers = nullptr;
      std::size_t copy = 0;
      Response response;
      bool has_answered = false;
    };

    void take(std::size_t copy, const Response& response) {
      copies_[copy].response = response;
      copies_[copy].has_answered = true;
      if (is_decided_) {
        return;
      }
      if (response.ok()) {
        if (response_.stamp.write() <= response.stamp.write()) {
          response_ = response;
        }
        --needed_;
      } else if (may_fail_ > 0) {
        --may_fail_;
      } else {
        response_ = Response::with(Outcome::error);  // "unavailable"
        needed_ = 0;
      }
      if (needed_ == 0) {
        is_decided_ = true;
        decided_.raise();
      }
    }

    std::vector<One> copies_;
    std::size_t may_fail_;
    std::size_t needed_;
    Response response_;
    bool is_decided_ = false;
    Signal decided_;
  };

  static Reply read_from_all(Quorum& quorum, Request request) {
    // What is committed while the read is under way, it need not show.
    const DataStamp due = quorum.shared_.truth.latest(quorum.shared_.store, request.key);
    const int needed = answers_needed(quorum.shared_.settings.read_consistency,
                                      static_cast<int>(quorum.nodes_.size()));
    const std::shared_ptr<Answers> answers = std::make_shared<Answers>(
        quorum.shared_.simulation, quorum.nodes_.size(), static_cast<std::size_t>(needed));
    for (std::size_t copy = 0; copy < quorum.nodes_.size(); ++copy) {
      Reply reply = quorum.nodes_[copy]->call(request);
      Answers::listen(answers, copy, reply);
    }
    if (!answers->is_decided()) {
      co_await answers->decided();
    }
    Response response = answers->response();
    response.stale = response.ok() && response.stamp.write() < due.write();
    if (response.ok()) {
      quorum.shared_.told.read(response.stale);
    }
    if (quorum.shared_.settings.read_repair && response.ok()) {
      quorum.repair(*answers, request, response.stamp);
    }
    co_return response;
  }

  void repair(const Answers& answers, const Request& request, DataStamp newest) {
    for (std::size_t copy = 0; copy < nodes_.size(); ++copy) {
      if (answers.has_answered(copy) && answers.of(copy).ok() &&
          answers.of(copy).stamp.write() < newest.write()) {
        shared_.told.repairs.add();
        Request write = request.as_branch(copy);
        write.operation = Operation::write;
        write.stamp = newest;
        static_cast<void>(nodes_[copy]->call(write));
      }
    }
  }

  static Reply write_to_all(Quorum& quorum, Request request) {
    const int needed = answers_needed(quorum.shared_.settings.write_consistency,
                                      static_cast<int>(quorum.nodes_.size()));
    request.stamp = quorum.shared_.truth.begin_write(quorum.shared_.store);
    const std::shared_ptr<Answers> answers = std::make_shared<Answers>(
        quorum.shared_.simulation, quorum.nodes_.size(), static_cast<std::size_t>(needed));
    for (std::size_t copy = 0; copy < quorum.nodes_.size(); ++copy) {
      const bool is_hinted =
          quorum.shared_.settings.hinted_handoff && !quorum.nodes_[copy]->is_up();
      if (is_hinted) {
        static_cast<void>(hand_over(quorum, copy, request));
      }
      Reply reply = quorum.nodes_[copy]->call(request);
      Answers::listen(answers, copy, reply);
    }
    if (!answers->is_decided()) {
      co_await answers->decided();
    }
    Response response = answers->response();
    if (response.ok()) {
      response.stamp = request.stamp;
      quorum.shared_.truth.commit(request.stamp, request.key);
      quorum.shared_.told.writes.add();
    }
    co_return response;
  }

  /// A hint: the write waits for the return of a copy that is down.
  static Process hand_over(Quorum& quorum, std::size_t copy, Request request) {
    const Time until =
        quorum.shared_.simulation.now() + quorum.shared_.settings.hinted_handoff->window;
    while (!quorum.nodes_[copy]->is_up()) {
      co_await quorum.came_up_.wait();
    }
    if (quorum.shared_.simulation.now() <= until) {
      quorum.shared_.told.hints.add();
      static_cast<void>(quorum.nodes_[copy]->call(request.as_branch(copy)));
    }
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

  Shared shared_;
  std::vector<DatabaseNode*> nodes_;
  std::vector<tsl::robin_map<std::uint64_t, std::uint64_t>> held_;  ///< by copy: the last write
  Signal came_up_;
  Scope scope_;
};

}  // namespace stampede
