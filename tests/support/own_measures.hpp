#pragma once

#include <map>
#include <string>

#include "stampede/model/observer.hpp"

namespace stampede {

/// The part of an observer that takes what only some kinds of component measure; keeps the counts.
class KeepsOwnMeasures : public ComponentObserver {
 public:
  Tally& tally(const Measure& count) override { return tallies_[count.name()]; }
  Gauge& gauge(const Measure&) override { return gauge_; }
  Timing& timing(const Measure&) override { return timing_; }

  std::int64_t counted(const std::string& name) const {
    const auto found = tallies_.find(name);
    return found == tallies_.end() ? 0 : found->second.total();
  }

 private:
  struct NoGauge final : Gauge {
    void change(Time, std::int64_t) override {}
  };
  struct NoTiming final : Timing {
    void took(Duration) override {}
  };
  std::map<std::string, Tally> tallies_;
  NoGauge gauge_;
  NoTiming timing_;
};

}  // namespace stampede
