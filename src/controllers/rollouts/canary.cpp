#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/text.hpp"
#include "stampede/model/canary_analysis.hpp"
#include "stampede/model/deployment.hpp"

namespace stampede {
namespace {

// ---- Settings ---------------------------------------------------------------------------------

struct PauseSettings {
  std::optional<Duration> duration;
};
void describe(Visitor& v, PauseSettings& s) {
  v.shorthand("duration");
  v.field("duration", s.duration,
          "how long; until somebody goes on with it, which nobody does here, "
          "unless given",
          more_than(Duration()), of_run());
}

struct ScaleSettings {
  std::optional<int> replicas;
  std::optional<Ratio> weight;
  bool match_traffic_weight = false;
};
void describe(Visitor& v, ScaleSettings& s) {
  v.field("replicas", s.replicas, "so many instances,", at_least(1));
  v.field("weight", s.weight, "or this share of the replicas,", more_than(Ratio{0}),
          at_most(Ratio{1}));
  v.field("match_traffic_weight", s.match_traffic_weight,
          "or again as many as its share of the traffic needs");
  const int given = (s.replicas ? 1 : 0) + (s.weight ? 1 : 0) + (s.match_traffic_weight ? 1 : 0);
  v.check(given == 1, "replicas", "weight or match_traffic_weight must be given, and only one",
          "such as set_canary_scale: {replicas: 3}");
}

struct CanaryStep {
  std::optional<Ratio> set_weight;
  std::optional<PauseSettings> pause;
  std::optional<AnalysisSettings> analysis;
  std::optional<ScaleSettings> set_canary_scale;
};
void describe(Visitor& v, CanaryStep& s) {
  v.field("set_weight", s.set_weight, "this share of the traffic goes to the new version",
          at_most(Ratio{1}));
  v.field("pause", s.pause, "nothing changes for a while");
  v.field("analysis", s.analysis, "goes on when this is through, and good");
  v.field("set_canary_scale", s.set_canary_scale,
          "how many instances of the new version there are, whatever its share of the traffic");
  const int given = (s.set_weight ? 1 : 0) + (s.pause ? 1 : 0) + (s.analysis ? 1 : 0) +
                    (s.set_canary_scale ? 1 : 0);
  v.check(given == 1, "set_weight",
          "pause, analysis or set_canary_scale must be given, and only one",
          "begin each step with '- '");
  v.check(!s.analysis || std::all_of(s.analysis->metrics.begin(), s.analysis->metrics.end(),
                                     [](const AnalysisMetric& metric) {
                                       return metric.count || !metric.interval;
                                     }),
          "analysis", "has an interval and no count: the step would never end",
          "give count, or let it run in the background");
}

struct BackgroundSettings : AnalysisSettings {
  int starting_step = 0;
};
void describe(Visitor& v, BackgroundSettings& s) {
  describe(v, static_cast<AnalysisSettings&>(s));
  v.field("starting_step", s.starting_step, "it begins with this step; the first is 0",
          at_least(0));
}

struct CanarySettings {
  RolloutSettings common;
  std::vector<CanaryStep> steps;
  std::optional<BackgroundSettings> analysis;
  Stickiness stickiness = Stickiness::request;
  std::string salt;
  Duration scale_down_delay = Duration::nanoseconds(30'000'000'000);
  Duration abort_scale_down_delay = Duration::nanoseconds(30'000'000'000);
};
void describe(Visitor& v, CanarySettings& s) {
  describe_rollout(v, s.common);
  v.check(s.common.zone.empty(), "zone", "is given, but traffic is split whatever its zone",
          "rolling and recreate go zone by zone");
  v.field("steps", s.steps, "what is done one after the other before all is replaced", required(),
          not_empty());
  v.field("analysis", s.analysis,
          "what is measured meanwhile: as soon as it fails, all is taken "
          "back");
  v.field(
      "stickiness", s.stickiness,
      "what a share is of. request: of requests, each by itself; user: of users, who keep their "
      "version");
  v.field("salt", s.salt, "what tells this split from others; the rollout's name unless given");
  v.field("scale_down_delay", s.scale_down_delay,
          "how long the old instances stay after all traffic has gone to the new ones",
          at_least(Duration()));
  v.field("abort_scale_down_delay", s.abort_scale_down_delay,
          "how long the new ones stay after it was taken back", at_least(Duration()));
}

// ---- The policy -------------------------------------------------------------------------------

/// The canary of Argo Rollouts with traffic routing: exact shares of the traffic, whatever the
/// number of instances, while the old ones all stay. What fails is taken back by giving it no
/// traffic any more; what can be said neither way waits for somebody.
class Canary final : public Rollout {
 public:
  Canary(const CanarySettings& settings, const Context& context)
      : Rollout(settings.common), settings_(settings), deployment_(settings.common, context) {}

  Scope& scope() { return deployment_.scope(); }
  RolloutRecord record() const override { return deployment_.record(); }
  Signal& decided() override { return deployment_.decided(); }

  Process run() override {
    deployment_.begin();
    deployment_.split_traffic(0, settings_.stickiness, settings_.salt);
    for (std::size_t i = 0; i < settings_.steps.size() && may_go_on(); ++i) {
      if (settings_.analysis && static_cast<std::size_t>(settings_.analysis->starting_step) == i) {
        background_ = &begin_analysis(*settings_.analysis);
      }
      Task<ScalingProgress> step = take(settings_.steps[i]);
      co_await step;
    }
    if (may_go_on()) {
      Task<ScalingProgress> last = promote();
      co_await last;
    }
    if (background_ != nullptr) {
      background_->stop();
    }
    if (!failure_.empty()) {
      Task<ScalingProgress> back = abort();
      co_await back;
    } else if (!doubt_.empty()) {
      deployment_.decide(doubt_verdict_, doubt_);
    }
    co_return Done();
  }

 private:
  bool may_go_on() const { return failure_.empty() && doubt_.empty(); }

  Task<ScalingProgress> take(const CanaryStep& step) {
    if (step.set_weight) {
      return set_weight(step.set_weight->value);
    }
    if (step.set_canary_scale) {
      return set_scale(*step.set_canary_scale);
    }
    return step.pause ? pause(step.pause->duration) : analyse(*step.analysis);
  }

  /// First the instances, then the traffic.
  Task<ScalingProgress> set_weight(double weight) {
    weight_ = weight;
    Task<ScalingProgress> scaling = scale();
    const ScalingProgress scaled = co_await scaling;
    if (scaled.is_made && may_go_on()) {
      deployment_.split_traffic(weight, settings_.stickiness, settings_.salt);
      deployment_.note("set_weight " + to_text(Ratio{weight}));
    }
    co_return scaled;
  }

  Task<ScalingProgress> set_scale(const ScaleSettings& wanted) {
    fixed_scale_.reset();
    if (wanted.replicas) {
      fixed_scale_ = *wanted.replicas;
    } else if (wanted.weight) {
      fixed_scale_ = share_of_replicas(wanted.weight->value);
    }
    return scale();
  }

  int share_of_replicas(double share) const {
    return static_cast<int>(std::ceil(share * deployment_.replicas() - 1e-9));
  }

  /// As many new instances as the weight needs, or as were asked for.
  Task<ScalingProgress> scale() {
    const int wanted = fixed_scale_.value_or(share_of_replicas(weight_));
    const std::uint16_t version = deployment_.new_version();
    const int now = deployment_.count(version);
    if (now != wanted) {
      deployment_.note("scales the canary to " + std::to_string(wanted));
    }
    if (now > wanted) {
      deployment_.drain(version, now - wanted);
    }
    Task<ScalingProgress> scaling = deployment_.scale_up(version, wanted);
    const ScalingProgress scaled = co_await scaling;
    if (!scaled.is_made) {
      failure_ = "no progress within its deadline";
    }
    co_return scaled;
  }

  Task<ScalingProgress> pause(std::optional<Duration> duration) {
    const Time end = duration ? deployment_.now() + *duration : Time::never();
    if (!duration) {
      deployment_.decide(RolloutVerdict::paused, "until somebody goes on with it");
    }
    look_at_background();
    while (deployment_.now() < end && may_go_on()) {
      co_await deployment_.changed().before(end);
      look_at_background();
    }
    co_return ScalingProgress();
  }

  Task<ScalingProgress> analyse(const AnalysisSettings& wanted) {
    CanaryAnalysis& analysis = begin_analysis(wanted);
    look_at_background();
    while (analysis.phase() == CanaryAnalysis::Phase::running && may_go_on()) {
      co_await deployment_.changed().wait();
      look_at_background();
    }
    analysis.stop();
    heed(analysis);
    if (analysis.phase() == CanaryAnalysis::Phase::successful) {
      deployment_.note("analysis successful");
    }
    co_return ScalingProgress();
  }

  CanaryAnalysis& begin_analysis(const AnalysisSettings& wanted) {
    CanaryAnalysis& analysis = analyses_.emplace_back(wanted, deployment_);
    analysis.start();
    return analysis;
  }

  void look_at_background() {
    if (background_ != nullptr) {
      heed(*background_);
    }
  }

  /// What failed is taken back; what is unclear, or was not seen, waits.
  void heed(const CanaryAnalysis& analysis) {
    switch (analysis.phase()) {
      case CanaryAnalysis::Phase::failed:
        failure_ = analysis.reason();
        break;
      case CanaryAnalysis::Phase::inconclusive:
        doubt_ = analysis.reason();
        doubt_verdict_ = RolloutVerdict::paused;
        break;
      case CanaryAnalysis::Phase::no_data:
        doubt_ = analysis.reason();
        doubt_verdict_ = RolloutVerdict::no_verdict;
        break;
      case CanaryAnalysis::Phase::running:
      case CanaryAnalysis::Phase::successful:
        break;
    }
  }

  /// A full fleet of the new version, then all traffic, then the end of the old one. What was never
  /// asked is no reason to go on.
  Task<ScalingProgress> promote() {
    if (deployment_.record().requests == 0) {
      doubt_ = "nothing was seen of the new version";
      doubt_verdict_ = RolloutVerdict::no_verdict;
      co_return ScalingProgress();
    }
    fixed_scale_ = deployment_.replicas();
    Task<ScalingProgress> scaling = scale();
    const ScalingProgress scaled = co_await scaling;
    look_at_background();
    if (scaled.is_made && may_go_on()) {
      deployment_.split_traffic(1, settings_.stickiness, settings_.salt);
      deployment_.decide(RolloutVerdict::promoted);
      co_await deployment_.simulation().delay(settings_.scale_down_delay);
      deployment_.drain(deployment_.old_version(), deployment_.count(deployment_.old_version()));
      Task<ScalingProgress> emptying = deployment_.emptied();
      co_await emptying;
      deployment_.end_split();
    }
    co_return scaled;
  }

  /// Who waits for the last answers of the new version gets them.
  Task<ScalingProgress> abort() {
    deployment_.split_traffic(0, settings_.stickiness, settings_.salt);
    deployment_.decide(RolloutVerdict::rolled_back, failure_);
    co_await deployment_.simulation().delay(settings_.abort_scale_down_delay);
    deployment_.drain(deployment_.new_version(), deployment_.count(deployment_.new_version()));
    Task<ScalingProgress> emptying = deployment_.emptied();
    co_await emptying;
    deployment_.end_split();
    co_return ScalingProgress();
  }

  CanarySettings settings_;
  double weight_ = 0;
  std::optional<int> fixed_scale_;  ///< instances, whatever the weight
  std::string failure_;             ///< why it is taken back; empty: it is not
  std::string doubt_;               ///< why it waits for somebody
  RolloutVerdict doubt_verdict_ = RolloutVerdict::paused;
  Deployment deployment_;
  std::deque<CanaryAnalysis> analyses_;
  CanaryAnalysis* background_ = nullptr;
};

const Register<Rollout, Canary, CanarySettings> registered{
    "canary", "gives the new version a growing share of the traffic, and looks (Argo Rollouts)"};

}  // namespace
}  // namespace stampede
