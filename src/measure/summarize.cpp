#include "stampede/measure/summarize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "doubts.hpp"
#include "numbers.hpp"
#include "stampede/base/hash.hpp"
#include "stampede/base/require.hpp"
#include "stampede/base/text.hpp"
#include "stampede/stats/batches.hpp"
#include "stampede/stats/mser.hpp"
#include "state.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

using Recordings = std::span<const Recording* const>;
using Samples = std::vector<Sample>;

// ---- The warm-up ------------------------------------------------------------------------------

/// The mean latency of all user requests sent in a slice, whatever their outcome; NaN if there are
/// none, or if so many of them are in flight that those which ended are no fair sample.
double mean_latency(const Recording& recording, std::size_t slice) {
  Moments latencies;
  std::int64_t sent = 0;
  for (const auto& population : recording.state().populations) {
    for (const RequestLedger& type : population->types()) {
      sent += type.cohorts(slice, slice + 1).sent;
      latencies.merge(type.ok().moments(slice, slice + 1));
      latencies.merge(type.not_ok().moments(slice, slice + 1));
    }
  }
  return 2 * latencies.count < sent ? std::numeric_limits<double>::quiet_NaN() : latencies.mean();
}

/// One value for each slice: mean_latency, averaged over the replications that have one.
std::vector<double> latency_series(Recordings replications) {
  std::vector<double> series;
  for (std::size_t slice = 0; slice < replications.front()->grid().count(); ++slice) {
    double sum = 0;
    double count = 0;
    for (const Recording* replication : replications) {
      const double mean = mean_latency(*replication, slice);
      if (!std::isnan(mean)) {
        sum += mean;
        count += 1;
      }
    }
    series.push_back(sum / count);
  }
  return series;
}

/// The first slice after the warm-up.
std::size_t end_of_warmup(Recordings replications, const WarmupChoice& choice, Result& result) {
  const SliceGrid& grid = replications.front()->grid();
  if (choice.length) {
    const std::size_t first = grid.first_from(Time::from_start(*choice.length));
    if (first == grid.count()) {
      result.warnings.push_back(
          "the warm-up leaves nothing but the last slice of the run to measure");
      return grid.count() - 1;
    }
    if (const Duration cut = grid.boundary(first).since_start(); cut != *choice.length) {
      result.warnings.push_back(fmt::format(
          "the warm-up of {} was rounded up to {}, where a time slice begins (run.slice)",
          to_text(*choice.length), to_text(cut)));
    }
    return first;
  }
  const std::vector<double> series = latency_series(replications);
  const Truncation truncation = mser(series, 1);
  result.warmup_search = {series.size(), truncation.index, truncation.run_too_short};
  if (truncation.run_too_short) {
    result.warnings.push_back(
        "the run is too short to leave its warm-up: its latency is not seen to settle in the first "
        "half; nothing was cut off");
    return 0;
  }
  result.warmup_found = true;
  return truncation.index;
}

// ---- What intervals are over ------------------------------------------------------------------

/// Replications are independent samples. A single one is cut into batches of slices, 20 to 30 of
/// them as even as can be (Schmeiser, Operations Research 30, 1982, pp. 556-568: more than 30
/// hardly make the interval narrower, and shorter batches are less independent).
Samples samples_of(Recordings replications, const Window& window, Result& result) {
  Samples samples;
  for (const Recording* replication : replications) {
    samples.push_back({replication, window});
  }
  const std::size_t batches = number_of_batches(window.end - window.first);
  if (samples.size() > 1 || batches == 0) {
    return samples;
  }
  result.batches = static_cast<std::int64_t>(batches);
  samples.clear();
  const std::size_t slices = window.end - window.first;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    samples.push_back({replications.front(),
                       {window.grid, window.first + batch * slices / batches,
                        window.first + (batch + 1) * slices / batches}});
  }
  return samples;
}

