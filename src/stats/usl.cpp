#include "stampede/stats/usl.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace stampede {
namespace {

/// α, β, γ.
using Coefficients = Eigen::Vector3d;
enum Index : Eigen::Index { alpha = 0, beta = 1, gamma = 2 };

double denominator(const Coefficients& at, double size) {
  return 1 + at[alpha] * (size - 1) + at[beta] * size * (size - 1);
}
double predicted(const Coefficients& at, double size) {
  return at[gamma] * size / denominator(at, size);
}
Eigen::Vector3d gradient(const Coefficients& at, double size) {
  const double below = denominator(at, size);
  const double by_below = -at[gamma] * size / (below * below);
  return {by_below * (size - 1), by_below * size * (size - 1), size / below};
}
double squares(const Coefficients& at, std::span<const ScalePoint> points) {
  double sum = 0;
  for (const ScalePoint& point : points) {
    const double off = point.throughput - predicted(at, point.size);
    sum += off * off;
  }
  return sum;
}

/// J'J and J'r of the coefficients that are free; rows and columns of the others are those of the
/// unit matrix, so that their steps are 0.
struct Normal {
  Eigen::Matrix3d matrix = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();

  Normal(const Coefficients& at, std::span<const ScalePoint> points,
         const std::array<bool, 3>& is_free) {
    for (const ScalePoint& point : points) {
      Eigen::Vector3d slope = gradient(at, point.size);
      for (Eigen::Index i = 0; i < 3; ++i) {
        slope[i] = is_free[static_cast<std::size_t>(i)] ? slope[i] : 0;
      }
      matrix += slope * slope.transpose();
      right += slope * (point.throughput - predicted(at, point.size));
    }
    for (Eigen::Index i = 0; i < 3; ++i) {
      if (!is_free[static_cast<std::size_t>(i)]) {
        matrix(i, i) = 1;
      }
    }
  }
};

Coefficients minimize(Coefficients at, std::span<const ScalePoint> points,
                      const std::array<bool, 3>& is_free) {
  double damping = 1e-3;
  double best = squares(at, points);
  for (int i = 0; i < 1000; ++i) {
    const Normal normal(at, points, is_free);
    Eigen::Matrix3d damped = normal.matrix;
    damped.diagonal() *= 1 + damping;
    const Coefficients next = at + damped.ldlt().solve(normal.right);
    const double found = squares(next, points);
    const bool is_inside = std::all_of(points.begin(), points.end(), [&](const ScalePoint& point) {
      return denominator(next, point.size) > 0;
    });
    if (is_inside && found <= best) {
      const bool is_done = best - found <= 1e-15 * best;
      at = next;
      best = found;
      damping = std::max(damping / 10, 1e-12);
      if (is_done) {
        break;
      }
    } else {
      damping *= 10;
      if (damping > 1e12) {
        break;
      }
    }
  }
  return at;
}

Estimate interval(double value, double variance, double t, std::int64_t points) {
  const double margin = t * std::sqrt(std::max(0.0, variance));
  return {value, value - margin, value + margin, points};
}

}  // namespace

double UslFit::throughput(double size) const {
  return predicted({contention.estimate, coherency.estimate, unit.estimate}, size);
}

std::optional<UslFit> fit_usl(std::span<const ScalePoint> points) {
  std::set<double> sizes;
  double most = 0;
  double start_unit = 0;
  double mean = 0;
  for (const ScalePoint& point : points) {
    sizes.insert(point.size);
    most = std::max(most, point.throughput);
    start_unit = std::max(start_unit, point.throughput / point.size);
    mean += point.throughput / static_cast<double>(points.size());
  }
  if (sizes.size() < 4 || *sizes.begin() <= 0 || most <= 0) {
    return std::nullopt;
  }
  // First free, then without whatever came out negative, until all are right.
  std::array<bool, 3> is_free{true, true, true};
  Coefficients at(0.01, 0.0001, start_unit);
  for (;;) {
    at = minimize(at, points, is_free);
    if (at[beta] < 0 && is_free[beta]) {
      is_free[beta] = false;
      at = {0.01, 0, start_unit};
    } else if (at[alpha] < 0 && is_free[alpha]) {
      is_free[alpha] = false;
      at = {0, is_free[beta] ? 0.0001 : 0, start_unit};
    } else {
      break;
    }
  }

  const auto n = static_cast<std::int64_t>(points.size());
  const std::int64_t freedom = n - std::count(is_free.begin(), is_free.end(), true);
  const double left = squares(at, points);
  const double variance = left / static_cast<double>(freedom);
  Eigen::Matrix3d covariance = variance * Normal(at, points, is_free).matrix.inverse();
  for (Eigen::Index i = 0; i < 3; ++i) {
    if (!is_free[static_cast<std::size_t>(i)]) {
      covariance(i, i) = 0;
    }
  }
  const double t = t_critical(0.95, freedom);

  UslFit fit;
  fit.contention = interval(at[alpha], covariance(alpha, alpha), t, n);
  fit.coherency = interval(at[beta], covariance(beta, beta), t, n);
  fit.unit = interval(at[gamma], covariance(gamma, gamma), t, n);
  fit.residual = std::sqrt(variance);
  double spread = 0;
  for (const ScalePoint& point : points) {
    spread += (point.throughput - mean) * (point.throughput - mean);
  }
  fit.r_squared = spread > 0 ? 1 - left / spread : 1;
  if (at[beta] > 0 && at[alpha] < 1) {
    const double peak = std::sqrt((1 - at[alpha]) / at[beta]);
    const Eigen::Vector3d slope(-peak / (2 * (1 - at[alpha])), -peak / (2 * at[beta]), 0);
    fit.peak_size = interval(peak, slope.dot(covariance * slope), t, n);
    fit.peak_throughput = predicted(at, peak);
  } else if (at[alpha] > 0) {
    fit.peak_throughput = at[gamma] / at[alpha];
  }
  return fit;
}

}  // namespace stampede
