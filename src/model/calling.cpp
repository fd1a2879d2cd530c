#include "stampede/model/calling.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "stampede/kernel/signal.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/connection_pool.hpp"

namespace stampede {

const EnumNames<RetryOn>& names(RetryOn) {
  static const EnumNames<RetryOn> table{{{RetryOn::server_error, "5xx"},
                                         {RetryOn::gateway_error, "gateway_error"},
                                         {RetryOn::reset, "reset"},
                                         {RetryOn::connect_failure, "connect_failure"},
                                         {RetryOn::rate_limited, "rate_limited"},
                                         {RetryOn::timeout, "timeout"}}};
  return table;
}

const EnumNames<Jitter>& names(Jitter) {
  static const EnumNames<Jitter> table{{{Jitter::full, "full"},
                                        {Jitter::full_aws, "full_aws"},
                                        {Jitter::equal, "equal"},
                                        {Jitter::decorrelated, "decorrelated"},
                                        {Jitter::none, "none"}}};
  return table;
}

void describe(Visitor& v, BackOffSettings& s) {
  v.shorthand("base_interval");
  v.field("base_interval", s.base_interval, "wait before the first retry, before jitter",
          at_least(Duration()));
  v.field("max_interval", s.max_interval, "longest wait; 10 times base_interval unless given");
  v.field("jitter", s.jitter, "how waits are spread so that clients do not retry in step");
  v.check(!s.max_interval || *s.max_interval >= s.base_interval, "max_interval",
          "is shorter than base_interval", "raise it, or lower base_interval");
}

void describe(Visitor& v, RetrySettings& s) {
  v.shorthand("num_retries");
  v.field("num_retries", s.num_retries, "extra tries after the first", at_least(0), at_most(100));
  v.field("retry_on", s.retry_on, "which failures are tried again");
  v.field("per_try_timeout", s.per_try_timeout, "time limit of a single try",
          more_than(Duration()));
  v.field("retry_back_off", s.retry_back_off, "waits between tries");
}

void describe(Visitor& v, HedgeSettings& s) {
  v.shorthand("delay");
  v.field("delay", s.delay, "how long the answer may take before the request is sent once more");
  v.field(
      "percentile", s.percentile,
      "instead of delay: the share of this caller's own latest answers that were there by then; "
      "until it has seen 100, it does not hedge",
      more_than(Ratio{0}), less_than(Ratio{1}));
  v.field("max_hedges", s.max_hedges, "requests besides the first, one delay apart", at_least(1),
          at_most(10));
  v.field("cancel", s.cancel,
          "whether the others are withdrawn when a good answer is there: they leave the queues of "
          "services, and services stop working on them");
  v.check(!s.delay || !s.percentile, "percentile", "and delay are two answers to one question",
          "keep one of them");
}

void describe(Visitor& v, PropagateSettings& s) {
  v.field("deadline", s.deadline,
          "requests carry when their caller gives up, and so does whatever is called on behalf of "
          "them: a service that comes to one too late does not begin with it");
  v.field(
      "cancel", s.cancel,
      "what the caller has given up is withdrawn: it leaves the queues of services, and services "
      "stop working on it");
}

void describe_call(Visitor& v, CallSettings& s) {
  v.field("timeout", s.timeout, "time limit of the call, all tries and back-offs included",
          more_than(Duration()));
  v.field("retry", s.retry, "try again after a failure");
  v.field("hedge", s.hedge, "send a late request once more, and take the first good answer");
  v.field("propagate", s.propagate, "whether the callee learns when its caller stops waiting");
  v.doubt_unless(!s.retry || s.is_limited() || !retries_on(*s.retry, Outcome::timeout), "retry",
                 "never sees a timeout: neither the call nor a try has one",
                 "add timeout or retry.per_try_timeout");
  v.doubt_unless(
      !s.retry || !s.timeout || !s.retry->per_try_timeout || *s.retry->per_try_timeout < *s.timeout,
      "retry", "gives a try as long as the whole call: a slow one is never tried again",
      "make per_try_timeout shorter than timeout");
  v.declare(s);
}

void describe(Visitor& v, CallTarget& s) {
  v.shorthand("target");
  v.field("target", s.target, "the component that is called", required());
  describe_call(v, s.call);
}

Duration back_off(const BackOffSettings& settings, int retry, Duration previous, Draw& draw) {
  const auto base = static_cast<double>(settings.base_interval.ns());
  const double max =
      settings.max_interval ? static_cast<double>(settings.max_interval->ns()) : 10 * base;
  const double u = draw.uniform();
  switch (settings.jitter) {
    case Jitter::full:
      return Duration::from_nanoseconds(u * std::min(max, base * (std::exp2(retry) - 1)));
    case Jitter::full_aws:
      return Duration::from_nanoseconds(u * std::min(max, base * std::exp2(retry)));
    case Jitter::equal: {
      const double half = std::min(max, base * std::exp2(retry)) / 2;
      return Duration::from_nanoseconds(half + u * half);
    }
    case Jitter::decorrelated: {
      const double top = 3 * std::max(base, static_cast<double>(previous.ns()));
      return Duration::from_nanoseconds(std::min(max, base + u * (top - base)));
    }
    case Jitter::none:
      return Duration::from_nanoseconds(std::min(max, base * std::exp2(retry - 1)));
  }
  return settings.base_interval;
}

bool retries_on(const RetrySettings& settings, Outcome outcome) {
  const auto asked = [&](RetryOn what) {
    return std::find(settings.retry_on.begin(), settings.retry_on.end(), what) !=
           settings.retry_on.end();
  };
  switch (outcome) {
    case Outcome::error:
      return asked(RetryOn::server_error);
    case Outcome::rejected_rate_limited:  // HTTP 429, which is no 5xx
      return asked(RetryOn::rate_limited);
    case Outcome::rejected_queue_full:  // HTTP 503, as the other rejections
    case Outcome::rejected_shed:
    case Outcome::rejected_no_backend:
    case Outcome::rejected_breaker_open:
    case Outcome::rejected_limit:
      return asked(RetryOn::server_error) || asked(RetryOn::gateway_error);
    case Outcome::reset:
      return asked(RetryOn::reset) || asked(RetryOn::server_error);
    case Outcome::unreachable:
      return asked(RetryOn::connect_failure) || asked(RetryOn::reset) ||
             asked(RetryOn::server_error);
    case Outcome::timeout:
      return asked(RetryOn::timeout);
    case Outcome::ok:
    case Outcome::abandoned:
    case Outcome::cancelled:
      return false;
  }
  return false;
}

void RecentLatencies::add(Duration latency) {
  if (latest_.size() < remembered) {
    latest_.push_back(latency.ns());
  } else {
    latest_[next_] = latency.ns();
    next_ = (next_ + 1) % remembered;
  }
  ++unjudged_;
}

std::optional<Duration> RecentLatencies::quantile(double share) {
  if (latest_.size() >= enough && (!judged_ || unjudged_ >= enough)) {
    std::vector<std::int64_t> sorted = latest_;
    const auto rank =
        std::min(static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size()))),
                 sorted.size());
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(sorted.begin(), at, sorted.end());
    judged_ = Duration::nanoseconds(*at);
    unjudged_ = 0;
  }
  return judged_;
}

