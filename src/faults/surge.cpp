#include "faults/injected_requests.hpp"

namespace stampede {
namespace {

struct SurgeSettings {
  FaultTimes times;
  std::string traffic;
  double factor = 0;
};
void describe(Visitor& v, SurgeSettings& s) {
  describe_times(v, s.times);
  v.field("traffic", s.traffic, "whose requests become more", required());
  v.field("factor", s.factor,
          "so many times as many requests as otherwise; those besides come from users who know "
          "nothing of each other",
          required(), more_than(1.0), at_most(1e6));
  v.declare(TouchesTraffic{.traffic = s.traffic, .needs_rate = true});
}

/// Success, a link on a front page, a competitor's outage.
class Surge final : public Fault {
 public:
  Surge(const SurgeSettings& settings, const Context& context)
      : Fault(settings.times),
        traffic_(context.traffic_called(settings.traffic)),
        factor_(settings.factor),
        gaps_(context.stream("arrivals")) {}

  std::string whom() const override { return traffic_.name; }
  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    InjectedRequests::Settings settings;
    settings.profile = traffic_.arrivals->rate.make({});
    settings.factor = (factor_ - 1) * traffic_.arrivals->requests;
    return std::make_unique<InjectedRequests>(traffic_.population, std::move(settings),
                                              gaps_.at(strike.luck), gaps_.at(~strike.luck));
  }

 private:
  const DisturbedTraffic& traffic_;
  double factor_;
  Stream gaps_;
};

const Register<Fault, Surge, SurgeSettings> registered{
    "surge", "the users of a population send several times as many requests"};

}  // namespace
}  // namespace stampede
