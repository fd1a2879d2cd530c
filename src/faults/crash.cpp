#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct CrashSettings {
  FaultSettings common;
  bool silent = false;
};
void describe(Visitor& v, CrashSettings& s) {
  describe_fault(v, s.common);
  v.field("silent", s.silent,
          "callers hear nothing (a dead machine) rather than a reset connection (a dead process)");
  v.declare(TakesDown{});
  if (s.silent) {
    v.declare(FallsSilent{});
  }
}

/// Kills queued and in-service work at that instant; at the end the instances boot.
class Crash final : public Fault {
 public:
  Crash(const CrashSettings& settings, const Context&)
      : Fault(settings.common), silent_(settings.silent) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* target : strike.targets) {
      disturbance->add(
          target->hold_down(silent_ ? KilledWork::stays_silent : KilledWork::answers_broken));
    }
    return disturbance;
  }

 private:
  bool silent_;
};

const Register<Fault, Crash, CrashSettings> registered{
    "crash", "instances die with all their work, and boot again when it is over"};

}  // namespace
}  // namespace stampede
