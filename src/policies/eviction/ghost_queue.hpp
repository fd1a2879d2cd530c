#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "key_queue.hpp"

namespace stampede {

/// The keys of entries that are gone, each with the weight that it had, in the order in which they
/// went.
class GhostQueue {
 public:
  bool empty() const { return keys_.empty(); }
  std::uint64_t weight() const { return weight_; }
  std::optional<std::uint32_t> weight_of(std::uint64_t key) {
    const std::uint32_t* weight = keys_.find(key);
    return weight == nullptr ? std::nullopt : std::optional<std::uint32_t>(*weight);
  }

  void push(std::uint64_t key, std::uint32_t weight) {
    remove(key);
    // Nothing weighs nothing here, or there would be no end to the ghosts of empty items.
    const std::uint32_t counted = std::max<std::uint32_t>(weight, 1);
    keys_.push_newest(key, counted);
    weight_ += counted;
  }
  /// Whether the key was here; it is no longer.
  bool remove(std::uint64_t key) {
    const std::uint32_t* weight = keys_.find(key);
    if (weight == nullptr) {
      return false;
    }
    weight_ -= *weight;
    keys_.remove(key);
    return true;
  }
  void pop_oldest() { remove(keys_.oldest()); }
  void shrink_to(std::uint64_t weight) {
    while (weight_ > weight) {
      pop_oldest();
    }
  }

 private:
  KeyQueue keys_;
  std::uint64_t weight_ = 0;
};

}  // namespace stampede
