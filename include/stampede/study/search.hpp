#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/study/decision.hpp"
#include "stampede/study/sweep.hpp"

namespace stampede {

/// How sure a search is to be, and how much it may run for that.
struct SearchOptions {
  double confidence = 0.95;             ///< that what is said to meet the expectations does
  double precision = 0.02;              ///< of the limit, relative; of whole numbers, 1 suffices
  std::int64_t most_replications = 64;  ///< at one value
  /// `fails`: values are looked for at which an expectation does not hold, for sure.
  Decision wanted = Decision::meets;
};

/// A value that was tried.
struct Probe {
  std::string value;
  std::int64_t replications = 0;
  Decided decided;
};

/// Where the expectations cease to be met (or to be broken).
struct LimitFound {
  std::vector<Probe> probes;        ///< in the order in which they were tried
  std::optional<std::string> best;  ///< the last value that is wanted; none if none was found
  std::optional<std::string> next;  ///< the first that is not, or of which it cannot be told
  double error_of_one_value = 0;    ///< of each decision
  bool is_partial = false;          ///< interrupted
};

/// With how many replications the best value was seen to be what is wanted; there is one.
std::int64_t replications_of_best(const LimitFound& found);

/// The largest (or smallest) value of a range at which a scenario meets its `expect:`, given that
/// it meets them ever less (or more) as the value grows; or, where failing is wanted, at which one
/// of them fails: if not the upper end but the lower one breaks them, the largest such value. A run
/// with the replications of the probe of `best` then fails as well, since it has the same luck.
///
/// Stochastic bisection with a sequential test at each value: replications are doubled from the
/// scenario's number (at least 4) until the decision is clear or `most_replications` are reached;
/// what is not clear then counts as not met. The error that `confidence` leaves is divided by the
/// number of values that bisection may try, and that by the number of looks at each of them
/// (Bonferroni). Bisection over noisy answers with tests of a given power at each point: Waeber,
/// Frazier, Henderson: Bisection Search with Noisy Responses, SIAM J. Control Optim. 51 (2013).
///
/// `plan` has one parameter, whose range this is, and its two ends as points. The probes are the
/// same whatever the number of threads. Throws ReplicationFailed.
LimitFound find_limit(const SweepPlan& plan, const ValueRange& range, bool largest,
                      const SearchOptions& search, const ReplicationOptions& options);

/// A configuration and what it costs.
struct Candidate {
  std::size_t point = 0;
  double cost_per_h = 0;
  Decided decided;
  std::vector<PointResult::Chosen> metrics;  ///< those of the plan
  /// No other one is at least as good in cost and in every metric, and better in one of them (of
  /// the estimates; availability, throughput, goodput and hit ratios are better when larger, all
  /// others when smaller).
  bool is_on_front = false;
};

struct CheapestFound {
  std::vector<Candidate> candidates;  ///< by cost, then by point
  std::optional<std::size_t> best;    ///< the first that meets; an index into the candidates
  std::vector<FailedPoint> failed;
  double error_of_one_point = 0;
  bool is_partial = false;
};

/// The cheapest point of a plan at which the scenario meets its `expect:`, and the Pareto front of
/// cost against the plan's metrics. The error that `confidence` leaves is divided by the number of
/// points (Bonferroni).
CheapestFound find_cheapest(const SweepPlan& plan, std::span<const PlannedPoint> points,
                            double confidence, const ReplicationOptions& options);

}  // namespace stampede
