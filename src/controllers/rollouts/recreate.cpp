#include "stampede/model/deployment.hpp"

namespace stampede {
namespace {

struct RecreateSettings {
  RolloutSettings common;
};
void describe(Visitor& v, RecreateSettings& s) { describe_rollout(v, s.common); }

/// Everything is stopped, then everything is started: two versions never run side by side, and in
/// between there is nobody.
class Recreate final : public Rollout {
 public:
  Recreate(const RecreateSettings& settings, const Context& context)
      : Rollout(settings.common), deployment_(settings.common, context) {}

  Scope& scope() { return deployment_.scope(); }
  RolloutRecord record() const override { return deployment_.record(); }
  Signal& decided() override { return deployment_.decided(); }

  Process run() override {
    deployment_.begin();
    deployment_.note("stops all " + std::to_string(deployment_.replicas()));
    deployment_.drain(deployment_.old_version(), deployment_.replicas());
    Task<ScalingProgress> stopping = deployment_.emptied();
    co_await stopping;

    deployment_.note("starts " + std::to_string(deployment_.replicas()));
    Task<ScalingProgress> starting =
        deployment_.scale_up(deployment_.new_version(), deployment_.replicas());
    const ScalingProgress started = co_await starting;
    deployment_.decide(started.is_made ? RolloutVerdict::promoted : RolloutVerdict::stalled);
    co_return Done();
  }

 private:
  Deployment deployment_;
};

const Register<Rollout, Recreate, RecreateSettings> registered{
    "recreate", "stops all instances, then starts those of the new version (Kubernetes)"};

}  // namespace
}  // namespace stampede
