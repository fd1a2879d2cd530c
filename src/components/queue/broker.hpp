#pragma once

#include <fmt/format.h>
#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "components/queue/countdown.hpp"
#include "components/queue/message_line.hpp"
#include "components/queue/settings.hpp"
#include "stampede/base/require.hpp"
#include "stampede/model/server.hpp"

namespace stampede {

/// What queues measure.
struct QueueMeasures {
  explicit QueueMeasures(std::string_view kind)
      : published{kind, Measure::count, "published", "messages that were taken in"},
        delivered{kind, Measure::count, "delivered", "deliveries, of whatever message"},
        redelivered{kind, Measure::count, "redelivered",
                    "deliveries of messages that had been delivered before"},
        processed{kind, Measure::count, "processed",
                  "messages that were processed, each counted once"},
        duplicates{kind, Measure::count, "duplicates", "how often a message was processed again"},
        dead_lettered{kind, Measure::count, "dead_lettered",
                      "messages that were moved to the dead-letter queue"},
        dropped{kind, Measure::count, "dropped",
                "messages that had to make room, or failed for good without a dead-letter queue"},
        expired{kind, Measure::count, "expired", "messages that were older than the retention"},
        lost{kind, Measure::count, "lost",
             "messages that went with a crash of the broker or, under at_most_once, with their "
             "consumer or its failure"},
        resolved{kind, Measure::count, "resolved",
                 "messages that were processed, or ended without, each counted once"},
        handled{kind, Measure::count, "handled",
                "how often some message was processed, duplicates included"},
        completion{kind, Measure::times, "completion",
                   "from published to processed for the first time"},
        processed_ratio{kind, "processed_ratio",
                        "share of the resolved messages that were processed", processed, resolved},
        duplicate_ratio{kind, "duplicate_ratio",
                        "share of the processing that went into duplicates", duplicates, handled},
        backlog{kind, Measure::level, "backlog", "visible messages, in line to be received"},
        delayed{kind, Measure::level, "delayed", "messages that are not visible yet, or not again"},
        unsettled{kind, Measure::level, "unsettled",
                  "deliveries whose consumer has not reported and whose time is not up"},
        pickup{kind, Measure::times, "pickup", "from visible to received"} {}

  Measure published;
  Measure delivered;
  Measure redelivered;
  Measure processed;
  Measure duplicates;
  Measure dead_lettered;
  Measure dropped;
  Measure expired;
  Measure lost;
  Measure resolved;
  Measure handled;
  Measure completion;
  Measure processed_ratio;
  Measure duplicate_ratio;
  Measure backlog;
  Measure delayed;
  Measure unsettled;
  Measure pickup;
};

/// Takes messages in and hands each out to one consumer at a time, until one reports that it is
/// done. Whatever is sent to it is a message.
class Broker final : public Server, public MessageSource {
 public:
  Broker(const MessageQueueSettings& settings, const Component::Context& context,
         const QueueMeasures& measures, PlaceId place)
      : Server(context, {.cpu = settings.cpu, .workers = 0, .boot_time = settings.boot_time}, 0,
               place),
        settings_(settings),
        work_(context.stream("publish")),
        rooms_(context.simulation, rooms_of(settings.capacity)),
        line_(settings.fifo),
        published_(context.observer.tally(measures.published)),
        delivered_(context.observer.tally(measures.delivered)),
        redelivered_(context.observer.tally(measures.redelivered)),
        processed_(context.observer.tally(measures.processed)),
        duplicates_(context.observer.tally(measures.duplicates)),
        dead_lettered_(context.observer.tally(measures.dead_lettered)),
        dropped_(context.observer.tally(measures.dropped)),
        expired_(context.observer.tally(measures.expired)),
        lost_(context.observer.tally(measures.lost)),
        resolved_(context.observer.tally(measures.resolved)),
        handled_(context.observer.tally(measures.handled)),
        backlog_(context.observer.gauge(measures.backlog)),
        delayed_(context.observer.gauge(measures.delayed)),
        unsettled_(context.observer.gauge(measures.unsettled)),
        pickup_(context.observer.timing(measures.pickup)),
        completion_(context.observer.timing(measures.completion)),
        delays_(clocks_, settings.delay, *this, &Broker::show),
        visibility_(clocks_, settings.visibility_timeout, *this, &Broker::time_is_up),
        retention_(clocks_, settings.retention.value_or(Duration()), *this, &Broker::is_too_old),
        clocks_(context.simulation) {
    if (settings.error_rate.value > 0) {
      own_errors_ = error_rate().hold(settings.error_rate.value);
    }
  }

