#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct DnsFailureSettings {
  FaultSettings common;
  bool silent = true;
};
void describe(Visitor& v, DnsFailureSettings& s) {
  describe_fault(v, s.common);
  v.field("silent", s.silent,
          "lookups are not answered and time out; else they fail at once (SERVFAIL)");
  v.declare(StopsNames{});
}

/// The name servers of a name are down. What resolvers keep goes on being used until it expires.
class DnsFailure final : public Fault {
 public:
  DnsFailure(const DnsFailureSettings& settings, const Context&)
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

const Register<Fault, DnsFailure, DnsFailureSettings> registered{
    "dns_failure",
    "names are not resolved any more; answers that are kept go on until they expire"};

}  // namespace
}  // namespace stampede