Caller::Caller(Simulation& simulation, Endpoint& endpoint, const CallSettings& settings,
               const Stream& back_off_stream, AttemptObserver* observer,
               ConnectionPool* connections, CallGate* gate)
    : endpoint_(endpoint),
      is_direct_(!settings.timeout && !settings.retry && observer == nullptr &&
                 connections == nullptr && gate == nullptr && !settings.hedge &&
                 !settings.propagate.deadline && !settings.propagate.cancel),
      is_single_(!settings.retry && connections == nullptr && gate == nullptr && !settings.hedge &&
                 !settings.propagate.deadline && !settings.propagate.cancel),
      timeout_(settings.timeout),
      retry_(settings.retry),
      back_off_(back_off_stream),
      observer_(observer),
      connections_(connections),
      gate_(gate),
      hedge_(settings.hedge),
      tells_deadline_(settings.propagate.deadline),
      withdraws_(settings.propagate.cancel || (settings.hedge && settings.hedge->cancel)) {
  if (timeout_) {
    timeouts_ = &simulation.timeouts(*timeout_);
  }
  if (retry_ && retry_->per_try_timeout) {
    per_try_ = &simulation.timeouts(*retry_->per_try_timeout);
  }
  if (hedge_ && hedge_->delay && !hedge_->delay->is_zero()) {
    hedge_delays_ = &simulation.timeouts(*hedge_->delay);
  }
}

// ---- A call -----------------------------------------------------------------------------------

