#include <algorithm>

#include "policies/limiters/adaptive.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct AimdSettings {
  std::int64_t initial_limit = 20;
  std::int64_t min_limit = 20;
  std::int64_t max_limit = 200;
  Ratio backoff_ratio{0.9};
  Duration timeout = Duration::nanoseconds(5'000'000'000);
};
void describe(Visitor& v, AimdSettings& s) {
  v.field("initial_limit", s.initial_limit, "requests inside at a time, at first",
          at_least<std::int64_t>(1));
  v.field("min_limit", s.min_limit, "it never becomes less", at_least<std::int64_t>(1));
  v.field("max_limit", s.max_limit, "it never becomes more", at_least<std::int64_t>(1));
  v.field("backoff_ratio", s.backoff_ratio, "what is left of the limit after a drop",
          at_least(Ratio{0.5}), less_than(Ratio{1}));
  v.field("timeout", s.timeout, "a request that takes longer counts as a drop",
          more_than(Duration()));
  v.check(s.min_limit <= s.max_limit, "min_limit", "is more than max_limit");
}

/// Additive increase, multiplicative decrease: AIMDLimit of Netflix's concurrency-limits, which
/// raises the limit by one for each good answer while at least half of it is used.
class Aimd final : public AdaptiveLimiter {
 public:
  Aimd(const AimdSettings& settings, const Context& context)
      : AdaptiveLimiter(context, static_cast<double>(settings.initial_limit)),
        settings_(settings) {}

 private:
  void learn(Outcome outcome, Duration latency, Time) override {
    const Sign sign = sign_of(outcome);
    if (sign == Sign::nothing) {
      return;
    }
    double next = limit();
    if (sign == Sign::drop || latency > settings_.timeout) {
      next *= settings_.backoff_ratio.value;
    } else if (static_cast<double>(inside()) * 2 >= limit()) {
      next += 1;
    }
    set_limit(std::clamp(next, static_cast<double>(settings_.min_limit),
                         static_cast<double>(settings_.max_limit)));
  }

  AimdSettings settings_;
};

const LimiterMeasures measures{"aimd"};
const Register<RequestLimiter, Aimd, AimdSettings> registered{
    "aimd", "a limit of requests inside that grows by one and shrinks by a share after drops"};

}  // namespace
}  // namespace stampede
