#include "stampede/model/calling.hpp"

#include <algorithm>
#include <cmath>

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

void describe_call(Visitor& v, CallSettings& s) {
  v.field("timeout", s.timeout, "time limit of the call, all tries and back-offs included",
          more_than(Duration()));
  v.field("retry", s.retry, "try again after a failure");
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

Caller::Caller(Simulation& simulation, Endpoint& endpoint, const CallSettings& settings,
               const Stream& back_off_stream, AttemptObserver* observer,
               ConnectionPool* connections)
    : endpoint_(endpoint),
      is_direct_(!settings.timeout && !settings.retry && observer == nullptr &&
                 connections == nullptr),
      timeout_(settings.timeout),
      retry_(settings.retry),
      back_off_(back_off_stream),
      observer_(observer),
      connections_(connections) {
  if (timeout_) {
    timeouts_ = &simulation.timeouts(*timeout_);
  }
  if (retry_ && retry_->per_try_timeout) {
    per_try_ = &simulation.timeouts(*retry_->per_try_timeout);
  }
}

Task<Response> Caller::run(Scope& scope, Caller& caller, Request request) {
  Simulation& simulation = scope.simulation();
  const Time deadline = caller.timeout_ ? simulation.now() + *caller.timeout_ : Time::never();
  const int tries = caller.retry_ ? 1 + caller.retry_->num_retries : 1;
  Draw draw = caller.back_off_.at(request.luck);
  Duration wait;
  for (int n = 0;; ++n) {
    Request attempt = request.as_attempt(n);
    const bool per_try_ends_first =
        caller.per_try_ != nullptr && simulation.now() + caller.per_try_->length() < deadline;
    const Time give_up =
        per_try_ends_first ? simulation.now() + caller.per_try_->length() : deadline;
    Reply reply =
        caller.connections_ == nullptr
            ? caller.endpoint_.call(attempt)
            : ConnectionPool::call(scope, *caller.connections_, caller.endpoint_, attempt, give_up);
    bool answered = true;
    if (per_try_ends_first) {
      answered = co_await reply.within(*caller.per_try_);
    } else if (n == 0 && caller.timeouts_ != nullptr) {
      answered = co_await reply.within(*caller.timeouts_);
    } else if (deadline < Time::never()) {
      answered = co_await reply.before(simulation, deadline);
    } else {
      co_await reply;
    }
    const Response response = answered ? reply.answer() : Response::with(Outcome::timeout);
    caller.ended(attempt, response.outcome);
    if (n + 1 >= tries || !retries_on(*caller.retry_, response.outcome) ||
        simulation.now() >= deadline) {
      co_return response;
    }
    wait = back_off(caller.retry_->retry_back_off, n + 1, wait, draw);
    if (deadline < Time::never() && deadline - simulation.now() <= wait) {
      co_await simulation.until(deadline);
      co_return Response::with(Outcome::timeout);
    }
    co_await simulation.delay(wait);
  }
}

}  // namespace stampede
