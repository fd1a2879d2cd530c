#include "entry_list.hpp"

namespace stampede {
namespace {

/// Least recently used. Its hit ratio under independent requests is known exactly (King: Analysis
/// of Demand Paging Algorithms, IFIP Congress 1971).
class Lru final : public EvictionPolicy {
 public:
  Lru(const NoSettings&, const Context&) {}

  static Theory theory(const NoSettings&) { return Forgetting::lru; }

  void used(EntrySlot slot) override { entries_.make_newest(slot); }
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override {
    entries_.push_newest(slot);
  }
  EntrySlot evict(std::uint64_t) override { return entries_.pop_oldest(); }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  EntryLinks links_;
  EntryList entries_{links_};
};

const Register<EvictionPolicy, Lru> registered{"lru", "the entry that was used longest ago goes"};

}  // namespace
}  // namespace stampede
