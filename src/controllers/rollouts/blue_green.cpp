#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "stampede/model/canary_analysis.hpp"
#include "stampede/model/deployment.hpp"

namespace stampede {
namespace {

struct BlueGreenSettings {
  RolloutSettings common;
  std::optional<int> preview_replica_count;
  bool auto_promotion_enabled = true;
  Duration auto_promotion_delay;
  std::optional<AnalysisSettings> pre_promotion_analysis;
  std::optional<AnalysisSettings> post_promotion_analysis;
  Duration scale_down_delay = Duration::nanoseconds(30'000'000'000);
  Duration abort_scale_down_delay = Duration::nanoseconds(30'000'000'000);
};
void describe(Visitor& v, BlueGreenSettings& s) {
  describe_rollout(v, s.common);
  v.check(s.common.zone.empty(), "zone", "is given, but traffic is split whatever its zone",
          "rolling and recreate go zone by zone");
  v.field("preview_replica_count", s.preview_replica_count,
          "instances of the new version before it is promoted; as many as of the old one unless "
          "given",
          at_least(1));
  v.field(
      "auto_promotion_enabled", s.auto_promotion_enabled,
      "all traffic is switched when the new instances are available; else it waits for somebody");
  v.field("auto_promotion_delay", s.auto_promotion_delay,
          "how long they are there before it is (autoPromotionSeconds)", at_least(Duration()),
          of_run());
  v.field("pre_promotion_analysis", s.pre_promotion_analysis, "what must be good before");
  v.field("post_promotion_analysis", s.post_promotion_analysis,
          "what must be good afterwards; else all traffic goes back at once");
  v.field("scale_down_delay", s.scale_down_delay,
          "how long the old instances stay after the switch, and after the analysis",
          at_least(Duration()));
  v.field("abort_scale_down_delay", s.abort_scale_down_delay,
          "how long the new ones stay after it was taken back", at_least(Duration()));
  const auto ends = [](const std::optional<AnalysisSettings>& analysis) {
    return !analysis || std::all_of(analysis->metrics.begin(), analysis->metrics.end(),
                                    [](const AnalysisMetric& metric) {
                                      return metric.count || !metric.interval;
                                    });
  };
  v.check(ends(s.pre_promotion_analysis), "pre_promotion_analysis",
          "has an interval and no count: it would never end", "give count");
  v.check(ends(s.post_promotion_analysis), "post_promotion_analysis",
          "has an interval and no count: it would never end", "give count");
}

/// Two fleets, one of which has all the traffic: a switch, and an instant way back for as long as
/// the old one is there (Argo Rollouts; Fowler: BlueGreenDeployment, 2010).
class BlueGreen final : public Rollout {
 public:
  BlueGreen(const BlueGreenSettings& settings, const Context& context)
      : Rollout(settings.common), settings_(settings), deployment_(settings.common, context) {}

  Scope& scope() { return deployment_.scope(); }
  RolloutRecord record() const override { return deployment_.record(); }
  Signal& decided() override { return deployment_.decided(); }

  Process run() override {
    deployment_.begin();
    give_all_to_the_new(false);
    const int preview = settings_.preview_replica_count.value_or(deployment_.replicas());
    deployment_.note("starts " + std::to_string(preview));
    Task<ScalingProgress> starting = deployment_.scale_up(deployment_.new_version(), preview);
    const ScalingProgress started = co_await starting;
    bool is_good = started.is_made;
    std::string failure = "no progress within its deadline";
    if (is_good && settings_.pre_promotion_analysis) {
      CanaryAnalysis& before = begin(*settings_.pre_promotion_analysis);
      Task<ScalingProgress> waiting = end_of(before);
      co_await waiting;
      is_good = before.phase() == CanaryAnalysis::Phase::successful;
      failure = before.reason();
      if (!is_good && before.phase() != CanaryAnalysis::Phase::failed) {
        wait_for_somebody(before);
        co_return Done();
      }
    }
    if (is_good && !settings_.auto_promotion_enabled) {
      deployment_.decide(RolloutVerdict::paused, "until somebody promotes it");
      co_return Done();
    }
    if (is_good) {
      co_await deployment_.simulation().delay(settings_.auto_promotion_delay);
      Task<ScalingProgress> filling =
          deployment_.scale_up(deployment_.new_version(), deployment_.replicas());
      const ScalingProgress filled = co_await filling;
      is_good = filled.is_made;
    }
    if (is_good) {
      give_all_to_the_new(true);
      deployment_.note("switches");
      if (settings_.post_promotion_analysis) {
        CanaryAnalysis& after = begin(*settings_.post_promotion_analysis);
        Task<ScalingProgress> waiting = end_of(after);
        co_await waiting;
        is_good = after.phase() == CanaryAnalysis::Phase::successful;
        failure = after.reason();
        if (!is_good && after.phase() != CanaryAnalysis::Phase::failed) {
          wait_for_somebody(after);
          co_return Done();
        }
      }
    }
    if (!is_good) {
      give_all_to_the_new(false);
    }
    deployment_.decide(is_good ? RolloutVerdict::promoted : RolloutVerdict::rolled_back,
                       is_good ? "" : failure);

    // The other fleet stays for a while, for whoever has an answer to wait for.
    const Duration stay = is_good ? settings_.scale_down_delay : settings_.abort_scale_down_delay;
    const std::uint16_t leaving = is_good ? deployment_.old_version() : deployment_.new_version();
    co_await deployment_.simulation().delay(stay);
    deployment_.drain(leaving, deployment_.count(leaving));
    Task<ScalingProgress> emptying = deployment_.emptied();
    co_await emptying;
    deployment_.end_split();
    co_return Done();
  }

 private:
  void give_all_to_the_new(bool all) {
    deployment_.split_traffic(all ? 1 : 0, Stickiness::request, {});
  }

  CanaryAnalysis& begin(const AnalysisSettings& wanted) {
    CanaryAnalysis& analysis = analyses_.emplace_back(wanted, deployment_);
    analysis.start();
    return analysis;
  }
  Task<ScalingProgress> end_of(CanaryAnalysis& analysis) {
    while (analysis.phase() == CanaryAnalysis::Phase::running) {
      co_await deployment_.changed().wait();
    }
    co_return ScalingProgress();
  }
  void wait_for_somebody(const CanaryAnalysis& analysis) {
    deployment_.decide(analysis.phase() == CanaryAnalysis::Phase::no_data
                           ? RolloutVerdict::no_verdict
                           : RolloutVerdict::paused,
                       analysis.reason());
  }

  BlueGreenSettings settings_;
  Deployment deployment_;
  std::deque<CanaryAnalysis> analyses_;
};

const Register<Rollout, BlueGreen, BlueGreenSettings> registered{
    "blue_green",
    "starts a second fleet, switches all traffic, and can switch back at once (Argo)"};

}  // namespace
}  // namespace stampede
