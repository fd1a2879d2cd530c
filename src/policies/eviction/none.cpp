#include "stampede/model/eviction.hpp"

namespace stampede {
namespace {

/// Redis's noeviction: a full cache takes nothing until something expires or is purged.
class NoEviction final : public EvictionPolicy {
 public:
  NoEviction(const NoSettings&, const Context&) {}

  void used(EntrySlot) override {}
  void inserted(EntrySlot, std::uint64_t, std::uint32_t) override {}
  EntrySlot evict(std::uint64_t) override { return nobody; }
  void removed(EntrySlot) override {}
};

const Register<EvictionPolicy, NoEviction> registered{
    "none", "nothing goes: what comes to a full cache stays outside"};

}  // namespace
}  // namespace stampede
