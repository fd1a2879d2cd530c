#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "hash_on.hpp"
#include "stampede/model/load_balancing.hpp"

namespace stampede {
namespace {

struct MaglevSettings {
  std::uint64_t table_size = 65537;
  HashOn hash_on = HashOn::key;
};

constexpr std::uint64_t largest_table = 5000011;  // Envoy's limit, a prime

bool is_prime(std::uint64_t n) {
  for (std::uint64_t divisor = 2; divisor <= n / divisor; ++divisor) {
    if (n % divisor == 0) {
      return false;
    }
  }
  return n >= 2;
}

void describe(Visitor& v, MaglevSettings& s) {
  v.field("table_size", s.table_size,
          "entries of the table, a prime; a hundred times the number of backends makes shares even",
          at_least(2), at_most(largest_table));
  v.field("hash_on", s.hash_on, hash_on_meaning);
  v.check(s.table_size > largest_table || is_prime(s.table_size), "table_size",
          "is not a prime number", "65537, 655357 and 5000011 are primes");
}

/// Consistent hashing by a table: Eisenbud et al.: Maglev: A Fast and Reliable Software Network
/// Load Balancer, NSDI 2016, section 3.4. Each backend prefers the entries in an order of its own;
/// they take turns in claiming their next preferred free entry until the table is full. A lighter
/// backend takes part in a share of the rounds only, as in Envoy's maglev_lb.cc. More even than a
/// ring and quicker to ask, but a few more keys move when a backend goes.
class Maglev final : public LoadBalancingPolicy {
 public:
  Maglev(const MaglevSettings& settings, const Context& context)
      : hash_on_(settings.hash_on), seed_(context.seed), table_(settings.table_size) {}

  static Theory theory(const MaglevSettings& settings) { return split_by(settings.hash_on); }

  BackendSlot choose(const BackendView&, const Request& request, Time) override {
    return table_[hash_of(request, hash_on_, seed_) % table_.size()];
  }

  void eligible_changed(const BackendView& view) override {
    std::vector<Claimant> claimants = claimants_of(view);
    std::fill(table_.begin(), table_.end(), free_entry);
    std::size_t claimed = 0;
    for (std::uint64_t round = 1;; ++round) {
      for (Claimant& claimant : claimants) {
        if (static_cast<double>(round) * claimant.weight < claimant.next_turn) {
          continue;
        }
        claimant.next_turn += 1;
        claim_entry(claimant);
        if (++claimed == table_.size()) {
          return;
        }
      }
    }
  }

 private:
  static constexpr BackendSlot free_entry = std::numeric_limits<BackendSlot>::max();

  /// A backend while the table is filled: it prefers `entry`, `entry + skip`, `entry + 2 skip`, …
  struct Claimant {
    std::uint64_t name_hash;
    BackendSlot slot;
    std::uint64_t entry;
    std::uint64_t skip;
    double weight;     // the heaviest has 1
    double next_turn;  // it takes part in the rounds that bring round * weight up to this
  };

  /// In the order of their names, which all balancers share.
  std::vector<Claimant> claimants_of(const BackendView& view) const {
    double heaviest = 0;
    for (const BackendSlot slot : view.eligible()) {
      heaviest = std::max(heaviest, view[slot].weight);
    }
    std::vector<Claimant> claimants;
    claimants.reserve(view.eligible().size());
    for (const BackendSlot slot : view.eligible()) {
      const std::uint64_t name = combine(seed_, view[slot].name_hash);
      const double weight = view[slot].weight / heaviest;
      claimants.push_back(Claimant{name, slot, combine(name, 0) % table_.size(),
                                   combine(name, 1) % (table_.size() - 1) + 1, weight, weight});
    }
    std::sort(claimants.begin(), claimants.end(), [](const Claimant& a, const Claimant& b) {
      return std::tie(a.name_hash, a.slot) < std::tie(b.name_hash, b.slot);
    });
    return claimants;
  }

  /// The size is a prime, so skipping leads past every entry.
  void claim_entry(Claimant& claimant) {
    while (table_[claimant.entry] != free_entry) {
      claimant.entry = (claimant.entry + claimant.skip) % table_.size();
    }
    table_[claimant.entry] = claimant.slot;
  }

  HashOn hash_on_;
  std::uint64_t seed_;
  std::vector<BackendSlot> table_;
};

const Register<LoadBalancingPolicy, Maglev, MaglevSettings> registered{
    "maglev", "consistent hashing by a lookup table: more even than a ring"};

}  // namespace
}  // namespace stampede
