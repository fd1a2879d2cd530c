#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "by_slot.hpp"
#include "entry_list.hpp"

namespace stampede {

/// Entries by how often they were used; of equal counts in the order of their last use. A list for
/// each count that occurs, as in Shah, Mitra, Matani: An O(1) Algorithm for Implementing the LFU
/// Cache Eviction Scheme, 2010. The lists stand in a tree, because an entry may come with a count
/// of its own, which is found in logarithmic time; a use moves to the next list, in constant time
/// on average.
class FrequencyBuckets {
 public:
  FrequencyBuckets() = default;
  FrequencyBuckets(const FrequencyBuckets&) = delete;
  FrequencyBuckets& operator=(const FrequencyBuckets&) = delete;

  std::uint32_t lowest_count() const { return buckets_.begin()->first; }
  /// The least recently used of those with the lowest count.
  EntrySlot least() const { return buckets_.begin()->second.oldest(); }
  std::uint32_t count(EntrySlot slot) { return bucket_of_[slot]->first; }

  void insert(EntrySlot slot, std::uint32_t count) {
    enter(slot, buckets_.try_emplace(count, links_).first);
  }
  void count_use(EntrySlot slot) {
    const Buckets::iterator here = bucket_of_[slot];
    if (here->first == std::numeric_limits<std::uint32_t>::max()) [[unlikely]] {
      here->second.make_newest(slot);
      return;
    }
    const std::uint32_t count = here->first + 1;
    const Buckets::iterator next = std::next(here);
    const bool is_taken = next != buckets_.end() && next->first == count;
    const bool is_alone = here->second.newest() == here->second.oldest();
    if (is_alone && !is_taken) {  // most popular entries: their list goes with them
      auto node = buckets_.extract(here);
      node.key() = count;
      bucket_of_[slot] = buckets_.insert(next, std::move(node));
      return;
    }
    remove(slot);
    enter(slot, is_taken ? next : buckets_.try_emplace(next, count, links_));
  }
  void remove(EntrySlot slot) {
    const Buckets::iterator bucket = bucket_of_[slot];
    bucket->second.remove(slot);
    if (bucket->second.empty()) {
      buckets_.erase(bucket);
    }
  }

 private:
  using Buckets = std::map<std::uint32_t, EntryList>;

  void enter(EntrySlot slot, Buckets::iterator bucket) {
    bucket->second.push_newest(slot);
    bucket_of_[slot] = bucket;
  }

  EntryLinks links_;
  Buckets buckets_;
  BySlot<Buckets::iterator> bucket_of_;
};

}  // namespace stampede
