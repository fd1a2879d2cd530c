#include "stampede/random/keys.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct SequentialKeysSettings {
  std::uint64_t count = 1;
};

void describe(Visitor& v, SequentialKeysSettings& s) {
  v.shorthand("count");
  v.field("count", s.count, "how many keys there are", required(), at_least(1));
}

/// A scan, the worst case of LRU: the next use of a key is always the furthest away.
class SequentialKeys final : public KeyLaw {
 public:
  SequentialKeys(const SequentialKeysSettings& settings, const Context&) : count_(settings.count) {}

  std::uint64_t sample(Draw&) override {
    const std::uint64_t key = position_;
    ++position_;
    if (position_ == count_) {
      position_ = 0;
    }
    return key;
  }

  std::uint64_t count() const override { return count_; }

 private:
  std::uint64_t count_;
  std::uint64_t position_ = 0;
};

const Register<KeyLaw, SequentialKeys, SequentialKeysSettings> registered{
    "sequential", "a scan: every key in turn, then from the first again"};

}  // namespace
}  // namespace stampede
