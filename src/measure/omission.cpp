#include "stampede/measure/omission.hpp"

#include <cmath>

#include "numbers.hpp"
#include "stampede/stats/omission.hpp"
#include "state.hpp"

namespace stampede {

std::optional<Omission> omission_of(std::span<const Recording* const> replications,
                                    const Result& result, std::string_view name,
                                    Duration think_time) {
  Summary latencies;
  for (const Recording* recording : replications) {
    const SliceGrid& grid = recording->grid();
    const std::size_t first =
        grid.first_from(Time::from_start(Duration::from_seconds(result.warmup_s)));
    for (const auto& population : recording->state().populations) {
      if (population->name() == name) {
        for (const RequestLedger& type : population->types()) {
          latencies.merge(type.ok().merged(first, grid.count()));
        }
      }
    }
  }
  if (latencies.empty()) {
    return std::nullopt;
  }
  const double pace = static_cast<double>(think_time.ns()) + latencies.quantile(0.5);
  if (pace < 1) {
    return std::nullopt;
  }
  const Histogram corrected =
      corrected_for_omission(latencies.histogram(), static_cast<std::int64_t>(std::llround(pace)));
  return Omission{seconds_of(pace), seconds_of(latencies.quantile(0.99)),
                  seconds_of(corrected.quantile(0.99))};
}

}  // namespace stampede
