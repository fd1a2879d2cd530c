#include "entry_list.hpp"

namespace stampede {
namespace {

/// First in, first out. Under independent requests it hits exactly as often as random eviction
/// (Gelenbe: A Unified Approach to the Evaluation of a Class of Replacement Algorithms, IEEE
/// Transactions on Computers C-22(6), 1973).
class Fifo final : public EvictionPolicy {
 public:
  Fifo(const NoSettings&, const Context&) {}

  static Theory theory(const NoSettings&) { return Forgetting::random; }

  void used(EntrySlot) override {}
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override {
    entries_.push_newest(slot);
  }
  EntrySlot evict(std::uint64_t) override { return entries_.pop_oldest(); }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  EntryLinks links_;
  EntryList entries_{links_};
};

const Register<EvictionPolicy, Fifo> registered{"fifo", "the entry that came in first goes"};

}  // namespace
}  // namespace stampede
