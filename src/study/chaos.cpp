#include "stampede/study/chaos.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "stampede/base/require.hpp"
#include "stampede/measure/harm.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/stats/paired.hpp"

namespace stampede {
namespace {

constexpr std::size_t usual_window = 5;  ///< slices

bool all_pass(const std::vector<CheckedExpectation>& probes) {
  return !probes.empty() &&
         std::all_of(probes.begin(), probes.end(), [](const CheckedExpectation& probe) {
           return probe.verdict.kind == Verdict::Kind::pass;
         });
}

/// Slices of the run, [first, end).
struct Slices {
  std::size_t first = 0;
  std::size_t end = 0;
};

class Judge {
 public:
  Judge(const Scenario& scenario, const std::vector<Replication>& finished, const Result& result)
      : scenario_(scenario),
        chaos_(*scenario.chaos),
        hypothesis_(chaos_.steady_state_hypothesis),
        finished_(finished),
        grid_(finished.front().record.recording->grid()) {
    for (const Replication& replication : finished) {
      recordings_.push_back(replication.record.recording.get());
    }
    // The slice in which the first fault begins, and that in which the last one ends, belong to the
    // method.
    const Time begins = Time::from_start(chaos_.method.begins);
    const std::size_t after_begin = grid_.first_from(begins);
    const bool is_boundary = after_begin < grid_.count() && grid_.boundary(after_begin) == begins;
    method_.first = is_boundary || after_begin == 0 ? after_begin : after_begin - 1;
    method_.end =
        std::max(grid_.first_from(Time::from_start(chaos_.method.ends)), method_.first + 1);
    before_ = {grid_.first_from(Time::from_start(Duration::from_seconds(result.warmup_s))),
               method_.first};
    after_ = {grid_.first_from(Time::from_start(chaos_.steady_again_at())), grid_.count()};
    const Duration slice = grid_.boundary(1).since_start();
    window_ = hypothesis_.window
                  ? static_cast<std::size_t>((hypothesis_.window->ns() - 1) / slice.ns() + 1)
                  : usual_window;
  }

  ChaosReport report() {
    ChaosReport report;
    report.title = chaos_.title;
    report.description = chaos_.description;
    report.hypothesis = hypothesis_.title;
    report.expected = chaos_.expected_verdict;
    report.begins_s = chaos_.method.begins.seconds();
    report.ends_s = chaos_.method.ends.seconds();
    report.windows.push_back(pooled("before", before_, hypothesis_.judges_before()));
    report.windows.push_back(pooled("during", method_, hypothesis_.judges_during()));
    report.windows.push_back(pooled("after", after_, hypothesis_.judges_after()));
    for (const Replication& replication : finished_) {
      report.runs.push_back(run_of(replication));
    }
    report.was_steady_before = !report.windows[0].decides || report.windows[0].holds();
    const bool holds =
        std::all_of(report.windows.begin(), report.windows.end(),
                    [](const ChaosWindow& window) { return !window.decides || window.holds(); });
    report.verdict =
        verdict_of(holds, report.was_steady_before, /*is_aborted=*/report.aborted() > 0);
    add_harm(report);
    report.detections = detections(finished_.front());
    report.measures = measures(report);
    return report;
  }

 private:
  static ChaosVerdict verdict_of(bool holds, bool was_steady_before, bool is_aborted) {
    if (!was_steady_before) {
      return ChaosVerdict::deviated;
    }
    return is_aborted ? ChaosVerdict::aborted
           : holds    ? ChaosVerdict::completed
                      : ChaosVerdict::deviated;
  }

  double seconds_at(std::size_t boundary) const {
    return static_cast<double>(grid_.boundary(boundary).ns()) / 1e9;
  }

  // ---- The hypothesis ----

  ChaosWindow pooled(std::string_view name, Slices slices, bool decides) const {
    ChaosWindow window;
    window.name = name;
    window.from_s = seconds_at(slices.first);
    window.to_s = seconds_at(std::max(slices.first, slices.end));
    window.decides = decides;
    if (slices.first < slices.end) {
      const std::optional<Result> result =
          summarize_between(recordings_, grid_.boundary(slices.first), grid_.boundary(slices.end));
      window.probes = judge_expectations(hypothesis_.probes, result.value_or(Result()), true);
    }
    return window;
  }

  /// Whether the hypothesis holds in some slices of one replication.
  bool holds_in(const Recording& recording, Slices slices) const {
    if (slices.first >= slices.end) {
      return false;
    }
    std::map<std::string, Result> subjects;
    const auto add = [&](const std::string& name, Result& to) {
      const auto [known, is_new] = subjects.try_emplace(name);
      if (is_new) {
        known->second = summarize_subject(recording, name, slices.first, slices.end);
      }
      to.traffic.insert(to.traffic.end(), known->second.traffic.begin(),
                        known->second.traffic.end());
      to.components.insert(to.components.end(), known->second.components.begin(),
                           known->second.components.end());
    };
    for (const Expectation& probe : hypothesis_.probes) {
      Result seen;
      add(probe.subject, seen);
      if (probe.other) {
        add(probe.other->path.subject, seen);
      }
      if (judge_expectation(probe, seen, true).verdict.kind != Verdict::Kind::pass) {
        return false;
      }
    }
    return true;
  }

