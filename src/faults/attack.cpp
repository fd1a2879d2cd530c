#include "faults/injected_requests.hpp"

namespace stampede {
namespace {

struct AttackSettings {
  FaultTimes times;
  std::string traffic;
  Choice<RateProfile> rate;
  std::string type;
  std::uint64_t users = 0;
};
void describe(Visitor& v, AttackSettings& s) {
  describe_times(v, s.times);
  v.field("traffic", s.traffic,
          "whose target, request types and way of calling attackers use; give them traffic of "
          "their own to see apart what becomes of others",
          required());
  v.field("rate", s.rate, "their requests per second, besides what the traffic sends by itself",
          required());
  v.field("type", s.type,
          "all their requests are of this type; by the shares of the traffic unless "
          "given");
  v.field(
      "users", s.users,
      "so many attackers, who are none of the users of the traffic; its own users unless given");
  v.declare(TouchesTraffic{.traffic = s.traffic});
  if (!s.type.empty()) {
    v.declare(TouchesType{.type = s.type, .traffic = s.traffic});
  }
}

/// Many who mean no good, and do not care for answers.
class Attack final : public Fault {
 public:
  Attack(const AttackSettings& settings, const Context& context)
      : Fault(settings.times),
        traffic_(context.traffic_called(settings.traffic)),
        settings_(settings),
        gaps_(context.stream("arrivals")),
        users_(context.stream("users")) {}

  std::string whom() const override { return traffic_.name; }
  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    InjectedRequests::Settings settings;
    settings.profile = settings_.rate.make({});
    settings.strangers = settings_.users;
    if (!settings_.type.empty()) {
      settings.type = traffic_.population.type(settings_.type);
    }
    return std::make_unique<InjectedRequests>(traffic_.population, std::move(settings),
                                              gaps_.at(strike.luck), users_.at(strike.luck));
  }

 private:
  const DisturbedTraffic& traffic_;
  AttackSettings settings_;
  Stream gaps_;
  Stream users_;
};

const Register<Fault, Attack, AttackSettings> registered{
    "attack", "additional requests at a rate, of one type if need be, from many users"};

}  // namespace
}  // namespace stampede