/// Widens the intervals over batches by as much as neighbours are alike.
void allow_for_autocorrelation(Subject& subject) {
  for (Metric& metric : subject.metrics) {
    const BatchDependence dependence = dependence_of(metric.deviations);
    metric.autocorrelated = dependence.significant;
    Estimate& value = metric.value;
    // A share stays one.
    const bool is_share = value.low >= 0 && value.high <= 1;
    value.low = value.estimate - dependence.widening * (value.estimate - value.low);
    value.high = value.estimate + dependence.widening * (value.high - value.estimate);
    if (is_share) {
      value.low = std::max(0.0, value.low);
      value.high = std::min(1.0, value.high);
    }
  }
  for (Subject& part : subject.parts) {
    allow_for_autocorrelation(part);
  }
}

// ---- Traffic ----------------------------------------------------------------------------------

/// A population, or one of its parts, over all samples: the ledgers that `ledgers_of` gives.
template <class LedgersOf>
Subject subject_of(const std::string& name, const std::string& kind, const Samples& samples,
                   std::size_t population, LedgersOf ledgers_of) {
  const Window& last = samples.back().window;
  const Time end_of_run = last.grid.boundary(last.grid.count());
  const Duration youngest = end_of_run - last.ends();
  const Duration oldest = end_of_run - samples.front().window.begins();
  std::vector<RequestWindow> windows(samples.size());
  InFlight in_flight;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (const RequestLedger* ledger :
         ledgers_of(*samples[i].recording->state().populations[population])) {
      add_window(windows[i], *ledger, samples[i].window);
      if (samples[i].window.end == last.end) {
        in_flight.add(ledger->ages(), youngest, oldest);
      }
    }
  }
  return request_subject(name, kind, windows, in_flight);
}

Subject population_subject(const Samples& samples, std::size_t index) {
  using Ledgers = std::vector<const RequestLedger*>;
  const PopulationRecorder& any = *samples.front().recording->state().populations[index];
  Subject subject =
      subject_of(any.name(), "traffic", samples, index, [](const PopulationRecorder& population) {
        Ledgers all;
        for (const RequestLedger& type : population.types()) {
          all.push_back(&type);
        }
        return all;
      });
  for (std::size_t type = 0; type < any.types().size(); ++type) {
    subject.parts.push_back(subject_of(
        any.types()[type].subject(), "request_type", samples, index,
        [&](const PopulationRecorder& population) { return Ledgers{&population.types()[type]}; }));
  }
  for (std::size_t division = 0; division < any.divisions().size(); ++division) {
    const PopulationRecorder::Division& parts = any.divisions()[division];
    for (std::size_t part = 0; part < parts.parts.size(); ++part) {
      subject.parts.push_back(subject_of(parts.parts[part].subject(), parts.kind, samples, index,
                                         [&](const PopulationRecorder& population) {
                                           return Ledgers{
                                               &population.divisions()[division].parts[part]};
                                         }));
    }
  }
  return subject;
}

/// What makes the findings of an A/B test worthless, aloud.
void warn_about_ab_test(const Subject& test, std::vector<std::string>& warnings) {
  const auto share = [&](const char* metric) { return test.find(metric)->value.estimate; };
  double stopped = 0;  // as far as guardrails explain it
  for (const Subject& part : test.parts) {
    if (part.kind == "guardrail") {
      stopped = std::max(stopped, part.find("breached")->value.estimate);
    }
  }
  if (share("complete") + stopped < 1) {
    warnings.push_back(fmt::format(
        "{} ended before as many users took part as were planned, in {:.0f} % of the replications: "
        "looks that were not made found nothing",
        test.name, 100 * (1 - share("complete"))));
  }
  if (share("sample_ratio_mismatch") > 0.01) {
    warnings.push_back(fmt::format(
        "{} has a sample ratio mismatch in {:.0f} % of the replications: who takes part depends on "
        "the variant, and no difference that it finds can be believed",
        test.name, 100 * share("sample_ratio_mismatch")));
  }
}

