#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct PauseSettings {
  FaultSettings common;
};
void describe(Visitor& v, PauseSettings& s) { describe_fault(v, s.common); }

/// Not a crash: work stays where it is and goes on afterwards.
class Pause final : public Fault {
 public:
  Pause(const PauseSettings& settings, const Context&) : Fault(settings.common) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* target : strike.targets) {
      disturbance->add(target->speed().hold(0));
    }
    return disturbance;
  }
};

const Register<Fault, Pause, PauseSettings> registered{
    "pause", "computing stands still (a long garbage collection, a frozen machine), then goes on"};

}  // namespace
}  // namespace stampede
