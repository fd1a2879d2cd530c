#include "stampede/study/metastability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stampede/base/files.hpp"
#include "stampede/base/text.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/study/study.hpp"

namespace stampede {
namespace {

/// The faults of a scenario: what stands between them and the ends of the run.
struct Trigger {
  Duration begins = Duration::max();
  Duration ends;
};

Trigger trigger_of(const Scenario& scenario) {
  Trigger trigger;
  for (const auto& fault : scenario.facts.all<FaultTimes>()) {
    const bool is_momentary = [&] {
      for (const auto& momentary : scenario.facts.all<DoesAllAtOnce>()) {
        if (momentary.path == fault.path) {
          return true;
        }
      }
      return false;
    }();
    if (!fault.what.is_fixed() || fault.what.every || (!fault.what.duration && !is_momentary)) {
      throw NotMetastable(fault.path +
                          " has no end that is known: a trigger begins `at` an "
                          "instant and lasts `for` a time");
    }
    trigger.begins = std::min(trigger.begins, fault.what.earliest());
    trigger.ends =
        std::max(trigger.ends, fault.what.earliest() + fault.what.duration.value_or(Duration()));
  }
  if (trigger.begins == Duration::max()) {
    throw NotMetastable("the scenario has no faults to be the trigger");
  }
  if (trigger.begins.is_zero() || trigger.ends >= scenario.run.duration) {
    throw NotMetastable("there is nothing before the faults, or nothing after them, to judge");
  }
  return trigger;
}

/// Looks at loads and triggers one after the other.
class Finder {
 public:
  Finder(const SweepPlan& plan, std::string population, const ValueRange& load,
         const ValueRange& trigger, const MetastabilityOptions& wish,
         const ReplicationOptions& options)
      : plan_(plan),
        population_(std::move(population)),
        load_(load),
        trigger_(trigger),
        wish_(wish),
        options_(options) {}

  MetastabilityFound run() {
    for (std::size_t i = 0; i < wish_.loads; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(wish_.loads - 1);
      loads_.push_back(load_.is_log ? load_.from * std::pow(load_.to / load_.from, share)
                                    : load_.from + (load_.to - load_.from) * share);
      found_.levels.emplace_back().load = load_.text(loads_.back());
    }
    climb_and_descend();
    for (std::size_t i = 0; i < loads_.size() && !found_.is_partial; ++i) {
      look_at(i);
    }
    if (!found_.is_partial) {
      find_safe_load();
    }
    return std::move(found_);
  }

 private:
  Scenario read(const std::vector<std::string>& settings) const {
    SweepPlan one = plan_;
    one.paths.clear();
    one.points = {{}};
    one.settings.insert(one.settings.end(), settings.begin(), settings.end());
    ReadScenario read = read_point(one, 0);
    if (!read.scenario) {
      std::string why;
      for (const Problem& problem : read.problems) {
        why += why.empty() && problem.severity == Severity::error ? problem.what : "";
      }
      throw NotMetastable("it cannot be run so: " + why);
    }
    return *std::move(read.scenario);
  }

  std::vector<Replication> run(const Scenario& scenario) {
    std::vector<Replication> finished = run_replications(scenario, options_);
    found_.worlds += static_cast<std::int64_t>(finished.size());
    found_.is_partial =
        found_.is_partial || static_cast<int>(finished.size()) < scenario.run.replications;
    return finished;
  }

  /// Goodput over what was sent, in a window of some replications.
  double well_being(const std::vector<const Recording*>& recordings, Duration from,
                    Duration to) const {
    const std::optional<Result> seen =
        summarize_between(recordings, Time::from_start(from), Time::from_start(to));
    if (!seen) {
      throw NotMetastable("no time slice lies between " + to_text(from) + " and " + to_text(to) +
                          ": make run.slice shorter");
    }
    for (const Subject& population : seen->traffic) {
      if (population.name == population_) {
        const auto sent = static_cast<double>(*population.find_count("requests"));
        const double good = population.find("goodput_per_s")->value.estimate *
                            (seen->duration_s - seen->warmup_s) *
                            static_cast<double>(recordings.size());
        return sent > 0 ? good / sent : 0;
      }
    }
    throw NotMetastable("there is no traffic '" + population_ + "'");
  }

  // ---- Hysteresis ----