/// Doubts about a population's numbers, aloud.
void warn_about(const Subject& population, std::vector<std::string>& warnings) {
  constexpr double many = 0.05;
  const auto requests = static_cast<double>(*population.find_count("requests"));
  const auto in_flight = static_cast<double>(*population.find_count("outcomes.in_flight"));
  if (requests == 0) {
    warnings.push_back(fmt::format("{} sent no requests after the warm-up", population.name));
  } else if (in_flight > many * requests) {
    warnings.push_back(fmt::format(
        "{:.0f} % of the requests of {} are still in flight at the end: what is slow is missing "
        "from its latencies",
        100 * in_flight / requests, population.name));
  }
}

void check_likeness(Recordings replications) {
  require(!replications.empty(), "a result takes a replication");
  const Recording::State& first = replications.front()->state();
  for (const Recording* replication : replications) {
    const Recording::State& other = replication->state();
    require(other.is_finished, "a result is of finished recordings");
    require(other.populations.size() == first.populations.size() &&
                other.components.size() == first.components.size() &&
                other.rollouts.size() == first.rollouts.size() &&
                replication->grid().count() == first.cursor.grid().count(),
            "replications are of one scenario");
  }
}

/// All numbers of a window, with `result` knowing what was found out before.
Result summarize_window(Recordings replications, const Window& window, Result result) {
  const Recording::State& first = replications.front()->state();
  result.warmup_s = seconds_of(window.begins().since_start());
  result.duration_s = seconds_of(window.ends().since_start());
  result.replications = static_cast<std::int64_t>(replications.size());
  for (const Recording* replication : replications) {
    result.fingerprint = combine(result.fingerprint, replication->fingerprint());
  }
  const Samples samples = samples_of(replications, window, result);
  for (std::size_t i = 0; i < first.populations.size(); ++i) {
    result.traffic.push_back(population_subject(samples, i));
  }
  for (std::size_t i = 0; i < first.components.size(); ++i) {
    result.components.push_back(component_subject(samples, i));
  }
  for (std::size_t i = 0; i < first.rollouts.size(); ++i) {
    result.rollouts.push_back(rollout_subject(samples, i));
  }
  for (std::size_t i = 0; i < first.ab_tests.size(); ++i) {
    result.ab_tests.push_back(ab_test_subject({replications.begin(), replications.end()}, i));
  }
  if (result.batches > 0) {
    for (std::vector<Subject>* subjects : {&result.traffic, &result.components}) {
      for (Subject& subject : *subjects) {
        allow_for_autocorrelation(subject);
      }
    }
  }
  if (window.end == window.grid.count()) {
    for (const Subject& population : result.traffic) {
      warn_about(population, result.warnings);
    }
    for (const Subject& test : result.ab_tests) {
      warn_about_ab_test(test, result.warnings);
    }
    for (std::string& doubt : doubts_about(result, samples)) {
      result.warnings.push_back(std::move(doubt));
    }
  }
  return result;
}

}  // namespace

Result summarize(std::span<const Recording* const> replications, const WarmupChoice& warmup) {
  check_likeness(replications);
  const SliceGrid& grid = replications.front()->grid();
  Result result;
  const std::size_t first = end_of_warmup(replications, warmup, result);
  return summarize_window(replications, {grid, first, grid.count()}, std::move(result));
}

std::optional<Result> summarize_between(std::span<const Recording* const> replications, Time from,
                                        Time to) {
  check_likeness(replications);
  const SliceGrid& grid = replications.front()->grid();
  const std::size_t first = grid.first_from(from);
  const std::size_t end = grid.first_from(to);
  if (first >= end) {
    return std::nullopt;
  }
  return summarize_window(replications, {grid, first, end}, Result());
}

Result summarize_subject(const Recording& recording, std::string_view name, std::size_t first,
                         std::size_t end) {
  const Recording::State& state = recording.state();
  const Samples samples{{&recording, {recording.grid(), first, end}}};
  Result result;
  for (std::size_t i = 0; i < state.populations.size(); ++i) {
    if (state.populations[i]->name() == name) {
      result.traffic.push_back(population_subject(samples, i));
    }
  }
  for (std::size_t i = 0; i < state.components.size(); ++i) {
    if (state.components[i]->name() == name) {
      result.components.push_back(component_subject(samples, i));
    }
  }
  return result;
}

}  // namespace stampede
