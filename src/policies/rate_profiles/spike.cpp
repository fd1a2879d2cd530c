#include <vector>

#include "policies/rate_profiles/piecewise_linear.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {
namespace {

struct SpikeSettings {
  Rate base;
  Rate peak;
  Duration at;
  Duration ramp;
  Duration length;
};

void describe(Visitor& v, SpikeSettings& s) {
  v.field("base", s.base, "the rate before and after", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate}));
  v.field("peak", s.peak, "the rate at the top", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate}));
  v.field("at", s.at, "when it begins", required(), at_least(Duration()), of_run());
  v.field("ramp", s.ramp, "how long the rate takes from base to peak, and back again afterwards",
          at_least(Duration()), of_run());
  v.field("for", s.length, "how long the peak lasts, without the ramps", required(),
          at_least(Duration()), of_run());
}

class Spike final : public PiecewiseLinear {
 public:
  Spike(const SpikeSettings& s, const Context&)
      : PiecewiseLinear({{s.at, s.base.per_second},
                         {s.at + s.ramp, s.peak.per_second},
                         {s.at + s.ramp + s.length, s.peak.per_second},
                         {s.at + s.ramp + s.length + s.ramp, s.base.per_second}}) {}
};

const Register<RateProfile, Spike, SpikeSettings> registered{"spike", "a base rate with one peak"};

}  // namespace
}  // namespace stampede
