#pragma once

#include "stampede/model/observer.hpp"

namespace stampede {

/// What stores measure of their own, ready to be told.
struct DatabaseTold {
  explicit DatabaseTold(ComponentObserver& observer);

  void read(bool stale) {
    reads.add();
    stale_reads.add(stale ? 1 : 0);
  }

  Tally& reads;
  Tally& stale_reads;
  Tally& writes;
  Tally& lost_writes;
  Tally& conflicts;
  Tally& failed_updates;
  Tally& failovers;
  Tally& fallbacks;
  Tally& hints;
  Tally& repairs;
  Tally& moved;
  Timing& lag;
  Timing& convergence;
  Timing& failover;
  Timing& data_loss;
  Timing& split_brain;
  Timing& lock_wait;
  Timing& resharding;
};

}  // namespace stampede
