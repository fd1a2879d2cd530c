#include "stampede/study/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>

#include "stampede/stats/regression.hpp"

namespace stampede {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The metric at all points, of all replications together or of one alone.
using Values = std::vector<double>;

double mean_of(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Σ(v - mean)²/n
double variance_of(const Values& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return squares / static_cast<double>(values.size());
}

bool has_gaps(const Values& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

/// What is asked of one metric.
class Question {
 public:
  Question(const SweepPlan& plan, const std::vector<PointResult>& points, std::size_t metric)
      : plan_(plan), points_(points) {
    for (const PointResult& point : points) {
      pooled_.push_back(point.chosen[metric].metric.value.estimate);
    }
    // Effects within a replication take the replication at every point.
    std::size_t replications = std::numeric_limits<std::size_t>::max();
    for (const PointResult& point : points) {
      replications = std::min(replications, point.chosen[metric].by_replication.size());
    }
    for (std::size_t r = 0; !points.empty() && r < replications; ++r) {
      Values alone;
      for (const PointResult& point : points) {
        alone.push_back(point.chosen[metric].by_replication[r]);
      }
      if (!has_gaps(alone)) {
        by_replication_.push_back(std::move(alone));
      }
    }
    answer_.metric = plan.metrics[metric];
  }

  Sensitivity answer() {
    if (plan_.design == Design::zip && plan_.paths.size() > 1) {
      return no_answer("the parameters change together (zip): no telling them apart");
    }
    if (points_.size() < plan_.points.size()) {
      return no_answer("points are missing");
    }
    if (points_.size() < 2 || has_gaps(pooled_)) {
      return no_answer(points_.size() < 2 ? "there is only one point"
                                          : "the metric has no data at some points");
    }
    const bool is_grid = plan_.design == Design::grid || plan_.design == Design::zip;
    if (is_grid) {
      main_effects();
    } else {
      regression();
    }
    std::stable_sort(answer_.effects.begin(), answer_.effects.end(),
                     [](const Effect& a, const Effect& b) {
                       return std::abs(a.change.estimate) > std::abs(b.change.estimate);
                     });
    return std::move(answer_);
  }

 private:
  Sensitivity no_answer(std::string why) {
    answer_.why_not = std::move(why);
    return std::move(answer_);
  }

  std::vector<std::string> texts_of(std::size_t parameter) const {
    std::vector<std::string> texts;
    for (const PointResult& point : points_) {
      texts.push_back(plan_.points[point.point][parameter]);
    }
    return texts;
  }

  /// An effect with its interval, computed in the same way of all replications and of each.
  Estimate estimate(const std::function<double(const Values&)>& change) const {
    Values of_each;
    for (const Values& alone : by_replication_) {
      of_each.push_back(change(alone));
    }
    return quantile_estimate(change(pooled_), of_each);
  }

  void main_effects() {
    answer_.method = "main_effects";
    answer_.explained = 0;
    const double all = variance_of(pooled_);
    for (std::size_t parameter = 0; parameter < plan_.paths.size(); ++parameter) {
      add_main_effect(parameter, all);
      answer_.explained += answer_.effects.back().share;
    }
  }

  void add_main_effect(std::size_t parameter, double all) {
    const std::vector<std::string> texts = texts_of(parameter);
    std::vector<std::string> levels;  // in the order in which they were given
    for (const std::string& text : texts) {
      if (std::find(levels.begin(), levels.end(), text) == levels.end()) {
        levels.push_back(text);
      }
    }
    const auto level_mean = [&](const Values& values, const std::string& level) {
      Values at_level;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (texts[i] == level) {
          at_level.push_back(values[i]);
        }
      }
      return mean_of(at_level);
    };
    Values means;
    for (const std::string& level : levels) {
      means.push_back(level_mean(pooled_, level));
    }
    const auto [least, most] = std::minmax_element(means.begin(), means.end());
    const auto one = static_cast<std::size_t>(least - means.begin());
    const auto other = static_cast<std::size_t>(most - means.begin());
    const std::string& from = levels[std::min(one, other)];
    const std::string& to = levels[std::max(one, other)];
    const Estimate change = estimate(
        [&](const Values& values) { return level_mean(values, to) - level_mean(values, from); });
    answer_.effects.push_back(
        {plan_.paths[parameter], from, to, change, all > 0 ? variance_of(means) / all : nan});
  }

  void regression() {
    std::vector<Values> x;
    for (std::size_t parameter = 0; parameter < plan_.paths.size(); ++parameter) {
      std::optional<Values> numbers = as_numbers(texts_of(parameter), plan_.is_log[parameter]);
      if (!numbers) {
        answer_.why_not = plan_.paths[parameter] +
                          " has values that are no numbers of one unit: use a grid to rank it";
        return;
      }
      x.push_back(std::move(*numbers));
    }
    const std::optional<LinearFit> fit = fit_linear(x, pooled_);
    if (!fit) {
      answer_.why_not = "there are too few different points for so many parameters";
      return;
    }
    answer_.method = "regression";
    answer_.explained = fit->explained;
    const double all = variance_of(pooled_);
    for (std::size_t parameter = 0; parameter < x.size(); ++parameter) {
      const auto [low, high] = std::minmax_element(x[parameter].begin(), x[parameter].end());
      const double width = *high - *low;
      const Estimate change = estimate(
          [&](const Values& values) { return fit_linear(x, values)->slopes[parameter] * width; });
      const double slope = fit->slopes[parameter];
      const std::vector<std::string> texts = texts_of(parameter);
      answer_.effects.push_back(
          {plan_.paths[parameter], texts[static_cast<std::size_t>(low - x[parameter].begin())],
           texts[static_cast<std::size_t>(high - x[parameter].begin())], change,
           all > 0 ? slope * slope * variance_of(x[parameter]) / all : nan});
    }
  }

  const SweepPlan& plan_;
  const std::vector<PointResult>& points_;
  Values pooled_;
  std::vector<Values> by_replication_;
  Sensitivity answer_;
};

}  // namespace

std::vector<Sensitivity> sensitivities(const SweepPlan& plan,
                                       const std::vector<PointResult>& points) {
  std::vector<Sensitivity> all;
  for (std::size_t metric = 0; metric < plan.metrics.size(); ++metric) {
    all.push_back(Question(plan, points, metric).answer());
  }
  return all;
}

}  // namespace stampede
