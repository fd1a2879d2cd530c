#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include "stampede/model/canary_analysis.hpp"
#include "stampede/model/deployment.hpp"

namespace stampede {
namespace {

struct DarkLaunchSettings {
  RolloutSettings common;
  Ratio percentage{1};
  std::optional<int> replicas;
  Duration duration;
  std::optional<AnalysisSettings> analysis;
};
void describe(Visitor& v, DarkLaunchSettings& s) {
  describe_rollout(v, s.common);
  v.check(s.common.zone.empty(), "zone", "is given, but traffic is split whatever its zone",
          "rolling and recreate go zone by zone");
  v.field("percentage", s.percentage, "share of the requests of which the new version gets a copy",
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("replicas", s.replicas,
          "instances of the new version; as many as that share needs unless given", at_least(1));
  v.field("duration", s.duration, "how long it gets them", required(), more_than(Duration()),
          of_run());
  v.field("analysis", s.analysis, "what must be good at the end of it");
  v.check(!s.analysis || std::all_of(s.analysis->metrics.begin(), s.analysis->metrics.end(),
                                     [](const AnalysisMetric& metric) {
                                       return metric.count || !metric.interval;
                                     }),
          "analysis", "has an interval and no count: it would never end", "give count");
}

/// Tries a version with copies of real requests, whose answers nobody sees: what it calls feels the
/// load of both, and what it writes is written twice. Nothing is replaced. The copies are made by
/// balancers; callers without one make none.
class DarkLaunch final : public Rollout {
 public:
  DarkLaunch(const DarkLaunchSettings& settings, const Context& context)
      : Rollout(settings.common), settings_(settings), deployment_(settings.common, context) {}

  Scope& scope() { return deployment_.scope(); }
  RolloutRecord record() const override { return deployment_.record(); }
  Signal& decided() override { return deployment_.decided(); }

  Process run() override {
    deployment_.begin();
    deployment_.split_traffic(0, Stickiness::request, {});
    const int wanted = settings_.replicas.value_or(
        static_cast<int>(std::ceil(settings_.percentage.value * deployment_.replicas() - 1e-9)));
    deployment_.note("starts " + std::to_string(wanted));
    Task<ScalingProgress> starting = deployment_.scale_up(deployment_.new_version(), wanted);
    const ScalingProgress started = co_await starting;
    RolloutVerdict verdict = RolloutVerdict::rolled_back;
    std::string why = "no progress within its deadline";
    if (started.is_made) {
      deployment_.mirror_traffic(settings_.percentage.value);
      deployment_.note("sends it copies");
      co_await deployment_.simulation().delay(settings_.duration);
      verdict = RolloutVerdict::promoted;
      why = "it may go on";
      if (settings_.analysis) {
        CanaryAnalysis& analysis = analyses_.emplace_back(*settings_.analysis, deployment_);
        analysis.start();
        while (analysis.phase() == CanaryAnalysis::Phase::running) {
          co_await deployment_.changed().wait();
        }
        verdict = verdict_of(analysis.phase());
        why = analysis.reason().empty() ? why : analysis.reason();
      } else if (deployment_.record().requests == 0) {
        verdict = RolloutVerdict::no_verdict;
        why = "nothing was seen of the new version";
      }
      deployment_.end_mirror();
    }
    deployment_.decide(verdict, why);
    deployment_.drain(deployment_.new_version(), deployment_.count(deployment_.new_version()));
    Task<ScalingProgress> emptying = deployment_.emptied();
    co_await emptying;
    deployment_.end_split();
    co_return Done();
  }

 private:
  static RolloutVerdict verdict_of(CanaryAnalysis::Phase phase) {
    switch (phase) {
      case CanaryAnalysis::Phase::successful:
        return RolloutVerdict::promoted;
      case CanaryAnalysis::Phase::failed:
        return RolloutVerdict::rolled_back;
      case CanaryAnalysis::Phase::no_data:
        return RolloutVerdict::no_verdict;
      case CanaryAnalysis::Phase::running:
      case CanaryAnalysis::Phase::inconclusive:
        break;
    }
    return RolloutVerdict::paused;
  }

  DarkLaunchSettings settings_;
  Deployment deployment_;
  std::deque<CanaryAnalysis> analyses_;
};

const Register<Rollout, DarkLaunch, DarkLaunchSettings> registered{
    "dark_launch", "tries a version with copies of requests, whose answers nobody sees"};

}  // namespace
}  // namespace stampede
