#include "doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "numbers.hpp"
#include "stampede/stats/trend.hpp"
#include "state.hpp"

namespace stampede {
namespace {

using Samples = std::vector<Sample>;

// ---- Saturation -------------------------------------------------------------------------------

constexpr std::size_t stretch_count = 10;

/// Means over ten stretches of the window, all replications together.
struct Stretches {
  std::array<double, stretch_count> in_flight{};
  double ended_per_s = 0;  ///< in the last one
  double window_s = 0;
};

Stretches stretches_of(const Samples& samples, std::size_t component) {
  const Window whole{samples.front().window.grid, samples.front().window.first,
                     samples.back().window.end};
  const std::size_t slices = whole.end - whole.first;
  Stretches stretches;
  stretches.window_s = seconds_of(whole.length());
  for (const Sample& sample : samples) {
    if (!sample.is_last()) {  // one for each replication
      continue;
    }
    const ComponentRecorder& recorder = *sample.recording->state().components[component];
    for (std::size_t i = 0; i < stretch_count; ++i) {
      const std::size_t first = whole.first + i * slices / stretch_count;
      const std::size_t end = whole.first + (i + 1) * slices / stretch_count;
      const Duration length = whole.grid.length(first, end);
      stretches.in_flight[i] += recorder.in_flight().totals(first, end).mean_over(length);
      if (i + 1 == stretch_count) {
        for (const SlicedCount& outcome : recorder.outcomes()) {
          stretches.ended_per_s +=
              static_cast<double>(outcome.total(first, end)) / seconds_of(length);
        }
      }
    }
  }
  return stretches;
}

/// More came in than went out all along: what is in flight rises from stretch to stretch, and by
/// more than goes out in a hundredth of the window. (More requests in flight because more come is
/// far less than that.)
bool piles_up(const Stretches& stretches) {
  constexpr double once_in_700 = 3;
  constexpr double hundredth = 0.01;
  const double risen = stretches.in_flight.back() - stretches.in_flight.front();
  return risen > hundredth * stretches.window_s * stretches.ended_per_s && risen > 1 &&
         mann_kendall(stretches.in_flight) > once_in_700;
}

void doubt_saturation(const Samples& samples, const Result& result,
                      std::vector<std::string>& doubts) {
  const Window& window = samples.front().window;
  if (samples.back().window.end - window.first < stretch_count) {
    return;
  }
  std::string names;
  std::size_t count = 0;
  for (std::size_t i = 0; i < result.components.size(); ++i) {
    if (piles_up(stretches_of(samples, i))) {
      names += (count++ == 0 ? "" : ", ") + result.components[i].name;
    }
  }
  if (count > 0) {
    doubts.push_back(
        fmt::format("requests pile up in {} all along: more come in than go out, so "
                    "latencies depend on how long the run is",
                    names));
  }
}

// ---- Few events and batches -------------------------------------------------------------------

std::int64_t ended_of(const Subject& population) {
  return *population.find_count("requests") - *population.find_count("outcomes.in_flight");
}

void doubt_few_events(const Subject& population, std::vector<std::string>& doubts) {
  constexpr std::int64_t enough = 100;
  const std::int64_t ended = ended_of(population);
  if (ended > 0 && ended < enough) {
    doubts.push_back(
        fmt::format("only {} of the requests of {} ended after the warm-up: too few to tell "
                    "much of them",
                    ended, population.name));
  }
}

void doubt_batches(const Subject& population, std::vector<std::string>& doubts) {
  const Metric* mean = population.find("latency_all_s.mean");
  if (mean != nullptr && mean->autocorrelated) {
    doubts.push_back(
        fmt::format("the latency of {} is much alike from one batch of the run to the "
                    "next: its intervals were widened, and are doubtful all the same; "
                    "several replications, or a longer run, are safer",
                    population.name));
  }
}

}  // namespace

std::vector<std::string> doubts_about(const Result& result, const std::vector<Sample>& samples) {
  std::vector<std::string> doubts;
  doubt_saturation(samples, result, doubts);
  for (const Subject& population : result.traffic) {
    doubt_few_events(population, doubts);
    doubt_batches(population, doubts);
  }
  return doubts;
}

}  // namespace stampede
