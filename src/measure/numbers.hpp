#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "in_flight.hpp"
#include "request_ledger.hpp"
#include "stampede/measure/result.hpp"
#include "stampede/stats/estimate.hpp"
#include "stampede/stats/summary.hpp"

/// How the numbers of a Subject are made from those of its replications.

namespace stampede {

/// By division, which rounds once: 30 s are 30, where a product with 1e-9 would be a hair more.
inline double seconds_of(double ns) { return ns / 1e9; }
inline double seconds_of(Int128 ns) { return seconds_of(static_cast<double>(ns)); }
inline double seconds_of(Duration duration) {
  return seconds_of(static_cast<double>(duration.ns()));
}

void add_metric(Subject& to, std::string name, const Estimate& value,
                std::vector<double> deviations = {});

/// One value a replication, averaged.
template <class Window, class ValueOf>
void add_mean(Subject& to, std::string name, const std::vector<Window>& replications,
              ValueOf value_of) {
  std::vector<double> values;
  for (const Window& replication : replications) {
    values.push_back(value_of(replication));
  }
  add_metric(to, std::move(name), mean_estimate(values), mean_deviations(values));
}

/// Sums whose quotient is of interest.
template <class Window, class FractionOf>
void add_ratio(Subject& to, std::string name, const std::vector<Window>& replications,
               FractionOf fraction_of) {
  std::vector<Fraction> fractions;
  for (const Window& replication : replications) {
    fractions.push_back(fraction_of(replication));
  }
  add_metric(to, std::move(name), ratio_estimate(fractions), ratio_deviations(fractions));
}

/// What was seen of a window divided by the window's length in seconds. Batches may differ in
/// length, so it is the ratio of the sums.
template <class Window, class AmountOf>
void add_per_second(Subject& to, std::string name, const std::vector<Window>& replications,
                    AmountOf amount_of) {
  add_ratio(to, std::move(name), replications, [&](const Window& replication) {
    return Fraction{amount_of(replication), seconds_of(replication.length())};
  });
}

/// A share of yes among yes or no.
template <class Window, class FractionOf>
void add_proportion(Subject& to, std::string name, const std::vector<Window>& replications,
                    FractionOf fraction_of) {
  std::vector<Fraction> fractions;
  for (const Window& replication : replications) {
    fractions.push_back(fraction_of(replication));
  }
  add_metric(to, std::move(name), proportion_estimate(fractions), ratio_deviations(fractions));
}

/// A share of yes among yes or no, of which the two may be counted at different moments: then a
/// window may hold the one and not the other, and it is a ratio like any other.
template <class Window, class FractionOf>
void add_share(Subject& to, std::string name, const std::vector<Window>& replications,
               FractionOf fraction_of) {
  const bool is_proportion =
      std::all_of(replications.begin(), replications.end(), [&](const Window& replication) {
        const Fraction share = fraction_of(replication);
        return share.numerator >= 0 && share.numerator <= share.denominator;
      });
  if (is_proportion) {
    add_proportion(to, std::move(name), replications, fraction_of);
  } else {
    add_ratio(to, std::move(name), replications, fraction_of);
  }
}

/// "outcomes.…" as counts, "outcome_share.…" as proportions; `outcomes_of` gives a replication's.
void add_outcomes(Subject& to, const std::vector<OutcomeCounts>& replications,
                  std::int64_t in_flight);

/// Mean, standard deviation, percentiles and maximum of times in ns, as `block`.mean and so on in
/// seconds; `replications` are merged.
///
/// A percentile is supported if enough samples lie beyond it and what is unfinished cannot move it:
/// what has already lasted for longer is lost in the chance of how many lie beyond it. The mean is
/// supported if what is unfinished, were it over now, would raise it by no more than 1 %.
void add_times(Subject& to, const std::string& block,
               const std::vector<const Summary*>& replications, const Unfinished& unfinished);

}  // namespace stampede
