#pragma once

#include <optional>
#include <string>

#include "stampede/base/relation.hpp"
#include "stampede/measure/result.hpp"

namespace stampede {

/// Whether a number is as expected.
struct Verdict {
  enum class Kind { pass, fail, no_data };

  Kind kind = Kind::no_data;
  std::string reason;  ///< why it is no pass, where the number alone does not tell; else empty
  std::string doubt;   ///< why the verdict might be chance; else empty
};

/// Judges the point estimate of a metric (none: no data) against `value`.
///
/// `agrees` is the rule of Monte Carlo validation: the value lies within the 99.9 % interval of
/// Student's t around the estimate and, where `within` is given, the 95 % half-width is at most
/// that share of the value, because a wide interval agrees with anything. It takes two
/// replications. An interval that is not symmetric is judged by the side on which the value lies.
///
/// A bound from above that only holds because slow requests are still in flight has no data: a
/// collapse must not look fast.
Verdict judge(const std::optional<Metric>& metric, Relation relation, double value,
              std::optional<double> within = std::nullopt, double give_or_take = 0);

/// Judges the point estimate of a metric against `factor` times that of another one of the same
/// run; not for `agrees`. The verdict might be chance where their 95 % intervals overlap, which is
/// cautious whatever the two have to do with each other: the standard deviation of a difference is
/// at most the sum of the two.
Verdict judge_against(const std::optional<Metric>& metric, Relation relation, double factor,
                      const std::optional<Metric>& other);

}  // namespace stampede
