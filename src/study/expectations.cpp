#include "stampede/study/expectations.hpp"

#include <algorithm>
#include <string_view>

#include "stampede/base/text.hpp"
#include "stampede/measure/metrics.hpp"

namespace stampede {
namespace {

/// A request type or a group of users, whose numbers are given apart.
struct Part {
  std::string name;
  std::string kind;  ///< as in Subject::kind
};

template <class T>
void add_parts(std::vector<Part>& parts, const std::string& kind, const Named<T>& named) {
  for (const auto& entry : named) {
    parts.push_back({entry.name, kind});
  }
}

std::vector<Part> parts_of(const TrafficSettings& traffic) {
  std::vector<Part> parts;
  add_parts(parts, "request_type", traffic.requests);
  if (traffic.requests.empty()) {
    parts.push_back({"request", "request_type"});
  }
  add_parts(parts, "region", traffic.users.regions);
  add_parts(parts, "segment", traffic.users.segments);
  add_parts(parts, "tenant", traffic.users.tenants);
  return parts;
}

/// The words that may stand before the name of a part: "regions.eu", as in result.json.
std::vector<std::string> words_for(const std::string& kind) {
  std::vector<std::string> words{kind, plural_of(kind)};
  if (kind == "request_type") {
    words.insert(words.end(), {"requests", "requests_by_type"});
  }
  return words;
}

/// Removes "name." from the front of the path if it stands there.
bool take(std::string_view& path, std::string_view name) {
  if (path.size() > name.size() && path.starts_with(name) && path[name.size()] == '.') {
    path.remove_prefix(name.size() + 1);
    return true;
  }
  return false;
}

class Checker {
 public:
  explicit Checker(const Scenario& scenario) : scenario_(scenario) {}

  Problems run() {
    for (const Expectation& expectation : scenario_.expect) {
      check(expectation);
    }
    if (scenario_.chaos) {
      for (const Expectation& probe : scenario_.chaos->steady_state_hypothesis.probes) {
        check(probe);
      }
    }
    return std::move(problems_);
  }

  /// The number that a path names, or nullptr and a problem.
  const MetricInfo* find(const std::string& path, const Place& place, Problems& problems) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const MetricPath whole{path.substr(0, dot), path.substr(std::min(dot + 1, path.size()))};
    const MetricInfo* found = find(whole, place);
    const std::vector<std::string> known = subjects();
    if (std::find(known.begin(), known.end(), whole.subject) == known.end()) {
      error(place, "there is no traffic or component '" + whole.subject + "'", whole.subject,
            known);
    }
    problems.insert(problems.end(), problems_.begin(), problems_.end());
    problems_.clear();
    return found;
  }

 private:
  std::vector<std::string> subjects() const {
    std::vector<std::string> names;
    for (const auto& population : scenario_.traffic) {
      names.push_back(population.name);
    }
    for (const auto& component : scenario_.components) {
      names.push_back(component.name);
    }
    for (const auto& rollout : scenario_.rollouts) {
      names.push_back(rollout.name);
    }
    if (scenario_.chaos) {
      names.emplace_back(chaos_subject);
    }
    for (const auto& test : scenario_.ab_tests) {
      names.push_back(test.name);
    }
    return names;
  }

  void check(const Expectation& expectation) {
    const MetricInfo* metric = find({expectation.subject, expectation.metric}, expectation.place);
    if (!expectation.other) {
      if (metric != nullptr) {
        check_unit(expectation, *metric);
      }
      return;
    }
    const MetricPath& path = expectation.other->path;
    const MetricInfo* other = find(path, expectation.place);
    if (metric != nullptr && other != nullptr && metric->unit != other->unit) {
      mismatch(expectation,
               expectation.subject + "." + expectation.metric + " is a " +
                   std::string(word_for(metric->unit)) + " and " + path.text() + " a " +
                   std::string(word_for(other->unit)),
               "two numbers of one kind");
    }
  }

  /// The number at a path. None after telling that there is no such number; silent about unknown
  /// subjects, of which the scenario's own checks tell.
  const MetricInfo* find(const MetricPath& path, const Place& place) {
    if (const TrafficSettings* traffic = scenario_.traffic.find(path.subject)) {
      return find_of_traffic(path, *traffic, place);
    }
    if (const Choice<Component>* component = scenario_.components.find(path.subject)) {
      return find_of_component(path, component->kind(), place);
    }
    if (scenario_.rollouts.find(path.subject) != nullptr) {
      return find_metric_of(path.subject, path.metric, "rollout", {}, place);
    }
    if (scenario_.chaos && path.subject == chaos_subject) {
      return find_metric_of(path.subject, path.metric, "chaos", {}, place);
    }
    if (const AbTestSettings* test = scenario_.ab_tests.find(path.subject)) {
      return find_of_ab_test(path, *test, place);
    }
    return nullptr;
  }

  const MetricInfo* find_of_traffic(const MetricPath& whole, const TrafficSettings& traffic,
                                    const Place& place) {
    return find_in_parts(whole, parts_of(traffic), "traffic", place);
  }

  const MetricInfo* find_of_ab_test(const MetricPath& whole, const AbTestSettings& test,
                                    const Place& place) {
    std::vector<Part> parts;
    if (const FlagSettings* flag = scenario_.flags.find(test.flag)) {
      add_parts(parts, "variant", flag->variants);
    }
    add_parts(parts, "analysis", test.analyses);
    add_parts(parts, "guardrail", test.guardrails);
    return find_in_parts(whole, parts, "ab_test", place);
  }

