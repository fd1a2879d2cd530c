#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stampede/measure/metrics.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/replications.hpp"

namespace stampede {

/// One of the scenarios to compare.
struct Alternative {
  std::string label;   ///< "A", "B", …
  std::string source;  ///< its file, or the settings that make it of the first
  Scenario scenario;
};

struct ComparisonOptions {
  /// Paths as in `expect:`. None: of each population the mean, the median and the 99th percentile
  /// of the latency, availability and goodput.
  std::vector<std::string> metrics;
  /// A change by less than this share makes no practical difference.
  double margin = 0.01;
  /// Of all intervals together, and of each ranking.
  double confidence = 0.95;
  int shortened = 1;  ///< what the scenarios were shortened by
};

/// How an alternative differs from the first one.
enum class Difference {
  better,
  worse,
  higher,  ///< a number of which neither way is better
  lower,
  none,     ///< its interval lies within the margin: no practical difference
  unclear,  ///< its interval holds changes that would matter and such that would not
  no_data,
};

struct ComparedPair {
  /// The alternative's estimate less the first one's, with its simultaneous interval over pairs of
  /// replications.
  Estimate difference;
  /// As PairedDifference has it.
  double variance_reduction;
  Difference verdict = Difference::no_data;
  /// Of what is unclear: about how many replications more would make it clear.
  std::optional<std::int64_t> more_replications;
};

/// One number in all scenarios.
struct ComparedMetric {
  std::string path;
  MetricUnit unit = MetricUnit::number;
  Improves improves = Improves::neither;
  std::vector<Metric> values;       ///< by alternative
  std::vector<ComparedPair> pairs;  ///< of the second alternative and those after it with the first
  /// Of three alternatives and more, where one way is better: all of them, the best estimate first.
  std::vector<std::size_t> ranking;
  /// How many at the top of what is ranked cannot be told from the best: indices of alternatives in
  /// order of ranking. The best one is among them with the stated confidence, for all metrics
  /// together.
  std::vector<std::size_t> perhaps_best;
};

struct ComparedScenario {
  std::string label;
  std::string source;
  std::string name;
  std::uint64_t scenario_hash = 0;
  Result result;
};

struct ScenarioComparison {
  std::vector<ComparedScenario> scenarios;
  std::vector<ComparedMetric> metrics;
  std::vector<std::pair<std::string, std::string>>
      only_in;  ///< a path, and the labels that have it
  std::uint64_t seed = 0;
  std::int64_t replications = 0;  ///< that finished in all scenarios
  std::int64_t replications_asked = 0;
  std::int64_t intervals = 0;  ///< that hold together
  double margin = 0;
  double confidence = 0;
  int shortened = 1;
  std::vector<std::string> warnings;

  bool is_partial() const { return replications < replications_asked; }
};

/// The scenarios cannot be compared; the text says why.
class NotComparable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs all alternatives with the same luck: with the seed and the number of replications of the
/// first. Random numbers are drawn by the names of what draws them and by the request that they are
/// for, so what the scenarios have in common meets the same fate in all of them.
///
/// Each alternative is compared with the first one over pairs of replications, with Bonferroni's
/// intervals for all pairs and metrics. Of three and more, those are perhaps the best that no other
/// is seen to beat: the best is screened out with a probability of at most 1 - confidence, for all
/// metrics together (Nelson, Swann, Goldsman and Song, Operations Research 49, 2001, pp. 950-963,
/// §2, with paired variances and Bonferroni's bound).
///
/// Throws NotComparable, and ReplicationFailed.
ScenarioComparison compare(const std::vector<Alternative>& alternatives,
                           const ComparisonOptions& options, const ReplicationOptions& run);

}  // namespace stampede
