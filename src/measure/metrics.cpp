#include "stampede/measure/metrics.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "stampede/model/measures.hpp"
#include "stampede/model/outcome.hpp"

namespace stampede {
namespace {

constexpr bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The shape of a distribution of times, under `block`: what `what` is.
void add_times(std::vector<MetricInfo>& to, const std::string& block, const std::string& what) {
  const auto add = [&](const char* member, const std::string& meaning) {
    to.push_back({block + "." + member, MetricUnit::seconds, meaning});
  };
  add("mean", "mean " + what);
  add("stddev", "standard deviation of the " + what);
  for (const char* percentile : {"50", "90", "95", "99", "99.9"}) {
    to.push_back({block + ".p" + percentile, MetricUnit::seconds,
                  std::string(percentile) + " % of the " + what + " are no longer than this"});
  }
  add("max", "longest " + what);
}

void add_outcomes(std::vector<MetricInfo>& to, const std::string& what) {
  for (const std::string_view outcome : outcome_names) {
    to.push_back({"outcomes." + std::string(outcome), MetricUnit::number,
                  what + " that ended so, over all replications"});
  }
  to.push_back({"outcomes.in_flight", MetricUnit::number,
                what + " that had not ended when the run did, over all replications"});
  for (const std::string_view outcome : outcome_names) {
    to.push_back({"outcome_share." + std::string(outcome), MetricUnit::share,
                  "share of the " + what + " that ended which ended so"});
  }
}

std::vector<MetricInfo> traffic_metrics() {
  using enum MetricUnit;
  std::vector<MetricInfo> all;
  all.push_back({"requests", number, "requests that were meant to be sent, over all replications"});
  add_outcomes(all, "requests");
  for (const char* which : {"first_tries", "retries"}) {
    const std::string block = std::string("attempts.") + which;
    all.push_back({block + ".total", number, "attempts that ended, over all replications"});
    for (const std::string_view outcome : outcome_names) {
      all.push_back({block + "." + std::string(outcome), number,
                     "attempts that ended so, over all replications"});
    }
  }
  all.push_back({"throughput_per_s", per_second, "requests that ended, whatever their outcome"});
  all.push_back({"goodput_per_s", per_second, "requests that ended ok within their deadline"});
  all.push_back({"availability", share, "share ok among the requests that ended"});
  all.push_back({"attempts_per_request", number, "tries that a request took"});
  all.push_back({"stale", number,
                 "good answers that showed data which a committed write had replaced when it was "
                 "read, over all replications"});
  all.push_back({"stale_ratio", share, "share of them among the good answers that showed data"});
  all.push_back(
      {"degraded", number, "good answers of which a part was a fallback, over all replications"});
  all.push_back({"degraded_ratio", share, "share of them among the good answers"});
  all.push_back({"in_flight", number, "requests under way at a time, on average"});
  add_times(all, "latency_s", "latency of successes, from the intended send to the answer");
  add_times(all, "latency_all_s", "latency of all requests, whatever their outcome");
  return all;
}

std::vector<MetricInfo> component_metrics() {
  using enum MetricUnit;
  std::vector<MetricInfo> all;
  all.push_back({"requests", number, "visits that ended or were under way, over all replications"});
  add_outcomes(all, "visits");
  all.push_back({"throughput_per_s", per_second, "visits that ended, whatever their outcome"});
  all.push_back({"utilization", share, "worker time held per worker time existing"});
  all.push_back({"cpu_utilization", share, "core time used per core time existing"});
  all.push_back({"queue_length", number, "requests waiting for a worker, on average over time"});
  all.push_back({"in_flight", number, "requests waiting or served, on average over time"});
  all.push_back({"replicas", number, "instances that are up, on average over time"});
  all.push_back({"cost_per_h", number,
                 "what its instances that are up cost per hour, at the prices of the scenario"});
  all.push_back({"uptime", share, "instance time up per instance time"});
  add_times(all, "wait_s", "wait for a worker, of those let in");
  all.push_back({"wait_s.share", share, "share of those let in that waited for a worker"});
  add_times(all, "cpu_wait_s", "wait for a core, of those that got a worker");
  add_times(all, "service_s", "stay less the wait for a worker, downstream calls included");
  add_times(all, "response_s", "stay from arrival to end, of those that got a worker");
  all.push_back(
      {"instance_share.min", share, "share of the visits that the least used instance got"});
  all.push_back(
      {"instance_share.max", share, "share of the visits that the most used instance got"});
  return all;
}

std::vector<MetricInfo> own_metrics(const std::string& kind) {
  std::vector<MetricInfo> all;
  for (const Measure* measure : Measure::all_of(kind)) {
    switch (measure->form()) {
      case Measure::count:
        all.push_back(
            {measure->name(), MetricUnit::number, measure->meaning() + ", over all replications"});
        break;
      case Measure::share:
        all.push_back({measure->name(), MetricUnit::share, measure->meaning()});
        break;
      case Measure::level:
        all.push_back({measure->name(), MetricUnit::number, measure->meaning()});
        break;
      case Measure::times:
        add_times(all, measure->name() + "_s", measure->meaning());
        break;
    }
  }
  return all;
}

std::vector<MetricInfo> ab_test_metrics() {
  using enum MetricUnit;
  return {
      {"users", number, "who took part, over all replications"},
      {"complete", share, "share of replications in which as many took part as planned"},
      {"sample_ratio_mismatch", share,
       "share of replications in which the variants' numbers of users do not fit their weights"},
      {"difference", number, "treatment less control at the end, on average"},
      {"users_needed", number,
       "of both variants, for the power asked for, going by the variance seen"},
  };
}

std::vector<MetricInfo> variant_metrics() {
  using enum MetricUnit;
  return {
      {"users", number, "who took part with this variant, over all replications"},
      {"user_share", share, "share of those who took part that had this variant"},
      {"level", number, "of the test's metric, on average over replications"},
      {"mean_latency_s", seconds, "of the good answers, on average over replications"},
      {"failure_share", share, "of requests that ended otherwise than ok"},
  };
}

std::vector<MetricInfo> analysis_metrics() {
  using enum MetricUnit;
  return {
      {"found", share,
       "share of replications in which it found a difference: where there is none its type I "
       "error, otherwise its power"},
      {"found_higher", share, "share in which it found the treatment to be higher"},
      {"found_lower", share, "share in which it found the treatment to be lower"},
      {"users", number, "who had taken part when it ended, on average"},
      {"decided_s", seconds, "when it ended, on average"},
      {"difference", number, "treatment less control as estimated when it ended, on average"},
  };
}

std::vector<MetricInfo> guardrail_metrics() {
  using enum MetricUnit;
  return {
      {"breached", share, "share of replications in which it was found to be harmed"},
      {"breached_s", seconds, "when, on average over those"},
  };
}

/// The metrics of each kind of component that has own ones, as `of_kind` gives them.
template <class OfKind>
std::map<std::string, std::vector<MetricInfo>, std::less<>> by_kind(OfKind of_kind) {
  std::map<std::string, std::vector<MetricInfo>, std::less<>> all;
  for (const std::string& kind : Measure::components()) {
    all[kind] = of_kind(kind);
  }
  return all;
}

std::vector<MetricInfo> instance_metrics() {
  using enum MetricUnit;
  return {
      {"requests", number, "visits that ended here, over all replications"},
      {"share", share, "share of the component's visits that ended here"},
      {"utilization", share, "worker time held here, in work that was completed, per worker time"},
  };
}

std::vector<MetricInfo> version_metrics() {
  using enum MetricUnit;
  std::vector<MetricInfo> all;
  all.push_back({"requests", number, "visits that instances of the version answered"});
  add_outcomes(all, "visits");
  all.push_back({"throughput_per_s", per_second, "visits that ended, whatever their outcome"});
  all.push_back({"share", share, "share of the component's visits that the version answered"});
  add_times(all, "response_s", "stay from arrival to end, of those that got a worker");
  return all;
}

std::vector<MetricInfo> rollout_metrics() {
  using enum MetricUnit;
  return {
      {"pending", share, "share of the replications in which it never began"},
      {"running", share, "share in which it was not over when the run ended"},
      {"promoted", share, "share in which every instance was replaced for good"},
      {"rolled_back", share, "share in which it was taken back"},
      {"paused", share, "share in which it waits for somebody to decide"},
      {"stalled", share, "share in which it made no progress within its deadline"},
      {"no_verdict", share, "share in which it waits, since nothing was seen of the new version"},
      {"duration_s", seconds, "from its beginning to its decision, on average"},
      {"requests", number, "requests that the new version answered in a run, on average"},
      {"harmed", number, "those of them that were not ok"},
      {"capacity_min", share, "instances that were ready at the least, per instance before it"},
      {"extra_instance_hours", number, "what it took in instances besides those before it"},
  };
}

std::vector<MetricInfo> chaos_metrics() {
  using enum MetricUnit;
  return {
      {"time_to_detect_s", seconds,
       "from the first fault of the method until a detector reacted: a health check, a circuit "
       "breaker, a fail-over, a stop condition"},
      {"time_to_mitigate_s", seconds,
       "from the first fault until the hypothesis held again for the first time; 0 if it always "
       "did"},
      {"time_to_recover_s", seconds, "the same until it held again for good"},
      {"blast_radius", share,
       "share of user requests that came to harm from the first fault until the recovery, beyond "
       "the share before: they failed, or took longer than a probe allows"},
      {"detected", share, "share of the replications in which a detector reacted"},
      {"recovered", share, "share of the replications in which the hypothesis held in the end"},
      {"aborted", share, "share of the replications in which a stop condition was met"},
  };
}

bool is_traffic(std::string_view kind) {
  constexpr std::array<std::string_view, 5> kinds{"traffic", "request_type", "region", "segment",
                                                  "tenant"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_name(std::string_view name, std::string_view wanted) {
  return name == wanted || without_unit(name) == wanted;
}

/// The first part of a path, up to its first dot, and what follows the dot.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    return {path, {}};
  }
  return {path.substr(0, dot), path.substr(dot + 1)};
}

const Subject* find_subject(const std::vector<Subject>& subjects, std::string_view name) {
  const auto found = std::find_if(subjects.begin(), subjects.end(),
                                  [&](const Subject& subject) { return subject.name == name; });
  return found == subjects.end() ? nullptr : &*found;
}

/// Whether a word of a path means the parts of this kind: "regions", "region".
bool means_kind(std::string_view word, std::string_view kind) {
  return word == kind || word == plural_of(kind) ||
         (kind == "request_type" && (word == "requests" || word == "requests_by_type"));
}

std::optional<Metric> find_here(const Subject& subject, std::string_view path) {
  if (const Metric* metric = subject.find(path)) {
    return *metric;
  }
  if (const std::int64_t* count = subject.find_count(path)) {
    Metric metric;
    metric.name = std::string(path);
    metric.value.estimate = static_cast<double>(*count);
    return metric;
  }
  return std::nullopt;
}

/// `kind` is empty, or the only kind of parts that is meant.
std::optional<Metric> find_below(const Subject& subject, std::string_view path,
                                 std::string_view kind = {}) {
  if (kind.empty()) {
    if (std::optional<Metric> found = find_here(subject, path)) {
      return found;
    }
  }
  const auto [word, rest] = split(path);
  for (const Subject& part : subject.parts) {
    if (part.name == word && (kind.empty() || means_kind(kind, part.kind))) {
      if (std::optional<Metric> found = find_below(part, rest)) {
        return found;
      }
    }
  }
  const bool is_kind =
      std::any_of(subject.parts.begin(), subject.parts.end(),
                  [word = word](const Subject& part) { return means_kind(word, part.kind); });
  return kind.empty() && is_kind ? find_below(subject, rest, word) : std::nullopt;
}

}  // namespace

const Metric* Subject::find(std::string_view metric) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& candidate) {
    return is_name(candidate.name, metric);
  });
  return found == metrics.end() ? nullptr : &*found;
}

