#include "stampede/base/hash.hpp"
#include "stampede/model/sharding.hpp"

namespace stampede {
namespace {

/// A hash of the key modulo the number of shards: even, and nearly every key moves when that number
/// changes.
class Hash final : public Sharding {
 public:
  Hash(const NoSettings&, const Context& context) : shards_(context.shards), seed_(context.seed) {}

  std::uint32_t shard_of(std::uint64_t key) const override {
    return static_cast<std::uint32_t>(combine(seed_, key) % shards_);
  }

 private:
  std::uint32_t shards_;
  std::uint64_t seed_;
};

const Register<Sharding, Hash> registered{"hash", "by a hash of the key, modulo the shards"};

}  // namespace
}  // namespace stampede