  ChaosRun run_of(const Replication& replication) const {
    const Recording& recording = *replication.record.recording;
    ChaosRun run;
    run.number = replication.number + 1;
    run.abort = replication.record.abort;
    const auto is_right = [&](bool decides, Slices slices) {
      return !decides || holds_in(recording, slices);
    };
    const bool was_steady = is_right(hypothesis_.judges_before(), before_);
    run.verdict = verdict_of(is_right(hypothesis_.judges_during(), method_) &&
                                 is_right(hypothesis_.judges_after(), after_),
                             was_steady, run.abort.has_value());
    follow(recording, run);
    run.detected_s = detected(replication);
    return run;
  }

  /// Slides the window over the run.
  void follow(const Recording& recording, ChaosRun& run) const {
    std::optional<std::size_t> last_bad;
    for (std::size_t end = std::max(method_.first + 1, window_); end <= grid_.count(); ++end) {
      const std::size_t first = end - window_;
      if (!holds_in(recording, {first, end})) {
        if (!run.deviated_s) {
          run.deviated_s = seconds_at(end - 1);
        }
        last_bad = first;
        continue;
      }
      if (last_bad && !run.mitigated_s) {
        run.mitigated_s = std::max(seconds_at(*last_bad + 1), *run.deviated_s);
      }
      if (last_bad) {
        run.recovered_s = std::max(seconds_at(*last_bad + 1), *run.deviated_s);
      }
    }
    if (last_bad && *last_bad + window_ == grid_.count()) {
      run.recovered_s.reset();
    }
  }

  // ---- Who noticed ----

  std::vector<Detection> detections(const Replication& replication) const {
    std::vector<Detection> all;
    for (const Reaction& reaction :
         reactions(*replication.record.recording, method_.first, grid_.count())) {
      all.push_back({seconds_at(reaction.slice + 1), reaction.component, reaction.detector});
    }
    if (const auto& abort = replication.record.abort) {
      all.push_back({abort->at_s, {}, abort->condition});
      std::stable_sort(all.begin(), all.end(),
                       [](const Detection& a, const Detection& b) { return a.at_s < b.at_s; });
    }
    return all;
  }

  std::optional<double> detected(const Replication& replication) const {
    const std::vector<Detection> all = detections(replication);
    return all.empty() ? std::nullopt : std::optional(all.front().at_s);
  }

  // ---- Who came to harm ----

  /// From the first fault to the recovery, but at least as long as the method.
  Slices disturbed_in(const ChaosRun& run) const {
    Slices slices = method_;
    if (!run.is_steady_in_the_end()) {
      slices.end = grid_.count();
    } else if (run.recovered_s) {
      slices.end = std::max(
          slices.end, grid_.first_from(Time::from_start(Duration::from_seconds(*run.recovered_s))));
    }
    return slices;
  }

  /// What the probes allow a good answer of this population to take; none: anything.
  std::optional<Duration> longest_of(const std::string& population) const {
    std::optional<Duration> longest;
    for (const Expectation& probe : hypothesis_.probes) {
      const bool is_bound = probe.relation == Relation::less || probe.relation == Relation::at_most;
      if (probe.subject == population && !probe.other && is_bound &&
          (probe.metric.starts_with("latency.") || probe.metric.starts_with("latency_s."))) {
        const Duration bound = Duration::from_seconds(probe.value);
        longest = longest ? std::min(*longest, bound) : bound;
      }
    }
    return longest;
  }

  std::vector<std::string> populations() const {
    std::vector<std::string> probed;
    std::vector<std::string> all;
    for (const auto& population : scenario_.traffic) {
      all.push_back(population.name);
      for (const Expectation& probe : hypothesis_.probes) {
        if (probe.subject == population.name) {
          probed.push_back(population.name);
          break;
        }
      }
    }
    return probed.empty() ? all : probed;
  }

  struct Shares {
    std::vector<Fraction> before;
    std::vector<Fraction> disturbed;
  };

  template <class ShareOf>
  Shares shares(const ChaosReport& report, ShareOf share_of) const {
    Shares shares;
    for (std::size_t i = 0; i < recordings_.size(); ++i) {
      shares.before.push_back(share_of(*recordings_[i], before_));
      shares.disturbed.push_back(share_of(*recordings_[i], disturbed_in(report.runs[i])));
    }
    return shares;
  }

  static Metric share_metric(const std::string& name, const std::vector<Fraction>& fractions) {
    return {.name = name,
            .value = proportion_estimate(fractions),
            .deviations = ratio_deviations(fractions)};
  }

