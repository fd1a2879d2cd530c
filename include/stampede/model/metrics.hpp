#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stampede/base/relation.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// How those who steer the running system come to know of it: counters and levels of its components
/// are read at intervals, as Prometheus scrapes them, and looked at over a sliding window.
struct MonitoringSettings {
  Duration scrape_interval = Duration::nanoseconds(15'000'000'000);
  Duration window = Duration::nanoseconds(60'000'000'000);
};
void describe(Visitor& v, MonitoringSettings& s);

/// What monitoring can tell of a component.
enum class MonitoredMetric : std::uint8_t {
  throughput,    ///< requests that ended, per second
  error_rate,    ///< share of those that ended otherwise than ok
  response_p50,  ///< quantiles of arrival to end, of requests that were worked on, in seconds
  response_p95,
  response_p99,
  utilization,   ///< worker time held / worker time existing
  queue_length,  ///< time average
  in_flight,     ///< time average
};
/// As conditions name them: "response.p99".
const EnumNames<MonitoredMetric>& names(MonitoredMetric);
/// By that name; none if there is no such metric.
std::optional<MonitoredMetric> monitored_metric(std::string_view name);
/// All of these names, for messages.
std::string monitored_metric_names();
/// What is wrong with comparing the metric with a value in this unit: what it must be written in
/// instead, with an example about `subject`; empty if nothing is.
std::string wrong_unit(MonitoredMetric metric, std::string_view unit, std::string_view subject);

struct MetricQuery {
  MonitoredMetric metric = MonitoredMetric::throughput;
  Duration window;                       ///< rounded up to whole scrape intervals
  std::optional<std::uint16_t> version;  ///< of the instances; all unless given. Levels have none
};

/// The read side of what one component tells its observers, shared by all who steer by it: faults
/// that wait for a metric, autoscalers, the analysis of a rollout, alerts.
class Metrics {
 public:
  virtual ~Metrics() = default;

  /// As of the last scrape; in seconds, shares, per second or plain. None as long as there is
  /// nothing to tell it from: no scrape yet, no request that ended within the window, no workers.
  virtual std::optional<double> read(const MetricQuery& query) const = 0;

  /// What instances of a version have answered since the beginning, up to this moment.
  struct Answered {
    std::int64_t requests = 0;
    std::int64_t ok = 0;
  };
  virtual Answered answered(std::uint16_t version) const = 0;
};

/// A metric of a component that crosses a value: "app.utilization > 90%".
struct Condition {
  std::string text;
  Place place;
  std::string component;
  MonitoredMetric metric = MonitoredMetric::throughput;
  Relation relation = Relation::more;
  double value = 0;

  bool is_met(const Metrics& metrics, Duration window) const;
};

/// A scalar of text in the settings. Reading it declares the Condition as a fact.
template <>
struct Codec<Condition> {
  static void read(const Value& from, Condition& to, Reader& reader);
  static Json echo(const Condition& condition);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
};
extern template class CodecType<Condition>;

}  // namespace stampede
