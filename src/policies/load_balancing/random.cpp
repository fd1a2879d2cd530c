#include "stampede/schema/schema.hpp"
#include "weighted_random.hpp"

namespace stampede {
namespace {

/// Each request goes to a backend of its own luck, in proportion to the weights (which Envoy's
/// policy of this name ignores).
class Random final : public LoadBalancingPolicy {
 public:
  Random(const NoSettings&, const Context& context) : random_(context.random) {}

  static Theory theory(const NoSettings&) { return {.kind = Split::Kind::random}; }

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    return backends_.pick(view, random_);
  }
  void eligible_changed(const BackendView& view) override { backends_.update(view); }

 private:
  Draw random_;
  WeightedRandom backends_;
};

const Register<LoadBalancingPolicy, Random> registered{"random",
                                                       "any backend, in proportion to the weights"};

}  // namespace
}  // namespace stampede
