#include "stampede/random/keys.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct UniformKeysSettings {
  std::uint64_t count = 1;
};

void describe(Visitor& v, UniformKeysSettings& s) {
  v.shorthand("count");
  v.field("count", s.count, "how many keys there are", required(), at_least(1));
}

class UniformKeys final : public KeyLaw {
 public:
  UniformKeys(const UniformKeysSettings& settings, const Context&) : count_(settings.count) {}

  static Theory theory(const UniformKeysSettings& settings) {
    const auto count = static_cast<double>(settings.count);
    return {{.count = count, .share = 1 / count}};
  }

  std::uint64_t sample(Draw& draw) override { return draw.below(count_); }
  std::uint64_t count() const override { return count_; }

 private:
  std::uint64_t count_;
};

const Register<KeyLaw, UniformKeys, UniformKeysSettings> registered{
    "uniform", "every key as likely as any other"};

}  // namespace
}  // namespace stampede
