#include "stampede/model/metrics.hpp"

#include "stampede/base/json.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

void describe(Visitor& v, MonitoringSettings& s) {
  v.field("scrape_interval", s.scrape_interval, "from one reading of the metrics to the next",
          more_than(Duration()));
  v.field("window", s.window, "how much of the past a condition looks at, up to the last reading",
          more_than(Duration()));
}

const EnumNames<MonitoredMetric>& names(MonitoredMetric) {
  static const EnumNames<MonitoredMetric> table{{{MonitoredMetric::throughput, "throughput"},
                                                 {MonitoredMetric::error_rate, "error_rate"},
                                                 {MonitoredMetric::response_p50, "response.p50"},
                                                 {MonitoredMetric::response_p95, "response.p95"},
                                                 {MonitoredMetric::response_p99, "response.p99"},
                                                 {MonitoredMetric::utilization, "utilization"},
                                                 {MonitoredMetric::queue_length, "queue_length"},
                                                 {MonitoredMetric::in_flight, "in_flight"}}};
  return table;
}

namespace {

/// What its values are written in, besides plain numbers.
std::string_view unit_of(MonitoredMetric metric) {
  switch (metric) {
    case MonitoredMetric::throughput:
      return "/s";
    case MonitoredMetric::error_rate:
    case MonitoredMetric::utilization:
      return "%";
    case MonitoredMetric::response_p50:
    case MonitoredMetric::response_p95:
    case MonitoredMetric::response_p99:
      return "s";
    case MonitoredMetric::queue_length:
    case MonitoredMetric::in_flight:
      return "";
  }
  return "";
}

/// Shares, lengths of queues and numbers of requests may be plain; times and rates may not.
bool may_be_plain(std::string_view unit) { return unit.empty() || unit == "%"; }

}  // namespace

std::optional<MonitoredMetric> monitored_metric(std::string_view name) {
  for (const auto& [metric, known] : names(MonitoredMetric()).table) {
    if (known == name) {
      return metric;
    }
  }
  return std::nullopt;
}

std::string monitored_metric_names() {
  std::string list;
  for (const auto& [metric, name] : names(MonitoredMetric()).table) {
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  return list;
}

std::string wrong_unit(MonitoredMetric metric, std::string_view unit, std::string_view subject) {
  const std::string_view wanted = unit_of(metric);
  if (unit == wanted || (unit.empty() && may_be_plain(wanted))) {
    return {};
  }
  const std::string of(subject);
  return wanted == "s"    ? "a time, such as " + of + ".response.p99 > 250ms"
         : wanted == "/s" ? "a rate, such as " + of + ".throughput < 100/s"
         : wanted == "%"  ? "a share, such as " + of + ".utilization > 90%"
                          : "a number, such as " + of + ".queue_length > 20";
}

bool Condition::is_met(const Metrics& metrics, Duration window) const {
  const std::optional<double> observed =
      metrics.read({.metric = metric, .window = window, .version = std::nullopt});
  return observed && holds(*observed, relation, value);
}

void Codec<Condition>::read(const Value& from, Condition& to, Reader& reader) {
  const std::optional<Comparison> comparison =
      from.is_scalar() ? parse_comparison(from.text) : std::nullopt;
  const auto* with = comparison ? std::get_if<Measurement>(&comparison->with) : nullptr;
  if (with == nullptr || comparison->relation == Relation::equal ||
      comparison->relation == Relation::agrees) {
    reader.mismatch(from, type_text());
    return;
  }
  const std::optional<MonitoredMetric> metric = monitored_metric(comparison->path.metric);
  if (!metric) {
    reader.mismatch(from, "one of the metrics that are monitored: " + monitored_metric_names());
    return;
  }
  if (std::string wrong = wrong_unit(*metric, with->unit, "app"); !wrong.empty()) {
    reader.mismatch(from, std::move(wrong));
    return;
  }
  to.text = from.text;
  to.place = from.place;
  to.component = comparison->path.subject;
  to.metric = *metric;
  to.relation = comparison->relation;
  to.value = with->value;
  reader.declare(to, from.place);
}

Json Codec<Condition>::echo(const Condition& condition) { return condition.text; }

Json Codec<Condition>::schema(SchemaWriter&) {
  std::string metrics;
  for (const auto& [metric, name] : names(MonitoredMetric()).table) {
    metrics += (metrics.empty() ? "" : "|") + std::string(name);
  }
  return {{"type", "string"},
          {"pattern", R"(^\s*[a-z][a-z0-9_-]*\.()" + metrics +
                          R"()\s*(<=|>=|<|>)\s*[0-9.+eE-]+\s*[A-Za-z%/]*\s*$)"}};
}

std::string Codec<Condition>::type_text() {
  return "a component, a metric, a relation (<, <=, >, >=) and a value, such as "
         "app.utilization > 90%";
}

template class CodecType<Condition>;

}  // namespace stampede
