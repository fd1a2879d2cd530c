#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/measure/result.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/study/expectations.hpp"
#include "stampede/study/replications.hpp"

namespace stampede {

/// The hypothesis before, during or after the method, by the pooled estimates of all replications.
struct ChaosWindow {
  std::string_view name;  ///< "before", "during", "after"
  double from_s = 0;
  double to_s = 0;
  bool decides = false;  ///< the verdict, by the strategy of the hypothesis
  std::vector<CheckedExpectation> probes;

  /// Whether all probes hold; a window that has no whole slice has none that do.
  bool holds() const;
};

/// What became of the experiment in one replication. Times count from t = 0.
struct ChaosRun {
  std::int64_t number = 0;  ///< from 1
  ChaosVerdict verdict = ChaosVerdict::completed;
  std::optional<double> deviated_s;   ///< none: it never did
  std::optional<double> detected_s;   ///< none: nobody noticed
  std::optional<double> mitigated_s;  ///< none: it never deviated, or was never steady again
  std::optional<double> recovered_s;  ///< none: it never deviated, or was not steady in the end
  std::optional<ChaosAbort> abort;

  bool is_steady_in_the_end() const { return !deviated_s || recovered_s; }
};

/// Who came to harm before the method, and from its first fault until the recovery.
struct HarmedSubject {
  std::string name;
  Metric before;
  Metric disturbed;
};

/// A detector's first reaction.
struct Detection {
  double at_s;
  std::string component;  ///< empty: a stop condition
  std::string detector;   ///< or the text of the condition
};

/// An experiment and what came of it.
///
/// The verdict is by pooled estimates, as that of `expect:`: `deviated` when a probe fails in a
/// window that decides (the one before the method included: what was not steady before it cannot be
/// seen to become so), `aborted` when a stop condition was met in any replication and the system
/// was steady before.
///
/// When the system deviated and when it was steady again is judged in each replication on windows
/// that slide slice by slice (SteadyStateHypothesis::window), from the slice of the first fault to
/// the end of the run. It deviated in the last slice of the first window in which a probe fails. It
/// was mitigated where the last window of that first spell begins, one slice later, and recovered
/// one slice after the beginning of the last window in which a probe fails: what is in such a
/// window and not in the next one. It is not recovered if the last window of the run fails.
/// Detected is the end of the slice in which a detector (model/measures.hpp) of any component first
/// reacted, or the instant of the abort.
struct ChaosReport {
  std::string title;
  std::string description;
  std::string hypothesis;  ///< its title
  ChaosVerdict verdict = ChaosVerdict::completed;
  ChaosVerdict expected = ChaosVerdict::completed;
  bool was_steady_before = true;
  double begins_s = 0;  ///< the first fault of the method
  double ends_s = 0;    ///< of the method, as planned
  std::vector<ChaosWindow> windows;
  std::vector<ChaosRun> runs;
  std::vector<HarmedSubject> traffic;     ///< of which there are probes; all if there are none
  std::vector<HarmedSubject> components;  ///< of which more visits failed than before
  std::vector<Detection> detections;      ///< of the first finished replication
  Subject measures;                       ///< for Result::chaos

  std::int64_t aborted() const;
};

/// What became of the experiment of a scenario that has one; at least one replication has finished,
/// and `result` is of them.
ChaosReport judge_chaos(const Scenario& scenario, const std::vector<Replication>& finished,
                        const Result& result);

}  // namespace stampede
