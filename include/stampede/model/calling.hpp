#pragma once

#include <optional>
#include <vector>

#include "stampede/kernel/task.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// What a retry policy answers to. Envoy's words, and `timeout` for the caller's own.
enum class RetryOn { server_error, gateway_error, reset, connect_failure, rate_limited, timeout };
const EnumNames<RetryOn>& names(RetryOn);

/// How a back-off is spread (Brooker: Exponential Backoff And Jitter, AWS Architecture Blog 2015).
enum class Jitter { full, equal, decorrelated, none };
const EnumNames<Jitter>& names(Jitter);

struct BackOffSettings {
  Duration base_interval = Duration::nanoseconds(25'000'000);
  std::optional<Duration> max_interval;  ///< 10 × base unless given
  Jitter jitter = Jitter::full;
};
void describe(Visitor& v, BackOffSettings& s);

struct RetrySettings {
  int num_retries = 1;  ///< extra tries after the first
  std::vector<RetryOn> retry_on = {RetryOn::server_error, RetryOn::reset, RetryOn::timeout};
  std::optional<Duration> per_try_timeout;
  BackOffSettings retry_back_off;
};
void describe(Visitor& v, RetrySettings& s);

/// How somebody calls: with which patience, and how often. Absent is off.
struct CallSettings {
  std::optional<Duration> timeout;  ///< covers all tries
  std::optional<RetrySettings> retry;

  /// Whether a call that is never answered comes to an end.
  bool is_limited() const { return timeout || (retry && retry->per_try_timeout); }
};
/// Adds the fields `timeout` and `retry` to those of whatever settings hold them, and declares
/// them.
void describe_call(Visitor& v, CallSettings& s);

/// Whom a step calls, and how.
struct CallTarget {
  ComponentName target;
  CallSettings call;
};
void describe(Visitor& v, CallTarget& s);

/// What a failed call makes of the work that needed it: its own failure, unless the user left.
inline Outcome outcome_of_failed_call(Outcome outcome) {
  return outcome == Outcome::abandoned ? Outcome::abandoned : Outcome::error;
}

/// The wait before retry number `retry` (1 is the first), `previous` being the last wait or zero:
/// full: uniform in [0, min(max, base·(2^retry − 1))], as Envoy; equal: half of min(max,
/// base·2^retry) fixed and half uniform; decorrelated: min(max, uniform in [base, 3·previous]), the
/// base standing for the wait before the first; none: min(max, base·2^(retry − 1)).
Duration back_off(const BackOffSettings& settings, int retry, Duration previous, Draw& draw);

bool retries_on(const RetrySettings& settings, Outcome outcome);

class ConnectionPool;

/// Calls an endpoint as CallSettings say, over a connection of a pool if there is one. Belongs to
/// the caller: what it starts dies with it, what the callee has begun goes on.
///
/// Budgets, hedges, breakers and limits will be wrappers beside this one.
class Caller {
 public:
  /// Told of every attempt that ended, as the caller saw it.
  class AttemptObserver {
   public:
    virtual void attempt_ended(const Request& attempt, Outcome outcome) = 0;

   protected:
    ~AttemptObserver() = default;
  };

  Caller(Simulation& simulation, Endpoint& endpoint, const CallSettings& settings,
         const Stream& back_off_stream, AttemptObserver* observer = nullptr,
         ConnectionPool* connections = nullptr);

  /// A call that is neither limited nor repeated: wait for the reply, no task needed.
  bool is_plain() const { return timeouts_ == nullptr && !retry_; }
  Reply start(const Request& request) { return endpoint_.call(request); }
  /// A call with a limit and no retries: wait for the reply within `timeouts()`.
  bool is_single() const { return !retry_; }
  Timeouts* timeouts() { return timeouts_; }

  /// The whole protocol. `owner` has the scope of the calling process.
  template <class Owner>
  Task<Response> call(Owner& owner, const Request& request) {
    if (is_direct_) {
      return endpoint_.call(request);
    }
    return run(owner.scope(), *this, request);
  }

 private:
  static Task<Response> run(Scope& scope, Caller& caller, Request request);
  void ended(const Request& attempt, Outcome outcome) {
    if (observer_ != nullptr) {
      observer_->attempt_ended(attempt, outcome);
    }
  }

  Endpoint& endpoint_;
  bool is_direct_;  ///< the endpoint is called and nothing else
  std::optional<Duration> timeout_;
  Timeouts* timeouts_ = nullptr;
  std::optional<RetrySettings> retry_;
  Timeouts* per_try_ = nullptr;
  Stream back_off_;
  AttemptObserver* observer_;
  ConnectionPool* connections_;  ///< null: none are needed
};

}  // namespace stampede