  /// Dead letters go there from now on.
  void connect(Broker& dead_letter_queue) { dead_letter_queue_ = &dead_letter_queue; }

  // ---- For consumers ----

  Job<Delivery> receive(const Receive& asked) override {
    return reach(*this, asked, &Broker::deliver_next);
  }

  Reply settle(const Report& report) override {
    if (settings_.delivery == DeliveryPromise::at_most_once) {
      note(report);  // nothing is sent: the message is gone, and only the accounts want to know
      return Response();
    }
    return reach(*this, report, &Broker::take_report);
  }

  void was_processed(const Receipt& receipt, Settlement how) override {
    const auto found = messages_.find(receipt.message);
    const bool is_again =
        found != messages_.end() ? found->second->processed : !given_up_.contains(receipt.message);
    if (is_again && how == Settlement::done) {
      duplicates_.add();
      handled_.add();
    } else if (!is_again && found != messages_.end()) {
      found->second->processed = true;
      processed_.add();
      resolved_.add();
      handled_.add();
      completion_.took(simulation().now() - found->second->published);
    }
  }

  /// Messages are conserved, to the last one: those that were processed count as that, wherever
  /// they are, the others where they are or how they ended.
  std::string broken_law() override {
    std::int64_t unprocessed = 0;
    std::int64_t out = 0;
    std::int64_t hidden = 0;
    for (const auto& [id, message] : messages_) {
      unprocessed += message->processed ? 0 : 1;
      out += message->state == Message::State::out ? 1 : 0;
      hidden += is_hidden(*message) ? 1 : 0;
    }
    const auto present = static_cast<std::int64_t>(messages_.size());
    const auto in_line = static_cast<std::int64_t>(line_.size());
    if (in_line + hidden + out != present) {
      return fmt::format("{}: of {} messages {} are in line, {} hidden and {} out", name(), present,
                         in_line, hidden, out);
    }
    if (published_.total() != processed_.total() + unprocessed + ended_unprocessed_) {
      return fmt::format(
          "{}: {} messages were published, {} processed, {} are there and {} ended otherwise",
          name(), published_.total(), processed_.total(), unprocessed, ended_unprocessed_);
    }
    const std::int64_t ended =
        settled_ + dead_lettered_.total() + dropped_.total() + expired_.total() + lost_.total();
    if (published_.total() != ended + present) {
      return fmt::format("{}: {} messages were published, {} ended and {} are there", name(),
                         published_.total(), ended, present);
    }
    return Server::broken_law();
  }

 private:
  /// A consumer that waits for a message.
  struct Poll : ListHook {
    explicit Poll(const Connection* connection) : connection(connection) {}
    const Connection* connection;
    TimedWaiter waiter;
    Delivery delivery;
  };
  class PollAwaiter {
   public:
    PollAwaiter(IntrusiveList<Poll>& line, Poll& poll, Timeouts& limit)
        : line_(line), poll_(poll), limit_(limit) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> process) {
      poll_.waiter.process = process;
      line_.push_back(poll_);
      limit_.start(poll_.waiter);
    }
    void await_resume() { poll_.unlink(); }

   private:
    IntrusiveList<Poll>& line_;
    Poll& poll_;
    Timeouts& limit_;
  };

  // ---- Publishing ----

  Reply serve(const Request& asked) override {
    const Request request = asked;
    Response response;
    {
      Stay stay = arrive();
      stay.start();
      if (!settings_.publish.is_zero()) {
        Draw draw = work_.at(request.luck);
        const Duration demand = settings_.publish.sample(draw);
        const Duration waited = co_await cpu().work(demand);
        stay.add_cpu_wait(waited);
      }
      if (fails(request)) {
        response.outcome = Outcome::error;
      } else if (has_room() || made_room()) {
        take_in(request, rooms_.take_free());
      } else if (settings_.overflow == Overflow::block) {
        Slot room = co_await Queueing(*this, rooms_, &stay, request);
        if (room) {
          take_in(request, std::move(room));
        } else {
          response.outcome = Outcome::abandoned;
        }
      } else {
        response.outcome = Outcome::rejected_queue_full;
      }
      stay.end(response.outcome);
    }
    response.version = version();
    co_return response;
  }

