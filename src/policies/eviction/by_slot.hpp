#pragma once

#include <cstddef>
#include <vector>

#include "stampede/model/eviction.hpp"

namespace stampede {

/// What a policy keeps of each entry: an array by slot that grows as slots come.
template <class T>
class BySlot {
 public:
  T& operator[](EntrySlot slot) {
    if (slot >= values_.size()) [[unlikely]] {
      values_.resize(slot + std::size_t{1});
    }
    return values_[slot];
  }

 private:
  std::vector<T> values_;
};

}  // namespace stampede
