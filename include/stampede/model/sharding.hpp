#pragma once

#include <cstdint>

#include "stampede/schema/registry.hpp"

namespace stampede {

/// Which shard of a store a key belongs to; the same for all who ask.
class Sharding {
 public:
  static constexpr const char* registry = "sharding";
  struct Context {
    std::uint32_t shards;  ///< how many there are, at least 1
    std::uint64_t seed;    ///< of the store: the same for all its clients
  };

  virtual ~Sharding() = default;
  /// In [0, shards).
  virtual std::uint32_t shard_of(std::uint64_t key) const = 0;
};

}  // namespace stampede
