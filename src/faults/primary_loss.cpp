#include "faults/leaders.hpp"

namespace stampede {
namespace {

struct PrimaryLossSettings : LeaderLossSettings {};
void describe(Visitor& v, PrimaryLossSettings& s) { describe_leader_loss(v, s); }

/// The primary of a shard dies, whoever that is by then; at the end of the strike it boots again.
class PrimaryLoss final : public LeaderLoss {
 public:
  PrimaryLoss(const PrimaryLossSettings& settings, const Context&) : LeaderLoss(settings) {}
};

const Register<Fault, PrimaryLoss, PrimaryLossSettings> registered{
    "primary_loss",
    "the node that is the primary at that moment dies, and boots again when it is over"};

}  // namespace
}  // namespace stampede
