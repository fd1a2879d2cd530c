#include <algorithm>
#include <vector>

#include "stampede/model/sharding.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct RangeSettings {
  std::uint64_t keys = 0;
  std::vector<std::uint64_t> from;
};
void describe(Visitor& v, RangeSettings& s) {
  v.field("keys", s.keys, "how many keys there are: each shard gets an equal range of them");
  v.field("from", s.from, "the first key of each shard but the first, in ascending order");
  v.check((s.keys > 0) != !s.from.empty(), "keys", "or from must be given, and not both",
          "such as keys: 200000");
  v.check(std::is_sorted(s.from.begin(), s.from.end()), "from", "must be in ascending order");
}

/// Neighbours stay together: scans are cheap, and popular neighbours make a hot shard.
class Range final : public Sharding {
 public:
  Range(const RangeSettings& settings, const Context& context) : from_(settings.from) {
    const std::uint64_t whole = settings.keys / context.shards;
    const std::uint64_t rest = settings.keys % context.shards;
    for (std::uint64_t shard = 1; settings.keys > 0 && shard < context.shards; ++shard) {
      from_.push_back(whole * shard + rest * shard / context.shards);
    }
    from_.resize(std::min<std::size_t>(from_.size(), context.shards - 1U));
  }

  std::uint32_t shard_of(std::uint64_t key) const override {
    const auto next = std::upper_bound(from_.begin(), from_.end(), key);
    return static_cast<std::uint32_t>(next - from_.begin());
  }

 private:
  std::vector<std::uint64_t> from_;  ///< of the second shard and those after it
};

const Register<Sharding, Range, RangeSettings> registered{"range", "ranges of neighbouring keys"};

}  // namespace
}  // namespace stampede
