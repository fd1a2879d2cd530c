#include "policies/rate_profiles/later.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {
namespace {

struct ConstantRateSettings {
  Rate rate;
};

void describe(Visitor& v, ConstantRateSettings& s) {
  v.shorthand("rate");
  v.field("rate", s.rate, "the rate at all times", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate}));
}

class ConstantRate final : public RateProfile {
 public:
  ConstantRate(const ConstantRateSettings& settings, const Context&)
      : per_second_(settings.rate.per_second), ns_per_event_(1e9 / per_second_) {}

  double rate(Time) const override { return per_second_; }

  Time after(Time from, double events) const override {
    return events > 0 ? later(from, events * ns_per_event_) : from;
  }

 private:
  double per_second_;
  double ns_per_event_;  ///< infinite when the rate is zero
};

const Register<RateProfile, ConstantRate, ConstantRateSettings> registered{
    "constant", "the same rate at all times"};

}  // namespace
}  // namespace stampede
