#include <vector>

#include "policies/rate_profiles/piecewise_linear.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {
namespace {

struct Stage {
  Rate target;
  Duration duration;
};

void describe(Visitor& v, Stage& s) {
  v.field("target", s.target, "the rate at the end of the stage", required(), at_least(Rate{0}),
          at_most(Rate{greatest_rate}));
  v.field("duration", s.duration, "how long the rate takes to get there; 0 is a step", required(),
          at_least(Duration()), of_run());
}

struct StagesSettings {
  Rate start_rate;
  std::vector<Stage> stages;
};

void describe(Visitor& v, StagesSettings& s) {
  v.shorthand("stages");
  v.field("start_rate", s.start_rate, "the rate at t = 0", at_least(Rate{0}),
          at_most(Rate{greatest_rate}), aliases("startRate"));
  v.field("stages", s.stages, "one after the other; the last target holds until the end",
          required(), not_empty());
}

/// Straight ramps one after the other, as k6's ramping-arrival-rate has them.
class Stages final : public PiecewiseLinear {
 public:
  Stages(const StagesSettings& settings, const Context&) : PiecewiseLinear(points(settings)) {}

 private:
  static std::vector<Point> points(const StagesSettings& settings) {
    std::vector<Point> points{{Duration(), settings.start_rate.per_second}};
    for (const Stage& stage : settings.stages) {
      points.push_back({points.back().at + stage.duration, stage.target.per_second});
    }
    return points;
  }
};

const Register<RateProfile, Stages, StagesSettings> registered{
    "stages", "ramps from one rate to the next, in the words of k6"};

}  // namespace
}  // namespace stampede
