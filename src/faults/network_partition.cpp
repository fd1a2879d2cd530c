#include "faults/paths.hpp"

namespace stampede {
namespace {

struct NetworkPartitionSettings {
  FaultTimes times;
  PathsSettings paths;
};
void describe(Visitor& v, NetworkPartitionSettings& s) {
  describe_times(v, s.times);
  describe_paths(v, s.paths);
  v.check(!s.paths.between.empty(), "between", "must be given: a partition is between somebody",
          "such as between: [eu-a]");
  v.declare(losses_on(s.paths));
}

/// No message gets through, in one direction or in both. Streams that repeat what was lost stand
/// still and go on afterwards; requests and answers are lost.
class NetworkPartition final : public PathFault {
 public:
  NetworkPartition(const NetworkPartitionSettings& settings, const Context& context)
      : PathFault(settings.times, settings.paths, context) {}

 private:
  Knob::Hold hold(PathControls& path) override { return path.cuts().hold(1); }
};

const Register<Fault, NetworkPartition, NetworkPartitionSettings> registered{
    "network_partition", "no message gets through between zones, in one direction or in both"};

}  // namespace
}  // namespace stampede
