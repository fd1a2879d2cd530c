#include "stampede/study/search.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "stampede/base/files.hpp"
#include "stampede/base/require.hpp"
#include "stampede/study/cost.hpp"

namespace stampede {
namespace {

constexpr std::int64_t fewest_replications = 4;

class Bisection {
 public:
  Bisection(const SweepPlan& plan, const ValueRange& range, bool largest,
            const SearchOptions& search, const ReplicationOptions& options)
      : plan_(plan), range_(range), largest_(largest), search_(search), options_(options) {
    found_.error_of_one_value = (1 - search.confidence) / static_cast<double>(most_probes());
  }

  LimitFound run() {
    double good = largest_ ? range_.from : range_.to;
    double bad = largest_ ? range_.to : range_.from;
    if (!is_wanted(good)) {
      // What breaks at the lower end and not at the upper one is worse the less there is of it.
      const bool is_turned =
          search_.wanted == Decision::fails && !found_.is_partial && is_wanted(bad);
      if (!is_turned) {
        found_.next = range_.text(good);
        return std::move(found_);
      }
      std::swap(good, bad);
    } else if (is_wanted(bad)) {
      found_.best = range_.text(bad);
      return std::move(found_);
    }
    found_.best = range_.text(good);
    while (!found_.is_partial) {
      found_.next = range_.text(bad);
      if (is_close(good, bad)) {
        break;
      }
      const double middle = between(good, bad);
      (is_wanted(middle) ? good : bad) = middle;
      found_.best = range_.text(good);
    }
    return std::move(found_);
  }

 private:
  double between(double a, double b) const {
    const double middle = range_.is_log ? std::sqrt(a * b) : (a + b) / 2;
    return range_.unit->is_whole ? std::floor(middle) : middle;
  }

  bool is_close(double a, double b) const {
    const double distance = std::abs(a - b);
    return distance <= search_.precision * std::max(std::abs(a), std::abs(b)) ||
           (range_.unit->is_whole && distance <= 1);
  }

  /// The ends, and the halves until the smallest of them is as narrow as it must be.
  std::size_t most_probes() const {
    double good = largest_ ? range_.from : range_.to;
    double bad = largest_ ? range_.to : range_.from;
    // The interval stays widest, relative to its ends, towards the smaller end.
    double& kept = good < bad ? good : bad;
    double& moved = good < bad ? bad : good;
    std::size_t probes = 2;
    while (!is_close(kept, moved) && probes < 200) {
      moved = between(kept, moved);
      ++probes;
    }
    return probes;
  }

  /// Tries a value with ever more replications, until it is clear what it does: whether that is
  /// what is wanted.
  bool is_wanted(double value) {
    SweepPlan one = plan_;
    one.points = {{range_.text(value)}};
    ReadScenario read = read_point(one, 0);
    if (!read.scenario) {
      throw FileError(point_text(one, 0) + " cannot be read: " +
                      (read.problems.empty() ? "" : read.problems.front().what));
    }
    Scenario& scenario = *read.scenario;
    Probe probe;
    probe.value = range_.text(value);
    const std::int64_t first_look =
        std::max<std::int64_t>(fewest_replications, scenario.run.replications);
    const std::int64_t last_look = std::max(first_look, search_.most_replications);
    double looks = 1;
    for (std::int64_t count = first_look; count < last_look; count *= 2) {
      ++looks;
    }
    std::vector<Replication> replications;
    std::int64_t count = first_look;
    while (true) {
      add_replications(scenario, count, replications);
      if (found_.is_partial) {
        return false;
      }
      scenario.run.replications = static_cast<int>(count);
      const StudyResult study = study_of(scenario, replications, plan_.shortened);
      probe.replications = count;
      probe.decided = decide(study, found_.error_of_one_value / looks);
      if (probe.decided.decision != Decision::cannot_tell || count >= last_look) {
        break;
      }
      count = std::min(2 * count, last_look);
    }
    found_.probes.push_back(std::move(probe));
    return found_.probes.back().decided.decision == search_.wanted;
  }

