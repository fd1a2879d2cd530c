#include <algorithm>

#include "entry_parts.hpp"
#include "frequency_sketch.hpp"
#include "shares.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct WTinyLfuSettings {
  Ratio window{0.01};
  Ratio protected_share{0.8};
};

void describe(Visitor& v, WTinyLfuSettings& s) {
  v.field("window", s.window, "share of the capacity for newcomers, at least one entry",
          less_than(Ratio{1}));
  v.field("protected", s.protected_share,
          "share of the rest for entries that were used since they left the window",
          less_than(Ratio{1}));
}

/// W-TinyLFU (Einziger, Friedman, Manes: TinyLFU: A Highly Efficient Cache Admission Policy, ACM
/// Transactions on Storage 13(4), 2017), as in Caffeine's WindowTinyLfuPolicy: newcomers enter a
/// small LRU window. What falls out of the window gets into the main part only if it was asked for
/// more often, by a sketch of recent requests, than what would have to go there. The main part is a
/// segmented LRU.
///
/// Without two things that Caffeine adds: the window's share does not adapt, and no newcomer gets
/// in by luck (against attacks on the hash function).
class WTinyLfu final : public EvictionPolicy {
 public:
  WTinyLfu(const WTinyLfuSettings& settings, const Context& context)
      : main_share_(context.capacity - window_of(settings, context.capacity)),
        window_share_(window_of(settings, context.capacity)),
        protected_share_(share_of(main_share_, settings.protected_share)) {}

  void used(EntrySlot slot) override {
    requests_.add(entries_[slot].key);
    if (entries_[slot].part == Part::window) {
      entries_.move(slot, Part::window);
      return;
    }
    entries_.move(slot, Part::safe);
    while (entries_.weight(Part::safe) > protected_share_) {
      entries_.move(entries_.oldest(Part::safe), Part::probation);
    }
  }
  void missed(std::uint64_t key) override { requests_.add(key); }

  void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t weight) override {
    entries_.add(slot, key, weight, Part::window);
    while (entries_.weight(Part::window) > window_share_) {
      entries_.move(entries_.oldest(Part::window), Part::probation);
    }
    requests_.make_room_for(++size_);
  }

  /// Room is short, so if the main part is within its share, the window overflows when the newcomer
  /// enters, and its oldest entry (or the newcomer, if there is no other) is the candidate for the
  /// main part. If not, what was let in before was heavier than what went for it, and more goes.
  EntrySlot evict(std::uint64_t incoming) override {
    const bool has_main = !entries_.empty(Part::probation) || !entries_.empty(Part::safe);
    const bool has_window = !entries_.empty(Part::window);
    const std::uint64_t main_weight =
        entries_.weight(Part::probation) + entries_.weight(Part::safe);
    if (!has_main) {
      return take(entries_.oldest(Part::window));
    }
    const EntrySlot victim =
        entries_.oldest(entries_.empty(Part::probation) ? Part::safe : Part::probation);
    if (main_weight > main_share_) {
      return take(victim);
    }
    const EntrySlot candidate = has_window ? entries_.oldest(Part::window) : nobody;
    const std::uint64_t candidate_key = has_window ? entries_[candidate].key : incoming;
    if (requests_.count(candidate_key) <= requests_.count(entries_[victim].key)) {
      return has_window ? take(candidate) : nobody;
    }
    if (has_window) {
      entries_.move(candidate, Part::probation);
    }
    return take(victim);
  }
  void removed(EntrySlot slot) override { take(slot); }

 private:
  enum class Part : std::uint8_t { window, probation, safe };

  /// What the main part's share, rounded down, leaves: at least one of whatever is counted.
  static std::uint64_t window_of(const WTinyLfuSettings& settings, std::uint64_t capacity) {
    const std::uint64_t rest = capacity - share_of(capacity, Ratio{1 - settings.window.value});
    return std::max(rest, std::min<std::uint64_t>(capacity, 1));
  }
  EntrySlot take(EntrySlot slot) {
    entries_.remove(slot);
    --size_;
    return slot;
  }

  std::uint64_t main_share_;
  std::uint64_t window_share_;
  std::uint64_t protected_share_;
  std::size_t size_ = 0;
  EntryParts<Part, 3> entries_;
  FrequencySketch requests_;
};

const Register<EvictionPolicy, WTinyLfu, WTinyLfuSettings> registered{
    "w_tinylfu", "newcomers stay only if they are asked for more often than what they replace"};

}  // namespace
}  // namespace stampede
