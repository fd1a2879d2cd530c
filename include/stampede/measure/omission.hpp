#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "stampede/measure/recording.hpp"
#include "stampede/measure/result.hpp"

namespace stampede {

/// What users who wait for their answers hide by waiting: while a request is slow, they send none
/// of those that would be slow as well (coordinated omission).
struct Omission {
  double pace_s;       ///< between two requests of a user whose answers are as usual
  double measured_s;   ///< 99th percentile of the latency of successes
  double corrected_s;  ///< what it were if the users had kept their pace
};

/// Of a population of closed users who think for `think_time` on average. The usual answer is the
/// median one. None without a request that ended ok, or where neither thinking nor answers take
/// time. `result` is of these recordings.
std::optional<Omission> omission_of(std::span<const Recording* const> replications,
                                    const Result& result, std::string_view population,
                                    Duration think_time);

}  // namespace stampede