  static std::int64_t rooms_of(Capacity capacity) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(capacity.value, INT64_MAX));
  }
  bool has_room() const { return rooms_.has_free(); }
  /// Drops the oldest message, where that is the rule.
  bool made_room() {
    if (settings_.overflow != Overflow::drop_head) {
      return false;
    }
    Message* oldest = line_.first() != nullptr ? line_.first() : delays_.first();
    if (oldest != nullptr) {
      end(*oldest, dropped_);
    }
    return oldest != nullptr;
  }

  void take_in(const Request& request, Slot room) {
    const std::uint64_t id = ++last_id_;
    auto made = std::make_unique<Message>(id, request, simulation().now());
    Message& message = *made;
    messages_.emplace(id, std::move(made));
    message.room = std::move(room);
    published_.add();
    if (settings_.retention) {
      retention_.start(message.expiry);
    }
    if (settings_.delay.is_zero()) {
      put_in_line(message);
    } else {
      hide(message, Message::State::delayed);
      delays_.start(message.until);
    }
  }

  /// Takes a dead letter in from another queue, without a network: they are one system. Tells
  /// whether there was room. (A full queue that blocks its publishers takes it nevertheless, for
  /// there is nobody who could wait.)
  bool takes_dead_letter(const Request& request) {
    const bool is_there = is_up() || settings_.persistent;
    const bool is_let_in = has_room() || made_room() || settings_.overflow == Overflow::block;
    if (is_there && is_let_in) {
      take_in(request, rooms_.take_free());
    }
    return is_there && is_let_in;
  }

  // ---- Delivering ----

  Job<Delivery> deliver_next(const Receive& asked) {
    if (!is_up()) {
      return refusal<Delivery>();
    }
    Message* next = line_.next();
    return next != nullptr ? Job<Delivery>(deliver(*next))
                           : deliver_later(asked.connection, asked.wait_time);
  }

  Job<Delivery> deliver_later(const Connection* connection, Duration wait_time) {
    Poll poll(connection);
    Timeouts& limit = simulation().timeouts(wait_time);
    co_await PollAwaiter(polls_, poll, limit);
    const Delivery delivery = poll.delivery;
    co_return delivery;
  }

  /// Hands out what can be handed out, to those who have waited longest.
  void serve_polls() {
    while (!polls_.empty() && line_.next() != nullptr) {
      Poll& poll = polls_.pop_front();
      if (poll.connection == nullptr || poll.connection->is_open) {
        poll.delivery = deliver(*line_.next());
        simulation().wake(poll.waiter);
      }
    }
  }

  Delivery deliver(Message& message) {
    const Time now = simulation().now();
    line_.send_out(message);
    backlog_.change(now, -1);
    unsettled_.change(now, 1);
    pickup_.took(now - message.visible_since);
    delivered_.add();
    redelivered_.add(message.deliveries > 0 ? 1 : 0);
    ++message.deliveries;
    message.state = Message::State::out;
    message.room = Slot();
    visibility_.start(message.until);

    Delivery delivery;
    delivery.receipt = {.message = message.id, .delivery = message.deliveries};
    delivery.request = message.request;
    delivery.published = message.published;
    return delivery;
  }

  // ---- Settling ----

  Reply take_report(const Report& report) {
    if (!is_up()) {
      return refusal<Response>();
    }
    note(report);
    return Response();
  }

  /// A report may come when the time of its delivery is up. While the message waits to be delivered
  /// again it still counts; once it was, somebody else answers for it.
  void note(const Report& report) {
    const auto found = messages_.find(report.receipt.message);
    if (found == messages_.end() || report.receipt.delivery != found->second->deliveries) {
      return;
    }
    Message& message = *found->second;
    if (report.settlement != Settlement::failed) {
      require(message.processed, "a message was reported as processed and never was");
      ++settled_;
      forget(message);
    } else if (message.state == Message::State::out) {
      come_back(message, report.redelivery_delay);
    }
  }

  void time_is_up(Message& message) { come_back(message, Duration()); }

  /// A message that was out was not processed, as far as is known.
  void come_back(Message& message, Duration delay) {
    if (settings_.delivery == DeliveryPromise::at_most_once) {
      end(message, lost_);
    } else if (settings_.max_receive_count &&
               message.deliveries >= static_cast<std::uint32_t>(*settings_.max_receive_count)) {
      const bool is_moved =
          dead_letter_queue_ != nullptr && dead_letter_queue_->takes_dead_letter(message.request);
      end(message, is_moved ? dead_lettered_ : dropped_);
    } else if (settings_.retention &&
               message.published + *settings_.retention <= simulation().now()) {
      end(message, expired_);
    } else {
      leave_state(message);
      if (delay.is_zero()) {
        show_again(message);
      } else {
        hide(message, Message::State::resting);
        static_cast<void>(rest(clocks_, *this, message.id, message.deliveries, delay));
      }
    }
  }

  static Process rest(Scope& clocks, Broker& broker, std::uint64_t id, std::uint32_t delivery,
                      Duration delay) {
    co_await clocks.simulation().delay(delay);
    const auto found = broker.messages_.find(id);
    if (found != broker.messages_.end() && found->second->deliveries == delivery) {
      Message& message = *found->second;
      broker.leave_state(message);
      broker.show_again(message);
    }
    co_return Done();
  }

  /// What has been taken in once finds room again.
  void show_again(Message& message) {
    message.room = rooms_.take_free();
    line_.is_not_out(message);
    put_in_line(message);
  }

  void is_too_old(Message& message) {
    if (message.state != Message::State::out) {
      end(message, expired_);
    }
  }

  // ---- States ----

  static bool is_hidden(const Message& message) {
    return message.state == Message::State::delayed || message.state == Message::State::resting;
  }

  void show(Message& message) {
    leave_state(message);
    put_in_line(message);
  }
  void put_in_line(Message& message) {
    message.state = Message::State::visible;
    message.visible_since = simulation().now();
    backlog_.change(message.visible_since, 1);
    line_.add(message);
    serve_polls();
  }
  void hide(Message& message, Message::State state) {
    message.state = state;
    delayed_.change(simulation().now(), 1);
  }
  /// Whoever calls it puts the message into another state, or ends it.
  void leave_state(Message& message) {
    const Time now = simulation().now();
    message.until.unlink();
    switch (message.state) {
      case Message::State::delayed:
      case Message::State::resting:
        delayed_.change(now, -1);
        break;
      case Message::State::visible:
        line_.remove(message);
        backlog_.change(now, -1);
        break;
      case Message::State::out:
        unsettled_.change(now, -1);
        break;
    }
  }

  void end(Message& message, Tally& how) {
    how.add();
    note_unprocessed_end(message);
    forget(message);
  }
  void note_unprocessed_end(const Message& message) {
    if (!message.processed) {
      ++ended_unprocessed_;
      resolved_.add();
      if (message.deliveries > 0) {
        given_up_.insert(message.id);
      }
    }
  }
  void forget(Message& message) {
    leave_state(message);
    line_.is_not_out(message);
    messages_.erase(message.id);
    serve_polls();  // the next one of its key may be free to go
  }

  // ---- Crashes ----

  void went_down(KilledWork) override {
    while (!polls_.empty()) {
      polls_.pop_front();
    }
    if (settings_.persistent) {
      return;
    }
    const Time now = simulation().now();
    for (const auto& [id, message] : messages_) {
      lost_.add();
      note_unprocessed_end(*message);
      const bool is_out = message->state == Message::State::out;
      (is_out ? unsettled_ : is_hidden(*message) ? delayed_ : backlog_).change(now, -1);
    }
    line_.clear();
    messages_.clear();
  }

  const MessageQueueSettings& settings_;
  Stream work_;
  Broker* dead_letter_queue_ = nullptr;
  Knob::Hold own_errors_;

  Slots rooms_;
  /// Gone through only for sums, since its order means nothing.
  tsl::robin_map<std::uint64_t, std::unique_ptr<Message>> messages_;
  MessageLine line_;
  IntrusiveList<Poll> polls_;
  std::uint64_t last_id_ = 0;
  tsl::robin_set<std::uint64_t> given_up_;  ///< delivered, and ended before anybody processed them
  std::int64_t ended_unprocessed_ = 0;
  std::int64_t settled_ = 0;  ///< messages that ended with a report that they were processed

  Tally& published_;
  Tally& delivered_;
  Tally& redelivered_;
  Tally& processed_;
  Tally& duplicates_;
  Tally& dead_lettered_;
  Tally& dropped_;
  Tally& expired_;
  Tally& lost_;
  Tally& resolved_;
  Tally& handled_;
  Gauge& backlog_;
  Gauge& delayed_;
  Gauge& unsettled_;
  Timing& pickup_;
  Timing& completion_;

  Countdown<Broker> delays_;
  Countdown<Broker> visibility_;
  Countdown<Broker> retention_;
  Scope clocks_;  ///< what is timed in storage; goes on while the broker is down
};

}  // namespace stampede
