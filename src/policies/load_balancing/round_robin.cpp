#include <algorithm>
#include <optional>

#include "edf_schedule.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// One backend after the other in the order of their slots, from a random one on: balancers that
/// start together would otherwise all begin with the same backend. Who comes or goes does not
/// disturb the order of the others. With unequal weights it is Envoy's schedule.
class RoundRobin final : public LoadBalancingPolicy {
 public:
  RoundRobin(const NoSettings&, const Context& context) : random_(context.random) {}

  static Theory theory(const NoSettings&) { return {.kind = Split::Kind::in_turn}; }

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    if (view.has_equal_weights()) {
      position_ = position_ < view.eligible().size() ? position_ : 0;
      last_ = view.eligible()[position_++];
    } else {
      last_ = schedule_.pick([&](BackendSlot slot) { return view[slot].weight; });
    }
    return *last_;
  }

  void eligible_changed(const BackendView& view) override {
    if (view.has_equal_weights()) {
      schedule_.clear();
      position_ = next_position(view.eligible());
    } else {
      const auto weight_of = [&](BackendSlot slot) { return view[slot].weight; };
      schedule_.update(view.eligible(), weight_of, random_);
    }
  }

 private:
  std::size_t next_position(std::span<const BackendSlot> eligible) {
    if (!last_) {
      return random_.below(eligible.size());
    }
    const auto next = std::upper_bound(eligible.begin(), eligible.end(), *last_);
    return static_cast<std::size_t>(next - eligible.begin());
  }

  Draw random_;
  std::optional<BackendSlot> last_;
  std::size_t position_ = 0;  // of the next backend, while weights are equal
  EdfSchedule schedule_;      // while they are not
};

const Register<LoadBalancingPolicy, RoundRobin> registered{
    "round_robin", "one backend after the other; in proportion to their weights if those differ"};

}  // namespace
}  // namespace stampede
