#pragma once

#include <optional>
#include <vector>

namespace stampede {

/// A linear model y = intercept + Σ slopeⱼ·xⱼ fitted by least squares (QR decomposition).
struct LinearFit {
  double intercept = 0;
  std::vector<double> slopes;
  /// R²: the share of the variation of y that the model accounts for; NaN if y does not vary.
  double explained = 0;
};

/// Fits the model to observations `y[i]` at `x[j][i]` (variable j). None when the slopes cannot be
/// told: no more observations than unknowns, or variables that move together.
std::optional<LinearFit> fit_linear(const std::vector<std::vector<double>>& x,
                                    const std::vector<double>& y);

}  // namespace stampede
