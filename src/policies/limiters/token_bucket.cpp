#include <algorithm>

#include "policies/limiters/counting.hpp"
#include "stampede/base/int128.hpp"

namespace stampede {
namespace {

enum class Refill { interval, continuous };
const EnumNames<Refill>& names(Refill) {
  static const EnumNames<Refill> table{
      {{Refill::interval, "interval"}, {Refill::continuous, "continuous"}}};
  return table;
}

struct TokenBucketSettings {
  std::int64_t max_tokens = 1;
  std::int64_t tokens_per_fill = 1;
  Duration fill_interval = Duration::nanoseconds(1'000'000'000);
  Refill refill = Refill::interval;
  CountingSettings counting;
};
void describe(Visitor& v, TokenBucketSettings& s) {
  v.field("max_tokens", s.max_tokens, "what the bucket holds, and holds at first", required(),
          at_least<std::int64_t>(1), at_most<std::int64_t>(1'000'000));
  v.field("tokens_per_fill", s.tokens_per_fill, "tokens that come in each fill_interval",
          at_least<std::int64_t>(1), at_most<std::int64_t>(1'000'000));
  v.field("fill_interval", s.fill_interval, "how long a fill takes", required(),
          more_than(Duration()), at_most(Duration::nanoseconds(3'600'000'000'000)));
  v.field("refill", s.refill,
          "interval: all tokens of a fill come at once, at multiples of fill_interval; continuous: "
          "they come evenly over it");
  describe_counting(v, s.counting);
}

/// In whole numbers: a token is `fill_interval` of credit, which grows by `tokens_per_fill` with
/// each nanosecond, so that no rounding ever makes or loses one.
class TokenBucket {
 public:
  explicit TokenBucket(const TokenBucketSettings& settings)
      : settings_(&settings), credit_(full()) {}

  bool take(Time now) {
    refill(now);
    if (credit_ < token()) {
      return false;
    }
    credit_ -= token();
    return true;
  }
  /// The bucket may owe tokens afterwards.
  void add(std::int64_t n, Time now) {
    refill(now);
    credit_ -= n * token();
  }

 private:
  std::int64_t token() const { return settings_->fill_interval.ns(); }
  std::int64_t full() const { return settings_->max_tokens * token(); }

  void refill(Time now) {
    if (now < next_fill_ || now <= filled_) {
      return;
    }
    std::int64_t time = (now - filled_).ns();
    if (settings_->refill == Refill::interval) {
      time -= time % token();
      next_fill_ = filled_ + Duration::nanoseconds(time + token());
    }
    filled_ = filled_ + Duration::nanoseconds(time);
    const Int128 more = Int128{time} * settings_->tokens_per_fill;
    credit_ = static_cast<std::int64_t>(std::min(Int128{credit_} + more, Int128{full()}));
  }

  const TokenBucketSettings* settings_;
  std::int64_t credit_;
  Time filled_;     ///< under Refill::interval, a multiple of it
  Time next_fill_;  ///< before this instant, nothing comes
};

const LimiterMeasures measures{"token_bucket"};
const Register<RequestLimiter, CountingLimiter<TokenBucket, TokenBucketSettings>,
               TokenBucketSettings>
    registered{"token_bucket",
               "a request takes a token, of which so many come in a time (as Envoy's local rate "
               "limit)"};

}  // namespace
}  // namespace stampede
