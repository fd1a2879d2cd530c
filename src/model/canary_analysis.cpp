#include "stampede/model/canary_analysis.hpp"

#include <fmt/format.h>

#include "stampede/base/json.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

constexpr std::string_view canary_word = "canary";
constexpr std::string_view stable_word = "stable";

/// What monitoring tells of each version.
bool is_of_versions(MonitoredMetric metric) {
  return metric != MonitoredMetric::utilization && metric != MonitoredMetric::queue_length &&
         metric != MonitoredMetric::in_flight;
}

/// The metric that a path names and whose it is; a mismatch if it names none.
std::optional<MonitoredMetric> metric_at(const MetricPath& path, const Value& from,
                                         Reader& reader) {
  const std::optional<MonitoredMetric> metric = monitored_metric(path.metric);
  if (path.subject != canary_word && path.subject != stable_word) {
    reader.mismatch(from, "a metric of canary or stable, such as canary.error_rate < 2%");
    return std::nullopt;
  }
  if (!metric || !is_of_versions(*metric)) {
    reader.mismatch(from,
                    "one of the metrics that are monitored of each version: throughput, "
                    "error_rate, response.p50, response.p95, response.p99");
    return std::nullopt;
  }
  return metric;
}

}  // namespace

void Codec<VersionCondition>::read(const Value& from, VersionCondition& to, Reader& reader) {
  const std::optional<Comparison> comparison =
      from.is_scalar() ? parse_comparison(from.text) : std::nullopt;
  if (!comparison || comparison->relation == Relation::equal ||
      comparison->relation == Relation::agrees) {
    reader.mismatch(from, type_text());
    return;
  }
  const std::optional<MonitoredMetric> metric = metric_at(comparison->path, from, reader);
  if (!metric) {
    return;
  }
  to.text = from.text;
  to.metric = *metric;
  to.is_of_canary = comparison->path.subject == canary_word;
  to.relation = comparison->relation;
  if (const auto* value = std::get_if<Measurement>(&comparison->with)) {
    if (std::string wrong = wrong_unit(*metric, value->unit, canary_word); !wrong.empty()) {
      reader.mismatch(from, std::move(wrong));
      return;
    }
    to.value = value->value;
    return;
  }
  const auto& scaled = std::get<ScaledPath>(comparison->with);
  const std::optional<MonitoredMetric> other = metric_at(scaled.path, from, reader);
  if (other) {
    to.is_scaled = true;
    to.value = scaled.factor;
    to.other_metric = *other;
    to.other_is_of_canary = scaled.path.subject == canary_word;
  }
}

Json Codec<VersionCondition>::echo(const VersionCondition& condition) { return condition.text; }

Json Codec<VersionCondition>::schema(SchemaWriter&) {
  return {{"type", "string"},
          {"pattern", R"(^\s*(canary|stable)\.[a-z_]+(\.p[0-9.]+)?\s*(<=|>=|<|>)\s*\S.*$)"}};
}

std::string Codec<VersionCondition>::type_text() {
  return "a metric of canary or stable, a relation (<, <=, >, >=) and a value or so many times "
         "another metric, such as canary.error_rate < 2% or canary.response.p99 < 1.2 * "
         "stable.response.p99";
}

template class CodecType<VersionCondition>;

void describe(Visitor& v, AnalysisMetric& s) {
  v.shorthand("success_condition");
  v.field("success_condition", s.success_condition, "a measurement is good if this holds");
  v.field("failure_condition", s.failure_condition, "and bad if this does");
  v.field("initial_delay", s.initial_delay, "how long after it began the first measurement comes",
          at_least(Duration()));
  v.field("interval", s.interval,
          "from one measurement to the next; there is only one unless given",
          more_than(Duration()));
  v.field("count", s.count,
          "so many measurements; with an interval alone, to the end of the analysis", at_least(1));
  v.field("failure_limit", s.failure_limit, "so many may be bad", at_least(0));
  v.field("inconclusive_limit", s.inconclusive_limit, "so many may be neither", at_least(0));
  v.field("consecutive_error_limit", s.consecutive_error_limit, "so many in a row may find no data",
          at_least(0));
  v.field("consecutive_success_limit", s.consecutive_success_limit,
          "so many good ones in a row are enough", at_least(1));
  v.field("window", s.window, "how much of the past is looked at; monitoring.window unless given",
          more_than(Duration()));
  v.check(s.success_condition || s.failure_condition, "success_condition",
          "or failure_condition must be given", "such as canary.error_rate < 2%");
  v.check(!s.count || *s.count == 1 || s.interval, "count", "takes an interval",
          "such as interval: 60s");
}

