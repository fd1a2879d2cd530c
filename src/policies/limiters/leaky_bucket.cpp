#include <algorithm>

#include "policies/limiters/counting.hpp"

namespace stampede {
namespace {

struct LeakyBucketSettings {
  Rate rate{1};
  std::int64_t burst = 0;
  CountingSettings counting;
};
void describe(Visitor& v, LeakyBucketSettings& s) {
  v.field("rate", s.rate, "requests that drain from the bucket in a time", required(),
          at_least(Rate{1e-6}), at_most(Rate{1e9}));
  v.field("burst", s.burst,
          "requests that may come before their time, as if the bucket held so many besides the one "
          "that drains",
          at_least<std::int64_t>(0), at_most<std::int64_t>(1'000'000));
  describe_counting(v, s.counting);
}

/// The generic cell rate algorithm, ITU-T I.371 (2004), annex A, as virtual scheduling: a request
/// is due one interval after the one before and may come earlier by the tolerance. It admits what
/// a token bucket of burst + 1 tokens admits that is refilled continuously.
class LeakyBucket {
 public:
  explicit LeakyBucket(const LeakyBucketSettings& settings)
      : interval_(std::max(Duration::from_seconds(1 / settings.rate.per_second),
                           Duration::nanoseconds(1))),
        tolerance_(interval_ * settings.burst) {}

  bool take(Time now) {
    const Time due = std::max(due_, now);
    if (due - now > tolerance_) {
      return false;
    }
    due_ = due + interval_;
    return true;
  }
  void add(std::int64_t n, Time now) { due_ = std::max(due_, now) + interval_ * n; }

 private:
  Duration interval_;
  Duration tolerance_;
  Time due_;  ///< of the next request: the theoretical arrival time
};

const LimiterMeasures measures{"leaky_bucket"};
const Register<RequestLimiter, CountingLimiter<LeakyBucket, LeakyBucketSettings>,
               LeakyBucketSettings>
    registered{"leaky_bucket",
               "requests drain at a rate, and what would overflow is rejected (GCRA; nginx's "
               "limit_req with nodelay)"};

}  // namespace
}  // namespace stampede
