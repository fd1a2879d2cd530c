#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stampede/measure/result.hpp"
#include "stampede/study/study.hpp"

namespace stampede {

/// Whether a scenario meets all that it expects, as far as its replications can tell.
enum class Decision { meets, fails, cannot_tell };

struct Decided {
  Decision decision = Decision::cannot_tell;
  /// The expectation that decided it: one that fails, or the first that cannot be told. Empty where
  /// all are met.
  std::string because;
  std::optional<Metric> observed;  ///< of that expectation
  std::string unit;                ///< of that expectation, as in CheckedExpectation
};

/// Decides with a probability of at most `error` of saying "meets" where some expectation does not
/// hold of the expected values, and of at most `error` of saying "fails" where all hold.
///
/// "Meets" takes a one-sided confidence bound on the good side of the limit for every expectation
/// (an intersection-union test, which needs no correction: Berger, Technometrics 24, 1982), "fails"
/// a bound on the bad side for one of them, at `error` divided by their number (Bonferroni). The
/// bounds are those of the 95 % interval, widened by the ratio of the quantiles of Student's t; for
/// shares near 0 and 1 this is an approximation. What has no interval (counts, maxima), what is
/// compared with another number, and `==` and `~`, are taken at their verdict; a number that the
/// run cannot support never meets.
///
/// The probes of a chaos experiment, in the windows that decide, are expectations like the others;
/// one that was stopped, or is to end otherwise than completed, is taken at its verdict.
Decided decide(const StudyResult& study, double error);

}  // namespace stampede
