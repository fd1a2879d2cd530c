#pragma once

#include <cstdint>

#include "stampede/model/theory.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// An entry of a cache: a dense number from 0, given again to another entry when this one is gone.
using EntrySlot = std::uint32_t;

/// Which entry of a cache goes when room is needed: one object for each node of a cache. A plain
/// function: no time passes in a choice, and it sees what the cache sees.
class EvictionPolicy {
 public:
  static constexpr const char* registry = "eviction policy";
  struct Context {
    std::uint64_t capacity;  ///< sum of the weights that fit: entries of weight 1, or bytes
    Draw random;             ///< this policy's own sequence
  };
  using Theory = Forgetting;
  static constexpr EntrySlot nobody = UINT32_MAX;

  virtual ~EvictionPolicy() = default;

  /// The entry was asked for and was there.
  virtual void used(EntrySlot slot) = 0;
  /// This key was asked for and was not there.
  virtual void missed(std::uint64_t key) { static_cast<void>(key); }

  /// An entry came in. There is room for it.
  virtual void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t weight) = 0;
  /// Chooses what goes to make room for `incoming` and forgets it; never called on an empty cache.
  /// `nobody`: nothing goes, and `incoming` stays outside. Called again while room is still short.
  virtual EntrySlot evict(std::uint64_t incoming) = 0;
  /// An entry left for another reason: it expired or was purged.
  virtual void removed(EntrySlot slot) = 0;
};

}  // namespace stampede
