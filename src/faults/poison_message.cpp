#include <deque>

#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct PoisonMessageSettings {
  FaultSettings common;
  std::string traffic;
  std::string type;
  std::uint64_t messages = 1;
};
void describe(Visitor& v, PoisonMessageSettings& s) {
  describe_fault(v, s.common);
  v.field("traffic", s.traffic, "whose requests they are", required());
  v.field("type", s.type, "all of this type; by the shares of the traffic unless given");
  v.field("messages", s.messages, "so many of them, sent at once when it begins", at_least(1),
          at_most(1'000'000));
  v.declare(TouchesTraffic{.traffic = s.traffic});
  if (!s.type.empty()) {
    v.declare(TouchesType{.type = s.type, .traffic = s.traffic});
  }
}

/// Lets one instance fail at a key.
class Indigestible final : public Interference {
 public:
  explicit Indigestible(std::uint64_t key) : key_(key) {}
  double error_rate(const Request& request) override { return request.key == key_ ? 1 : 0; }

 private:
  std::uint64_t key_;
};

/// A message that its consumers, the target, can do nothing with: each attempt does the work and
/// fails, whoever tries, until the fault is over and the code is mended. All messages of a strike
/// have one key, which nobody else asks for; a log keeps them in one partition.
class PoisonMessage final : public Fault {
 public:
  PoisonMessage(const PoisonMessageSettings& settings, const Context& context)
      : Fault(settings.common),
        traffic_(context.traffic_called(settings.traffic)),
        settings_(settings),
        simulation_(context.simulation) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Helplessness>();
    for (Instance* target : strike.targets) {
      target->interfere(disturbance->instances.emplace_back(strike.luck));
    }
    for (std::uint64_t i = 0; i < settings_.messages; ++i) {
      Ask ask = Ask::at(simulation_.now());
      ask.injected = true;
      ask.key = strike.luck;
      if (!settings_.type.empty()) {
        ask.type = traffic_.population.type(settings_.type);
      }
      traffic_.population.send_and_forget(ask);
    }
    return disturbance;
  }

 private:
  struct Helplessness final : Disturbance {
    std::deque<Indigestible> instances;
  };

  const DisturbedTraffic& traffic_;
  PoisonMessageSettings settings_;
  Simulation& simulation_;
};

const Register<Fault, PoisonMessage, PoisonMessageSettings> registered{
    "poison_message", "messages are sent that their consumers fail at, over and over"};

}  // namespace
}  // namespace stampede