  /// All loads up and down again in one world for each replication.
  void climb_and_descend() {
    const Scenario scenario = read({"faults=[]", "chaos=null", "expect=[]"});
    const Duration hold = wish_.hold.is_zero() ? scenario.run.duration / 10 : wish_.hold;
    std::vector<std::string> stairs;
    for (const LoadLevel& level : found_.levels) {
      stairs.push_back(level.load);
    }
    for (std::size_t i = loads_.size() - 1; i-- > 0;) {
      stairs.push_back(found_.levels[i].load);
    }
    std::string points;
    // Settings are written at full length: reading divides them.
    const Duration written = hold * plan_.shortened;
    for (std::size_t i = 0; i < stairs.size(); ++i) {
      points += fmt::format("{}{{at: {}, rate: {}}}", i == 0 ? "" : ", ",
                            to_text(written * static_cast<std::int64_t>(i)), stairs[i]);
    }
    const auto steps = static_cast<std::int64_t>(stairs.size());
    const Scenario staircase =
        read({"faults=[]", "chaos=null", "expect=[]", "run.warmup=0s",
              "run.slice=" + to_text(written / 10), "run.duration=" + to_text(written * steps),
              plan_.paths[0] + "={piecewise: {between: step, points: [" + points + "]}}"});
    const std::vector<Replication> finished = run(staircase);
    if (finished.empty()) {
      return;
    }
    std::vector<const Recording*> recordings;
    for (const Replication& replication : finished) {
      recordings.push_back(replication.record.recording.get());
    }
    const auto in_step = [&](std::size_t step) {
      const Duration begins = hold * static_cast<std::int64_t>(step);
      return well_being(recordings, begins + hold / 2, begins + hold);
    };
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      found_.levels[i].going_up = in_step(i);
      found_.levels[i].coming_down = in_step(stairs.size() - 1 - i);
    }
  }

  // ---- Triggers ----

  enum class Fate { never_well, recovers, stays_down };

  Fate fate(double load, double trigger) {
    const Scenario scenario = read(
        {plan_.paths[0] + "=" + load_.text(load), plan_.paths[1] + "=" + trigger_.text(trigger)});
    const Trigger times = trigger_of(scenario);
    const Duration end = scenario.run.duration;
    const Duration from = times.ends + (end - times.ends).scaled(0.75);
    Fate worst = Fate::recovers;
    for (const Replication& replication : run(scenario)) {
      const std::vector<const Recording*> alone{replication.record.recording.get()};
      if (well_being(alone, times.begins / 2, times.begins) < wish_.well) {
        return Fate::never_well;
      }
      if (well_being(alone, from, end) < wish_.well) {
        worst = Fate::stays_down;
      }
    }
    return worst;
  }

  void look_at(std::size_t index) {
    LoadLevel& level = found_.levels[index];
    const double load = loads_[index];
    const Fate after_the_largest = fate(load, trigger_.to);
    level.is_well_without = after_the_largest != Fate::never_well;
    if (found_.is_partial || !level.is_well_without) {
      return;
    }
    if (after_the_largest == Fate::recovers) {
      level.recovers_from = trigger_.text(trigger_.to);
      return;
    }
    double bad = trigger_.to;
    double good = trigger_.from;
    level.kept_down_by = trigger_.text(bad);
    if (fate(load, good) != Fate::recovers) {
      level.kept_down_by = trigger_.text(good);
      return;
    }
    level.recovers_from = trigger_.text(good);
    while (!is_close(trigger_, good, bad) && !found_.is_partial) {
      const double middle = between(trigger_, good, bad);
      (fate(load, middle) == Fate::recovers ? good : bad) = middle;
      level.recovers_from = trigger_.text(good);
      level.kept_down_by = trigger_.text(bad);
    }
  }

  /// Between the last load of the table that no trigger keeps down and the first that one does.
  void find_safe_load() {
    std::size_t first_bad = 0;
    while (first_bad < loads_.size() && is_safe(found_.levels[first_bad])) {
      found_.safe = found_.levels[first_bad].load;
      ++first_bad;
    }
    if (first_bad == loads_.size()) {
      return;
    }
    found_.vulnerable = found_.levels[first_bad].load;
    if (first_bad == 0) {
      return;
    }
    double good = loads_[first_bad - 1];
    double bad = loads_[first_bad];
    while (!is_close(load_, good, bad) && !found_.is_partial) {
      const double middle = between(load_, good, bad);
      (fate(middle, trigger_.to) == Fate::recovers ? good : bad) = middle;
    }
    found_.safe = load_.text(good);
    found_.vulnerable = load_.text(bad);
  }

  static bool is_safe(const LoadLevel& level) {
    return level.is_well_without && !level.kept_down_by;
  }

  static double between(const ValueRange& range, double a, double b) {
    const double middle = range.is_log ? std::sqrt(a * b) : (a + b) / 2;
    return range.unit->is_whole ? std::floor(middle) : middle;
  }

  bool is_close(const ValueRange& range, double a, double b) const {
    const double distance = std::abs(a - b);
    return distance <= wish_.precision * std::max(std::abs(a), std::abs(b)) ||
           (range.unit->is_whole && distance <= 1);
  }

  const SweepPlan& plan_;
  std::string population_;
  const ValueRange& load_;
  const ValueRange& trigger_;
  const MetastabilityOptions& wish_;
  const ReplicationOptions& options_;
  std::vector<double> loads_;
  MetastabilityFound found_;
};

}  // namespace

MetastabilityFound find_metastability(const SweepPlan& plan, const std::string& population,
                                      const ValueRange& load, const ValueRange& trigger,
                                      const MetastabilityOptions& wish,
                                      const ReplicationOptions& options) {
  return Finder(plan, population, load, trigger, wish, options).run();
}

}  // namespace stampede
