#include "stampede/stats/kayenta.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "stampede/stats/mann_whitney.hpp"

namespace stampede::kayenta {
namespace {

constexpr double tolerance = 0.25;
constexpr double confidence = 0.98;

/// The values that a metric is judged by.
std::vector<double> prepared(std::span<const double> values, const MetricConfig& config) {
  std::vector<double> kept;
  for (const double value : values) {
    if (!std::isnan(value)) {
      kept.push_back(value);
    } else if (config.nan_strategy == NanStrategy::replace) {
      kept.push_back(0);
    }
  }
  return config.outliers == OutlierStrategy::remove ? without_outliers(kept, config.outlier_factor)
                                                    : kept;
}

/// By linear interpolation between order statistics (type 7 of R); `sorted` has values.
double percentile(const std::vector<double>& sorted, double p) {
  const double position = p / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - std::floor(position)) * (sorted[above] - sorted[below]);
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

double deviation_of(EffectMeasure measure, const std::vector<double>& control,
                    const std::vector<double>& experiment) {
  if (measure == EffectMeasure::mean_ratio) {
    const double base = mean_of(control);
    return base == 0 ? 1 : mean_of(experiment) / base;
  }
  const auto pairs = static_cast<double>(control.size()) * static_cast<double>(experiment.size());
  return mann_whitney(experiment, control, confidence).statistic / pairs;
}

MetricResult result_of(const MetricConfig& config, Label label, double deviation, bool critical) {
  return {config.name, label, deviation, critical, config.groups, config.muted};
}

MetricResult without_data(const MetricConfig& config) {
  if (config.nan_strategy == NanStrategy::replace) {
    return result_of(config, Label::pass, 1, false);
  }
  const bool fails = config.must_have_data && !config.critical;
  return result_of(config, fails ? Label::nodata_fail_metric : Label::nodata, 1,
                   !fails && config.critical);
}

/// What Mann and Whitney say of the two, if the direction allows it.
Label moved(const MetricConfig& config, const std::vector<double>& control,
            const std::vector<double>& experiment) {
  const MannWhitney test = mann_whitney(experiment, control, confidence);
  const double negligible = tolerance * std::abs(test.estimate);
  if (config.direction != Direction::decrease && test.low > negligible) {
    return Label::high;
  }
  if (config.direction != Direction::increase && test.high < -negligible) {
    return Label::low;
  }
  return Label::pass;
}

}  // namespace

std::vector<double> without_outliers(std::span<const double> values, double factor) {
  std::vector<double> sorted(values.begin(), values.end());
  if (sorted.empty()) {
    return sorted;
  }
  std::sort(sorted.begin(), sorted.end());
  const double reach = factor * (percentile(sorted, 75) - percentile(sorted, 25));
  // As the original, never cut within the middle 98 %.
  const double low = std::min(percentile(sorted, 1), percentile(sorted, 25) - reach);
  const double high = std::max(percentile(sorted, 99), percentile(sorted, 75) + reach);
  std::vector<double> kept;
  for (const double value : values) {
    if (value >= low && value <= high) {
      kept.push_back(value);
    }
  }
  return kept;
}

MetricResult classify(const MetricConfig& config, std::span<const double> control_values,
                      std::span<const double> experiment_values) {
  std::vector<double> control = prepared(control_values, config);
  std::vector<double> experiment = prepared(experiment_values, config);
  if (control.empty() || experiment.empty()) {
    return without_data(config);
  }
  std::sort(control.begin(), control.end());
  std::sort(experiment.begin(), experiment.end());
  if (control == experiment ||
      (control.front() == control.back() && experiment.front() == experiment.back() &&
       control.front() == experiment.front())) {
    return result_of(config, Label::pass, 1, false);
  }

  const EffectSize& effect = config.effect_size;
  const double neutral = effect.measure == EffectMeasure::mean_ratio ? 1 : 0.5;
  const double deviation = deviation_of(effect.measure, control, experiment);
  const Label label = moved(config, control, experiment);
  if (label == Label::high && deviation >= effect.allowed_increase.value_or(neutral)) {
    const bool critical =
        config.critical && deviation >= effect.critical_increase.value_or(neutral);
    return result_of(config, Label::high, deviation, critical);
  }
  if (label == Label::low && deviation <= effect.allowed_decrease.value_or(neutral)) {
    const bool critical =
        config.critical && deviation <= effect.critical_decrease.value_or(neutral);
    return result_of(config, Label::low, deviation, critical);
  }
  return result_of(config, Label::pass, deviation, false);
}

Score score(std::span<const MetricResult> metrics, const std::map<std::string, double>& weights,
            const Thresholds& thresholds) {
  struct Counts {
    double passed = 0;
    double judged = 0;
  };
  std::map<std::string, Counts> groups;
  double count = 0;
  double without = 0;
  bool has_critical_failure = false;
  for (const MetricResult& metric : metrics) {
    if (metric.muted) {
      continue;
    }
    ++count;
    without += metric.label == Label::nodata ? 1 : 0;
    has_critical_failure = has_critical_failure || (metric.critical && metric.label != Label::pass);
    for (const std::string& group : metric.groups) {
      Counts& counts = groups[group];
      counts.passed += metric.label == Label::pass ? 1 : 0;
      counts.judged += metric.label == Label::nodata ? 0 : 1;
    }
  }

  double given = 0;
  for (const auto& [group, weight] : weights) {
    given += weight;
  }
  const auto weightless =
      static_cast<double>(std::count_if(groups.begin(), groups.end(), [&](const auto& entry) {
        return !weights.contains(entry.first);
      }));
  Score result;
  for (const auto& [group, counts] : groups) {
    const auto weight = weights.find(group);
    const double share = weight != weights.end() ? weight->second : (100 - given) / weightless;
    if (counts.judged > 0) {
      result.groups[group] = counts.passed / counts.judged * 100;
      result.score += result.groups[group] * share / 100;
    } else {
      result.groups[group] = 0;
    }
  }

  if (has_critical_failure) {
    result.score = 0;
    result.label = ScoreLabel::fail;
    result.reason = "a critical metric failed";
  } else if (count == 0 || 2 * without >= count) {
    result.score = 0;
    result.label = ScoreLabel::nodata;
    result.reason = "half of the metrics or more have no data";
  } else if (result.score >= thresholds.pass) {
    result.label = ScoreLabel::pass;
  } else if (result.score >= thresholds.marginal) {
    result.label = ScoreLabel::marginal;
  } else {
    result.label = ScoreLabel::fail;
  }
  return result;
}

}  // namespace stampede::kayenta
