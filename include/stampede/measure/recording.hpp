#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stampede/measure/ab_test_record.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/model/rollout.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

/// Names of what a population's users are divided into, besides request types.
struct UserDivision {
  std::string kind;  ///< "region", "segment", "tenant"
  std::vector<std::string> names;
};

/// All that one world recorded, in time slices; becomes a part of a Result.
///
/// The world makes one, adds its subjects, hands out the observers, closes each slice at its
/// boundary and, at the end, `finish`es. The observers live as long as the recording (moving it
/// does not move them); what they are told after `finish`, by processes that die with their world,
/// counts for nothing.
class Recording {
 public:
  explicit Recording(const SliceGrid& grid);
  ~Recording();
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;

  const SliceGrid& grid() const;

  /// `types` are the request types of this population with their global ids. `part_of` gives the
  /// number within `divisions[division].names` of the part that a user belongs to, or -1. An ok
  /// that takes longer than `deadline` (Duration::max(): none) is no goodput.
  PopulationObserver& add_population(
      const std::string& name, std::vector<std::pair<RequestTypeId, std::string>> types,
      std::vector<UserDivision> divisions = {},
      std::function<int(std::uint64_t user, std::size_t division)> part_of = {},
      Duration deadline = Duration::max());
  /// How many instances it has follows from what it tells of its capacity. Its versions are named
  /// in the order of their numbers.
  ComponentObserver& add_component(const std::string& name, const std::string& kind,
                                   const std::vector<std::string>& versions = {});
  /// What became of a rollout, told before the recording is finished; in all replications the same
  /// ones in the same order.
  void add_rollout(RolloutRecord rollout);

  /// What became of an A/B test; told once, when the run has ended.
  void keep(AbTestRecord test);

  /// Ends the open slice; `boundary` is the next one of the grid.
  void close_slice(Time boundary);
  /// Ends the recording, and the slice that is still open, at the run's end. Gives the text of the
  /// exact laws that do not hold (a bug of ours), else an empty one.
  std::string finish(Time end);

  /// Changes with every user request that ends, and with nothing else: (population, request,
  /// outcome, time).
  std::uint64_t fingerprint() const;
  /// User requests that ended, warm-up included.
  std::int64_t ended_requests() const;

  /// What was recorded, for those who make results of it.
  struct State;
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace stampede
