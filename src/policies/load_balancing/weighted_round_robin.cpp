#include <cmath>

#include "edf_schedule.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// The turns of each backend in proportion to its weight and spread evenly, as those of nginx's
/// smooth weighted round robin: weights 5, 1, 1 give "a a b a a c a" rather than "a a a a a b c".
/// nginx compares all backends for each request; this is a schedule (O(log n)) in which turns that
/// are equally long are staggered. The multiples of the golden ratio, modulo 1, split the turn into
/// nearly equal parts for any number of backends (Knuth: The Art of Computer Programming 3, 6.4).
class WeightedRoundRobin final : public LoadBalancingPolicy {
 public:
  WeightedRoundRobin(const NoSettings&, const Context& context) {
    Draw random = context.random;
    start_ = random.uniform();  // balancers that start together do not go in step
  }

  static Theory theory(const NoSettings&) { return {.kind = Split::Kind::in_turn}; }

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    return schedule_.pick([&](BackendSlot slot) { return view[slot].weight; });
  }

  void eligible_changed(const BackendView& view) override {
    const auto weight_of = [&](BackendSlot slot) { return view[slot].weight; };
    const auto first_wait = [this](BackendSlot slot) {
      const double turns = start_ + slot * 0.6180339887498949;
      return 1 - (turns - std::floor(turns));
    };
    schedule_.update(view.eligible(), weight_of, first_wait);
  }

 private:
  double start_;
  EdfSchedule schedule_;
};

const Register<LoadBalancingPolicy, WeightedRoundRobin> registered{
    "weighted_round_robin", "turns in proportion to the weights, spread as evenly as can be"};

}  // namespace
}  // namespace stampede
