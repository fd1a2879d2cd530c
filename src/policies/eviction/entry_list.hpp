#pragma once

#include <cstddef>
#include <vector>

#include "stampede/model/eviction.hpp"

namespace stampede {

/// Places in lists of entries: one array for all lists of a policy, since an entry is in at most
/// one of them.
class EntryLinks {
 public:
  struct Link {
    EntrySlot newer = EvictionPolicy::nobody;
    EntrySlot older = EvictionPolicy::nobody;
  };

  Link& operator[](EntrySlot slot) {
    if (slot >= links_.size()) [[unlikely]] {
      links_.resize(slot + std::size_t{1});
    }
    return links_[slot];
  }

 private:
  std::vector<Link> links_;
};

/// Entries in the order in which they came or were moved: newest first.
class EntryList {
 public:
  explicit EntryList(EntryLinks& links) : links_(links) {}

  bool empty() const { return newest_ == EvictionPolicy::nobody; }
  EntrySlot newest() const { return newest_; }
  EntrySlot oldest() const { return oldest_; }
  /// The next newer entry, `nobody` after the newest.
  EntrySlot newer(EntrySlot slot) const { return links_[slot].newer; }

  void push_newest(EntrySlot slot) {
    links_[slot] = {EvictionPolicy::nobody, newest_};
    (empty() ? oldest_ : links_[newest_].newer) = slot;
    newest_ = slot;
  }
  void remove(EntrySlot slot) {
    const EntryLinks::Link link = links_[slot];
    (slot == newest_ ? newest_ : links_[link.newer].older) = link.older;
    (slot == oldest_ ? oldest_ : links_[link.older].newer) = link.newer;
  }
  void make_newest(EntrySlot slot) {
    if (slot != newest_) {
      remove(slot);
      push_newest(slot);
    }
  }
  EntrySlot pop_oldest() {
    const EntrySlot slot = oldest_;
    remove(slot);
    return slot;
  }

 private:
  EntryLinks& links_;
  EntrySlot newest_ = EvictionPolicy::nobody;
  EntrySlot oldest_ = EvictionPolicy::nobody;
};

}  // namespace stampede
