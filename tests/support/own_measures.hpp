#pragma once

#include <map>
#include <string>
#include <vector>

#include "stampede/model/observer.hpp"

namespace stampede {

/// The part of an observer that takes what only some kinds of component measure; keeps counts and
/// levels, and times in the order in which they were taken.
class KeepsOwnMeasures : public ComponentObserver {
 public:
  Tally& tally(const Measure& count) override { return tallies_[count.name()]; }
  Gauge& gauge(const Measure& level) override { return levels_[level.name()]; }
  Timing& timing(const Measure& times) override { return times_[times.name()]; }

  std::int64_t counted(const std::string& name) const {
    const auto found = tallies_.find(name);
    return found == tallies_.end() ? 0 : found->second.total();
  }
  std::int64_t level(const std::string& name) const {
    const auto found = levels_.find(name);
    return found == levels_.end() ? 0 : found->second.value;
  }
  const std::vector<Duration>& times(const std::string& name) { return times_[name].taken; }

 private:
  struct Level final : Gauge {
    void change(Time, std::int64_t by) override { value += by; }
    std::int64_t value = 0;
  };
  struct Times final : Timing {
    void took(Duration time) override { taken.push_back(time); }
    std::vector<Duration> taken;
  };
  std::map<std::string, Tally> tallies_;
  std::map<std::string, Level> levels_;
  std::map<std::string, Times> times_;
};

}  // namespace stampede
