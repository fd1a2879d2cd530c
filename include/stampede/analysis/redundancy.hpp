#pragma once

#include <string>
#include <vector>

#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// What the structure of a scenario lets it survive.
///
/// A request needs what its handlers call: steps one after the other all of it (series), a
/// component any of its instances (parallel), parallel steps and copies of data as many as they
/// wait for (k of n), a cache only what lies behind it when it misses; what a handler goes on
/// without it does not need (Barlow, Proschan: Statistical Theory of Reliability and Life Testing,
/// 1975, ch. 1). All of this is at best: as if who is dead were known at once, and those who are
/// left had capacity enough.
struct Redundancy {
  /// Something whose loss alone some requests do not survive.
  struct SinglePoint {
    std::string what;  ///< "db", "zone eu-a", "one shard of orders_db"
    std::string why;   ///< "has one instance"
    struct Harm {
      std::string population;
      std::string type;
      double share;  ///< of its requests that fail
    };
    std::vector<Harm> harm;
  };
  std::vector<SinglePoint> single_points;

  /// The share of requests that can be served, over the window, with the faults whose time is
  /// fixed.
  struct Availability {
    std::string population;
    std::string type;  ///< empty: of all types together
    double share = 1;
  };
  std::vector<Availability> availability;  ///< empty without such faults
  std::vector<std::string> remarks;        ///< what it leaves out
};

Redundancy redundancy_of(const Scenario& scenario);

}  // namespace stampede
