#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct ConnectionLeakSettings {
  FaultSettings common;
  Ratio share{0.01};
};
void describe(Visitor& v, ConnectionLeakSettings& s) {
  describe_fault(v, s.common);
  v.field("share", s.share, "of the calls over connection_pools: they keep their connection",
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.declare(LeaksConnections{});
}

/// A way through the code on which nobody gives the connection back. Pools run dry little by
/// little, until all calls wait in vain. The process that dies gives them back, and so does the
/// mended code that is deployed when it is over.
class ConnectionLeak final : public Fault {
 public:
  ConnectionLeak(const ConnectionLeakSettings& settings, const Context&)
      : Fault(settings.common), share_(settings.share.value) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* target : strike.targets) {
      disturbance->add(target->connection_leak().hold(share_));
    }
    return disturbance;
  }

 private:
  double share_;
};

const Register<Fault, ConnectionLeak, ConnectionLeakSettings> registered{
    "connection_leak", "some calls never give their connection back, until the pool is empty"};

}  // namespace
}  // namespace stampede
