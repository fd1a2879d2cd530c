#include <algorithm>
#include <utility>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/model/sharding.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct ConsistentHashSettings {
  int virtual_nodes = 100;
};
void describe(Visitor& v, ConsistentHashSettings& s) {
  v.field("virtual_nodes", s.virtual_nodes,
          "points of each shard on the ring: the more, the more even their shares", at_least(1),
          at_most(100'000));
}

/// Each shard has points at random places of a ring, and a key belongs to the first point at or
/// after its hash (Karger et al.: Consistent Hashing and Random Trees, STOC 1997). With N shards of
/// V points a shard's share of the keys follows Beta(V, (N-1)·V), and one more shard takes 1/(N+1)
/// of them and moves no others.
class ConsistentHash final : public Sharding {
 public:
  ConsistentHash(const ConsistentHashSettings& settings, const Context& context)
      : seed_(context.seed) {
    for (std::uint32_t shard = 0; shard < context.shards; ++shard) {
      for (int i = 0; i < settings.virtual_nodes; ++i) {
        const std::uint64_t node = combine(seed_, shard);
        points_.emplace_back(combine(node, static_cast<std::uint64_t>(i)), shard);
      }
    }
    std::sort(points_.begin(), points_.end());
  }

  std::uint32_t shard_of(std::uint64_t key) const override {
    const std::pair<std::uint64_t, std::uint32_t> hash{combine(~seed_, key), 0};
    const auto point = std::lower_bound(points_.begin(), points_.end(), hash);
    return point == points_.end() ? points_.front().second : point->second;
  }

 private:
  std::uint64_t seed_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> points_;  ///< (place, shard), ascending
};

const Register<Sharding, ConsistentHash, ConsistentHashSettings> registered{
    "consistent_hash", "a ring of hashes with virtual nodes: few keys move when shards change"};

}  // namespace
}  // namespace stampede
