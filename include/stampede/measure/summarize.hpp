#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/measure/result.hpp"

namespace stampede {

/// How much of the beginning is left out: a length, rounded up to a boundary of slices, or as much
/// as MSER finds.
struct WarmupChoice {
  std::optional<Duration> length;
};

/// The finished recordings of the replications of one scenario, at least one, as estimates with
/// intervals. The order of the replications matters to the fingerprint only.
///
/// Without a given length the warm-up is found by MSER on the latency of all user requests that
/// ended, of all populations together: its mean by slice of sending, averaged over replications. It
/// is the one quantity that every tier on the way takes part in. When the best cut is beyond half
/// of the run nothing is cut off and a warning says so.
Result summarize(std::span<const Recording* const> replications, const WarmupChoice& warmup);

/// The same of a window of the run, whose ends are rounded up to boundaries of slices; nothing when
/// there is no slice between them. Of what was in flight when the window ended, that which has not
/// ended by the end of the run counts as unfinished. Without warnings.
std::optional<Result> summarize_between(std::span<const Recording* const> replications, Time from,
                                        Time to);

/// The numbers of one population or component in the slices [first, end) of one replication, in a
/// Result with nothing else in it.
Result summarize_subject(const Recording& recording, std::string_view name, std::size_t first,
                         std::size_t end);

/// Slice by slice over the whole run, warm-up included, what happened in one replication. A slice
/// that gives no value (no request ended ok: no latency) is left out. Of traffic, latency and
/// availability are of the requests sent in the slice; everything else is of what happened in it.
std::vector<SeriesPoint> time_series(const Recording& recording, std::int64_t replication);

}  // namespace stampede
