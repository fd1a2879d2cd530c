#include "faults/paths.hpp"

namespace stampede {
namespace {

struct NetworkLossSettings {
  FaultTimes times;
  PathsSettings paths;
  Ratio rate;
};
void describe(Visitor& v, NetworkLossSettings& s) {
  describe_times(v, s.times);
  describe_paths(v, s.paths);
  v.field("rate", s.rate, "share of messages that are lost, besides those lost anyway", required(),
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.declare(losses_on(s.paths));
}

/// Whoever waits for the answer to a message that was lost hears nothing.
class NetworkLoss final : public PathFault {
 public:
  NetworkLoss(const NetworkLossSettings& settings, const Context& context)
      : PathFault(settings.times, settings.paths, context), rate_(settings.rate.value) {}

 private:
  Knob::Hold hold(PathControls& path) override { return path.loss().hold(rate_); }

  double rate_;
};

const Register<Fault, NetworkLoss, NetworkLossSettings> registered{
    "network_loss", "links lose a share of the messages"};

}  // namespace
}  // namespace stampede