  /// The number at a path below a subject of `whole_kind` that has such parts.
  const MetricInfo* find_in_parts(const MetricPath& whole, const std::vector<Part>& parts,
                                  const std::string& whole_kind, const Place& place) {
    std::string_view path = whole.metric;
    std::string kind = whole_kind;
    std::vector<std::string> beside;  // what else could stand first
    for (const Part& part : parts) {
      std::string_view rest = path;
      for (const std::string& word : words_for(part.kind)) {
        take(rest, word);
      }
      if (kind == whole_kind && take(rest, part.name)) {
        path = rest;
        kind = part.kind;
      }
      beside.push_back(part.name);
    }
    return find_metric_of(whole.subject, path, kind,
                          kind == whole_kind ? beside : std::vector<std::string>{}, place);
  }

  const MetricInfo* find_of_component(const MetricPath& whole, const std::string& kind,
                                      const Place& place) {
    std::string_view path = whole.metric;
    if (take(path, "instances")) {
      path.remove_prefix(std::min(path.find('.'), path.size() - 1) + 1);
      return find_metric_of(whole.subject, path, "instance", {}, place);
    }
    if (take(path, "versions")) {
      path.remove_prefix(std::min(path.find('.'), path.size() - 1) + 1);
      return find_metric_of(whole.subject, path, "version", {}, place);
    }
    return find_metric_of(whole.subject, path, kind, {}, place);
  }

  const MetricInfo* find_metric_of(const std::string& subject, std::string_view path,
                                   const std::string& kind, const std::vector<std::string>& beside,
                                   const Place& place) {
    std::vector<std::string> known;
    for (const MetricInfo& metric : metrics_of(kind)) {
      if (metric.path() == path || metric.name == path) {
        return &metric;
      }
      known.push_back(metric.path());
    }
    known.insert(known.end(), beside.begin(), beside.end());
    error(place, "'" + subject + "' has no number '" + std::string(path) + "'", std::string(path),
          known);
    return nullptr;
  }

  static std::string_view word_for(MetricUnit unit) {
    switch (unit) {
      case MetricUnit::seconds:
        return "length of time";
      case MetricUnit::per_second:
        return "rate";
      case MetricUnit::share:
        return "share";
      case MetricUnit::number:
        return "plain number";
    }
    return "";
  }

  void check_unit(const Expectation& expectation, const MetricInfo& metric) {
    const std::string& unit = expectation.unit;
    const std::string name = expectation.subject + "." + expectation.metric;
    switch (metric.unit) {
      case MetricUnit::seconds:
        if (unit != "s" && !(unit.empty() && expectation.value == 0)) {
          mismatch(expectation, name + " is a length of time", "a value such as 250ms");
        }
        break;
      case MetricUnit::per_second:
        if (unit != "/s" && !unit.empty()) {
          mismatch(expectation, name + " is a rate", "a value such as 100/s");
        }
        break;
      case MetricUnit::share:
        if (unit != "%" && !unit.empty()) {
          mismatch(expectation, name + " is a share", "a value such as 99.5% or 0.995");
        }
        break;
      case MetricUnit::number:
        if (!unit.empty()) {
          mismatch(expectation, name + " is a plain number", "a value without a unit");
        }
        break;
    }
  }

  void mismatch(const Expectation& expectation, std::string what, std::string expected) {
    problems_.push_back(
        {Severity::error, expectation.place, std::move(what), std::move(expected), {}});
  }

  void error(const Place& place, std::string what, const std::string& word,
             const std::vector<std::string>& known) {
    const std::string match = closest_match(word, known);
    problems_.push_back({Severity::error, place, std::move(what), one_of(known, word),
                         match.empty() ? std::string() : "did you mean '" + match + "'?"});
  }

  const Scenario& scenario_;
  Problems problems_;
};

/// The unit to show a number in when none was written.
std::string unit_of(const std::optional<Metric>& metric) {
  const std::string_view name = metric ? std::string_view(metric->name) : std::string_view();
  const std::string_view block = name.substr(0, name.find('.'));
  return block.ends_with("_per_s") ? "/s" : block.ends_with("_s") ? "s" : "";
}

}  // namespace

Problems check_expectations(const Scenario& scenario) { return Checker(scenario).run(); }

const MetricInfo* metric_at(const Scenario& scenario, const std::string& path, const Place& place,
                            Problems& problems) {
  return Checker(scenario).find(path, place, problems);
}

CheckedExpectation judge_expectation(const Expectation& expectation, const Result& result,
                                     bool with_precision) {
  const MetricPath path{expectation.subject, expectation.metric};
  std::optional<Metric> observed = find_metric(result, path.text());
  if (expectation.other) {
    std::optional<Metric> other = find_metric(result, expectation.other->path.text());
    Verdict verdict =
        judge_against(observed, expectation.relation, expectation.other->factor, other);
    return {expectation.text,   unit_of(observed),    std::move(observed),
            std::move(verdict), expectation.relation, 0,
            std::move(other)};
  }
  Verdict verdict =
      judge(observed, expectation.relation, expectation.value,
            with_precision ? expectation.within : std::nullopt, expectation.give_or_take);
  return {expectation.text,
          expectation.unit,
          std::move(observed),
          std::move(verdict),
          expectation.relation,
          expectation.value,
          {}};
}

std::vector<CheckedExpectation> judge_expectations(const std::vector<Expectation>& expectations,
                                                   const Result& result, bool with_precision) {
  std::vector<CheckedExpectation> checked;
  for (const Expectation& expectation : expectations) {
    checked.push_back(judge_expectation(expectation, result, with_precision));
  }
  return checked;
}

}  // namespace stampede
