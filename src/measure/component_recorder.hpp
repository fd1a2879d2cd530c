#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ages.hpp"
#include "own_measures.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

/// Records the visits of one component in the slices in which they end, and its levels.
class ComponentRecorder final : public ComponentObserver {
 public:
  /// With more than one version, they are told apart.
  ComponentRecorder(std::string name, std::string kind, const SliceGrid& grid,
                    std::vector<std::string> versions = {})
      : grid_(grid),
        name_(std::move(name)),
        kind_(std::move(kind)),
        versions_(std::move(versions)),
        by_version_(versions_.size() > 1 ? versions_.size() : 0),
        ages_(grid.boundary(grid.count())) {}

  void arrived(Time now) override {
    in_flight_.change(now, 1);
    ++arrivals_;
    arrived_at_ += now.ns();
    ages_.add(now);
  }

  void queue_changed(Time now, std::int64_t by) override { queue_.change(now, by); }

  void busy_workers_changed(Time now, std::uint32_t instance, std::int64_t by) override {
    busy_workers_.change(now, by);
    if (tells_instances_apart_) {
      load_of(instance).busy.change(now, by);
    }
  }

  void busy_cores_changed(Time now, std::int64_t by) override { busy_cores_.change(now, by); }

  void ended(Time now, const Visit& visit) override {
    const Duration stay = now - visit.arrived;
    in_flight_.change(now, -1);
    outcomes_[static_cast<std::size_t>(visit.outcome)].add();
    arrived_at_ -= visit.arrived.ns();
    ages_.remove(visit.arrived);
    if (visit.waited > stay || visit.waited < Duration()) [[unlikely]] {
      has_impossible_wait_ = true;
      return;
    }
    if (visit.started) {
      if (visit.waited.is_zero()) {
        unwaited_.record(stay.ns());
      } else {
        wait_.record(visit.waited.ns());
        service_.record((stay - visit.waited).ns());
        response_.record(stay.ns());
      }
      count_cpu_wait(visit.cpu_waited);
    } else {
      stays_without_work_ += stay.ns();
      if (!is_rejection(visit.outcome) || !visit.waited.is_zero()) {
        wait_.record(visit.waited.ns());  // it left the line; who was turned away was never in it
      }
    }
    if (!by_version_.empty()) [[unlikely]] {
      by_version_[visit.version].record(visit, stay);
    }
    ++served_by(visit.instance);
  }

  void passed(Time, const Visit& visit) override {
    in_flight_.blip();
    ++arrivals_;
    outcomes_[static_cast<std::size_t>(visit.outcome)].add();
    if (visit.started) {
      ++passed_;
      count_cpu_wait(Duration());
    }
    if (!by_version_.empty()) [[unlikely]] {
      by_version_[visit.version].record(visit, Duration());
    }
    ++served_by(visit.instance);
  }

  void fleet_changed(Time now, std::int64_t by) override {
    fleet_.change(now, by);
    ever_ += static_cast<std::size_t>(std::max<std::int64_t>(by, 0));
    if (ever_ > loads_.size()) {
      grow_loads(ever_);
    }
  }
  void capacity_changed(Time now, std::int64_t workers, std::int64_t cores,
                        std::int64_t instances) override {
    workers_.change(now, workers);
    cores_.change(now, cores);
    instances_.change(now, instances);
    has_workers_ = has_workers_ || workers != 0;
    has_cores_ = has_cores_ || cores != 0;
  }

  Tally& tally(const Measure& count) override { return own_.tally(count); }
  Gauge& gauge(const Measure& level) override { return own_.gauge(level); }
  Timing& timing(const Measure& times) override { return own_.timing(times); }

  void close_slice(Time boundary);

  /// After the last slice: the first exact law that does not hold, else empty. Must be asked before
  /// anything else is told.
  std::string broken_law() const;

  // ---- Reading closed slices ----

  /// Of more instances than this only the extremes of their shares are told. By slice, the load of
  /// 10,000 of them would take 32 MB.
  static constexpr std::size_t most_told_apart = 64;

  /// What one instance did.
  struct Load {
    SlicedCount requests;
    SlicedLevel busy;  ///< workers; of small fleets only, and a single one is the whole component
  };

  /// What the instances of one version did.
  struct OfVersion {
    std::array<SlicedCount, outcome_count> outcomes;
    SlicedHistogram response;  ///< of what was worked on

