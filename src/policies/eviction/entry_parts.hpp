#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "by_slot.hpp"
#include "entry_list.hpp"

namespace stampede {

/// The entries of a policy that divides them into parts (small and main, probation and protected):
/// each entry is in one part, and each part knows its order and its weight. `Part` is an enum of
/// `count` values from 0.
template <class Part, std::size_t count>
class EntryParts {
 public:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t weight = 0;
    Part part{};
    std::uint8_t uses = 0;  ///< for policies that count them
  };

  EntryParts() : lists_(count, EntryList(links_)), weights_(count, 0) {}
  EntryParts(const EntryParts&) = delete;
  EntryParts& operator=(const EntryParts&) = delete;

  Entry& operator[](EntrySlot slot) { return entries_[slot]; }

  bool empty(Part part) const { return list(part).empty(); }
  std::uint64_t weight(Part part) const { return weights_[index(part)]; }
  EntrySlot oldest(Part part) const { return list(part).oldest(); }

  void add(EntrySlot slot, std::uint64_t key, std::uint32_t weight, Part part) {
    entries_[slot] = Entry{key, weight, part, 0};
    enter(slot);
  }
  /// Makes it the newest entry of that part, from wherever it is.
  void move(EntrySlot slot, Part part) {
    leave(slot);
    entries_[slot].part = part;
    enter(slot);
  }
  /// What was known of the entry stays readable until its slot is added again.
  void remove(EntrySlot slot) { leave(slot); }

 private:
  static std::size_t index(Part part) { return static_cast<std::size_t>(part); }
  const EntryList& list(Part part) const { return lists_[index(part)]; }

  void enter(EntrySlot slot) {
    const Entry& entry = entries_[slot];
    lists_[index(entry.part)].push_newest(slot);
    weights_[index(entry.part)] += entry.weight;
  }
  void leave(EntrySlot slot) {
    const Entry& entry = entries_[slot];
    lists_[index(entry.part)].remove(slot);
    weights_[index(entry.part)] -= entry.weight;
  }

  EntryLinks links_;
  BySlot<Entry> entries_;
  std::vector<EntryList> lists_;
  std::vector<std::uint64_t> weights_;
};

}  // namespace stampede
