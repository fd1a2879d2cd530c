#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stampede/stats/estimate.hpp"

namespace stampede {

/// One number of a result. `name` is its path in result.json below its subject ("latency_s.p99").
struct Metric {
  std::string name;
  Estimate value;
  bool supported = true;  ///< false: the run has too few samples for it, or requests still in flight
                          ///< could move it
};

/// What was seen of one traffic population, a part of it (a request type, a region of users), or a
/// component.
struct Subject {
  std::string name;
  std::string kind;  ///< "traffic", "request_type", "region", "segment", "tenant", or a component's kind
  std::vector<std::pair<std::string, std::int64_t>> counts;  ///< "requests", "outcomes.ok", …
  std::vector<Metric> metrics;
  std::vector<Subject> parts;

  const Metric* find(std::string_view metric) const;
};

/// What a scenario gave, over all its replications: plain data that holds nothing which differs
/// between two runs of the same seed.
struct Result {
  double warmup_s = 0;
  double duration_s = 0;
  std::int64_t replications = 0;
  std::uint64_t fingerprint = 0;
  bool partial = false;  ///< interrupted: fewer replications than asked for
  std::vector<Subject> traffic;
  std::vector<Subject> components;
  std::vector<std::string> warnings;
};

/// One row of the time series: a mean or quantile of one slice of one replication.
struct SeriesPoint {
  std::int64_t replication;
  double time_s;  ///< where the slice begins
  const std::string* subject;
  std::string metric;
  double value;
};

}  // namespace stampede
