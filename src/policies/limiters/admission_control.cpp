#include <algorithm>
#include <cmath>
#include <deque>

#include "stampede/model/limiter.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct AdmissionControlSettings {
  Duration sampling_window = Duration::nanoseconds(30'000'000'000);
  Ratio sr_threshold{0.95};
  double aggression = 1;
  Rate rps_threshold;
  Ratio max_rejection_probability{0.8};
};
void describe(Visitor& v, AdmissionControlSettings& s) {
  v.field("sampling_window", s.sampling_window, "how far back successes are counted",
          at_least(Duration::nanoseconds(1'000'000'000)));
  v.field("sr_threshold", s.sr_threshold, "with a smaller share of successes, some are rejected",
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("aggression", s.aggression, "above 1, more are rejected early", at_least(1.0));
  v.field("rps_threshold", s.rps_threshold, "with fewer requests in a time, none is rejected");
  v.field("max_rejection_probability", s.max_rejection_probability, "never more than this share",
          at_most(Ratio{1}));
}

/// Envoy's admission control filter (admission_control.cc): of n requests in the window of which
/// n_success succeeded, the next one is rejected with probability
///     ((n - n_success / sr_threshold) / (n + 1)) ^ (1 / aggression).
/// What it rejects itself is not counted; neither are those who left. The window moves in steps of
/// a second, as there.
class AdmissionControl final : public RequestLimiter {
 public:
  AdmissionControl(const AdmissionControlSettings& settings, const Context& context)
      : settings_(settings), random_(context.random) {}

  Outcome admit(const Request&, Time now) override {
    forget(now);
    const double rps = static_cast<double>(requests_) / settings_.sampling_window.seconds();
    if (rps < settings_.rps_threshold.per_second) {
      return Outcome::ok;
    }
    const double failures = static_cast<double>(requests_) -
                            static_cast<double>(successes_) / settings_.sr_threshold.value;
    if (failures <= 0) {
      return Outcome::ok;
    }
    const double share =
        std::pow(failures / static_cast<double>(requests_ + 1), 1 / settings_.aggression);
    return random_.chance(std::min(share, settings_.max_rejection_probability.value))
               ? Outcome::rejected_shed
               : Outcome::ok;
  }

  bool follows() const override { return true; }
  void ended(const Request&, Outcome outcome, Duration, Time now) override {
    if (outcome == Outcome::abandoned || outcome == Outcome::cancelled) {
      return;
    }
    const std::int64_t second = now.ns() / second_ns;
    if (seconds_.empty() || seconds_.back().number != second) {
      seconds_.push_back({.number = second});
    }
    // In HTTP a rate limit is the client's fault (429), and only what is the server's is a failure.
    const bool is_success = outcome == Outcome::ok || outcome == Outcome::rejected_rate_limited;
    ++requests_;
    ++seconds_.back().requests;
    successes_ += is_success ? 1 : 0;
    seconds_.back().successes += is_success ? 1 : 0;
  }

 private:
  static constexpr std::int64_t second_ns = 1'000'000'000;
  struct Second {
    std::int64_t number;
    std::int64_t requests = 0;
    std::int64_t successes = 0;
  };

  void forget(Time now) {
    while (!seconds_.empty() &&
           now.ns() - seconds_.front().number * second_ns >= settings_.sampling_window.ns()) {
      requests_ -= seconds_.front().requests;
      successes_ -= seconds_.front().successes;
      seconds_.pop_front();
    }
  }

  AdmissionControlSettings settings_;
  Draw random_;
  std::int64_t requests_ = 0;  ///< in all of `seconds_`
  std::int64_t successes_ = 0;
  std::deque<Second> seconds_;
};

const LimiterMeasures measures{"admission_control"};
const Register<RequestLimiter, AdmissionControl, AdmissionControlSettings> registered{
    "admission_control",
    "rejects by chance the more, the fewer succeed (as Envoy's admission control)"};

}  // namespace
}  // namespace stampede
