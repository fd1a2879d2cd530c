#include <algorithm>
#include <cmath>

#include "policies/limiters/adaptive.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct VegasSettings {
  std::int64_t initial_limit = 20;
  std::int64_t max_concurrency = 1000;
  double alpha = 3;
  double beta = 6;
  Ratio smoothing{1};
  std::int64_t probe_multiplier = 30;
};
void describe(Visitor& v, VegasSettings& s) {
  v.field("initial_limit", s.initial_limit, "requests inside at a time, at first",
          at_least<std::int64_t>(1));
  v.field("max_concurrency", s.max_concurrency, "the limit never becomes more",
          at_least<std::int64_t>(1));
  v.field("alpha", s.alpha,
          "with fewer requests in line than this, times the decimal logarithm of the limit, the "
          "limit grows",
          more_than(0.0));
  v.field("beta", s.beta, "with more than this, times the same, it shrinks", more_than(0.0));
  v.field("smoothing", s.smoothing, "how much of a change takes effect", more_than(Ratio{0}),
          at_most(Ratio{1}));
  v.field("probe_multiplier", s.probe_multiplier,
          "after so many times the limit of answers, or half of that, the shortest latency is "
          "measured anew",
          at_least<std::int64_t>(1));
  v.check(s.alpha <= s.beta, "alpha", "is more than beta");
}

/// VegasLimit of Netflix's concurrency-limits, after TCP Vegas (Brakmo and Peterson, 1995): the
/// line is estimated from how much longer requests take than the quickest did, L(1 - RTT_min/RTT),
/// and kept between alpha and beta.
class Vegas final : public AdaptiveLimiter {
 public:
  Vegas(const VegasSettings& settings, const Context& context)
      : AdaptiveLimiter(context, static_cast<double>(settings.initial_limit)),
        settings_(settings),
        random_(context.random) {
    draw_probe_jitter();
  }

 private:
  void learn(Outcome outcome, Duration latency, Time) override {
    const Sign sign = sign_of(outcome);
    if (sign == Sign::nothing) {
      return;
    }
    const double rtt = std::max(1.0, static_cast<double>(latency.ns()));
    if (sign == Sign::drop) {
      change_to(limit() - unit());
      return;
    }
    ++answers_;
    if (probe_jitter_ * static_cast<double>(settings_.probe_multiplier) * limit() <=
        static_cast<double>(answers_)) {
      draw_probe_jitter();
      answers_ = 0;
      shortest_ = rtt;
      return;
    }
    if (shortest_ == 0 || rtt < shortest_) {
      shortest_ = rtt;
      return;
    }
    if (static_cast<double>(inside()) * 2 < limit()) {
      return;  // it does not bind
    }
    const double queue = std::ceil(limit() * (1 - shortest_ / rtt));
    if (queue <= unit()) {
      change_to(limit() + settings_.beta * unit());
    } else if (queue < settings_.alpha * unit()) {
      change_to(limit() + unit());
    } else if (queue > settings_.beta * unit()) {
      change_to(limit() - unit());
    }
  }

  /// Upstream's Log10RootFunction: whole, and at least 1.
  double unit() const { return std::max(1.0, std::floor(std::log10(limit()))); }

  void change_to(double limit_wanted) {
    const double most = static_cast<double>(settings_.max_concurrency);
    const double next = std::clamp(limit_wanted, 1.0, most);
    set_limit((1 - settings_.smoothing.value) * limit() + settings_.smoothing.value * next);
  }
  void draw_probe_jitter() { probe_jitter_ = 0.5 + 0.5 * random_.uniform(); }

  VegasSettings settings_;
  Draw random_;
  double probe_jitter_ = 1;
  double shortest_ = 0;  ///< latency, in nanoseconds; 0: not known
  std::int64_t answers_ = 0;
};

const LimiterMeasures measures{"vegas"};
const Register<RequestLimiter, Vegas, VegasSettings> registered{
    "vegas", "a limit of requests inside that keeps the line behind it short, as TCP Vegas does"};

}  // namespace
}  // namespace stampede
