#include <algorithm>

#include "stampede/model/amount.hpp"
#include "stampede/model/deployment.hpp"

namespace stampede {
namespace {

struct RollingSettings {
  RolloutSettings common;
  Amount max_surge{.share = Ratio{0.25}};
  Amount max_unavailable{.share = Ratio{0.25}};
  bool roll_back = false;
};
void describe(Visitor& v, RollingSettings& s) {
  describe_rollout(v, s.common);
  v.field("max_surge", s.max_surge,
          "so many instances may exist besides the replicas; a share is rounded up");
  v.field("max_unavailable", s.max_unavailable,
          "so many of the replicas may be missing; a share is rounded down");
  v.field(
      "roll_back", s.roll_back,
      "what has made no progress within progress_deadline is taken back; else it stays as it is, "
      "as a Deployment does");
  v.check(!s.max_surge.is_zero() || !s.max_unavailable.is_zero(), "max_surge",
          "and max_unavailable are both 0: nothing could ever be replaced", "raise one of them");
}

/// The rolling update of a Kubernetes Deployment: as many new instances are launched, and as many
/// old ones stopped, as surge and availability allow, again whenever something has changed.
class Rolling final : public Rollout {
 public:
  Rolling(const RollingSettings& settings, const Context& context)
      : Rollout(settings.common), settings_(settings), deployment_(settings.common, context) {}

  Scope& scope() { return deployment_.scope(); }
  RolloutRecord record() const override { return deployment_.record(); }
  Signal& decided() override { return deployment_.decided(); }

  Process run() override {
    deployment_.begin();
    max_surge_ = settings_.max_surge.rounded_up(deployment_.replicas());
    max_unavailable_ = settings_.max_unavailable.rounded_down(deployment_.replicas());
    if (max_surge_ == 0 && max_unavailable_ == 0) {
      max_unavailable_ = 1;  // as Kubernetes resolves two shares that round to nothing
    }
    Task<ScalingProgress> replacing = replace(deployment_.old_version(), deployment_.new_version());
    const ScalingProgress replaced = co_await replacing;
    if (replaced.is_made) {
      deployment_.decide(RolloutVerdict::promoted);
    } else if (!settings_.roll_back) {
      deployment_.decide(RolloutVerdict::stalled, "no progress within its deadline");
    } else {
      deployment_.note("is taken back: no progress within its deadline");
      Task<ScalingProgress> restoring =
          replace(deployment_.new_version(), deployment_.old_version());
      const ScalingProgress restored = co_await restoring;
      deployment_.decide(restored.is_made ? RolloutVerdict::rolled_back : RolloutVerdict::stalled);
    }
    co_return Done();
  }

 private:
  /// Until all instances are of version `to`, or none became available for too long.
  Task<ScalingProgress> replace(std::uint16_t from, std::uint16_t to) {
    Time deadline = deployment_.now() + settings().progress_deadline;
    int most = deployment_.available(to);
    for (;;) {
      while (reconcile(from, to)) {
      }
      const int available = deployment_.available(to);
      if (available >= deployment_.replicas() && deployment_.count(from) == 0) {
        const ScalingProgress all{.is_made = true};
        co_return all;
      }
      if (available > most) {
        most = available;
        deadline = deployment_.now() + settings().progress_deadline;
      }
      if (deployment_.now() >= deadline) {
        const ScalingProgress none;
        co_return none;
      }
      co_await deployment_.changed().before(std::min(deadline, deployment_.next_available()));
    }
  }

  /// What the Deployment controller does in one round; whether that was anything. Old instances
  /// that are not available go first, which makes nothing worse.
  bool reconcile(std::uint16_t from, std::uint16_t to) {
    const int replicas = deployment_.replicas();
    const int existing = deployment_.count(from) + deployment_.count(to);
    const int to_launch =
        std::min(replicas - deployment_.count(to), replicas + max_surge_ - existing);
    if (to_launch > 0) {
      deployment_.launch(to, to_launch);
      deployment_.note("starts " + std::to_string(to_launch));
    }
    const int broken = deployment_.count(from) - deployment_.available(from);
    const int spare =
        deployment_.available(from) + deployment_.available(to) - (replicas - max_unavailable_);
    const int to_drain = std::min(deployment_.count(from), broken + std::max(0, spare));
    if (to_drain > 0) {
      deployment_.note("stops " + std::to_string(to_drain));
      deployment_.drain(from, to_drain);
    }
    return to_launch > 0 || to_drain > 0;
  }

  RollingSettings settings_;
  int max_surge_ = 0;
  int max_unavailable_ = 0;
  Deployment deployment_;
};

const Register<Rollout, Rolling, RollingSettings> registered{
    "rolling", "replaces instances a few at a time (the rolling update of Kubernetes)"};

}  // namespace
}  // namespace stampede
