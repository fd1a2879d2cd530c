#pragma once

#include <algorithm>
#include <cmath>

#include "stampede/schema/schema.hpp"

namespace stampede {

/// Envoy's slow start: a backend that has just become eligible gets less than its share at first.
struct SlowStartSettings {
  Duration window;
  double aggression = 1;
  Ratio min_weight_percent{0.1};
};
inline void describe(Visitor& v, SlowStartSettings& s) {
  v.shorthand("window");
  v.field("window", s.window, "how long a new backend takes to reach its full weight", required(),
          more_than(Duration()));
  v.field("aggression", s.aggression, "1: the weight grows linearly; more: faster at first",
          more_than(0.0));
  v.field("min_weight_percent", s.min_weight_percent, "the weight never starts below this",
          more_than(Ratio{0}), at_most(Ratio{1}));
}

/// How often the weights are renewed during a window. Envoy does it with every choice; between two
/// of these steps the weight would change by less than a hundredth.
inline constexpr int slow_start_steps = 100;

/// The factor on the weight of a backend that has been eligible for `age`:
/// max(min_weight_percent, (age / window)^(1 / aggression)), as Envoy's documentation gives it.
/// (Envoy lets the age begin at one second; here a scenario on another time scale behaves alike.)
inline double slow_start_factor(const SlowStartSettings& settings, Duration age) {
  if (age >= settings.window) {
    return 1;
  }
  const double time_factor =
      static_cast<double>(age.ns()) / static_cast<double>(settings.window.ns());
  const double grown =
      settings.aggression == 1 ? time_factor : std::pow(time_factor, 1 / settings.aggression);
  return std::max(settings.min_weight_percent.value, grown);
}

}  // namespace stampede
