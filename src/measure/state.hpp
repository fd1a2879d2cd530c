#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "component_recorder.hpp"
#include "population_recorder.hpp"
#include "slice_cursor.hpp"
#include "stampede/measure/recording.hpp"

namespace stampede {

/// Stays where it is when the Recording moves: observers refer into it.
struct Recording::State {
  explicit State(const SliceGrid& grid) : cursor(grid) {}

  SliceCursor cursor;
  std::vector<std::unique_ptr<PopulationRecorder>> populations;
  std::vector<std::unique_ptr<ComponentRecorder>> components;
  std::vector<RolloutRecord> rollouts;
  std::vector<AbTestRecord> ab_tests;
  std::uint64_t fingerprint = 0;
  bool is_finished = false;
};

}  // namespace stampede
