#pragma once

#include <string>
#include <vector>

#include "stampede/study/sweep.hpp"

namespace stampede {

/// Where a sweep lives on the disk, so that it can be interrupted, and run by many machines:
///
///     plan.json       what is to be done (SweepPlan)
///     scenario.yaml   the scenario as it was given
///     points/17.json  what came out at point 17 (PointResult), once it has finished
///
/// A point's file is written beside and renamed when its bytes are on the disk: it is there as a
/// whole or not at all, whatever dies. Its bytes depend on the plan only, so that it does not
/// matter who writes it, or how often.
class SweepFolder {
 public:
  /// Makes the folder of a new sweep, or goes on with one that was begun. Throws FileError when the
  /// folder holds another sweep, saying what differs, or cannot be written to.
  static SweepFolder create(const std::string& directory, const SweepPlan& plan);
  /// Opens one that is there. Throws FileError when there is none, or it is of another version.
  static SweepFolder open(const std::string& directory);

  const std::string& directory() const { return directory_; }
  const SweepPlan& plan() const { return plan_; }

  /// Keeps a finished point for ever.
  void keep(const PointResult& result) const;
  /// The points that have no file yet, in order.
  std::vector<std::size_t> missing() const;
  /// All finished points, in order.
  std::vector<PointResult> finished() const;

 private:
  SweepFolder(std::string directory, SweepPlan plan);
  std::string file_of(std::size_t point) const;

  std::string directory_;
  SweepPlan plan_;
  std::uint64_t hash_;
};

}  // namespace stampede
