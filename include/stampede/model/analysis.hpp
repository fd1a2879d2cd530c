#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "stampede/schema/schema.hpp"
#include "stampede/stats/always_valid.hpp"
#include "stampede/stats/proportions.hpp"
#include "stampede/stats/user_metrics.hpp"

namespace stampede {

/// What was seen of one metric of one group.
struct GroupData {
  UnitSums units;     ///< of each unit of assignment: x what it counts (requests, or 1), y the sum
  UnitSums requests;  ///< of each single value: x is 1, y the value
  bool is_yes_or_no = false;  ///< all values are 0 or 1, and a unit has one of them
};

/// What a comparison counts as independent.
enum class AnalysisUnit {
  unit,     ///< who was assigned: a user
  request,  ///< each request: right only where requests were assigned
};

/// One look at the data of two groups.
struct Look {
  std::size_t number;  ///< from 0
  double information;  ///< share of the planned units that were seen
  bool is_last;
  const GroupData& control;
  const GroupData& treatment;
};

/// y for each x of a group, with its variance.
inline NormalEstimate level_of(const GroupData& group, AnalysisUnit unit) {
  return unit == AnalysisUnit::unit ? ratio_of(group.units) : mean_of(group.requests);
}

/// The treatment less the control.
inline NormalEstimate difference_of(const Look& look, AnalysisUnit unit) {
  const NormalEstimate control = level_of(look.control, unit);
  const NormalEstimate treatment = level_of(look.treatment, unit);
  return {treatment.value - control.value, treatment.variance + control.variance};
}

/// What an analysis finds at a look: that the treatment's level differs from the control's, or not
/// (yet).
enum class Finding { none, higher, lower };

/// A rule that says, look by look, whether two groups differ: how an A/B test, or a canary, is
/// judged. It is a process of its own for each experiment, looked at in order until it finds
/// something; what it decides is up to whoever asks.
///
/// The names are those under which such rules are known; the statistics are in `stats`.
class Analysis {
 public:
  static constexpr const char* registry = "analysis";

  struct Context {
    std::vector<double> information;  ///< of all planned looks, the last is 1
    double alpha;                     ///< probability of finding a difference where there is none
    double effect;                    ///< the difference that one hopes to tell
  };

  virtual ~Analysis() = default;
  /// Of groups that each have at least two units, and values that differ.
  virtual Finding look(const Look& look) = 0;
};

/// Whether z is beyond a two-sided bound.
inline Finding finding_of(double z, double bound) {
  return z >= bound ? Finding::higher : z <= -bound ? Finding::lower : Finding::none;
}
inline double z_of(const NormalEstimate& difference) {
  return difference.value / std::sqrt(difference.variance);
}

const EnumNames<AnalysisUnit>& names(AnalysisUnit);
/// Adds `unit` to the settings of an analysis.
void describe_unit(Visitor& v, AnalysisUnit& unit);

}  // namespace stampede
