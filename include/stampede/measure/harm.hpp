#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/stats/estimate.hpp"

// What a chaos experiment asks of a recording, over the slices [first, end): who came to harm, and
// who noticed.

namespace stampede {

/// Of the requests of a population that were meant to be sent in these slices and have ended, those
/// that came to harm: they were not ok, or took longer than `longest`.
Fraction harmed_requests(const Recording& recording, std::string_view population,
                         std::optional<Duration> longest, std::size_t first, std::size_t end);

/// Of the visits of a component that ended in these slices, those that did so otherwise than ok.
Fraction failed_visits(const Recording& recording, std::string_view component, std::size_t first,
                       std::size_t end);

/// A detector (model/measures.hpp) reacted.
struct Reaction {
  std::string component;
  std::string detector;
  std::size_t slice;  ///< the first one in which it did
};

/// Every detector that reacted in these slices, in the order in which they first did, detectors of
/// one slice in the order of components.
std::vector<Reaction> reactions(const Recording& recording, std::size_t first, std::size_t end);

}  // namespace stampede
