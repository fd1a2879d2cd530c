#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace stampede {

/// What became of an A/B test in one replication. "Users" are whoever was assigned.
struct AbTestRecord {
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

  struct Variant {
    std::string name;
    std::int64_t users = 0;
    double level = nan;     ///< of the test's metric
    double latency = nan;   ///< mean of the good answers, in seconds
    double failures = nan;  ///< share of requests
  };
  struct Analysis {
    std::string name;
    int found = 0;            ///< 1: the treatment is higher, -1: lower, 0: no difference
    double users = nan;       ///< seen when it ended
    double time_s = nan;      ///< when it ended
    double difference = nan;  ///< as estimated then
  };
  struct Guardrail {
    std::string name;
    bool breached = false;
    double time_s = nan;  ///< when, if it was
  };

  std::string name;
  Variant control;
  Variant treatment;
  bool complete = false;  ///< as many users as planned took part
  double sample_ratio_p = nan;
  double difference = nan;    ///< treatment less control, at the end
  double users_needed = nan;  ///< for the power asked for, going by the variance that was seen
  std::vector<Analysis> analyses;
  std::vector<Guardrail> guardrails;
};

}  // namespace stampede
