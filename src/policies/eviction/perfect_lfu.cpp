#include <limits>

#include "frequency_buckets.hpp"
#include "key_map.hpp"

namespace stampede {
namespace {

/// The LFU of theory: it counts every request for every key, for ever, and keeps the keys with the
/// highest counts, so that a newcomer that counts less than everybody inside stays outside. Under
/// independent requests no policy that does not know the future does better in the long run (Aho,
/// Denning, Ullman: Principles of Optimal Page Replacement, Journal of the ACM 18(1), 1971). The
/// name is from Breslau, Cao, Fan, Phillips, Shenker: Web Caching and Zipf-like Distributions,
/// INFOCOM 1999.
///
/// Of equal counts the least recently used goes, and the newcomer counts as used last. The count of
/// an entry is with the entry; the map has the counts of the others.
class PerfectLfu final : public EvictionPolicy {
 public:
  PerfectLfu(const NoSettings&, const Context&) {}

  static Theory theory(const NoSettings&) { return Forgetting::lfu; }

  void used(EntrySlot slot) override { entries_.count_use(slot); }
  void missed(std::uint64_t key) override {
    std::uint32_t& count = outside_[key];
    count += count < std::numeric_limits<std::uint32_t>::max() ? 1 : 0;
  }
  void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t) override {
    const std::uint32_t* count = outside_.find(key);
    entries_.insert(slot, count == nullptr ? 0 : *count);
    outside_.erase(key);
    keys_[slot] = key;
  }
  EntrySlot evict(std::uint64_t incoming) override {
    const std::uint32_t* count = outside_.find(incoming);
    if ((count == nullptr ? 0 : *count) < entries_.lowest_count()) {
      return nobody;
    }
    const EntrySlot victim = entries_.least();
    removed(victim);
    return victim;
  }
  void removed(EntrySlot slot) override {
    outside_[keys_[slot]] = entries_.count(slot);
    entries_.remove(slot);
  }

 private:
  FrequencyBuckets entries_;
  BySlot<std::uint64_t> keys_;
  KeyMap outside_;
};

const Register<EvictionPolicy, PerfectLfu> registered{
    "perfect_lfu",
    "the key that was asked for least often ever goes or stays outside; the optimum of theory"};

}  // namespace
}  // namespace stampede
