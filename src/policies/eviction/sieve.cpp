#include "by_slot.hpp"
#include "entry_list.hpp"

namespace stampede {
namespace {

/// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: SIEVE is Simpler than LRU: an Efficient Turn-Key
/// Eviction Algorithm for Web Caches, NSDI 2024). Entries stay in the order in which they came; a
/// hand goes over them from the oldest to the newest and around, takes the mark off those that were
/// used since it last came by, and stops at the first without one. Unlike in CLOCK, what the hand
/// spares stays where it is, so newcomers are looked at soon and old survivors rarely.
class Sieve final : public EvictionPolicy {
 public:
  Sieve(const NoSettings&, const Context&) {}

  void used(EntrySlot slot) override { is_used_[slot] = true; }
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override {
    is_used_[slot] = false;
    entries_.push_newest(slot);
  }
  EntrySlot evict(std::uint64_t) override {
    EntrySlot victim = hand_or_oldest();
    while (is_used_[victim]) {
      is_used_[victim] = false;
      hand_ = entries_.newer(victim);
      victim = hand_or_oldest();
    }
    hand_ = entries_.newer(victim);
    entries_.remove(victim);
    return victim;
  }
  void removed(EntrySlot slot) override {
    if (slot == hand_) {
      hand_ = entries_.newer(slot);
    }
    entries_.remove(slot);
  }

 private:
  EntrySlot hand_or_oldest() const { return hand_ == nobody ? entries_.oldest() : hand_; }

  EntryLinks links_;
  EntryList entries_{links_};
  BySlot<std::uint8_t> is_used_;
  EntrySlot hand_ = nobody;  // nobody: it starts with the oldest
};

const Register<EvictionPolicy, Sieve> registered{
    "sieve", "a hand goes from old to new; the first entry not used since its last visit goes"};

}  // namespace
}  // namespace stampede