Task<Response> Caller::run(Scope& scope, Caller& caller, Request request) {
  Simulation& simulation = scope.simulation();
  Time deadline = caller.timeout_ ? simulation.now() + *caller.timeout_ : Time::never();
  bool deadline_is_timeout = caller.timeouts_ != nullptr;
  if (caller.tells_deadline_) {
    deadline_is_timeout = deadline_is_timeout && deadline <= request.deadline;
    deadline = std::min(deadline, request.deadline);
    if (deadline <= simulation.now()) {
      co_return Response::with(Outcome::timeout);
    }
  }
  const int tries = caller.retry_ ? 1 + caller.retry_->num_retries : 1;
  CallGate::Retrying retrying(caller.gate_);
  Draw draw = caller.back_off_.at(request.luck);
  Duration wait;
  for (int n = 0;; ++n) {
    Request attempt = request.as_attempt(n);
    const Time began = simulation.now();
    const bool per_try_ends_first =
        caller.per_try_ != nullptr && began + caller.per_try_->length() < deadline;
    const Time give_up = per_try_ends_first ? began + caller.per_try_->length() : deadline;
    if (caller.tells_deadline_) {
      attempt.deadline = give_up;
    }
    Response response;
    const bool must_ask = caller.must_ask();
    CallGate::Pass pass(must_ask ? nullptr : caller.gate_, attempt);
    if (const std::optional<Outcome> refused = pass.admit()) {
      response.outcome = *refused;
    } else {
      Reply reply =
          must_ask ? ask(scope, caller, attempt, give_up) : caller.endpoint_.call(attempt);
      Withdrawal withdrawal(reply, caller.withdraws_);
      Timeouts* limit = per_try_ends_first              ? caller.per_try_
                        : n == 0 && deadline_is_timeout ? caller.timeouts_
                                                        : nullptr;
      bool is_late = false;
      if (caller.hedge_) {
        const std::optional<Duration> delay = caller.hedge_delay();
        if (delay && *delay < give_up - began) {
          bool is_there = reply.done();
          if (caller.hedge_delays_ != nullptr) {
            is_there = co_await reply.within(*caller.hedge_delays_);
          } else if (!delay->is_zero()) {
            is_there = co_await reply.before(simulation, began + *delay);
          }
          limit = nullptr;  // which counts from here
          is_late = !is_there;
        }
        if (is_late) {
          reply = race(scope, caller, attempt, give_up, *delay, std::move(reply), began);
        }
      }
      bool answered = true;
      if (limit != nullptr) {
        answered = co_await reply.within(*limit);
      } else if (give_up < Time::never()) {
        answered = co_await reply.before(simulation, give_up);
      } else {
        co_await reply;
      }
      response = answered ? reply.answer() : Response::with(Outcome::timeout);
      if (must_ask || is_late) {
        withdrawal.call_off();  // it gives up at the same instant by itself
      }
      if (caller.hedge_ && caller.hedge_->percentile && !is_late) {
        caller.latencies_.add(simulation.now() - began);
      }
      pass.end(response.outcome);
    }
    retrying.stop();
    caller.ended(attempt, response.outcome);
    if (n + 1 >= tries || !retries_on(*caller.retry_, response.outcome) ||
        simulation.now() >= deadline || (caller.gate_ != nullptr && !caller.gate_->may_retry())) {
      co_return response;
    }
    retrying.begin();
    wait = back_off(caller.retry_->retry_back_off, n + 1, wait, draw);
    if (deadline < Time::never() && deadline - simulation.now() <= wait) {
      co_await simulation.until(deadline);
      co_return Response::with(Outcome::timeout);
    }
    co_await simulation.delay(wait);
  }
}

/// What takes time beside the waiting for the answer is done by a process of its own; so is what
/// has to pass a gate and may lose a race.
bool Caller::must_ask() const {
  return connections_ != nullptr ||
         (gate_ != nullptr && (hedge_.has_value() || gate_->must_wait()));
}

Reply Caller::ask(Scope& scope, Caller& caller, Request attempt, Time give_up) {
  Simulation& simulation = scope.simulation();
  CallGate::Pass pass(caller.gate_, attempt);
  if (caller.gate_ != nullptr) {
    Task<Response> entering = CallGate::enter(scope, *caller.gate_, pass, give_up);
    const Response entered = co_await entering;
    if (!entered.ok()) {
      co_return entered;
    }
  }
  Reply reply = caller.connections_ == nullptr
                    ? caller.endpoint_.call(attempt)
                    : ConnectionPool::call(scope, *caller.connections_, caller.endpoint_, attempt,
                                           give_up, caller.withdraws_);
  Withdrawal withdrawal(reply, caller.withdraws_);
  bool answered = true;
  if (give_up < Time::never()) {
    answered = co_await reply.before(simulation, give_up);
  } else {
    co_await reply;
  }
  const Response response = answered ? reply.answer() : Response::with(Outcome::timeout);
  pass.end(response.outcome);
  co_return response;
}

