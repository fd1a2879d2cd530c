#pragma once

#include <deque>
#include <string>

#include "components/log/batch.hpp"
#include "components/log/settings.hpp"
#include "stampede/kernel/task.hpp"
#include "stampede/model/records.hpp"
#include "stampede/model/server.hpp"

namespace stampede {

class LogBroker;

/// What a broker asks the log that it is a part of.
class LogCluster {
 public:
  /// Somebody called this broker, without a client that knows who leads what.
  virtual Reply publish_at(LogBroker& broker, const Request& request) = 0;
  /// The work of taking a batch in at this broker is done; the outcome.
  virtual Task<Response> append(LogBroker& broker, const std::shared_ptr<RecordBatch>& batch) = 0;
  /// How many partitions it leads, if it is up.
  virtual std::size_t led_by(const LogBroker& broker) const = 0;
  virtual void went_down(LogBroker& broker) = 0;
  virtual void came_up(LogBroker& broker) = 0;
  virtual std::string broken_law() = 0;

 protected:
  ~LogCluster() = default;
};

/// A consumer group, as brokers see it who have been asked something on its behalf.
class GroupAtBroker {
 public:
  virtual Job<Fetched> hand_out(LogBroker& broker, const ConsumerGroup::Fetch& asked) = 0;
  virtual Reply note(const ConsumerGroup::Heartbeat& heartbeat) = 0;
  virtual Reply note(const ConsumerGroup::Commit& commit) = 0;

 protected:
  ~GroupAtBroker() = default;
};

/// What a consumer sends to a broker.
template <class Question>
struct OfGroup : Question {
  OfGroup(const Question& question, GroupAtBroker& group) : Question(question), group(&group) {}
  GroupAtBroker* group;
};

/// A node with copies of partitions. What it has is on disk and survives a crash.
class LogBroker final : public Server {
 public:
  LogBroker(const LogSettings& settings, const Component::Context& context, LogCluster& log,
            std::uint32_t index, PlaceId place)
      : Server(context, {.cpu = settings.cpu, .workers = 0, .boot_time = settings.boot_time}, index,
               place),
        settings_(settings),
        log_(log),
        work_(context.stream("append")) {
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  Reply produce(const Produce& sent) { return reach(*this, sent, &LogBroker::take); }
  Job<Fetched> fetch(const OfGroup<ConsumerGroup::Fetch>& asked) {
    return reach(*this, asked, &LogBroker::hand_out);
  }
  template <class Message>
  Reply tell(const OfGroup<Message>& message) {
    return reach(*this, message, &LogBroker::note<Message>);
  }

  /// Does the work of writing so many messages down.
  auto write(std::uint64_t luck, std::uint64_t messages) {
    Draw draw = work_.at(combine(luck, index()));
    Duration demand = settings_.append_batch.sample(draw);
    for (std::uint64_t i = 0; i < messages && !settings_.append.is_zero(); ++i) {
      demand += settings_.append.sample(draw);
    }
    return cpu().work(demand);
  }

  std::size_t leads() const override { return is_up() ? log_.led_by(*this) : 0; }

  std::string broken_law() override {
    const std::string broken = index() == 0 ? log_.broken_law() : std::string();
    return broken.empty() ? Server::broken_law() : broken;
  }

 private:
  Reply serve(const Request& request) override { return log_.publish_at(*this, request); }

  Reply take(const Produce& sent) { return is_up() ? store(sent) : Reply(refusal<Response>()); }

  Reply store(const Produce& sent) {
    const Produce produce = sent;
    const RecordBatch& batch = *produce.batch;
    Response response;
    {
      std::deque<Stay> stays;
      for (std::size_t i = 0; i < batch.messages.size(); ++i) {
        stays.emplace_back(observer(), simulation(), *this).start();
      }
      const Duration waited = co_await write(produce.luck, batch.messages.size());
      if (fails(batch.messages.front())) {
        response.outcome = Outcome::error;
      } else {
        Task<Response> appending = log_.append(*this, produce.batch);
        response = co_await appending;
      }
      for (Stay& stay : stays) {
        stay.add_cpu_wait(waited);
        stay.end(response.outcome);
      }
    }
    response.version = version();
    co_return response;
  }

  Job<Fetched> hand_out(const OfGroup<ConsumerGroup::Fetch>& asked) {
    return is_up() ? asked.group->hand_out(*this, asked) : Job<Fetched>(refusal<Fetched>());
  }
  template <class Message>
  Reply note(const OfGroup<Message>& message) {
    return is_up() ? message.group->note(message) : Reply(refusal<Response>());
  }

  void went_down(KilledWork) override { log_.went_down(*this); }
  void came_up() override { log_.came_up(*this); }

  const LogSettings& settings_;
  LogCluster& log_;
  Stream work_;
  Knob::Hold own_errors_;
};

}  // namespace stampede
