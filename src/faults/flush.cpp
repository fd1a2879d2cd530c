#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct FlushSettings {
  FaultSettings common;
};
void describe(Visitor& v, FlushSettings& s) {
  describe_fault(v, s.common, FaultLength::momentary);
  v.declare(FlushesCaches{});
  v.doubt_unless(!s.common.duration, "for", "has no effect: what was forgotten stays forgotten");
  v.doubt_unless(!s.common.mttr, "mttr", "has no effect: what was forgotten stays forgotten");
}

/// Somebody empties caches while they run: a wrong command, a change of the key's format.
class Flush final : public Fault {
 public:
  Flush(const FlushSettings& settings, const Context&) : Fault(settings.common) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    for (Instance* target : strike.targets) {
      target->flush();
    }
    return nullptr;
  }
};

const Register<Fault, Flush, FlushSettings> registered{
    "flush", "caches forget all that they hold, and fill anew"};

}  // namespace
}  // namespace stampede
