#include "hash_ring.hpp"

namespace stampede {
namespace {

enum class Overflow { walk, jump };

const EnumNames<Overflow>& names(Overflow) {
  static const EnumNames<Overflow> table{{{Overflow::walk, "walk"}, {Overflow::jump, "jump"}}};
  return table;
}

struct BoundedLoadSettings {
  int hash_balance_factor = 150;
  Overflow overflow = Overflow::walk;
  RingSettings ring;
};

void describe(Visitor& v, BoundedLoadSettings& s) {
  v.shorthand("hash_balance_factor");
  v.field(
      "hash_balance_factor", s.hash_balance_factor,
      "percent of the average of requests in flight that a backend may have; usual are 120 to 200",
      at_least(100));
  v.field(
      "overflow", s.overflow,
      "where a request goes whose backend is full: on along the ring, or elsewhere on the ring");
  describe(v, s.ring);
}

/// Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam: Consistent Hashing with
/// Bounded Loads, SODA 2018, arXiv 1608.01350). With m requests in flight, the new one included, no
/// backend of n gets more than ceil(c m / n) of them (its share by weight, if weights differ): a
/// full one is passed by. Envoy counts the new request on one side only and so allows one more.
/// `walk` is the paper's, on along the ring, so what overflows falls on the neighbours; `jump`
/// hashes anew until there is room (Chen, Coleman, Shrivastava: Revisiting Consistent Hashing with
/// Bounded Loads, AAAI 2021, arXiv 1908.08762), which spreads it over all. How many full backends
/// either passes by depends on c, not on n, while c is more than 100 %.
class BoundedLoad final : public LoadBalancingPolicy {
 public:
  BoundedLoad(const BoundedLoadSettings& settings, const Context& context)
      : settings_(settings), seed_(context.seed) {}

  static Theory theory(const BoundedLoadSettings& settings) {
    return split_by(settings.ring.hash_on);
  }

  BackendSlot choose(const BackendView& view, const Request& request, Time) override {
    const std::uint64_t hash = hash_of(request, settings_.ring.hash_on, seed_);
    const std::size_t home = ring_.at(hash);
    if (has_room(ring_.owner(home), view)) {
      return ring_.owner(home);
    }
    return settings_.overflow == Overflow::walk ? walk(home, view) : jump(hash, view);
  }

  void eligible_changed(const BackendView& view) override {
    ring_.build(view, settings_.ring, seed_);
    eligible_.assign(view.eligible().back() + std::size_t{1}, false);
    in_flight_ = 0;
    weights_ = 0;
    for (const BackendSlot slot : view.eligible()) {
      eligible_[slot] = true;
      in_flight_ += view[slot].in_flight;
      weights_ += weight(slot, view);
    }
  }

  void started(BackendSlot slot, const BackendView&) override { in_flight_ += is_eligible(slot); }
  void ended(BackendSlot slot, const BackendView&, Outcome, Duration, Time) override {
    in_flight_ -= is_eligible(slot);
  }

 private:
  /// At most once around the ring. Some backend always has room, since together they have room for
  /// more than m; only a ring too small to hold all of them may lack it.
  BackendSlot walk(std::size_t home, const BackendView& view) const {
    std::size_t point = home;
    do {
      point = ring_.next(point);
    } while (point != home && !has_room(ring_.owner(point), view));
    return ring_.owner(point);
  }

  /// The same jumps for the same hash; after as many as there are backends it walks.
  BackendSlot jump(std::uint64_t hash, const BackendView& view) const {
    std::size_t point = 0;
    for (std::uint64_t i = 1; i <= view.eligible().size(); ++i) {
      point = ring_.at(combine(hash, i));
      if (has_room(ring_.owner(point), view)) {
        return ring_.owner(point);
      }
    }
    return walk(point, view);
  }

  /// in_flight < c m w / W, which for whole numbers is in_flight + 1 <= ceil(c m w / W), and
  /// without a division, so that it is exact for equal weights.
  bool has_room(BackendSlot slot, const BackendView& view) const {
    const double requests = static_cast<double>(in_flight_ + 1);
    return 100.0 * view[slot].in_flight * weights_ <
           settings_.hash_balance_factor * requests * weight(slot, view);
  }

  static double weight(BackendSlot slot, const BackendView& view) {
    return view.has_equal_weights() ? 1 : view[slot].weight;
  }

  /// Requests on their way back from a backend that left do not count.
  bool is_eligible(BackendSlot slot) const { return slot < eligible_.size() && eligible_[slot]; }

  BoundedLoadSettings settings_;
  std::uint64_t seed_;
  HashRing ring_;
  std::vector<bool> eligible_;   // by slot
  std::uint64_t in_flight_ = 0;  // at eligible backends
  double weights_ = 0;           // sum over eligible backends
};

const Register<LoadBalancingPolicy, BoundedLoad, BoundedLoadSettings> registered{
    "bounded_load", "consistent hashing that passes by backends far above the average load"};

}  // namespace
}  // namespace stampede