// ---- Hedges -----------------------------------------------------------------------------------

/// The requests of one try, of which the first good answer counts.
class Caller::Race {
 public:
  Race(Scope& scope, Caller& caller, const Request& attempt, Time give_up)
      : scope_(scope),
        caller_(caller),
        attempt_(attempt),
        give_up_(give_up),
        changed_(scope.simulation()) {}
  Race(const Race&) = delete;
  /// Those that are still under way have lost.
  ~Race() {
    for (std::size_t i = 0; i < runners_.size(); ++i) {
      if (!runners_[i].is_over) {
        over(i, Outcome::cancelled);
        runners_[i].unlink();
        if (caller_.withdraws_) {
          runners_[i].reply.withdraw();
        }
      }
    }
  }

  bool may_start() const {
    return runners_.size() <= static_cast<std::size_t>(caller_.hedge_->max_hedges);
  }
  /// Takes over the one that was sent first.
  void adopt(Reply&& first, Time began) { enter(attempt_, began, std::move(first)); }
  /// Sends the request once more: with luck of its own, and counted as a retry.
  void start() {
    Request request = attempt_;
    request.luck = combine(attempt_.luck, 0x6865646765U + runners_.size());
    request.attempt = std::max<std::uint8_t>(request.attempt, 1);
    enter(request, now(), ask(scope_, caller_, request, give_up_));
  }

  /// A good answer is there, or all that were sent have failed.
  bool is_decided() const { return response_.ok() || failed_ == runners_.size(); }
  const Response& response() const { return response_; }
  Signal& changed() { return changed_; }

 private:
  struct Runner final : ReplyListener {
    Runner(Race& race, std::size_t number, const Request& request, Time began, Reply&& sent)
        : race(race), number(number), request(request), began(began), reply(std::move(sent)) {}
    void answered(const Response& response) override { race.answered(number, response); }

    Race& race;
    std::size_t number;
    Request request;
    Time began;
    Reply reply;
    bool is_over = false;
  };

  Time now() const { return scope_.simulation().now(); }

  void enter(const Request& request, Time began, Reply&& sent) {
    Runner& runner = runners_.emplace_back(*this, runners_.size(), request, began, std::move(sent));
    if (runner.reply.done()) {
      runner.answered(runner.reply.answer());
    } else {
      runner.reply.tell(runner);
    }
  }
  void answered(std::size_t number, const Response& response) {
    over(number, response.outcome);
    if (!response_.ok()) {
      response_ = response;
    }
    failed_ += response.ok() ? 0 : 1;
    changed_.raise();
  }
  /// What the first of a try took, or would at least have taken, is what percentiles are of.
  void over(std::size_t number, Outcome outcome) {
    Runner& runner = runners_[number];
    runner.is_over = true;
    if (number > 0) {
      caller_.ended(runner.request, outcome);
    } else if (caller_.hedge_->percentile) {
      caller_.latencies_.add(now() - runner.began);
    }
  }

  Scope& scope_;
  Caller& caller_;
  Request attempt_;
  Time give_up_;
  std::size_t failed_ = 0;
  Response response_ = Response::with(Outcome::timeout);
  Signal changed_;
  std::deque<Runner> runners_;  ///< where they are, they stay
};

Reply Caller::race(Scope& scope, Caller& caller, Request attempt, Time give_up, Duration delay,
                   Reply first, Time began) {
  Simulation& simulation = scope.simulation();
  Race race(scope, caller, attempt, give_up);
  race.adopt(std::move(first), began);
  Time next = simulation.now();
  while (!race.is_decided() && simulation.now() < give_up) {
    if (simulation.now() >= next) {
      race.start();
      next = race.may_start() ? simulation.now() + delay : Time::never();
      continue;
    }
    co_await race.changed().before(std::min(next, give_up));
  }
  const Response response = race.response();
  co_return response;
}

/// Nothing as long as it is not known.
std::optional<Duration> Caller::hedge_delay() {
  return hedge_->percentile ? latencies_.quantile(hedge_->percentile->value)
                            : hedge_->delay.value_or(Duration());
}

}  // namespace stampede
