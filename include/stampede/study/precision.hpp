#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/measure/result.hpp"

/// How narrow intervals are to be, and whether they are.

namespace stampede {

/// "shoppers.latency.p99 within 2%": the half-width of its 95 % interval is at most so much.
struct PrecisionGoal {
  std::string text;  ///< as written
  std::string path;  ///< as in `expect:`
  double within = 0;
  bool is_relative =
      false;  ///< a share of the estimate; otherwise in seconds, per second, or plain
};

/// None if it is not of that form.
std::optional<PrecisionGoal> parse_precision(std::string_view text);

/// A goal and how near the run came to it.
struct ReachedPrecision {
  PrecisionGoal goal;
  std::optional<Metric> observed;
  /// The half-width, and how large it may be, in the metric's unit; NaN without an interval.
  double half_width;
  double allowed;
  bool is_met = false;
};

/// A relative goal of γ allows γ/(1+γ) of the estimate, which bounds the error relative to the true
/// value by γ (Law, Simulation Modeling and Analysis, 5th ed. 2015, §9.4.1). A number that the run
/// cannot support meets no goal.
std::vector<ReachedPrecision> check_precision(const std::vector<PrecisionGoal>& goals,
                                              const Result& result);

}  // namespace stampede