const std::int64_t* Subject::find_count(std::string_view count) const {
  const auto found = std::find_if(counts.begin(), counts.end(),
                                  [&](const auto& candidate) { return candidate.first == count; });
  return found == counts.end() ? nullptr : &found->second;
}

std::string plural_of(std::string_view kind) {
  return kind == "analysis" ? "analyses" : std::string(kind) + "s";
}

std::string MetricInfo::path() const { return without_unit(name); }

std::string without_unit(std::string_view name) {
  const std::size_t dot = std::min(name.find('.'), name.size());
  std::string_view block = name.substr(0, dot);
  for (const std::string_view suffix : {std::string_view("_per_s"), std::string_view("_s")}) {
    if (ends_with(block, suffix)) {
      block.remove_suffix(suffix.size());
      break;
    }
  }
  return std::string(block) + std::string(name.substr(dot));
}

Improves direction_of(std::string_view metric) {
  const std::string name = without_unit(metric);
  const std::string_view block = std::string_view(name).substr(0, name.find('.'));
  constexpr std::array<std::string_view, 8> good{"availability", "goodput",     "uptime",
                                                 "hit_ratio",    "outcomes.ok", "outcome_share.ok",
                                                 "detected",     "recovered"};
  constexpr std::array<std::string_view, 15> bad{
      "time_to_detect", "time_to_mitigate", "time_to_recover",
      "blast_radius",   "latency",          "latency_all",
      "wait",           "cpu_wait",         "service",
      "response",       "stale_ratio",      "degraded_ratio",
      "queue_length",   "outcome_share",    "attempts_per_request"};
  if (std::find(good.begin(), good.end(), name) != good.end()) {
    return Improves::upwards;
  }
  return std::find(bad.begin(), bad.end(), block) != bad.end() ? Improves::downwards
                                                               : Improves::neither;
}

