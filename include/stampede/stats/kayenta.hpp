#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Netflix' automated canary analysis: the judge NetflixACAJudge-v1.0 of Kayenta, in its words.
///
/// It is here because people use it. What it does not do: its samples are aggregates of minutes,
/// which resemble their neighbours; it does not correct for looking at many metrics, nor for
/// looking again and again. Compare a canary with a baseline of the same size that was started
/// together with it, not with the old fleet.

namespace stampede::kayenta {

/// Which way a metric must move to be a failure.
enum class Direction { increase, decrease, either };
/// What becomes of values that are not there: dropped, or taken as 0.
enum class NanStrategy { remove, replace };
enum class OutlierStrategy { keep, remove };
enum class EffectMeasure {
  mean_ratio,  ///< mean of the experiment / mean of the control; 1 if the control's is 0
  cles,        ///< common language effect size: P(experiment > control), ties counting half
};

struct EffectSize {
  EffectMeasure measure = EffectMeasure::mean_ratio;
  /// Increases from here on and decreases down to here count; 1 for mean_ratio and 0.5 for cles
  /// unless given.
  std::optional<double> allowed_increase{};
  std::optional<double> allowed_decrease{};
  std::optional<double> critical_increase{};
  std::optional<double> critical_decrease{};
};

struct MetricConfig {
  std::string name;
  std::vector<std::string> groups;
  Direction direction = Direction::either;
  NanStrategy nan_strategy = NanStrategy::remove;
  OutlierStrategy outliers = OutlierStrategy::keep;
  double outlier_factor = 3;
  EffectSize effect_size;
  bool critical = false;        ///< its failure alone makes the score 0
  bool must_have_data = false;  ///< without data it counts as a failure
  bool muted = false;           ///< is judged and does not count
};

enum class Label { pass, high, low, nodata, nodata_fail_metric };

struct MetricResult {
  std::string name;
  Label label = Label::nodata;
  double deviation = 1;  ///< the effect size
  bool critical = false;
  std::vector<std::string> groups;
  bool muted = false;
};

/// Compares the canary's values of a metric with the baseline's. High: the direction allows it, the
/// lower end of the 98 % interval of the Hodges-Lehmann shift is above 0.25·|shift| and the effect
/// size is at least what is allowed; low likewise. Samples that are equal, or hold one value only,
/// pass; two different constants are compared by their effect size alone, where the original adds
/// noise to have something to rank.
MetricResult classify(const MetricConfig& config, std::span<const double> control,
                      std::span<const double> experiment);

struct Thresholds {
  double pass = 75;
  double marginal = 50;
};
enum class ScoreLabel { pass, marginal, fail, nodata };

struct Score {
  double score = 0;  ///< 0 to 100
  ScoreLabel label = ScoreLabel::nodata;
  std::string reason;
  std::map<std::string, double> groups;
};

/// The scores of groups, pass/(pass + high + low + missing)·100, weighted and added up. Groups
/// without a weight share what is left of 100. A critical failure makes it 0, and so does having no
/// data for half of the metrics or more.
Score score(std::span<const MetricResult> metrics, const std::map<std::string, double>& weights,
            const Thresholds& thresholds);

/// Values without those beyond factor · (Q₃ - Q₁) from the quartiles.
std::vector<double> without_outliers(std::span<const double> values, double factor);

}  // namespace stampede::kayenta
