#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct ColdRestartSettings {
  FaultSettings common;
};
void describe(Visitor& v, ColdRestartSettings& s) {
  describe_fault(v, s.common);
  v.declare(TakesDown{});
}

/// A crash that spares nothing: what a persistent cache would have kept is gone too, as when a
/// machine is replaced.
class ColdRestart final : public Fault {
 public:
  ColdRestart(const ColdRestartSettings& settings, const Context&) : Fault(settings.common) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* target : strike.targets) {
      target->flush();
      disturbance->add(target->hold_down(KilledWork::answers_broken));
    }
    return disturbance;
  }
};

const Register<Fault, ColdRestart, ColdRestartSettings> registered{
    "cold_restart", "instances die, and boot with empty caches, even where these are persistent"};

}  // namespace
}  // namespace stampede
