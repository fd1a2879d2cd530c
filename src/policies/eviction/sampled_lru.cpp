#include <algorithm>
#include <vector>

#include "by_slot.hpp"
#include "entry_bag.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct SampledLruSettings {
  int samples = 5;
};

void describe(Visitor& v, SampledLruSettings& s) {
  v.field("samples", s.samples, "entries looked at for each eviction", at_least(1), at_most(64),
          aliases("maxmemory_samples"));
}

/// The approximate LRU of Redis (src/evict.c, evictionPoolPopulate): a few entries drawn at random
/// enter a pool of the 16 best candidates that it has seen, and the one that had been idle longest
/// goes. As there, the pool remembers how idle a candidate was when it was drawn: a use since then
/// does not save it, and an entry may be in the pool twice.
///
/// Unlike there, idleness is counted in uses and arrivals, not in seconds of a coarse clock, and
/// the pool forgets at once who is gone, where Redis finds out when it looks for the name.
class SampledLru final : public EvictionPolicy {
 public:
  SampledLru(const SampledLruSettings& settings, const Context& context)
      : samples_(settings.samples), random_(context.random) {}

  /// Its pool makes it LRU but for a few tenths of a percent, from five samples on.
  static Theory theory(const SampledLruSettings&) { return Forgetting::lru; }

  void used(EntrySlot slot) override { last_use_[slot] = ++clock_; }
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override {
    entries_.add(slot);
    last_use_[slot] = ++clock_;
  }
  EntrySlot evict(std::uint64_t) override {
    for (int i = 0; i < samples_; ++i) {
      const EntrySlot drawn = entries_.draw(random_);
      offer({clock_ - last_use_[drawn], drawn});
    }
    const EntrySlot victim = pool_.back().slot;
    removed(victim);
    return victim;
  }
  void removed(EntrySlot slot) override {
    entries_.remove(slot);
    std::erase_if(pool_, [slot](const Candidate& candidate) { return candidate.slot == slot; });
  }

 private:
  struct Candidate {
    std::uint64_t idle;
    EntrySlot slot;
  };
  static constexpr std::size_t pool_size = 16;

  void offer(const Candidate& candidate) {
    const auto is_less_idle = [](const Candidate& a, const Candidate& b) {
      return a.idle < b.idle;
    };
    auto place = std::lower_bound(pool_.begin(), pool_.end(), candidate, is_less_idle);
    if (pool_.size() < pool_size) {
      pool_.insert(place, candidate);
    } else if (place != pool_.begin()) {  // the least idle one makes room
      std::move(pool_.begin() + 1, place, pool_.begin());
      *(place - 1) = candidate;
    }
  }

  int samples_;
  Draw random_;
  std::uint64_t clock_ = 0;
  EntryBag entries_;
  BySlot<std::uint64_t> last_use_;
  std::vector<Candidate> pool_;  // the most idle one last
};

const Register<EvictionPolicy, SampledLru, SampledLruSettings> registered{
    "sampled_lru", "of a few random entries the one that was used longest ago goes, as in Redis"};

}  // namespace
}  // namespace stampede
