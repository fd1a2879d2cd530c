#pragma once

#include <vector>

#include "stampede/model/load_balancing.hpp"

namespace stampede {

/// A random eligible backend, each in proportion to its weight, in O(1): the alias method
/// (Walker 1977; set up as in Vose: A Linear Algorithm for Generating Random Numbers with a Given
/// Distribution, IEEE TSE 17(9), 1991).
class WeightedRandom {
 public:
  void update(const BackendView& view) {
    columns_.clear();
    if (!view.has_equal_weights()) {
      build(view);
    }
  }

  BackendSlot pick(const BackendView& view, Draw& random) const {
    const std::uint64_t i = random.below(view.eligible().size());
    if (columns_.empty()) {
      return view.eligible()[i];
    }
    const Column& column = columns_[i];
    return random.chance(column.own_share) ? column.own : column.other;
  }

 private:
  /// All columns are equally likely; each holds the probability of one backend, filled up with some
  /// of another's.
  struct Column {
    double own_share;
    BackendSlot own;
    BackendSlot other;
  };

  void build(const BackendView& view) {
    const std::size_t n = view.eligible().size();
    double sum = 0;
    for (const BackendSlot slot : view.eligible()) {
      sum += view[slot].weight;
    }
    std::vector<std::size_t> wanting;  // columns with room for another's share
    std::vector<std::size_t> ample;    // columns with share to give away
    for (const BackendSlot slot : view.eligible()) {
      const double share = view[slot].weight * static_cast<double>(n) / sum;
      (share < 1 ? wanting : ample).push_back(columns_.size());
      columns_.push_back(Column{share, slot, slot});
    }
    while (!wanting.empty() && !ample.empty()) {
      Column& filled = columns_[wanting.back()];
      wanting.pop_back();
      Column& giver = columns_[ample.back()];
      filled.other = giver.own;
      giver.own_share -= 1 - filled.own_share;
      if (giver.own_share < 1) {
        wanting.push_back(ample.back());
        ample.pop_back();
      }
    }
    // What is left over is full but for rounding; there `other` is `own`.
  }

  std::vector<Column> columns_;
};

}  // namespace stampede
