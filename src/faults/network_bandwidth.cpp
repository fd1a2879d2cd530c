#include "faults/paths.hpp"

namespace stampede {
namespace {

struct NetworkBandwidthSettings {
  FaultTimes times;
  PathsSettings paths;
  Bandwidth bandwidth;
};
void describe(Visitor& v, NetworkBandwidthSettings& s) {
  describe_times(v, s.times);
  describe_paths(v, s.paths);
  v.field("bandwidth", s.bandwidth,
          "what each path carries at most, each way; all its messages share it", required());
}

/// What is on its way when it begins or ends goes on at the new speed.
class NetworkBandwidth final : public PathFault {
 public:
  NetworkBandwidth(const NetworkBandwidthSettings& settings, const Context& context)
      : PathFault(settings.times, settings.paths, context),
        bytes_per_second_(settings.bandwidth.bytes_per_second) {}

 private:
  Knob::Hold hold(PathControls& path) override { return path.bandwidth().hold(bytes_per_second_); }

  double bytes_per_second_;
};

const Register<Fault, NetworkBandwidth, NetworkBandwidthSettings> registered{"network_bandwidth",
                                                                             "links carry less"};

}  // namespace
}  // namespace stampede
