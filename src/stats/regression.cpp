#include "stampede/stats/regression.hpp"

#include <Eigen/Dense>
#include <limits>

namespace stampede {

std::optional<LinearFit> fit_linear(const std::vector<std::vector<double>>& x,
                                    const std::vector<double>& y) {
  const auto rows = static_cast<Eigen::Index>(y.size());
  const auto columns = static_cast<Eigen::Index>(x.size());
  if (rows <= columns + 1) {
    return std::nullopt;
  }
  const Eigen::VectorXd observed = Eigen::Map<const Eigen::VectorXd>(y.data(), rows);
  const double mean_y = observed.mean();

  // Centred and scaled columns: nanoseconds and shares would otherwise be told apart badly.
  Eigen::MatrixXd scaled(rows, columns);
  Eigen::VectorXd means(columns);
  Eigen::VectorXd scales(columns);
  for (Eigen::Index j = 0; j < columns; ++j) {
    const auto& of_one = x[static_cast<std::size_t>(j)];
    const Eigen::VectorXd column = Eigen::Map<const Eigen::VectorXd>(of_one.data(), rows);
    means[j] = column.mean();
    const Eigen::VectorXd centred = column.array() - means[j];
    scales[j] = centred.norm();
    if (!(scales[j] > 0)) {
      return std::nullopt;
    }
    scaled.col(j) = centred / scales[j];
  }
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(scaled);
  if (qr.rank() < columns) {
    return std::nullopt;
  }
  const Eigen::VectorXd centred_y = observed.array() - mean_y;
  const Eigen::VectorXd slopes = qr.solve(centred_y);

  LinearFit fit;
  fit.intercept = mean_y;
  for (Eigen::Index j = 0; j < columns; ++j) {
    fit.slopes.push_back(slopes[j] / scales[j]);
    fit.intercept -= fit.slopes.back() * means[j];
  }
  const double all = centred_y.squaredNorm();
  const double rest = (centred_y - scaled * slopes).squaredNorm();
  fit.explained = all > 0 ? 1 - rest / all : std::numeric_limits<double>::quiet_NaN();
  return fit;
}

}  // namespace stampede
