#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/eviction.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// What a cache keeps of an item besides its key.
struct CachedItem {
  DataStamp stamp;                   ///< which write of which store it shows
  Time fresh_until = Time::never();  ///< it may be kept for longer
  Duration fetch_time;
  std::uint32_t size = 0;  ///< bytes
  Outcome outcome = Outcome::ok;
};

/// The entries of one node of a cache, within its capacity. Knows keys, weights and an eviction
/// policy, and nothing of time: whether an entry is still good is the cache's business.
///
/// The index holds slots only, 4 bytes for each place of the table, and finds their keys in the
/// entries: a table of keys and slots of ten million entries would be three times as large.
class CacheTable {
 public:
  static constexpr EntrySlot nobody = EvictionPolicy::nobody;

  /// `capacity` is the sum of weights that fits.
  CacheTable(std::uint64_t capacity, std::unique_ptr<EvictionPolicy> policy)
      : capacity_(capacity), policy_(std::move(policy)), index_(16, nobody) {}

  std::size_t size() const { return entries_.size() - free_.size(); }
  std::uint64_t weight() const { return weight_; }

  /// The entry of this key, as something asked for: the policy learns of it. `nobody` is a miss.
  EntrySlot ask(std::uint64_t key) {
    const EntrySlot slot = find(key);
    if (slot == nobody) {
      policy_->missed(key);
    } else {
      policy_->used(slot);
    }
    return slot;
  }
  /// The entry of this key, looked at in passing.
  EntrySlot find(std::uint64_t key) const { return index_[place_of(key)]; }

  CachedItem& operator[](EntrySlot slot) { return entries_[slot].item; }
  std::uint64_t key(EntrySlot slot) const { return entries_[slot].key; }

  /// Puts a key in that is not there, and others out. Gives its slot, or `nobody` if the item does
  /// not fit or the policy would rather keep what it has. Tells `evicted` of each key and item that
  /// goes.
  template <class Evicted>
  EntrySlot insert(std::uint64_t key, std::uint32_t weight, Evicted evicted) {
    if (weight > capacity_) {
      return nobody;
    }
    while (capacity_ - weight_ < weight) {
      const EntrySlot victim = policy_->evict(key);
      if (victim == nobody) {
        return nobody;
      }
      const std::uint64_t key_that_went = entries_[victim].key;
      const CachedItem went = entries_[victim].item;
      drop(victim);
      evicted(key_that_went, went);
    }
    const EntrySlot slot = take_slot();
    entries_[slot].key = key;
    entries_[slot].weight = weight;
    entries_[slot].item = CachedItem();
    weight_ += weight;
    if (size() * 2 > index_.size()) {
      grow_index();
    } else {
      index_[place_of(key)] = slot;
    }
    policy_->inserted(slot, key, weight);
    return slot;
  }

  /// Tells the policy of a use that nobody asked for.
  void touch(EntrySlot slot) { policy_->used(slot); }

  /// Takes an entry out that expired or was purged.
  void remove(EntrySlot slot) {
    policy_->removed(slot);
    drop(slot);
  }
  /// Tells `seen` of each key and item, in no order that means anything, the same in every run.
  template <class Seen>
  void for_each(Seen seen) const {
    for (const Entry& entry : entries_) {
      if (entry.is_used) {
        seen(entry.key, entry.item);
      }
    }
  }
  /// Takes all entries out; `removed` is told of each.
  template <class Removed>
  void clear(Removed removed) {
    for (EntrySlot slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].is_used) {
        removed(entries_[slot].item);
        remove(slot);
      }
    }
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    CachedItem item;
    std::uint32_t weight = 0;
    bool is_used = false;
  };

  std::size_t home_of(std::uint64_t key) const { return mix(key) & (index_.size() - 1); }
  std::size_t next(std::size_t place) const { return (place + 1) & (index_.size() - 1); }
  /// Where the key is in the index, or the free place where it would be.
  std::size_t place_of(std::uint64_t key) const {
    std::size_t place = home_of(key);
    while (index_[place] != nobody && entries_[index_[place]].key != key) {
      place = next(place);
    }
    return place;
  }

  EntrySlot take_slot() {
    EntrySlot slot;
    if (free_.empty()) {
      slot = static_cast<EntrySlot>(entries_.size());
      entries_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    entries_[slot].is_used = true;
    return slot;
  }

  void drop(EntrySlot slot) {
    // Linear probing without tombstones: what stands behind the hole and may move into it does.
    std::size_t hole = place_of(entries_[slot].key);
    for (std::size_t place = next(hole); index_[place] != nobody; place = next(place)) {
      const std::size_t home = home_of(entries_[index_[place]].key);
      const std::size_t mask = index_.size() - 1;
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        index_[hole] = index_[place];
        hole = place;
      }
    }
    index_[hole] = nobody;
    weight_ -= entries_[slot].weight;
    entries_[slot].is_used = false;
    free_.push_back(slot);
  }

  void grow_index() {
    index_.assign(index_.size() * 2, nobody);
    for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].is_used) {
        index_[place_of(entries_[slot].key)] = static_cast<EntrySlot>(slot);
      }
    }
  }

  std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::unique_ptr<EvictionPolicy> policy_;
  std::vector<Entry> entries_;
  std::vector<EntrySlot> free_;
  std::vector<EntrySlot> index_;  ///< open addressing; its size is a power of two
};

}  // namespace stampede
