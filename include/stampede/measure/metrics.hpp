#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/measure/result.hpp"

namespace stampede {

enum class MetricUnit { seconds, per_second, share, number };

/// One of the numbers that results may hold.
struct MetricInfo {
  std::string name;  ///< as in Metric and Subject::counts: "latency_s.p99"
  MetricUnit unit = MetricUnit::number;
  std::string meaning;

  /// How expectations write it: "latency.p99".
  std::string path() const;
};

/// Every number that results hold for subjects of a kind (Subject::kind; whatever is not a word of
/// traffic or "instance" is a kind of component). A component lacks those that it has no use for:
/// without workers, no utilization.
const std::vector<MetricInfo>& metrics_of(std::string_view kind);

/// Those that only this kind of component has.
const std::vector<MetricInfo>& own_metrics_of(std::string_view kind);

/// Which way a number improves, as far as that can be said without knowing what it is for: more
/// requests in flight, say, are neither good nor bad.
enum class Improves { downwards, upwards, neither };
/// By its name, with or without the suffix of its unit: latencies, waits and failures downwards,
/// availability, goodput and hit ratios upwards.
Improves direction_of(std::string_view metric);

/// What the parts of a kind are called together: "regions", "analyses".
std::string plural_of(std::string_view kind);

/// The name without the suffix of its unit: "latency_s.p99" is "latency.p99", "throughput_per_s" is
/// "throughput".
std::string without_unit(std::string_view name);

/// The number at a path of `expect:`, such as "shoppers.latency.p99.9",
/// "shoppers.product_page.availability", "app.instances.app-3.utilization" or, where a region is
/// called like a request type, "shoppers.regions.eu.availability". A count has no interval. None
/// if there is no such number.
std::optional<Metric> find_metric(const Result& result, std::string_view path);

}  // namespace stampede
