#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/relation.hpp"
#include "stampede/model/deployment.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// A metric of one of the two versions compared with a value, or with a metric of the other one:
/// "canary.error_rate < 2%", "canary.response.p99 < 1.2 * stable.response.p99".
struct VersionCondition {
  std::string text;
  MonitoredMetric metric = MonitoredMetric::error_rate;
  bool is_of_canary = true;
  Relation relation = Relation::less;
  double value = 0;  ///< or the factor of the other metric
  bool is_scaled = false;
  MonitoredMetric other_metric = MonitoredMetric::error_rate;
  bool other_is_of_canary = false;
};
template <>
struct Codec<VersionCondition> {
  static void read(const Value& from, VersionCondition& to, Reader& reader);
  static Json echo(const VersionCondition& condition);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
};
extern template class CodecType<VersionCondition>;

/// A metric of an AnalysisTemplate of Argo Rollouts, with its words and defaults.
struct AnalysisMetric {
  std::optional<VersionCondition> success_condition;
  std::optional<VersionCondition> failure_condition;
  Duration initial_delay;
  std::optional<Duration> interval;
  std::optional<int> count;
  int failure_limit = 0;
  int inconclusive_limit = 0;
  int consecutive_error_limit = 4;
  std::optional<int> consecutive_success_limit;
  std::optional<Duration> window;
};
void describe(Visitor& v, AnalysisMetric& s);

struct AnalysisSettings {
  std::vector<AnalysisMetric> metrics;
};
void describe(Visitor& v, AnalysisSettings& s);

/// Measures the two versions of a deployment again and again, and judges.
///
/// As in Argo: a measurement is successful, failed or inconclusive (neither of both conditions, or
/// both, when both are given); more than `failure_limit` failed ones fail the analysis, more than
/// `inconclusive_limit` inconclusive ones make it inconclusive, and it is successful when all
/// metrics are through. A measurement without data is an error, as Argo's is when a query gives
/// nothing; where Argo then aborts, here the analysis ends without a verdict: nothing was seen.
class CanaryAnalysis {
 public:
  enum class Phase { running, successful, failed, inconclusive, no_data };

  CanaryAnalysis(const AnalysisSettings& settings, Deployment& deployment)
      : settings_(settings), deployment_(deployment), scope_(deployment.simulation()) {}
  CanaryAnalysis(const CanaryAnalysis&) = delete;

  /// Begins; whenever its phase changes it raises the deployment's `changed`.
  void start();
  /// Measures no more.
  void stop() { scope_.kill(KilledWork::stays_silent); }

  Phase phase() const { return phase_; }
  /// The measurement that decided: "canary.error_rate < 2% is 3.1%".
  const std::string& reason() const { return reason_; }

  Scope& scope() { return scope_; }

 private:
  static Process measure(Scope& scope, CanaryAnalysis& analysis, const AnalysisMetric& metric);
  std::optional<bool> judge(const VersionCondition& condition, const AnalysisMetric& metric,
                            std::string& seen) const;
  void end(Phase phase, std::string reason);

  const AnalysisSettings& settings_;
  Deployment& deployment_;
  Phase phase_ = Phase::running;
  std::size_t through_ = 0;  ///< metrics
  std::string reason_;
  Scope scope_;
};

}  // namespace stampede