const std::vector<MetricInfo>& metrics_of(std::string_view kind) {
  static const std::vector<MetricInfo> traffic = traffic_metrics();
  static const std::vector<MetricInfo> component = component_metrics();
  static const std::vector<MetricInfo> instance = instance_metrics();
  static const std::vector<MetricInfo> version = version_metrics();
  static const std::vector<MetricInfo> rollout = rollout_metrics();
  static const std::map<std::string, std::vector<MetricInfo>, std::less<>> of_ab_tests{
      {"ab_test", ab_test_metrics()},
      {"variant", variant_metrics()},
      {"analysis", analysis_metrics()},
      {"guardrail", guardrail_metrics()}};
  static const auto with_own = by_kind([](const std::string& of_kind) {
    std::vector<MetricInfo> all = component_metrics();
    const std::vector<MetricInfo> own = own_metrics(of_kind);
    all.insert(all.end(), own.begin(), own.end());
    return all;
  });
  if (is_traffic(kind)) {
    return traffic;
  }
  static const std::vector<MetricInfo> chaos = chaos_metrics();
  if (kind == "chaos") {
    return chaos;
  }
  if (const auto found = of_ab_tests.find(kind); found != of_ab_tests.end()) {
    return found->second;
  }
  const auto found = with_own.find(kind);
  return kind == "instance"        ? instance
         : kind == "version"       ? version
         : kind == "rollout"       ? rollout
         : found != with_own.end() ? found->second
                                   : component;
}

const std::vector<MetricInfo>& own_metrics_of(std::string_view kind) {
  static const std::vector<MetricInfo> none;
  static const auto own = by_kind(own_metrics);
  const auto found = own.find(kind);
  return found == own.end() ? none : found->second;
}

std::optional<Metric> find_metric(const Result& result, std::string_view path) {
  const auto [name, rest] = split(path);
  const Subject* subject = find_subject(result.traffic, name);
  if (subject == nullptr) {
    subject = find_subject(result.components, name);
  }
  if (subject == nullptr) {
    subject = find_subject(result.rollouts, name);
  }
  if (subject == nullptr && result.chaos && result.chaos->name == name) {
    subject = &*result.chaos;
  }
  if (subject == nullptr) {
    subject = find_subject(result.ab_tests, name);
  }
  return subject == nullptr ? std::nullopt : find_below(*subject, rest);
}

}  // namespace stampede
