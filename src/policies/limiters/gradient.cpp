#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "policies/limiters/adaptive.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct MinRttSettings {
  std::optional<Duration> interval;
  std::optional<Duration> fixed_value;
  std::int64_t request_count = 50;
  Ratio jitter{0.15};
  std::int64_t min_concurrency = 3;
  Ratio buffer{0.25};
};
void describe(Visitor& v, MinRttSettings& s) {
  v.field("interval", s.interval, "how long a measured minimum holds; needed unless fixed_value is",
          more_than(Duration()));
  v.field("fixed_value", s.fixed_value, "the minimum, which is never measured then",
          more_than(Duration()));
  v.field("request_count", s.request_count, "answers that a measurement takes",
          at_least<std::int64_t>(1));
  v.field("jitter", s.jitter, "up to this share of interval is added to it by chance");
  v.field("min_concurrency", s.min_concurrency,
          "the limit while the minimum is measured, and the least at all times",
          at_least<std::int64_t>(1));
  v.field("buffer", s.buffer, "share of the minimum that latency may vary by without load");
  v.check(s.interval.has_value() != s.fixed_value.has_value(), "interval",
          "and fixed_value: exactly one is needed");
}

struct GradientSettings {
  Ratio sample_aggregate_percentile{0.5};
  Duration concurrency_update_interval = Duration::nanoseconds(100'000'000);
  std::int64_t max_concurrency_limit = 1000;
  MinRttSettings min_rtt_calc_params;
};
void describe(Visitor& v, GradientSettings& s) {
  v.field("sample_aggregate_percentile", s.sample_aggregate_percentile,
          "the percentile that stands for the latencies of an interval", at_most(Ratio{1}));
  v.field("concurrency_update_interval", s.concurrency_update_interval,
          "how often the limit is set anew", required(), more_than(Duration()));
  v.field("max_concurrency_limit", s.max_concurrency_limit, "the limit never becomes more",
          at_least<std::int64_t>(1));
  v.field("min_rtt_calc_params", s.min_rtt_calc_params,
          "how the latency without load becomes known", required());
}

/// Envoy's adaptive_concurrency with its gradient controller (gradient_controller.cc): the limit is
/// multiplied by (minRTT + buffer) / sampleRTT, within 0.5 and 2, and gets room for a burst of its
/// square root. The minimum is measured now and then with next to nobody inside, and again when the
/// limit has been at its least for five intervals.
///
/// Envoy has timers; here the same is made up for before the next request comes or ends.
class Gradient final : public AdaptiveLimiter {
 public:
  Gradient(const GradientSettings& settings, const Context& context)
      : AdaptiveLimiter(context, static_cast<double>(settings.min_rtt_calc_params.min_concurrency)),
        settings_(settings),
        random_(context.random),
        next_update_(context.now + settings.concurrency_update_interval) {
    if (min_rtt().fixed_value) {
      min_rtt_ = static_cast<double>(min_rtt().fixed_value->ns());
    } else {
      measure_min_rtt(context.now);
    }
  }

 private:
  static constexpr int most_intervals_at_least = 5;

  void time_passed(Time now) override {
    if (!is_measuring_ && next_update_ <= now && next_update_ <= next_measurement_) {
      update();
      const std::int64_t step = settings_.concurrency_update_interval.ns();
      next_update_ =
          next_update_ + Duration::nanoseconds(((now - next_update_).ns() / step + 1) * step);
      if (intervals_at_least_ >= most_intervals_at_least && !min_rtt().fixed_value) {
        measure_min_rtt(now);
      }
    }
    if (!is_measuring_ && next_measurement_ <= now) {
      measure_min_rtt(now);
    }
  }

  void learn(Outcome outcome, Duration latency, Time now) override {
    const bool has_answered = outcome == Outcome::ok || outcome == Outcome::error;
    if (!has_answered || now - latency < measured_since_) {
      return;
    }
    samples_.push_back(latency.ns());
    if (is_measuring_ && static_cast<std::int64_t>(samples_.size()) >= min_rtt().request_count) {
      min_rtt_ = percentile_of_samples();
      is_measuring_ = false;
      set_limit(limit_before_);
      const double jitter = min_rtt().jitter.value * random_.uniform();
      next_measurement_ = now + min_rtt().interval->scaled(1 + jitter);
      next_update_ = now + settings_.concurrency_update_interval;
    }
  }

  void measure_min_rtt(Time now) {
    is_measuring_ = true;
    measured_since_ = now;
    limit_before_ = limit();
    intervals_at_least_ = 0;
    samples_.clear();
    set_limit(least());
  }

  void update() {
    if (samples_.empty()) {
      return;
    }
    const double buffered = min_rtt_ * (1 + min_rtt().buffer.value);
    const double gradient = std::clamp(buffered / percentile_of_samples(), 0.5, 2.0);
    const double limit_wanted = limit() * gradient;
    const double next = std::floor(limit_wanted + std::sqrt(limit_wanted));
    const double before = limit();
    set_limit(
        std::max(least(), std::min(static_cast<double>(settings_.max_concurrency_limit), next)));
    intervals_at_least_ = before <= least() && limit() <= least() ? intervals_at_least_ + 1 : 0;
  }

  /// Of the samples, which are forgotten; at least a nanosecond.
  double percentile_of_samples() {
    const auto last = static_cast<double>(samples_.size() - 1);
    const auto rank =
        static_cast<std::ptrdiff_t>(settings_.sample_aggregate_percentile.value * last);
    std::nth_element(samples_.begin(), samples_.begin() + rank, samples_.end());
    const auto found = static_cast<double>(samples_[static_cast<std::size_t>(rank)]);
    samples_.clear();
    return std::max(1.0, found);
  }

  const MinRttSettings& min_rtt() const { return settings_.min_rtt_calc_params; }
  double least() const { return static_cast<double>(min_rtt().min_concurrency); }

  GradientSettings settings_;
  Draw random_;
  bool is_measuring_ = false;
  double min_rtt_ = 0;       ///< in nanoseconds
  double limit_before_ = 0;  ///< the measurement
  int intervals_at_least_ = 0;
  Time measured_since_;  ///< the last measurement: requests from before say nothing
  Time next_measurement_ = Time::never();
  Time next_update_;
  std::vector<std::int64_t> samples_;  ///< latencies since the last update, in nanoseconds
};

const LimiterMeasures measures{"gradient"};
const Register<RequestLimiter, Gradient, GradientSettings> registered{
    "gradient",
    "a limit of requests inside that follows latency (as Envoy's adaptive concurrency)"};

}  // namespace
}  // namespace stampede
