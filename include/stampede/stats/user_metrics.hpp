#pragma once

#include <cstdint>

#include "stampede/stats/always_valid.hpp"
#include "stampede/stats/means.hpp"

/// Metrics of users who were assigned to groups. The unit of analysis is the unit of assignment:
/// requests of one user resemble each other, and counting them as independent overstates what is
/// known.

namespace stampede {

/// Sums over independent units (users) of two numbers each: x, such as how many requests or what
/// was spent before the experiment, and y, such as what was bought. A unit may change: take its old
/// numbers out and put its new ones in.
class UnitSums {
 public:
  void add(double x, double y) { change(x, y, 1); }
  void remove(double x, double y) { change(x, y, -1); }

  double count() const { return count_; }
  double sum_x() const { return x_; }
  double sum_y() const { return y_; }
  double mean_x() const { return x_ / count_; }
  double mean_y() const { return y_ / count_; }
  double variance_x() const { return covariance(xx_, x_, x_); }
  double variance_y() const { return covariance(yy_, y_, y_); }
  double covariance() const { return covariance(xy_, x_, y_); }

  GroupMoments moments_y() const { return {count_, mean_y(), variance_y()}; }

 private:
  void change(double x, double y, double by) {
    count_ += by;
    x_ += by * x;
    y_ += by * y;
    xx_ += by * x * x;
    xy_ += by * x * y;
    yy_ += by * y * y;
  }
  double covariance(double product, double a, double b) const {
    return (product - a * b / count_) / (count_ - 1);
  }

  double count_ = 0;
  double x_ = 0;
  double y_ = 0;
  double xx_ = 0;
  double xy_ = 0;
  double yy_ = 0;
};

/// Σy/Σx, y for each x, with its variance by the delta method over units:
/// (s²_y - 2R·s_xy + R²·s²_x)/(n·x̄²) (Deng, Knoblich, Lu: Applying the Delta Method in Metric
/// Analytics, KDD 2018).
NormalEstimate ratio_of(const UnitSums& units);

/// The mean of y over units.
NormalEstimate mean_of(const UnitSums& units);

/// Taking the prediction by x away from y: CUPED (Deng, Xu, Kohavi, Walker: Improving the
/// Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data, WSDM 2013).
struct Cuped {
  double theta;               ///< Cov(x, y)/Var(x), of both groups together
  NormalEstimate difference;  ///< the second less the first, adjusted
  double variance_reduction;  ///< share of the variance that is gone; about Corr(x, y)²
};
/// x must be known before the assignment, or what it predicts may be the effect itself.
Cuped cuped(const UnitSums& first, const UnitSums& second);

}  // namespace stampede
