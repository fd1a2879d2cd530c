#include "faults/paths.hpp"

namespace stampede {
namespace {

struct ZoneOutageSettings {
  ZoneOutageSettings() { common.each = FailureUnit::all; }

  FaultSettings common;
};
void describe(Visitor& v, ZoneOutageSettings& s) {
  describe_times(v, s.common);
  v.field("zone", s.common.target.zone, "the zone, or the region with all its zones", required());
  v.declare(s.common);
  v.declare(TakesDown{});
  v.declare(FallsSilent{});
}

/// Power and network of a zone fail at once: all instances there die in silence, of every
/// component, and no message gets in or out. At its end the network is back and instances boot.
class ZoneOutage final : public Fault {
 public:
  ZoneOutage(const ZoneOutageSettings& settings, const Context& context)
      : Fault(settings.common),
        network_(context.network),
        paths_(paths_of(around(settings.common.target.zone), context.network.geography())) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (const auto& [from, to] : paths_) {
      disturbance->add(network_.controls(from, to).cuts().hold(1));
    }
    for (Instance* target : strike.targets) {
      disturbance->add(target->hold_down(KilledWork::stays_silent));
    }
    return disturbance;
  }

 private:
  static PathsSettings around(const ZoneName& zone) {
    PathsSettings paths;
    paths.between.push_back(zone);
    return paths;
  }

  Network& network_;
  std::vector<std::pair<PlaceId, PlaceId>> paths_;
};

const Register<Fault, ZoneOutage, ZoneOutageSettings> registered{
    "zone_outage", "everything in a zone or region is dead and cut off"};

}  // namespace
}  // namespace stampede
