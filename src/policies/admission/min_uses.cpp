#include <limits>

#include "policies/eviction/key_queue.hpp"
#include "stampede/model/admission.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct MinUsesSettings {
  std::uint32_t uses = 1;
  std::uint64_t remembered = 80'000;
};

void describe(Visitor& v, MinUsesSettings& s) {
  v.field("uses", s.uses,
          "the item is kept when it is fetched for this many times; 1 keeps everything",
          at_least(1));
  v.field("remembered", s.remembered,
          "how many keys are counted; beyond, the one that was fetched longest ago is forgotten",
          at_least(1));
  v.shorthand("uses");
}

/// nginx's proxy_cache_min_uses: what is asked for once is not worth the room. Keys are counted
/// within a bounded memory that forgets the least recently fetched, as nginx's shared zone does; a
/// zone of 10 MB there has about 80,000 keys.
///
/// It sees misses only, which are all requests until the item is kept. A key that comes back after
/// its item was evicted is still counted, unless it was forgotten.
class MinUses final : public AdmissionFilter {
 public:
  MinUses(const MinUsesSettings& settings, const Context&) : settings_(settings) {}

  bool admits(std::uint64_t key, std::uint32_t) override {
    std::uint32_t* count = fetches_.find(key);
    if (count != nullptr) {
      *count += *count < std::numeric_limits<std::uint32_t>::max() ? 1 : 0;
      const bool is_enough = *count >= settings_.uses;
      fetches_.make_newest(key);
      return is_enough;
    }
    if (fetches_.size() == settings_.remembered) {
      fetches_.remove(fetches_.oldest());
    }
    fetches_.push_newest(key, 1);
    return settings_.uses <= 1;
  }

 private:
  MinUsesSettings settings_;
  KeyQueue fetches_;
};

const Register<AdmissionFilter, MinUses, MinUsesSettings> registered{
    "min_uses", "keeps an item when it was fetched a number of times, as in nginx"};

}  // namespace
}  // namespace stampede
