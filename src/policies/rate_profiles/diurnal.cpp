#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "policies/rate_profiles/later.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {
namespace {

struct DiurnalSettings {
  Rate mean;
  Ratio amplitude{0.5};
  Duration period = Duration::nanoseconds(86'400'000'000'000);
  std::optional<Duration> peak_at;
};

void describe(Visitor& v, DiurnalSettings& s) {
  v.field("mean", s.mean, "the rate on average over a period", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate / 2}));
  v.field("amplitude", s.amplitude,
          "how far the rate rises above the mean and falls below it, as a share of the mean",
          at_least(Ratio{0}), at_most(Ratio{1}));
  v.field("period", s.period, "from one peak to the next", more_than(Duration()), of_run());
  v.field("peak_at", s.peak_at, "when the rate peaks first; after half a period unless given",
          at_least(Duration()), of_run());
}

/// mean · (1 + amplitude · cos(2π (t − peak) / period)).
///
/// The inverse of its integral has no closed form; Newton's method finds it to a fraction of a
/// nanosecond. The C library may round the last bit of a sine differently on processors without
/// fused multiply-add, which reaches the whole nanosecond once in some 10^9 draws.
class Diurnal final : public RateProfile {
 public:
  Diurnal(const DiurnalSettings& s, const Context&)
      : mean_(s.mean.per_second * 1e-9),
        amplitude_(s.amplitude.value),
        period_(static_cast<double>(s.period.ns())),
        period_ns_(s.period.ns()),
        peak_ns_((s.peak_at ? *s.peak_at : s.period / 2).ns() % period_ns_) {}

  double rate(Time at) const override { return rate_at(angle(at)) * 1e9; }

  Time after(Time from, double events) const override {
    if (events <= 0) {
      return from;
    }
    const double periods = std::floor(events / (mean_ * period_));
    if (!std::isfinite(periods)) {
      return Time::never();
    }
    const double rest = std::max(events - periods * (mean_ * period_), 0.0);
    return later(from, periods * period_ + time_for(angle(from), rest));
  }

 private:
  static constexpr double turn = 2 * std::numbers::pi;

  /// The angle since the peak.
  double angle(Time at) const {
    return static_cast<double>((at.ns() - peak_ns_) % period_ns_) / period_ * turn;
  }
  double rate_at(double angle) const { return mean_ * (1 + amplitude_ * std::cos(angle)); }

  /// How many events there are in the `time` that begins at this angle. The difference of sines is
  /// written as a product, which does not cancel when the time is short.
  double events_in(double time, double angle) const {
    const double half = time / period_ * (turn / 2);
    return mean_ *
           (time + amplitude_ * period_ / turn * 2 * std::cos(angle + half) * std::sin(half));
  }

  /// The time within one period until there are so many events: Newton's method, kept inside a
  /// bracket that each step narrows, so that it ends even where the rate touches zero.
  double time_for(double angle, double events) const {
    double low = 0;
    double high = period_;
    double time = std::clamp(events / std::max(rate_at(angle), mean_ * 1e-3), low, high);
    for (int step = 0; step < 200; ++step) {
      const double excess = events_in(time, angle) - events;
      (excess > 0 ? high : low) = time;
      const double newton = time - excess / rate_at(angle + time / period_ * turn);
      const double next = newton >= low && newton <= high ? newton : low + (high - low) / 2;
      const bool settled = std::abs(next - time) < 1e-3;
      time = next;
      if (settled) {
        break;
      }
    }
    return time;
  }

  double mean_;  ///< per nanosecond
  double amplitude_;
  double period_;
  std::int64_t period_ns_;
  std::int64_t peak_ns_;
};

const Register<RateProfile, Diurnal, DiurnalSettings> registered{
    "diurnal", "day and night: a sinusoid around a mean rate"};

}  // namespace
}  // namespace stampede
