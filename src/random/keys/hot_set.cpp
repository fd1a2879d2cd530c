#include "stampede/random/keys.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct HotSetSettings {
  std::uint64_t count = 1;
  std::uint64_t hot_keys = 1;
  Ratio hot_share{0.9};
};

void describe(Visitor& v, HotSetSettings& s) {
  v.field("count", s.count, "how many keys there are, hot ones included", required(), at_least(1));
  v.field("hot_keys", s.hot_keys, "how many of them are hot", required(), at_least(1));
  v.field("hot_share", s.hot_share, "the share of requests that ask for a hot key",
          at_least(Ratio{0}), at_most(Ratio{1}));
  v.check(s.hot_keys < s.count, "hot_keys", "leaves no cold key",
          "make hot_keys less than count, or use uniform keys");
}

/// Two levels of popularity: keys below `hot_keys` share one part of the requests evenly, the
/// others the rest.
class HotSet final : public KeyLaw {
 public:
  HotSet(const HotSetSettings& settings, const Context&)
      : count_(settings.count), hot_(settings.hot_keys), hot_share_(settings.hot_share.value) {}

  static Theory theory(const HotSetSettings& settings) {
    const auto hot = static_cast<double>(settings.hot_keys);
    const auto cold = static_cast<double>(settings.count - settings.hot_keys);
    return {{.count = hot, .share = settings.hot_share.value / hot},
            {.count = cold, .share = (1 - settings.hot_share.value) / cold}};
  }

  std::uint64_t sample(Draw& draw) override {
    const bool hot = draw.chance(hot_share_);
    return hot ? draw.below(hot_) : hot_ + draw.below(count_ - hot_);
  }

  std::uint64_t count() const override { return count_; }

 private:
  std::uint64_t count_;
  std::uint64_t hot_;
  double hot_share_;
};

const Register<KeyLaw, HotSet, HotSetSettings> registered{
    "hot_set", "a few hot keys take most requests, evenly; the cold ones share the rest"};

}  // namespace
}  // namespace stampede
