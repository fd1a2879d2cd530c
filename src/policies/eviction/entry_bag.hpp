#pragma once

#include <cstdint>
#include <vector>

#include "by_slot.hpp"

namespace stampede {

/// Entries in no order, to draw from.
class EntryBag {
 public:
  bool empty() const { return slots_.empty(); }
  EntrySlot draw(Draw& random) const { return slots_[random.below(slots_.size())]; }

  void add(EntrySlot slot) {
    place_of_[slot] = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(slot);
  }
  /// The last one takes its place.
  void remove(EntrySlot slot) {
    const std::uint32_t place = place_of_[slot];
    slots_[place] = slots_.back();
    place_of_[slots_[place]] = place;
    slots_.pop_back();
  }

 private:
  std::vector<EntrySlot> slots_;
  BySlot<std::uint32_t> place_of_;
};

}  // namespace stampede
