#include "stampede/random/stream.hpp"

#include "stampede/base/hash.hpp"

namespace stampede {

Stream::Stream(std::uint64_t seed, std::uint64_t replication, std::string_view name,
               std::string_view purpose) {
  const std::uint64_t world = combine(seed, replication);
  const std::uint64_t owner = combine(world, hash_bytes(name));
  keyed_ = combine(owner, hash_bytes(purpose));
  sequential_ = combine(keyed_, 1);
}

}  // namespace stampede
