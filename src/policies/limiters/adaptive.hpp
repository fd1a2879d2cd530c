#pragma once

#include <cstdint>

#include "stampede/model/limiter.hpp"

namespace stampede {

/// A limit of requests inside at a time that follows what the limiter sees of them. The limit may
/// be any number; as many are let in as are less than it.
class AdaptiveLimiter : public RequestLimiter {
 public:
  AdaptiveLimiter(const Context& context, double limit)
      : told_(context.observer.gauge(context.measures.limit)), now_(context.now) {
    set_limit(limit);
  }
  void stopped(Time now) final {
    now_ = now;
    set_limit(0);
  }

  Outcome admit(const Request&, Time now) final {
    now_ = now;
    time_passed(now);
    if (inside_ >= whole_limit_) {
      return Outcome::rejected_limit;
    }
    ++inside_;
    return Outcome::ok;
  }
  bool follows() const final { return true; }
  void ended(const Request&, Outcome outcome, Duration latency, Time now) final {
    now_ = now;
    time_passed(now);
    learn(outcome, latency, now);
    --inside_;
  }

 protected:
  /// Before anything else happens at this instant.
  virtual void time_passed(Time now) { static_cast<void>(now); }
  /// What became of one that was let in, while it still counts as inside.
  virtual void learn(Outcome outcome, Duration latency, Time now) = 0;

  std::int64_t inside() const { return inside_; }
  double limit() const { return limit_; }
  void set_limit(double limit) {
    const auto whole = static_cast<std::int64_t>(limit);
    told_.change(now_, whole - whole_limit_);
    limit_ = limit;
    whole_limit_ = whole;
  }

 private:
  Gauge& told_;
  Time now_;
  double limit_ = 0;
  std::int64_t whole_limit_ = 0;
  std::int64_t inside_ = 0;
};

/// What the end of a request says of an overload, as Netflix's concurrency-limits tells ends apart.
enum class Sign {
  sample,   ///< its latency does
  drop,     ///< it is one: there was no room for the request, or no time
  nothing,  ///< it says nothing of load
};
inline Sign sign_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return Sign::sample;
    case Outcome::timeout:
    case Outcome::rejected_queue_full:
    case Outcome::rejected_rate_limited:
    case Outcome::rejected_shed:
    case Outcome::rejected_limit:
      return Sign::drop;
    default:
      return Sign::nothing;
  }
}

}  // namespace stampede
