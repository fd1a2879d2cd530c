#include "frequency_buckets.hpp"

namespace stampede {
namespace {

/// Least frequently used, counted while inside only: who comes back starts anew. Of equal counts
/// the least recently used goes. An entry that was popular once stays for very long (which is why
/// caches in the field age their counts).
class Lfu final : public EvictionPolicy {
 public:
  Lfu(const NoSettings&, const Context&) {}

  void used(EntrySlot slot) override { entries_.count_use(slot); }
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override { entries_.insert(slot, 1); }
  EntrySlot evict(std::uint64_t) override {
    const EntrySlot victim = entries_.least();
    entries_.remove(victim);
    return victim;
  }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  FrequencyBuckets entries_;
};

const Register<EvictionPolicy, Lfu> registered{
    "lfu", "the entry that was used least often since it came in goes"};

}  // namespace
}  // namespace stampede
