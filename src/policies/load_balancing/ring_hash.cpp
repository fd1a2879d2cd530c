#include "hash_ring.hpp"

namespace stampede {
namespace {

/// The backend whose point on the ring follows the request's hash.
class RingHash final : public LoadBalancingPolicy {
 public:
  RingHash(const RingSettings& settings, const Context& context)
      : settings_(settings), seed_(context.seed) {}

  static Theory theory(const RingSettings& settings) { return split_by(settings.hash_on); }

  BackendSlot choose(const BackendView&, const Request& request, Time) override {
    const std::uint64_t hash = hash_of(request, settings_.hash_on, seed_);
    return ring_.owner(ring_.at(hash));
  }
  void eligible_changed(const BackendView& view) override { ring_.build(view, settings_, seed_); }

 private:
  RingSettings settings_;
  std::uint64_t seed_;
  HashRing ring_;
};

const Register<LoadBalancingPolicy, RingHash, RingSettings> registered{
    "ring_hash", "consistent hashing: equal keys to the same backend, few move when one goes"};

}  // namespace
}  // namespace stampede
