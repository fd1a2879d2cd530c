#include <fmt/format.h>

#include <algorithm>

#include "check.hpp"
#include "stampede/base/text.hpp"

namespace stampede {
namespace {

class ChaosChecker {
 public:
  ChaosChecker(const Scenario& scenario, const ChaosSettings& chaos, Problems& problems)
      : scenario_(scenario), chaos_(chaos), problems_(problems) {}

  void run() {
    check_names();
    for (const Expectation& probe : chaos_.steady_state_hypothesis.probes) {
      check_subject(probe.subject, probe.place);
      if (probe.other) {
        check_subject(probe.other->path.subject, probe.place);
      }
    }
    if (!has_errors(problems_)) {
      check_times();
    }
  }

 private:
  void error(const Place& place, std::string what, std::string expected = {},
             std::string hint = {}) {
    problems_.push_back(
        {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
  }

  void check_names() {
    const std::string name(chaos_subject);
    const auto check = [&](const auto& named, const char* what) {
      for (const auto& entry : named) {
        if (entry.name == name) {
          error(entry.place, fmt::format("the {} '{}' has the name of the experiment", what, name),
                {}, "results are found by name: rename it");
        }
      }
    };
    check(scenario_.traffic, "traffic");
    check(scenario_.components, "component");
  }

  void check_subject(const std::string& subject, const Place& place) {
    std::vector<std::string> known;
    for (const auto& population : scenario_.traffic) {
      known.push_back(population.name);
    }
    for (const auto& component : scenario_.components) {
      known.push_back(component.name);
    }
    if (std::find(known.begin(), known.end(), subject) == known.end()) {
      const std::string match = closest_match(subject, known);
      error(place, fmt::format("there is no traffic or component '{}' to probe", subject),
            one_of(known, subject),
            match.empty() ? std::string() : fmt::format("did you mean '{}'?", match));
    }
  }

  void check_times() {
    const ChaosSteps& method = chaos_.method;
    const SteadyStateHypothesis& hypothesis = chaos_.steady_state_hypothesis;
    const Place& place = method.place;
    const Duration end = scenario_.run.duration;
    const bool does_something =
        std::any_of(method.steps.begin(), method.steps.end(),
                    [](const ChaosStep& step) { return step.fault.has_value(); });
    if (!does_something) {
      error(place, "chaos.method does nothing to the system", "a fault among its steps");
      return;
    }
    if (method.ends > end) {
      error(place,
            fmt::format("chaos.method takes until {}, but the run ends at {}", to_text(method.ends),
                        to_text(end)),
            {}, "shorten its steps, or lengthen run.duration");
      return;
    }
    // Windows are made of whole slices; those in which something begins or ends belong to the
    // method.
    const std::int64_t slice = scenario_.run.slice_length().ns();
    const Duration warmup = scenario_.run.warmup.length.value_or(Duration());
    const std::int64_t first = (warmup.ns() + slice - 1) / slice;
    if (hypothesis.judges_before() && method.begins.ns() / slice <= first) {
      error(place,
            fmt::format(
                "there is nothing to judge before chaos.method: it begins at {}, and {}",
                to_text(method.begins),
                warmup.is_zero() ? "the run at 0s" : "the warm-up ends at " + to_text(warmup)),
            {}, "begin it with a pause, such as {pause: 1m}");
    }
    const Duration scrape = scenario_.monitoring.scrape_interval;
    if (!chaos_.stop_conditions.empty() && method.ends - method.begins < scrape) {
      problems_.push_back(
          {Severity::warning,
           chaos_.stop_conditions.front().place,
           fmt::format("the stop conditions may come too late: they are looked at every {}, and "
                       "chaos.method takes {}",
                       to_text(scrape), to_text(method.ends - method.begins)),
           {},
           "shorten monitoring.scrape_interval"});
    }
    const Duration again = chaos_.steady_again_at();
    const bool is_over =
        again >= end || (again.ns() + slice - 1) / slice >= (end.ns() + slice - 1) / slice;
    if (hypothesis.judges_after() && is_over) {
      error(place,
            fmt::format("there is nothing to judge after chaos.method: the system shall be steady "
                        "again at {}, the run ends at {}",
                        to_text(again), to_text(end)),
            {}, "lengthen run.duration, or shorten the method or recovery_time_objective");
    }
  }

  const Scenario& scenario_;
  const ChaosSettings& chaos_;
  Problems& problems_;
};

}  // namespace

void check_chaos(const Scenario& scenario, Problems& problems) {
  if (scenario.chaos) {
    ChaosChecker(scenario, *scenario.chaos, problems).run();
  }
}

}  // namespace stampede
