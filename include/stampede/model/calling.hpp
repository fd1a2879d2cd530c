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
enum class Jitter { full, full_aws, equal, decorrelated, none };
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

/// Asks a second time when the answer is late, and takes the first good one (Dean, Barroso: The
/// Tail at Scale, CACM 2013). Without a delay and without a percentile, all are sent at once.
struct HedgeSettings {
  std::optional<Duration> delay;
  std::optional<Ratio> percentile;
  int max_hedges = 1;
  bool cancel = true;
};
void describe(Visitor& v, HedgeSettings& s);

/// What a callee is told of how long its caller waits.
struct PropagateSettings {
  bool deadline = false;
  bool cancel = false;
};
void describe(Visitor& v, PropagateSettings& s);

/// How somebody calls: with which patience, and how often. Absent is off.
struct CallSettings {
  std::optional<Duration> timeout;  ///< covers all tries
  std::optional<RetrySettings> retry;
  std::optional<HedgeSettings> hedge;  ///< of each try
  PropagateSettings propagate;

  /// Whether a call that is never answered comes to an end.
  bool is_limited() const { return timeout || (retry && retry->per_try_timeout); }
};
/// Adds the fields `timeout`, `retry`, `hedge` and `propagate` to those of whatever settings hold
/// them, and declares them.
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
/// full: uniform in [0, min(max, base·(2^retry − 1))], as Envoy; full_aws: uniform in [0, min(max,
/// base·2^retry)], as Brooker's article and the AWS SDKs; equal: half of min(max,
/// base·2^retry) fixed and half uniform; decorrelated: min(max, uniform in [base, 3·previous]), the
/// base standing for the wait before the first; none: min(max, base·2^(retry − 1)).
Duration back_off(const BackOffSettings& settings, int retry, Duration previous, Draw& draw);

bool retries_on(const RetrySettings& settings, Outcome outcome);

/// The latest latencies of a caller, to know by when most answers are there.
class RecentLatencies {
 public:
  static constexpr std::size_t remembered = 1000;
  static constexpr std::size_t enough = 100;

  void add(Duration latency);
  /// The given share of the latest `remembered` latencies was at most that long, judged anew after
  /// every hundred; nothing before there are `enough`.
  std::optional<Duration> quantile(double share);

 private:
  std::vector<std::int64_t> latest_;  ///< in ns, a ring
  std::size_t next_ = 0;
  std::size_t unjudged_ = 0;
  std::optional<Duration> judged_;
};

class CallGate;
class ConnectionPool;

/// Calls an endpoint as CallSettings say, through the guards that the caller has in front of it and
/// over a connection of a pool, if there are any. Belongs to the caller: what it starts dies with
/// it, what the callee has begun goes on unless cancelling is propagated.
///
/// A call is one or several tries; a try is one request, or several under `hedge`; each of these
/// passes the gate, then waits for a connection.
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
         ConnectionPool* connections = nullptr, CallGate* gate = nullptr);

  /// A call that is neither limited nor repeated, guarded or told of deadlines: wait for the reply,
  /// no task needed.
  bool is_plain() const { return is_single_ && timeouts_ == nullptr; }
  Reply start(const Request& request) { return endpoint_.call(request); }
  /// A call with a limit and nothing else: wait for the reply within `timeouts()`.
  bool is_single() const { return is_single_; }
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
  class Race;

  static Task<Response> run(Scope& scope, Caller& caller, Request request);
  bool must_ask() const;
  /// One request, until `give_up` at most.
  static Reply ask(Scope& scope, Caller& caller, Request attempt, Time give_up);
  /// A try whose `first` request is late: others follow it, one `delay` apart.
  static Reply race(Scope& scope, Caller& caller, Request attempt, Time give_up, Duration delay,
                    Reply first, Time began);
  std::optional<Duration> hedge_delay();
  void ended(const Request& attempt, Outcome outcome) {
    if (observer_ != nullptr) {
      observer_->attempt_ended(attempt, outcome);
    }
  }

  Endpoint& endpoint_;
  bool is_direct_;  ///< the endpoint is called and nothing else
  bool is_single_;  ///< the endpoint is called once, perhaps with a limit
  std::optional<Duration> timeout_;
  Timeouts* timeouts_ = nullptr;
  std::optional<RetrySettings> retry_;
  Timeouts* per_try_ = nullptr;
  Stream back_off_;
  AttemptObserver* observer_;
  ConnectionPool* connections_;  ///< null: none are needed
  CallGate* gate_;               ///< null: nothing is in the way
  std::optional<HedgeSettings> hedge_;
  Timeouts* hedge_delays_ = nullptr;  ///< of a delay that is given
  RecentLatencies latencies_;         ///< where hedges ask for a percentile
  bool tells_deadline_;
  bool withdraws_;  ///< what nobody waits for any more
};

}  // namespace stampede
