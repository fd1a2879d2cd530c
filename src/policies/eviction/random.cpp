#include "entry_bag.hpp"

namespace stampede {
namespace {

/// Any entry, each as likely; what Redis calls allkeys-random. Under independent requests it hits
/// exactly as often as FIFO (Gelenbe: A Unified Approach to the Evaluation of a Class of
/// Replacement Algorithms, IEEE Transactions on Computers C-22(6), 1973).
class RandomEviction final : public EvictionPolicy {
 public:
  RandomEviction(const NoSettings&, const Context& context) : random_(context.random) {}

  static Theory theory(const NoSettings&) { return Forgetting::random; }

  void used(EntrySlot) override {}
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override { entries_.add(slot); }
  EntrySlot evict(std::uint64_t) override {
    const EntrySlot victim = entries_.draw(random_);
    entries_.remove(victim);
    return victim;
  }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  Draw random_;
  EntryBag entries_;
};

const Register<EvictionPolicy, RandomEviction> registered{"random",
                                                          "any entry goes, each as likely"};

}  // namespace
}  // namespace stampede
