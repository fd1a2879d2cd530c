#pragma once

#include <cstdint>

#include "stampede/stats/histogram.hpp"

namespace stampede {

/// Latencies as they would have been had whoever measured kept sending, one request in `interval`,
/// while waiting for an answer: a wait of v, longer than the interval, also hid requests that would
/// have waited v - interval, v - 2·interval, … (Gil Tene, "How NOT to Measure Latency", 2013;
/// HdrHistogram's copyCorrectedForCoordinatedOmission). A value stands for its bucket's middle.
/// `interval` is longer than 0.
Histogram corrected_for_omission(const Histogram& latencies, std::int64_t interval);

}  // namespace stampede