  void add_harm(ChaosReport& report) {
    const auto in = [](Slices slices) { return slices.first < slices.end; };
    for (const std::string& population : populations()) {
      const std::optional<Duration> longest = longest_of(population);
      const Shares harmed = shares(report, [&](const Recording& recording, Slices slices) {
        return in(slices)
                   ? harmed_requests(recording, population, longest, slices.first, slices.end)
                   : Fraction();
      });
      report.traffic.push_back({population, share_metric("harmed", harmed.before),
                                share_metric("harmed", harmed.disturbed)});
      all_harmed_.before.resize(recordings_.size());
      all_harmed_.disturbed.resize(recordings_.size());
      for (std::size_t i = 0; i < recordings_.size(); ++i) {
        add(all_harmed_.before[i], harmed.before[i]);
        add(all_harmed_.disturbed[i], harmed.disturbed[i]);
      }
    }
    for (const auto& component : scenario_.components) {
      const Shares failed = shares(report, [&](const Recording& recording, Slices slices) {
        return in(slices) ? failed_visits(recording, component.name, slices.first, slices.end)
                          : Fraction();
      });
      HarmedSubject harmed{component.name, share_metric("failed", failed.before),
                           share_metric("failed", failed.disturbed)};
      const double before = harmed.before.value.estimate;
      if (harmed.disturbed.value.estimate > (std::isnan(before) ? 0 : before)) {
        report.components.push_back(std::move(harmed));
      }
    }
  }

  static void add(Fraction& to, const Fraction& more) {
    to.numerator += more.numerator;
    to.denominator += more.denominator;
  }

  // ---- The numbers ----

  Subject measures(const ChaosReport& report) const {
    Subject chaos;
    chaos.name = std::string(chaos_subject);
    chaos.kind = "chaos";
    const auto time = [&](const char* name, auto time_of) {
      std::vector<double> times;
      bool is_unfinished = false;
      for (const ChaosRun& run : report.runs) {
        const std::optional<double> at = time_of(run);
        // What has not come by the end of the run takes at least so long.
        is_unfinished = is_unfinished || !at;
        times.push_back(at.value_or(seconds_at(grid_.count())) - report.begins_s);
      }
      chaos.metrics.push_back({.name = name,
                               .value = mean_estimate(times),
                               .supported = !is_unfinished,
                               .unfinished = is_unfinished,
                               .deviations = mean_deviations(times)});
    };
    const auto is_detected = [](const ChaosRun& run) { return run.detected_s.has_value(); };
    if (std::any_of(report.runs.begin(), report.runs.end(), is_detected)) {
      time("time_to_detect_s", [](const ChaosRun& run) { return run.detected_s; });
    }
    const auto or_never_needed = [&](const ChaosRun& run, const std::optional<double>& at) {
      return run.deviated_s ? at : std::optional(report.begins_s);
    };
    time("time_to_mitigate_s",
         [&](const ChaosRun& run) { return or_never_needed(run, run.mitigated_s); });
    time("time_to_recover_s",
         [&](const ChaosRun& run) { return or_never_needed(run, run.recovered_s); });
    chaos.metrics.push_back(blast_radius());
    const auto share = [&](const char* name, auto is_so) {
      std::vector<Fraction> runs;
      for (const ChaosRun& run : report.runs) {
        runs.push_back({is_so(run) ? 1.0 : 0.0, 1.0});
      }
      chaos.metrics.push_back(share_metric(name, runs));
    };
    share("detected", is_detected);
    share("recovered", [](const ChaosRun& run) { return run.is_steady_in_the_end(); });
    share("aborted", [](const ChaosRun& run) { return run.abort.has_value(); });
    return chaos;
  }

  Metric blast_radius() const {
    const Metric before = share_metric("harmed", all_harmed_.before);
    const Metric disturbed = share_metric("harmed", all_harmed_.disturbed);
    Metric radius;
    radius.name = "blast_radius";
    if (before.value.n == 0 || std::isnan(before.value.estimate)) {
      radius.value = disturbed.value;  // there was nothing before it to compare with
      radius.deviations = disturbed.deviations;
      return radius;
    }
    const PairedDifference difference =
        paired_difference(before.value.estimate, before.deviations, disturbed.value.estimate,
                          disturbed.deviations, 0.95);
    radius.value = difference.value;
    for (std::size_t i = 0; i < disturbed.deviations.size(); ++i) {
      radius.deviations.push_back(disturbed.deviations[i] - before.deviations[i]);
    }
    return radius;
  }

  const Scenario& scenario_;
  const ChaosSettings& chaos_;
  const SteadyStateHypothesis& hypothesis_;
  const std::vector<Replication>& finished_;
  const SliceGrid& grid_;
  std::vector<const Recording*> recordings_;
  Slices before_;
  Slices method_;
  Slices after_;
  std::size_t window_ = usual_window;
  Shares all_harmed_;
};

}  // namespace

bool ChaosWindow::holds() const { return all_pass(probes); }

std::int64_t ChaosReport::aborted() const {
  return std::count_if(runs.begin(), runs.end(),
                       [](const ChaosRun& run) { return run.abort.has_value(); });
}

ChaosReport judge_chaos(const Scenario& scenario, const std::vector<Replication>& finished,
                        const Result& result) {
  require(scenario.chaos && !finished.empty(), "an experiment that was carried out is judged");
  return Judge(scenario, finished, result).report();
}

}  // namespace stampede
