#include "entry_parts.hpp"
#include "shares.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct SegmentedLruSettings {
  Ratio protected_share{0.8};
};

void describe(Visitor& v, SegmentedLruSettings& s) {
  v.field("protected", s.protected_share,
          "share of the capacity for entries that were used since they came in",
          less_than(Ratio{1}));
}

/// Segmented LRU (Karedla, Love, Wherry: Caching Strategies to Improve Disk System Performance,
/// IEEE Computer 27(3), 1994): newcomers are on probation, a use moves an entry to the protected
/// segment, and what no longer fits there gets a second probation. So a scan puts out only what was
/// never used.
class SegmentedLru final : public EvictionPolicy {
 public:
  SegmentedLru(const SegmentedLruSettings& settings, const Context& context)
      : protected_share_(share_of(context.capacity, settings.protected_share)) {}

  void used(EntrySlot slot) override {
    entries_.move(slot, Segment::safe);
    while (entries_.weight(Segment::safe) > protected_share_) {
      entries_.move(entries_.oldest(Segment::safe), Segment::probation);
    }
  }
  void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t weight) override {
    entries_.add(slot, key, weight, Segment::probation);
  }
  EntrySlot evict(std::uint64_t) override {
    const bool from_probation = !entries_.empty(Segment::probation);
    const EntrySlot victim = entries_.oldest(from_probation ? Segment::probation : Segment::safe);
    entries_.remove(victim);
    return victim;
  }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  enum class Segment : std::uint8_t { probation, safe };

  std::uint64_t protected_share_;
  EntryParts<Segment, 2> entries_;
};

const Register<EvictionPolicy, SegmentedLru, SegmentedLruSettings> registered{
    "segmented_lru",
    "LRU in two segments: entries that were used twice outlast those that were not"};

}  // namespace
}  // namespace stampede