void describe(Visitor& v, AnalysisSettings& s) {
  v.shorthand("metrics");
  v.field("metrics", s.metrics, "what is measured; all must be good", required(), not_empty());
}

// ---- Measuring --------------------------------------------------------------------------------

void CanaryAnalysis::start() {
  for (const AnalysisMetric& metric : settings_.metrics) {
    static_cast<void>(measure(scope_, *this, metric));
  }
}

Process CanaryAnalysis::measure(Scope& scope, CanaryAnalysis& analysis,
                                const AnalysisMetric& metric) {
  Simulation& simulation = scope.simulation();
  const int count = metric.count.value_or(metric.interval ? INT32_MAX : 1);
  int failed = 0;
  int inconclusive = 0;
  int errors = 0;     // in a row
  int successes = 0;  // in a row
  bool has_data = false;
  co_await simulation.delay(metric.initial_delay);
  for (int n = 0; n < count && analysis.phase_ == Phase::running; ++n) {
    if (n > 0) {
      co_await simulation.delay(*metric.interval);
    }
    std::string seen;
    std::optional<bool> good;
    std::optional<bool> bad;
    if (metric.success_condition) {
      good = analysis.judge(*metric.success_condition, metric, seen);
    }
    if (metric.failure_condition) {
      bad = analysis.judge(*metric.failure_condition, metric, seen);
    }
    if (!good && !bad) {
      successes = 0;
      if (++errors > metric.consecutive_error_limit) {
        analysis.end(Phase::no_data, seen);
        break;
      }
      continue;
    }
    errors = 0;
    has_data = true;
    const bool has_both = good && bad;
    const bool is_failed = has_both ? *bad && !*good : good ? !*good : *bad;
    const bool is_inconclusive = has_both && *good == *bad;
    successes = is_failed || is_inconclusive ? 0 : successes + 1;
    if (is_failed && ++failed > metric.failure_limit) {
      analysis.end(Phase::failed, seen);
    } else if (is_inconclusive && ++inconclusive > metric.inconclusive_limit) {
      analysis.end(Phase::inconclusive, seen);
    }
    if (metric.consecutive_success_limit && successes >= *metric.consecutive_success_limit) {
      break;
    }
  }
  if (analysis.phase_ == Phase::running && !has_data) {
    analysis.end(Phase::no_data, "nothing was seen");
  }
  if (analysis.phase_ == Phase::running &&
      ++analysis.through_ == analysis.settings_.metrics.size()) {
    analysis.end(Phase::successful, {});
  }
  co_return Done();
}

void CanaryAnalysis::end(Phase phase, std::string reason) {
  phase_ = phase;
  reason_ = std::move(reason);
  deployment_.changed().raise();
}

/// Whether it holds; nothing without data. Adds to `seen` what was found.
std::optional<bool> CanaryAnalysis::judge(const VersionCondition& condition,
                                          const AnalysisMetric& metric, std::string& seen) const {
  const Duration window = metric.window.value_or(deployment_.window());
  const auto version = [&](bool is_of_canary) {
    return is_of_canary ? deployment_.new_version() : deployment_.old_version();
  };
  const std::optional<double> observed =
      deployment_.read(condition.metric, version(condition.is_of_canary), window);
  std::optional<double> bound = condition.value;
  if (condition.is_scaled) {
    bound = deployment_.read(condition.other_metric, version(condition.other_is_of_canary), window);
    bound = bound ? std::optional(*bound * condition.value) : std::nullopt;
  }
  seen += (seen.empty() ? "" : "; ") + condition.text;
  if (!observed || !bound) {
    seen += ": no data";
    return std::nullopt;
  }
  seen += condition.is_scaled ? fmt::format(": {:.4g} against {:.4g}", *observed, *bound)
                              : fmt::format(": {:.4g}", *observed);
  return holds(*observed, condition.relation, *bound);
}

}  // namespace stampede
