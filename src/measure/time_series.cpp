#include <cmath>
#include <utility>

#include "numbers.hpp"
#include "stampede/measure/summarize.hpp"
#include "state.hpp"

namespace stampede {
namespace {

/// Collects the points of one slice of one subject.
class Row {
 public:
  Row(std::vector<SeriesPoint>& points, SeriesPoint first)
      : points_(points), point_(std::move(first)) {}

  void add(std::string_view metric, double value) {
    if (std::isfinite(value)) {
      point_.metric = metric;
      point_.value = value;
      points_.push_back(point_);
    }
  }

 private:
  std::vector<SeriesPoint>& points_;
  SeriesPoint point_;
};

double quotient(Int128 numerator, Int128 denominator) {
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

void add_requests(Row row, const std::vector<const RequestLedger*>& ledgers, const SliceGrid& grid,
                  std::size_t slice) {
  CohortCounts cohort;
  EndCounts ends;
  Summary ok;
  Int128 area = 0;
  for (const RequestLedger* ledger : ledgers) {
    cohort.merge(ledger->cohorts(slice, slice + 1));
    ends.merge(ledger->ends(slice, slice + 1));
    ok.merge(ledger->ok().merged(slice, slice + 1));
    area += ledger->area(slice, slice + 1, grid.boundary(slice), grid.boundary(slice + 1));
  }
  const Duration length = grid.length(slice, slice + 1);
  row.add("throughput_per_s", static_cast<double>(ends.ended) / seconds_of(length));
  row.add("goodput_per_s", static_cast<double>(ends.good) / seconds_of(length));
  row.add("availability", quotient(ok.count(), cohort.ended()));
  row.add("in_flight", quotient(area, length.ns()));
  row.add("latency_s.mean", seconds_of(ok.mean()));
  row.add("latency_s.p50", seconds_of(ok.quantile(0.5)));
  row.add("latency_s.p99", seconds_of(ok.quantile(0.99)));
}

void add_component(Row row, const ComponentRecorder& component, const SliceGrid& grid,
                   std::size_t slice) {
  const Duration length = grid.length(slice, slice + 1);
  const auto level = [&](const SlicedLevel& of) { return of.in_slice(slice).mean_over(length); };
  std::int64_t ended = 0;
  for (const SlicedCount& outcome : component.outcomes()) {
    ended += outcome.in_slice(slice);
  }
  row.add("throughput_per_s", static_cast<double>(ended) / seconds_of(length));
  if (component.has_workers()) {
    row.add("utilization", quotient(component.busy_workers().in_slice(slice).area,
                                    component.workers().in_slice(slice).area));
    row.add("queue_length", level(component.queue()));
    row.add("wait_s.mean", seconds_of(component.wait().in_slice(slice).mean()));
  }
  if (component.has_cores()) {
    row.add("cpu_utilization", quotient(component.busy_cores().in_slice(slice).area,
                                        component.cores().in_slice(slice).area));
  }
  row.add("in_flight", level(component.in_flight()));
  row.add("replicas", level(component.instances()));
  row.add("response_s.mean", seconds_of(component.response().in_slice(slice).mean()));
}

}  // namespace

std::vector<SeriesPoint> time_series(const Recording& recording, std::int64_t replication) {
  const SliceGrid& grid = recording.grid();
  std::vector<SeriesPoint> points;
  for (std::size_t slice = 0; slice < grid.count(); ++slice) {
    const double time_s = seconds_of(grid.boundary(slice).since_start());
    const auto row = [&](const std::string& subject) {
      return Row(points, SeriesPoint{replication, time_s, subject, {}, 0});
    };
    for (const auto& population : recording.state().populations) {
      std::vector<const RequestLedger*> all;
      for (const RequestLedger& type : population->types()) {
        all.push_back(&type);
      }
      add_requests(row(population->name()), all, grid, slice);
      for (const RequestLedger& type : population->types()) {
        if (all.size() > 1) {
          add_requests(row(population->name() + "." + type.subject()), {&type}, grid, slice);
        }
      }
    }
    for (const auto& component : recording.state().components) {
      add_component(row(component->name()), *component, grid, slice);
    }
  }
  return points;
}

}  // namespace stampede
