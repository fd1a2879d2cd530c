#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/model/fault.hpp"
#include "stampede/model/metrics.hpp"
#include "stampede/scenario/expectation.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Under this name `expect:` finds what an experiment measures: "chaos.time_to_recover".
inline constexpr std::string_view chaos_subject = "chaos";

/// A step of an experiment: a fault, or a pause between faults.
struct ChaosStep {
  Choice<Fault> fault;      ///< none: a pause
  bool background = false;  ///< the next step begins with it, and not when it has ended
  Duration begins;          ///< from t = 0, if nobody stops the method before
  Duration length;          ///< zero of a fault: it does all that it does at once
};

/// Steps that follow each other, each at a time that is known beforehand: every fault takes the
/// time of its `for`.
struct ChaosSteps {
  std::vector<ChaosStep> steps;
  Duration begins;  ///< when the first fault does
  Duration ends;    ///< when all faults and pauses have

  Place place;

  // The same as it is written, of which a shortened run has only a part.
  Duration written_from;  ///< when the first step, be it a pause, begins; set before reading
  Duration written_to;
};

/// A list in the settings. Reading gives each fault its `at`, so that to whoever checks faults it
/// is one like any other.
template <>
struct Codec<ChaosSteps> {
  static void read(const Value& from, ChaosSteps& to, Reader& reader);
  static Json echo(const ChaosSteps& steps);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
  static std::string reference_text();
};
extern template class CodecType<ChaosSteps>;

/// Which windows decide whether the hypothesis held; all of them are shown. Chaos Toolkit's words.
enum class HypothesisStrategy {
  before_and_after,  ///< the method; the default
  before_method_only,
  after_method_only,
  during_method_only,
  continuously,  ///< all the time
};
const EnumNames<HypothesisStrategy>& names(HypothesisStrategy);

/// What is always so as long as the system is well.
struct SteadyStateHypothesis {
  std::string title;
  std::vector<Expectation> probes;  ///< without windows
  HypothesisStrategy strategy = HypothesisStrategy::before_and_after;
  std::optional<Duration> window;  ///< of sliding judgement; five slices unless given

  bool judges_before() const {
    return strategy != HypothesisStrategy::after_method_only &&
           strategy != HypothesisStrategy::during_method_only;
  }
  bool judges_during() const {
    return strategy == HypothesisStrategy::during_method_only ||
           strategy == HypothesisStrategy::continuously;
  }
  bool judges_after() const {
    return strategy != HypothesisStrategy::before_method_only &&
           strategy != HypothesisStrategy::during_method_only;
  }
};
void describe(Visitor& v, SteadyStateHypothesis& s);

/// How an experiment ended.
enum class ChaosVerdict {
  completed,  ///< the hypothesis held
  deviated,   ///< it did not
  aborted,    ///< a stop condition was met
};
const EnumNames<ChaosVerdict>& names(ChaosVerdict);

struct ChaosSettings {
  std::string title;
  std::string description;
  SteadyStateHypothesis steady_state_hypothesis;
  ChaosSteps method;
  std::vector<Condition> stop_conditions;
  ChaosSteps rollbacks;  ///< begin when the method has ended, or was stopped
  Duration recovery_time_objective;
  ChaosVerdict expected_verdict = ChaosVerdict::completed;

  /// When the system shall be steady again.
  Duration steady_again_at() const;
};
void describe(Visitor& v, ChaosSettings& s);

}  // namespace stampede
