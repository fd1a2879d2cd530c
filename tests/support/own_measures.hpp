#pragma once

#include <map>
#include <string>

#include "stampede/model/observer.hpp"

namespace stampede {

/// The part of an observer that takes what only some kinds of component measure; keeps counts and
/// levels.
class KeepsOwnMeasures : public ComponentObserver {
 public:
  Tally& tally(const Measure& count) override { return tallies_[count.name()]; }
  Gauge& gauge(const Measure& level) override { return levels_[level.name()]; }
  Timing& timing(const Measure&) override { return timing_; }

  std::int64_t counted(const std::string& name) const {
    const auto found = tallies_.find(name);
    return found == tallies_.end() ? 0 : found->second.total();
  }
  std::int64_t level(const std::string& name) const {
    const auto found = levels_.find(name);
    return found == levels_.end() ? 0 : found->second.value;
  }

 private:
  struct Level final : Gauge {
    void change(Time, std::int64_t by) override { value += by; }
    std::int64_t value = 0;
  };
  struct NoTiming final : Timing {
    void took(Duration) override {}
  };
  std::map<std::string, Tally> tallies_;
  std::map<std::string, Level> levels_;
  NoTiming timing_;
};

}  // namespace stampede
