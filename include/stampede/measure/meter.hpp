#pragma once

#include <array>
#include <map>

#include "stampede/model/metrics.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

/// What monitoring sees of one component. Stands between the component and its recorder and hands
/// everything on, so that whoever looks changes nothing; a component that nobody looks at has none.
///
/// Its slices are the scrapes, which the world tells it of: what has happened since the last one is
/// not known yet.
class Meter final : public ComponentObserver, public Metrics {
 public:
  Meter(ComponentObserver& recorder, Duration scrape_interval)
      : recorder_(recorder), scrape_interval_(scrape_interval) {}

  /// A reading is taken; all at intervals of one length.
  void scrape(Time now);

  std::optional<double> read(const MetricQuery& query) const override;
  Answered answered(std::uint16_t version) const override;

  // ---- ComponentObserver ----

  void arrived(Time now) override;
  void queue_changed(Time now, std::int64_t by) override;
  void busy_workers_changed(Time now, std::uint32_t instance, std::int64_t by) override;
  void busy_cores_changed(Time now, std::int64_t by) override;
  void ended(Time now, const Visit& visit) override;
  void passed(Time now, const Visit& visit) override;
  void fleet_changed(Time now, std::int64_t by) override { recorder_.fleet_changed(now, by); }
  void capacity_changed(Time now, std::int64_t workers, std::int64_t cores,
                        std::int64_t instances) override;
  Tally& tally(const Measure& count) override { return recorder_.tally(count); }
  Gauge& gauge(const Measure& level) override { return recorder_.gauge(level); }
  Timing& timing(const Measure& times) override { return recorder_.timing(times); }

 private:
  /// What instances of one version answered.
  struct Answers {
    std::array<SlicedCount, outcome_count> outcomes;
    SlicedHistogram response;
    Answered so_far;
  };
  /// The scrapes [first, end) that a window spans.
  struct Span {
    std::size_t first;
    std::size_t end;
  };

  void take(Time now, const Visit& visit);
  Answers& answers_of(std::uint16_t version);
  std::optional<double> read_answers(const MetricQuery& query, Span span) const;
  std::optional<double> mean(const SlicedLevel& level, Span span) const;

  ComponentObserver& recorder_;
  Duration scrape_interval_;
  std::size_t scrapes_ = 0;
  std::map<std::uint16_t, Answers> answers_;  ///< by version
  SlicedLevel queue_;
  SlicedLevel in_flight_;
  SlicedLevel busy_workers_;
  SlicedLevel workers_;
};

}  // namespace stampede
