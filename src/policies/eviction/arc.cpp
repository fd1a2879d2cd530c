#include <algorithm>
#include <cstdint>
#include <optional>

#include "entry_parts.hpp"
#include "ghost_queue.hpp"

namespace stampede {
namespace {

/// ARC (Megiddo, Modha: ARC: A Self-Tuning, Low Overhead Replacement Cache, FAST 2003). T1 holds
/// entries that were asked for once, T2 those asked for again, B1 and B2 the keys that lately went
/// from each. A miss on a key of B1 says that T1 should have been larger, on one of B2 that T2
/// should have been: the target for T1, p in the paper, moves accordingly.
///
/// The paper shortens B1 and B2 before it takes the newcomer in, this does so after, with the same
/// keys forgotten. Sizes are weights here, and a ghost moves the target by its weight.
class Arc final : public EvictionPolicy {
 public:
  Arc(const NoSettings&, const Context& context) : capacity_(context.capacity) {}

  void used(EntrySlot slot) override { entries_.move(slot, Part::again); }
  void inserted(EntrySlot slot, std::uint64_t key, std::uint32_t weight) override {
    meet(key);
    entries_.add(slot, key, weight, newcomer_->from == Ghosts::none ? Part::once : Part::again);
    newcomer_.reset();
    once_ghosts_.shrink_to(capacity_ - entries_.weight(Part::once));
    const std::uint64_t others =
        entries_.weight(Part::once) + entries_.weight(Part::again) + once_ghosts_.weight();
    again_ghosts_.shrink_to(2 * capacity_ - others);
  }
  EntrySlot evict(std::uint64_t incoming) override {
    meet(incoming);
    const auto once = static_cast<double>(entries_.weight(Part::once));
    const bool is_too_much =
        once > target_ || (newcomer_->from == Ghosts::again && once == target_);
    const bool from_once =
        !entries_.empty(Part::once) && (is_too_much || entries_.empty(Part::again));
    const EntrySlot victim = entries_.oldest(from_once ? Part::once : Part::again);
    const auto entry = entries_[victim];
    entries_.remove(victim);
    (from_once ? once_ghosts_ : again_ghosts_).push(entry.key, entry.weight);
    return victim;
  }
  void removed(EntrySlot slot) override { entries_.remove(slot); }

 private:
  enum class Part : std::uint8_t { once, again };          // T1, T2
  enum class Ghosts : std::uint8_t { none, once, again };  // neither, B1, B2
  struct Newcomer {
    std::uint64_t key;
    Ghosts from;
  };

  /// Looks where the newcomer was before and learns from it, once for each arrival: room may be
  /// made for it several times, or not at all.
  void meet(std::uint64_t key) {
    if (newcomer_.has_value() && newcomer_->key == key) {
      return;
    }
    newcomer_ = Newcomer{key, Ghosts::none};
    const auto all_once = static_cast<double>(once_ghosts_.weight());
    const auto all_again = static_cast<double>(again_ghosts_.weight());
    if (const std::optional<std::uint32_t> weight = once_ghosts_.weight_of(key)) {
      const double step = *weight * std::max(all_again / all_once, 1.0);
      target_ = std::min(target_ + step, static_cast<double>(capacity_));
      once_ghosts_.remove(key);
      newcomer_->from = Ghosts::once;
    } else if (const std::optional<std::uint32_t> again_weight = again_ghosts_.weight_of(key)) {
      const double step = *again_weight * std::max(all_once / all_again, 1.0);
      target_ = std::max(target_ - step, 0.0);
      again_ghosts_.remove(key);
      newcomer_->from = Ghosts::again;
    }
  }

  std::uint64_t capacity_;
  double target_ = 0;  // the weight that T1 should have
  EntryParts<Part, 2> entries_;
  GhostQueue once_ghosts_;
  GhostQueue again_ghosts_;
  std::optional<Newcomer> newcomer_;  // between the first call of evict and inserted
};

const Register<EvictionPolicy, Arc> registered{
    "arc", "balances recent entries against frequent ones, by what it regrets to have evicted"};

}  // namespace
}  // namespace stampede
