#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct ReplicationBreakSettings {
  FaultSettings common;
};
void describe(Visitor& v, ReplicationBreakSettings& s) {
  describe_fault(v, s.common);
  v.declare(BreaksReplication{});
}

/// A replication thread has stopped (a full disk, an error in the log, a lost slot): what other
/// copies send does not get in. Requests do, and find old data. What was sent meanwhile is taken in
/// when it is over.
class ReplicationBreak final : public Fault {
 public:
  ReplicationBreak(const ReplicationBreakSettings& settings, const Context& context)
      : Fault(settings.common), network_(context.network) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto broken = std::make_unique<Break>(network_);
    for (Instance* target : strike.targets) {
      broken->cuts.push_back(target->replication_cuts().hold(1));
    }
    return broken;
  }

 private:
  struct Break final : Disturbance {
    explicit Break(Network& network) : network(network) {}
    ~Break() override {
      cuts.clear();
      network.streams_changed();
    }
    Network& network;
    std::vector<Knob::Hold> cuts;
  };

  Network& network_;
};

const Register<Fault, ReplicationBreak, ReplicationBreakSettings> registered{
    "replication_break", "copies take in nothing that other copies send, and fall behind"};

}  // namespace
}  // namespace stampede
