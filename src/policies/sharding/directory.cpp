#include <algorithm>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/model/sharding.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct Assignment {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint32_t shard = 0;
};
void describe(Visitor& v, Assignment& s) {
  v.field("first", s.first, "the first key that is assigned", required());
  v.field("last", s.last, "the last one", required());
  v.field("shard", s.shard, "the shard that holds them, from 0", required());
  v.check(s.first <= s.last, "last", "is before the first key");
}

struct DirectorySettings {
  std::vector<Assignment> assignments;
};
void describe(Visitor& v, DirectorySettings& s) {
  v.field(
      "assignments", s.assignments,
      "which keys are where; of several for a key the first counts, keys without one go by hash",
      not_empty());
}

/// A table says where keys are: a hot tenant can be given a shard of its own.
class DirectorySharding final : public Sharding {
 public:
  DirectorySharding(const DirectorySettings& settings, const Context& context)
      : settings_(settings), shards_(context.shards), seed_(context.seed) {}

  std::uint32_t shard_of(std::uint64_t key) const override {
    const auto found = std::find_if(
        settings_.assignments.begin(), settings_.assignments.end(),
        [key](const Assignment& some) { return some.first <= key && key <= some.last; });
    return found == settings_.assignments.end()
               ? static_cast<std::uint32_t>(combine(seed_, key) % shards_)
               : std::min(found->shard, shards_ - 1);
  }

 private:
  DirectorySettings settings_;
  std::uint32_t shards_;
  std::uint64_t seed_;
};

const Register<Sharding, DirectorySharding, DirectorySettings> registered{
    "directory", "a table of keys and shards; the others by hash"};

}  // namespace
}  // namespace stampede
