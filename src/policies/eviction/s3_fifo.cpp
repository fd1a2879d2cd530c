#include <algorithm>

#include "entry_parts.hpp"
#include "ghost_queue.hpp"
#include "shares.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct S3FifoSettings {
  Ratio small{0.1};
  int promoted_after = 2;
};

void describe(Visitor& v, S3FifoSettings& s) {
  v.field("small", s.small, "share of the capacity for the queue of newcomers", more_than(Ratio{0}),
          less_than(Ratio{1}));
  v.field("promoted_after", s.promoted_after,
          "uses among the newcomers that earn a place in the main queue", at_least(1), at_most(3));
}

/// S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi: FIFO Queues are All You Need for Cache Eviction, SOSP
/// 2023), its Algorithm 1: a small queue for newcomers, a main queue in which an entry gets one
/// more round for each use (up to three), and the keys that left the small queue lately, as many as
/// the main queue holds; a newcomer that is among those goes to the main queue at once.
///
/// Where Algorithm 1 makes room twice (an entry promoted into a full main queue puts one out there,
/// and the search in the small queue goes on), this stops at the first: the cache asks again while
/// room is short.
class S3Fifo final : public EvictionPolicy {
 public:
  S3Fifo(const S3FifoSettings& settings, const Context& context)
      : small_share_(share_of(context.capacity, settings.small, 1)),
        main_share_(context.capacity - small_share_),
        promoted_after_(settings.promoted_after) {}

  void used(EntrySlot slot) override {
    std::uint8_t& uses = entries_[slot].uses;
    uses = std::min<std::uint8_t>(uses + 1, most_uses);
  }
  void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t weight) override {
    entries_.add(slot, key, weight, ghosts_.remove(key) ? Queue::main : Queue::small);
  }
  EntrySlot evict(std::uint64_t) override {
    for (;;) {
      const bool from_small =
          entries_.weight(Queue::small) >= small_share_ || entries_.empty(Queue::main);
      const EntrySlot victim = from_small ? evict_from_small() : evict_from_main();
      if (victim != nobody) {
        return victim;
      }
    }
  }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  enum class Queue : std::uint8_t { small, main };
  static constexpr std::uint8_t most_uses = 3;

  /// `nobody` if all were promoted and the main queue has room for them.
  EntrySlot evict_from_small() {
    while (!entries_.empty(Queue::small)) {
      const EntrySlot oldest = entries_.oldest(Queue::small);
      const auto entry = entries_[oldest];
      if (entry.uses < promoted_after_) {
        entries_.remove(oldest);
        ghosts_.push(entry.key, entry.weight);
        ghosts_.shrink_to(main_share_);
        return oldest;
      }
      entries_.move(oldest, Queue::main);
      if (entries_.weight(Queue::main) > main_share_) {
        return evict_from_main();
      }
    }
    return nobody;
  }
  EntrySlot evict_from_main() {
    EntrySlot oldest = entries_.oldest(Queue::main);
    while (entries_[oldest].uses > 0) {
      --entries_[oldest].uses;
      entries_.move(oldest, Queue::main);
      oldest = entries_.oldest(Queue::main);
    }
    entries_.remove(oldest);
    return oldest;
  }

  std::uint64_t small_share_;
  std::uint64_t main_share_;
  int promoted_after_;
  EntryParts<Queue, 2> entries_;
  GhostQueue ghosts_;
};

const Register<EvictionPolicy, S3Fifo, S3FifoSettings> registered{
    "s3_fifo", "newcomers go from a small queue, unless they were used twice; others later"};

}  // namespace
}  // namespace stampede
