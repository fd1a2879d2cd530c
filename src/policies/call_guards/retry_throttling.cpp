#include <algorithm>

#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// gRPC's names (gRFC A6); it has no defaults, these are those of its example.
struct RetryThrottlingSettings {
  double max_tokens = 10;
  double token_ratio = 0.1;
};
void describe(Visitor& v, RetryThrottlingSettings& s) {
  v.field("max_tokens", s.max_tokens,
          "tokens at first and at most: with half of them gone, nothing is tried again",
          more_than(0.0), at_most(1000.0));
  v.field("token_ratio", s.token_ratio,
          "what a success gives back of the token that a failure takes", more_than(0.0),
          at_most(1000.0));
}

/// gRPC's retry throttling: every failure costs a token, every success gives back a part of one.
/// Over a long time it allows about token_ratio retries per good answer, whatever is under way.
class RetryThrottling final : public CallGuard {
 public:
  RetryThrottling(const RetryThrottlingSettings& settings, const Context&) : settings_(settings) {}

  void ended(Outcome outcome, Duration, Time) override {
    if (outcome != Outcome::cancelled && outcome != Outcome::abandoned) {
      const double change = outcome == Outcome::ok ? settings_.token_ratio : -1;
      tokens_ = std::clamp(tokens_ + change, 0.0, settings_.max_tokens);
    }
  }
  bool may_retry(const CallLoad&) override { return tokens_ > settings_.max_tokens / 2; }
  void forget(Time) override { tokens_ = settings_.max_tokens; }

 private:
  RetryThrottlingSettings settings_;
  double tokens_ = settings_.max_tokens;
};

const Register<CallGuard, RetryThrottling, RetryThrottlingSettings> registered{
    "retry_throttling", "failures use up tokens, without which nothing is tried again (gRPC)"};

}  // namespace
}  // namespace stampede
