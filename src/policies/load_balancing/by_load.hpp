#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "stampede/model/load_balancing.hpp"

namespace stampede {

/// The eligible backends in the order of their requests in flight, kept up to date in O(1) as a
/// request starts or ends. One array holds them, all of one load side by side; a backend whose load
/// changes by one swaps places with the one at the border of its neighbours (the bins of Batagelj,
/// Zaversnik: An O(m) Algorithm for Cores Decomposition of Networks, arXiv cs/0310049).
class ByLoad {
 public:
  void update(const BackendView& view) {
    order_.assign(view.eligible().begin(), view.eligible().end());
    std::stable_sort(order_.begin(), order_.end(), [&](BackendSlot a, BackendSlot b) {
      return view[a].in_flight < view[b].in_flight;
    });
    entries_.assign(view.eligible().back() + std::size_t{1}, Entry{});
    begin_.clear();
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      const std::uint32_t load = view[order_[i]].in_flight;
      begin_.resize(std::max<std::size_t>(begin_.size(), load + std::size_t{1}), i);
      entries_[order_[i]] = Entry{i, load};
    }
    begin_.push_back(static_cast<std::uint32_t>(order_.size()));
  }

  /// To be told whenever a request started at `slot` or ended there.
  void load_changed(BackendSlot slot, const BackendView& view) {
    if (slot >= entries_.size() || entries_[slot].position == absent) {
      return;  // not eligible: a request that was sent before it left
    }
    while (entries_[slot].load < view[slot].in_flight) {
      raise(slot);
    }
    while (entries_[slot].load > view[slot].in_flight) {
      lower(slot);
    }
  }

  /// The fewest requests in flight that any eligible backend has.
  std::uint32_t least_load() const { return entries_[order_.front()].load; }

  /// One of the backends with the least load, each as likely.
  BackendSlot least_loaded(Draw& random) const {
    const std::uint32_t ties = begin_[least_load() + std::size_t{1}];
    return ties == 1 ? order_.front() : order_[random.below(ties)];
  }

 private:
  static constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();
  struct Entry {
    std::uint32_t position = absent;  // in order_
    std::uint32_t load = 0;
  };

  void raise(BackendSlot slot) {
    Entry& entry = entries_[slot];
    if (begin_.size() == entry.load + std::size_t{2}) {
      begin_.push_back(static_cast<std::uint32_t>(order_.size()));
    }
    swap_to(--begin_[entry.load + 1], slot);
    ++entry.load;
  }
  void lower(BackendSlot slot) {
    Entry& entry = entries_[slot];
    swap_to(begin_[entry.load]++, slot);
    --entry.load;
  }
  void swap_to(std::uint32_t position, BackendSlot slot) {
    const BackendSlot other = order_[position];
    std::swap(order_[position], order_[entries_[slot].position]);
    std::swap(entries_[other].position, entries_[slot].position);
  }

  std::vector<BackendSlot> order_;
  std::vector<Entry> entries_;        // by slot
  std::vector<std::uint32_t> begin_;  // by load: where it begins in order_; one more than any load
};

}  // namespace stampede
