#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct HerdSettings {
  FaultTimes times;
  std::string traffic;
  std::uint64_t requests = 0;
  std::string type;
};
void describe(Visitor& v, HerdSettings& s) {
  describe_times(v, s.times, FaultLength::momentary);
  v.field("traffic", s.traffic, "whose users come", required());
  v.field("requests", s.requests, "so many requests at the same instant, each of another user",
          required(), at_least(1), at_most(10'000'000));
  v.field("type", s.type, "all of this type; by the shares of the traffic unless given");
  v.doubt_unless(!s.times.duration, "for", "has no effect: all come at one instant");
  v.doubt_unless(!s.times.mttr, "mttr", "has no effect: all come at one instant");
  v.declare(TouchesTraffic{.traffic = s.traffic});
  if (!s.type.empty()) {
    v.declare(TouchesType{.type = s.type, .traffic = s.traffic});
  }
}

/// Clocks that agree: jobs of cron at the full hour, the opening of a sale.
class Herd final : public Fault {
 public:
  Herd(const HerdSettings& settings, const Context& context)
      : Fault(settings.times),
        traffic_(context.traffic_called(settings.traffic)),
        settings_(settings),
        simulation_(context.simulation) {}

  std::string whom() const override { return traffic_.name; }
  std::unique_ptr<Disturbance> strike(const Strike&) override {
    Population& population = traffic_.population;
    for (std::uint64_t i = 0; i < settings_.requests; ++i) {
      Ask ask = Ask::at(simulation_.now());
      ask.injected = true;
      if (!settings_.type.empty()) {
        ask.type = population.type(settings_.type);
      }
      if (population.user_count() > 0) {
        ask.user = i % population.user_count();
      }
      population.send_and_forget(ask);
    }
    return nullptr;
  }

 private:
  const DisturbedTraffic& traffic_;
  HerdSettings settings_;
  Simulation& simulation_;
};

const Register<Fault, Herd, HerdSettings> registered{
    "herd", "many users send a request at the same instant"};

}  // namespace
}  // namespace stampede
