#include "numbers.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace stampede {
namespace {

constexpr std::array<std::pair<const char*, double>, 5> percentiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}}};

Estimate in_seconds(Estimate ns) {
  ns.estimate = seconds_of(ns.estimate);
  ns.low = seconds_of(ns.low);
  ns.high = seconds_of(ns.high);
  return ns;
}

std::vector<double> in_seconds(std::vector<double> ns) {
  for (double& value : ns) {
    value = seconds_of(value);
  }
  return ns;
}

/// A number of the merged times, and of those of each replication.
void add_of_merged(Subject& to, std::string name, double merged_ns,
                   std::span<const double> each_ns) {
  add_metric(to, std::move(name), in_seconds(quantile_estimate(merged_ns, each_ns)),
             in_seconds(quantile_deviations(merged_ns, each_ns)));
}

void mark_unfinished(Metric& metric) {
  metric.supported = false;
  metric.unfinished = true;
}

bool moves_mean(const Unfinished& unfinished, const Moments& moments) {
  constexpr double tolerance = 1.01;
  const auto count = static_cast<double>(moments.count + unfinished.count);
  return static_cast<double>(moments.sum + unfinished.so_far) / count > tolerance * moments.mean();
}

/// The number of samples beyond a quantile is within this of the expected one 19 times in 20
/// (binomial).
double chance_beyond(double q, std::int64_t count) {
  return 1.96 * std::sqrt(q * (1 - q) * static_cast<double>(count));
}

}  // namespace

void add_metric(Subject& to, std::string name, const Estimate& value,
                std::vector<double> deviations) {
  Metric metric;
  metric.deviations = std::move(deviations);
  metric.name = std::move(name);
  metric.value = value;
  metric.supported = !std::isnan(value.estimate);
  to.metrics.push_back(std::move(metric));
}

void add_outcomes(Subject& to, const std::vector<OutcomeCounts>& replications,
                  std::int64_t in_flight) {
  OutcomeCounts sums{};
  for (const OutcomeCounts& replication : replications) {
    add_to(sums, replication);
  }
  for (std::size_t i = 0; i < outcome_count; ++i) {
    to.counts.emplace_back("outcomes." + std::string(outcome_names[i]), sums[i]);
  }
  to.counts.emplace_back("outcomes.in_flight", in_flight);
  for (std::size_t i = 0; i < outcome_count; ++i) {
    add_proportion(
        to, "outcome_share." + std::string(outcome_names[i]), replications,
        [i](const OutcomeCounts& outcomes) {
          return Fraction{static_cast<double>(outcomes[i]), static_cast<double>(sum_of(outcomes))};
        });
  }
}

void add_times(Subject& to, const std::string& block,
               const std::vector<const Summary*>& replications, const Unfinished& unfinished) {
  Summary all;
  for (const Summary* replication : replications) {
    all.merge(*replication);
  }
  const Moments moments = all.moments();
  const bool is_mean_moved = moments.count > 0 && moves_mean(unfinished, moments);
  std::vector<double> values(replications.size());

  add_ratio(to, block + ".mean", replications, [](const Summary* replication) {
    const Moments own = replication->moments();
    return Fraction{seconds_of(own.sum), static_cast<double>(own.count)};
  });
  if (is_mean_moved) {
    mark_unfinished(to.metrics.back());
  }

  for (std::size_t r = 0; r < replications.size(); ++r) {
    values[r] = replications[r]->stddev();
  }
  add_of_merged(to, block + ".stddev", all.stddev(), values);
  if (is_mean_moved) {
    mark_unfinished(to.metrics.back());
  }

  for (const auto& [name, q] : percentiles) {
    for (std::size_t r = 0; r < replications.size(); ++r) {
      values[r] = replications[r]->quantile(q);
    }
    const double merged = all.quantile(q);
    add_of_merged(to, block + "." + name, merged, values);
    Metric& metric = to.metrics.back();
    metric.supported = supported(q, moments.count);
    if (!metric.supported) {
      metric.needs_times = times_the_samples(q, moments.count);
    }
    if (moments.count > 0 && unfinished.longer_than &&
        static_cast<double>(unfinished.longer_than(merged)) > chance_beyond(q, moments.count)) {
      mark_unfinished(metric);
    }
  }

  Estimate longest;
  longest.n = static_cast<std::int64_t>(replications.size());
  if (moments.count > 0) {
    longest.estimate = seconds_of(static_cast<double>(all.max()));
  }
  add_metric(to, block + ".max", longest);
  if (moments.count > 0 && unfinished.longer_than &&
      unfinished.longer_than(static_cast<double>(all.max())) > 0) {
    mark_unfinished(to.metrics.back());
  }
}

}  // namespace stampede
