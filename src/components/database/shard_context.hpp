#pragma once

#include <cstdint>

#include "components/database/homes.hpp"
#include "components/database/measures.hpp"
#include "components/database/settings.hpp"
#include "stampede/model/component.hpp"

namespace stampede {

/// What the copies of a shard are given of their database, whatever the replication; all of it
/// outlives them.
struct ShardContext {
  const DatabaseSettings& settings;
  Simulation& simulation;
  Network& network;
  Truth& truth;
  DatabaseTold& told;
  const Homes& homes;
  std::uint16_t store;
  std::uint32_t shard;
  std::uint64_t luck;  ///< of the shard
  Stream lags;
  Stream applies;
  Stream clocks;
};

}  // namespace stampede
