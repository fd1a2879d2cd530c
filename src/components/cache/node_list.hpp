#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "stampede/model/load_balancing.hpp"

namespace stampede {

/// The nodes of a cache as somebody knows them, and which of them each key belongs to. All who know
/// the same nodes agree on that.
class NodeList {
 public:
  explicit NodeList(std::unique_ptr<LoadBalancingPolicy> policy) : policy_(std::move(policy)) {}

  /// Learns of the `index`-th node of the fleet; it is not in use yet. `name_hash` is of the name
  /// that it has among those in use, in the lists of all.
  void add(std::uint32_t index, std::uint64_t name_hash, PlaceId place) {
    if (index >= nodes_.size()) {
      nodes_.resize(index + std::size_t{1});
    }
    nodes_[index] = {.name_hash = name_hash, .place = place};
  }
  /// From now on the nodes in use are those of which `is_in_use(index)` holds.
  template <class IsInUse>
  void use(IsInUse is_in_use) {
    in_use_.clear();
    for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
      if (is_in_use(index)) {
        in_use_.push_back(index);
      }
    }
    if (!in_use_.empty()) {
      policy_->eligible_changed(view());
    }
  }

  bool is_empty() const { return in_use_.empty(); }
  /// The node that a request is for; there is one in use.
  std::uint32_t choose(const Request& request, Time now) {
    return policy_->choose(view(), request, now);
  }

 private:
  BackendView view() const { return BackendView(nodes_, in_use_, true); }

  std::unique_ptr<LoadBalancingPolicy> policy_;
  std::vector<Backend> nodes_;       ///< by index in the fleet
  std::vector<BackendSlot> in_use_;  ///< ascending
};

}  // namespace stampede
