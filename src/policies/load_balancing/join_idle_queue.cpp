#include "by_load.hpp"
#include "stampede/schema/schema.hpp"
#include "weighted_random.hpp"

namespace stampede {
namespace {

/// An idle backend if there is one, else any (Lu, Xie, Kliot, Geller, Larus, Greenberg: Join-Idle-
/// Queue, Performance Evaluation 68(11), 2011). Of several idle ones a random one rather than the
/// one that has been idle for longest: that one is as good, and no two balancers agree on it. Idle
/// means that nothing of this balancer's is in flight there: with several balancers each has its
/// own list of idle backends, as in the paper, but nobody tells it what the others have sent.
class JoinIdleQueue final : public LoadBalancingPolicy {
 public:
  JoinIdleQueue(const NoSettings&, const Context& context) : random_(context.random) {}

  /// With many backends nearly every request finds an idle one.
  static Theory theory(const NoSettings&) { return {.kind = Split::Kind::least_loaded}; }

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    return by_load_.least_load() == 0 ? by_load_.least_loaded(random_) : any_.pick(view, random_);
  }

  void eligible_changed(const BackendView& view) override {
    by_load_.update(view);
    any_.update(view);
  }
  void started(BackendSlot slot, const BackendView& view) override {
    by_load_.load_changed(slot, view);
  }
  void ended(BackendSlot slot, const BackendView& view, Outcome, Duration, Time) override {
    by_load_.load_changed(slot, view);
  }

 private:
  Draw random_;
  ByLoad by_load_;
  WeightedRandom any_;
};

const Register<LoadBalancingPolicy, JoinIdleQueue> registered{
    "join_idle_queue", "an idle backend if the balancer knows of one, else any by weight"};

}  // namespace
}  // namespace stampede
