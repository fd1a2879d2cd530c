#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "stampede/model/load_balancing.hpp"

namespace stampede {

/// Weighted round robin by earliest deadline first, with any positive weights, in O(log n) a pick:
/// a backend's next turn is due 1 / weight after its last one, and the turn that is due first is
/// next; of turns due together, the one that was scheduled first. After Envoy's edf_scheduler.h.
class EdfSchedule {
 public:
  void clear() { turns_.clear(); }

  /// Takes over who is eligible and their weights. A backend that stays keeps the part of its turn
  /// that it has waited, so that weights which creep (slow start) do not restart the schedule. A
  /// newcomer's first turn is due after `first_wait(slot)`, a part of a turn.
  template <class WeightOf, class FirstWait>
  void update(std::span<const BackendSlot> eligible, WeightOf weight_of, FirstWait first_wait) {
    std::vector<Turn> before = std::exchange(turns_, {});
    std::sort(before.begin(), before.end(), [](const Turn& a, const Turn& b) { return b > a; });
    const double now = std::exchange(now_, 0.0);  // deadlines stay small, and so exact

    std::vector<bool> scheduled(eligible.back() + std::size_t{1}, false);
    for (const Turn& turn : before) {
      if (std::binary_search(eligible.begin(), eligible.end(), turn.slot)) {
        scheduled[turn.slot] = true;
        const double wait = std::max(0.0, (turn.due - now) * turn.weight);
        add(turn.slot, wait, weight_of(turn.slot));
      }
    }
    for (const BackendSlot slot : eligible) {
      if (!scheduled[slot]) {
        add(slot, first_wait(slot), weight_of(slot));
      }
    }
  }

  /// The same, where newcomers wait for a whole turn, and a schedule that starts with this does so
  /// as if it had run until a random moment: balancers that start together do not all begin with
  /// the same backend.
  template <class WeightOf>
  void update(std::span<const BackendSlot> eligible, WeightOf weight_of, Draw& random) {
    double moment = 0;
    if (turns_.empty()) {
      double lightest = weight_of(eligible.front());
      for (const BackendSlot slot : eligible) {
        lightest = std::min(lightest, weight_of(slot));
      }
      moment = random.uniform() / lightest;  // somewhere in the longest turn
    }
    update(eligible, weight_of, [&](BackendSlot slot) {
      const double turns = moment * weight_of(slot);
      return 1 - (turns - std::floor(turns));
    });
  }

  /// The backend whose turn it is; its next turn is as far away as its weight says now.
  template <class WeightOf>
  BackendSlot pick(WeightOf weight_of) {
    std::pop_heap(turns_.begin(), turns_.end(), std::greater<>());
    const BackendSlot slot = turns_.back().slot;
    now_ = turns_.back().due;
    turns_.pop_back();
    add(slot, 1, weight_of(slot));
    return slot;
  }

 private:
  struct Turn {
    double due;
    std::uint64_t order;
    double weight;
    BackendSlot slot;

    friend bool operator>(const Turn& a, const Turn& b) {
      return a.due > b.due || (a.due == b.due && a.order > b.order);
    }
  };

  void add(BackendSlot slot, double wait, double weight) {
    turns_.push_back(Turn{now_ + wait / weight, next_order_++, weight, slot});
    std::push_heap(turns_.begin(), turns_.end(), std::greater<>());
  }

  double now_ = 0;
  std::uint64_t next_order_ = 0;
  std::vector<Turn> turns_;  // a heap with the turn that is due first on top
};

}  // namespace stampede
