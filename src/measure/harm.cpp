#include "stampede/measure/harm.hpp"

#include <algorithm>

#include "state.hpp"

namespace stampede {
namespace {

/// Whether what shows a detector rose in a slice.
bool rose(const OwnMeasures& own, const Measure& shows, std::size_t slice) {
  if (shows.form() == Measure::count) {
    const SlicedCount* count = own.count(shows);
    return count != nullptr && count->in_slice(slice) > 0;
  }
  const SlicedLevel* level = own.level(shows);
  return level != nullptr && level->in_slice(slice).max > level->at_boundary(slice);
}

}  // namespace

Fraction harmed_requests(const Recording& recording, std::string_view population,
                         std::optional<Duration> longest, std::size_t first, std::size_t end) {
  Fraction harmed;
  for (const auto& recorder : recording.state().populations) {
    if (recorder->name() != population) {
      continue;
    }
    for (const RequestLedger& type : recorder->types()) {
      const CohortCounts counts = type.cohorts(first, end);
      const std::int64_t ok = counts.outcomes[static_cast<std::size_t>(Outcome::ok)];
      const std::int64_t late =
          longest ? type.ok().merged(first, end).histogram().count_above(longest->ns()) : 0;
      harmed.numerator += static_cast<double>(counts.ended() - ok + late);
      harmed.denominator += static_cast<double>(counts.ended());
    }
  }
  return harmed;
}

Fraction failed_visits(const Recording& recording, std::string_view component, std::size_t first,
                       std::size_t end) {
  Fraction failed;
  for (const auto& recorder : recording.state().components) {
    if (recorder->name() != component) {
      continue;
    }
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const auto count = static_cast<double>(recorder->outcomes()[i].total(first, end));
      failed.denominator += count;
      failed.numerator += i == static_cast<std::size_t>(Outcome::ok) ? 0 : count;
    }
  }
  return failed;
}

std::vector<Reaction> reactions(const Recording& recording, std::size_t first, std::size_t end) {
  std::vector<Reaction> all;
  for (const auto& recorder : recording.state().components) {
    for (const Detector* detector : Detector::all_of(recorder->kind())) {
      for (std::size_t slice = first; slice < end; ++slice) {
        if (rose(recorder->own(), detector->shows(), slice)) {
          all.push_back({recorder->name(), detector->name(), slice});
          break;
        }
      }
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Reaction& a, const Reaction& b) { return a.slice < b.slice; });
  return all;
}

}  // namespace stampede