  void add_replications(const Scenario& scenario, std::int64_t count,
                        std::vector<Replication>& replications) {
    BatchEnd end;
    Batch batch;
    batch.first = static_cast<std::int64_t>(replications.size());
    batch.count = count - batch.first;
    batch.duration = scenario.run.duration;
    batch.run_world = [&](std::int64_t replication, const std::atomic<bool>& stop,
                          std::atomic<std::int64_t>& simulated_ns) {
      return World(scenario, static_cast<std::uint64_t>(replication)).run(&stop, &simulated_ns);
    };
    batch.ended = [&](BatchEnd of_batch) { end = std::move(of_batch); };
    run_batches({&batch, 1}, options_);
    if (!end.failure.empty()) {
      throw ReplicationFailed(end.failure);
    }
    std::move(end.replications.begin(), end.replications.end(), std::back_inserter(replications));
    found_.is_partial = static_cast<std::int64_t>(replications.size()) < count;
  }

  const SweepPlan& plan_;
  const ValueRange& range_;
  bool largest_;
  const SearchOptions& search_;
  const ReplicationOptions& options_;
  LimitFound found_;
};

// ---- The cheapest -------------------------------------------------------------------------------

bool is_better_when_larger(const std::string& metric) {
  for (const char* name :
       {"availability", "throughput", "goodput", "hit_ratio", "uptime", "origin_offload"}) {
    if (metric.find(name) != std::string::npos) {
      return true;
    }
  }
  return false;
}

/// What is to be small: the cost and the metrics, those turned round that are to be large.
std::vector<double> costs_of(const SweepPlan& plan, const Candidate& candidate) {
  std::vector<double> costs{candidate.cost_per_h};
  for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
    const double value = candidate.metrics[i].metric.value.estimate;
    costs.push_back(is_better_when_larger(plan.metrics[i]) ? -value : value);
  }
  return costs;
}

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool is_better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] <= b[i])) {
      return false;
    }
    is_better = is_better || a[i] < b[i];
  }
  return is_better;
}

void mark_front(const SweepPlan& plan, std::vector<Candidate>& candidates) {
  std::vector<std::vector<double>> costs;
  for (const Candidate& candidate : candidates) {
    costs.push_back(costs_of(plan, candidate));
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool has_gaps =
        std::any_of(costs[i].begin(), costs[i].end(), [](double cost) { return std::isnan(cost); });
    candidates[i].is_on_front = !has_gaps && std::none_of(costs.begin(), costs.end(),
                                                          [&](const std::vector<double>& other) {
                                                            return dominates(other, costs[i]);
                                                          });
  }
}

}  // namespace

LimitFound find_limit(const SweepPlan& plan, const ValueRange& range, bool largest,
                      const SearchOptions& search, const ReplicationOptions& options) {
  return Bisection(plan, range, largest, search, options).run();
}

std::int64_t replications_of_best(const LimitFound& found) {
  const auto best = std::find_if(found.probes.begin(), found.probes.end(),
                                 [&](const Probe& probe) { return probe.value == found.best; });
  require(best != found.probes.end(), "the best value was tried");
  return best->replications;
}

CheapestFound find_cheapest(const SweepPlan& plan, std::span<const PlannedPoint> points,
                            double confidence, const ReplicationOptions& options) {
  CheapestFound found;
  found.error_of_one_point = (1 - confidence) / static_cast<double>(points.size());
  std::mutex one_at_a_time;
  found.failed =
      run_studies(plan, points, options,
                  [&](std::size_t point, const Scenario& scenario, const StudyResult& study) {
                    Candidate candidate;
                    candidate.point = point;
                    candidate.cost_per_h = total_cost(study.result).value_or(0);
                    candidate.decided = decide(study, found.error_of_one_point);
                    candidate.metrics = point_of(plan, point, scenario, study).chosen;
                    const std::lock_guard lock(one_at_a_time);
                    found.candidates.push_back(std::move(candidate));
                  });
  found.is_partial = found.candidates.size() + found.failed.size() < points.size();
  std::sort(found.candidates.begin(), found.candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return a.cost_per_h != b.cost_per_h ? a.cost_per_h < b.cost_per_h : a.point < b.point;
            });
  mark_front(plan, found.candidates);
  for (std::size_t i = 0; i < found.candidates.size() && !found.best; ++i) {
    if (found.candidates[i].decided.decision == Decision::meets) {
      found.best = i;
    }
  }
  return found;
}

}  // namespace stampede
