#include "faults/leaders.hpp"

namespace stampede {
namespace {

struct BrokerLossSettings : LeaderLossSettings {};
void describe(Visitor& v, BrokerLossSettings& s) { describe_leader_loss(v, s); }

/// A broker of a log dies that leads as many partitions as any; at the end it boots again.
class BrokerLoss final : public LeaderLoss {
 public:
  BrokerLoss(const BrokerLossSettings& settings, const Context&) : LeaderLoss(settings) {}
};

const Register<Fault, BrokerLoss, BrokerLossSettings> registered{
    "broker_loss",
    "the broker that leads most partitions at that moment dies, and boots again when it is over"};

}  // namespace
}  // namespace stampede
