#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "components/database/node.hpp"
#include "stampede/base/hash.hpp"

namespace stampede {

/// Which shard has a key, also while the number of shards changes: then keys move in groups, one
/// group after the other, as the slots of Redis Cluster or the buckets of Couchbase do. From the
/// instant at which its group has moved, a key is read and written in its new shard; what its old
/// shard held then, or commits after that, is what the new one begins with.
class Homes {
 public:
  static constexpr std::uint32_t groups = 1000;

  Homes(const DatabaseSettings& settings, std::uint64_t seed, std::uint16_t store)
      : seed_(seed),
        store_(store),
        before_(settings.sharding.make(
            {.shards = static_cast<std::uint32_t>(settings.shards), .seed = seed})),
        copies_(static_cast<std::size_t>(settings.most_shards())) {
    if (settings.resharding) {
      after_ = settings.sharding.make(
          {.shards = static_cast<std::uint32_t>(settings.resharding->shards), .seed = seed});
    }
  }

  void belongs_to(std::uint32_t shard, const Copies& copies) { copies_[shard] = &copies; }

  std::uint32_t shard_of(std::uint64_t key) const {
    return is_moved(key) ? after_->shard_of(key) : before_->shard_of(key);
  }
  bool is_home(std::uint32_t shard, std::uint64_t key) const {
    return !after_ || shard_of(key) == shard;
  }
  /// What a copy of a shard holds of a key that was never written there.
  DataStamp first(std::uint32_t shard, std::uint32_t copy, std::uint64_t key) const {
    if (is_moved(key)) {
      const std::uint32_t old = before_->shard_of(key);
      if (old != shard) {
        return copies_[old]->hand_on(copy, key);
      }
    }
    return DataStamp(store_, 0);
  }

  /// There are groups that have not moved, and will.
  bool is_moving() const { return after_ && moved_groups_ < groups; }
  void move_a_group() { ++moved_groups_; }

  /// What there is to move of the keys from 0 on.
  struct Moves {
    std::vector<std::int64_t> by_group;
    std::vector<std::int64_t> leaving;  ///< by shard
    std::vector<std::int64_t> coming;
  };
  Moves count_moves(std::uint64_t keys) const {
    Moves moves{std::vector<std::int64_t>(groups), std::vector<std::int64_t>(copies_.size()),
                std::vector<std::int64_t>(copies_.size())};
    for (std::uint64_t key = 0; key < keys; ++key) {
      const std::uint32_t from = before_->shard_of(key);
      const std::uint32_t to = after_->shard_of(key);
      if (from != to) {
        ++moves.by_group[group_of(key)];
        ++moves.leaving[from];
        ++moves.coming[to];
      }
    }
    return moves;
  }

 private:
  std::uint32_t group_of(std::uint64_t key) const {
    return static_cast<std::uint32_t>(combine(seed_ ^ groups, key) % groups);
  }
  bool is_moved(std::uint64_t key) const {
    return after_ && (moved_groups_ == groups || group_of(key) < moved_groups_);
  }

  std::uint64_t seed_;
  std::uint16_t store_;
  std::unique_ptr<Sharding> before_;
  std::unique_ptr<Sharding> after_;    ///< null if the shards stay what they are
  std::vector<const Copies*> copies_;  ///< by shard
  std::uint32_t moved_groups_ = 0;
};

}  // namespace stampede