    void record(const Visit& visit, Duration stay) {
      outcomes[static_cast<std::size_t>(visit.outcome)].add();
      if (visit.started) {
        response.record(stay.ns());
      }
    }
  };
  /// Of all versions, or empty where there is only one.
  const std::vector<OfVersion>& by_version() const { return by_version_; }
  const std::vector<std::string>& versions() const { return versions_; }

  const std::string& name() const { return name_; }
  const std::string& kind() const { return kind_; }
  bool has_workers() const { return has_workers_; }
  bool has_cores() const { return has_cores_; }
  const std::array<SlicedCount, outcome_count>& outcomes() const { return outcomes_; }
  const SlicedHistogram& wait() const { return wait_; }
  const SlicedHistogram& cpu_wait() const { return cpu_wait_; }
  const SlicedHistogram& service() const { return service_; }
  const SlicedHistogram& response() const { return response_; }
  const SlicedLevel& queue() const { return queue_; }
  const SlicedLevel& in_flight() const { return in_flight_; }
  const SlicedLevel& busy_workers() const { return busy_workers_; }
  const SlicedLevel& workers() const { return workers_; }
  const SlicedLevel& busy_cores() const { return busy_cores_; }
  const SlicedLevel& cores() const { return cores_; }
  const SlicedLevel& instances() const { return instances_; }  ///< that are up
  const SlicedLevel& fleet() const { return fleet_; }          ///< all, up or not
  const AgesAtEnd& ages() const { return ages_; }
  const OwnMeasures& own() const { return own_; }

  std::size_t instance_count() const { return loads_.size(); }
  /// Requests and work of one instance in the slices [first, end). Beyond `most_told_apart` no
  /// slices of requests are kept, so that they are of the whole run, warm-up included, and work is
  /// not.
  std::int64_t requests_of(std::size_t instance, std::size_t first, std::size_t end) const;
  /// Busy workers × ns.
  Int128 busy_of(std::size_t instance, std::size_t first, std::size_t end) const;

 private:
  void count_cpu_wait(Duration wait) {
    if (wait.is_zero()) {
      ++without_cpu_wait_;
    } else {
      cpu_wait_.record(wait.ns());
    }
  }
  void put_down_what_did_not_wait();
  Load& load_of(std::uint32_t instance) {
    if (instance >= loads_.size()) [[unlikely]] {
      grow_loads(instance + 1U);
    }
    return loads_[instance];
  }
  std::int64_t& served_by(std::uint32_t instance) {
    if (instance >= served_.size()) [[unlikely]] {
      grow_loads(instance + 1U);
    }
    return served_[instance];
  }
  void grow_loads(std::size_t instances);
  /// `total(first, end)` of one instance's measure, or of the whole run if its slices are not kept.
  template <class Measure, class Total>
  auto load_in(const Measure& load, std::size_t first, std::size_t end, Total total) const {
    return slices_loads_ ? (load.*total)(first, end) : (load.*total)(0, load.slice_count());
  }

  SliceGrid grid_;
  std::string name_;
  std::string kind_;
  std::vector<std::string> versions_;  ///< their names
  std::vector<OfVersion> by_version_;

  std::array<SlicedCount, outcome_count> outcomes_;
  SlicedHistogram wait_;
  SlicedHistogram cpu_wait_;
  SlicedHistogram service_;
  SlicedHistogram response_;
  // What began at once has the same time of service as of response, and most does: one record for
  // it, put down for each slice.
  Summary unwaited_;
  std::int64_t passed_ = 0;            ///< visits without any time, besides
  std::int64_t without_cpu_wait_ = 0;  ///< counted where there are cores
  SlicedLevel queue_;
  SlicedLevel in_flight_;
  SlicedLevel busy_workers_;
  SlicedLevel busy_cores_;
  SlicedLevel workers_;
  SlicedLevel cores_;
  SlicedLevel instances_;
  SlicedLevel fleet_;
  std::size_t ever_ = 0;              ///< instances that were ever in the fleet
  std::vector<Load> loads_;           ///< by instance
  std::vector<std::int64_t> served_;  ///< by instance, since its requests were last put down
  bool tells_instances_apart_ = false;
  bool slices_loads_ = true;
  std::size_t closed_ = 0;  ///< slices
  AgesAtEnd ages_;
  OwnMeasures own_;
  bool has_workers_ = false;
  bool has_cores_ = false;

  // For the exact laws.
  std::int64_t arrivals_ = 0;
  Int128 arrived_at_ = 0;          ///< sum of the instants in ns, of what is in flight
  Int128 stays_without_work_ = 0;  ///< ns from arrival to end, of visits that never started
  bool has_impossible_wait_ = false;
};

}  // namespace stampede
