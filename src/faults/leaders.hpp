#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "stampede/model/fault.hpp"

namespace stampede {

struct LeaderLossSettings {
  FaultSettings common;
  bool silent = false;
};
inline void describe_leader_loss(Visitor& v, LeaderLossSettings& s) {
  describe_fault(v, s.common);
  v.field("silent", s.silent,
          "callers hear nothing (a dead machine) rather than a reset connection (a dead process)");
  v.declare(TakesDown{});
  v.declare(StrikesLeaders{});
  if (s.silent) {
    v.declare(FallsSilent{});
  }
}

/// Kills whoever leads at that moment: the one who leads most, unless its target wants more of
/// them.
class LeaderLoss : public Fault {
 public:
  explicit LeaderLoss(const LeaderLossSettings& settings)
      : Fault(of_one(settings.common)), silent_(settings.silent) {}

  void narrow(std::vector<Instance*>& met) const final {
    std::erase_if(met, [](const Instance* one) { return one->leads() == 0; });
    std::stable_sort(met.begin(), met.end(), [](const Instance* one, const Instance* other) {
      return one->leads() > other->leads();
    });
  }
  std::unique_ptr<Disturbance> strike(const Strike& strike) final {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* leader : strike.targets) {
      disturbance->add(
          leader->hold_down(silent_ ? KilledWork::stays_silent : KilledWork::answers_broken));
    }
    return disturbance;
  }

 private:
  static FaultSettings of_one(FaultSettings settings) {
    if (!settings.target.count && !settings.target.share) {
      settings.target.count = 1;
    }
    if (settings.each == FailureUnit::instance) {
      settings.each = FailureUnit::all;  // who leads is known when it strikes
    }
    return settings;
  }

  bool silent_;
};

}  // namespace stampede
