#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <cmath>
#include <vector>

#include "stampede/base/require.hpp"
#include "stampede/stats/queueing.hpp"

namespace stampede {
namespace {

/// Below this a branch is taken to be constant: its gamma law is a step.
constexpr double smallest_scv = 1e-6;

double done_by(const TwoMoments& branch, double time) {
  if (time <= 0) {
    return branch.mean <= 0 ? 1 : 0;
  }
  if (branch.mean <= 0) {
    return 1;
  }
  if (branch.scv < smallest_scv) {
    return time >= branch.mean ? 1 : 0;
  }
  const boost::math::gamma_distribution<> law(1 / branch.scv, branch.mean * branch.scv);
  return boost::math::cdf(law, time);
}

/// Probability that fewer than `needed` are done, by the law of the number of those that are.
double fewer_done(std::span<const TwoMoments> branches, std::size_t needed, double time) {
  std::vector<double> probability(branches.size() + 1, 0);
  probability[0] = 1;
  double done = 0;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const bool is_alike =
        i > 0 && branches[i].mean == branches[i - 1].mean && branches[i].scv == branches[i - 1].scv;
    done = is_alike ? done : done_by(branches[i], time);
    for (std::size_t n = i + 1; n > 0; --n) {
      probability[n] = probability[n] * (1 - done) + probability[n - 1] * done;
    }
    probability[0] *= 1 - done;
  }
  double fewer = 0;
  for (std::size_t n = 0; n < needed; ++n) {
    fewer += probability[n];
  }
  return fewer;
}

}  // namespace

TwoMoments order_statistic(std::span<const TwoMoments> branches, std::size_t needed) {
  require(needed <= branches.size(), "no more branches are needed than there are");
  if (needed == 0) {
    return {};
  }
  double scale = 0;
  for (const TwoMoments& branch : branches) {
    if (std::isinf(branch.mean)) {
      // Those that never come do not count; without enough others, nor does the whole.
      std::vector<TwoMoments> others;
      for (const TwoMoments& other : branches) {
        if (!std::isinf(other.mean)) {
          others.push_back(other);
        }
      }
      return needed <= others.size() ? order_statistic(others, needed) : TwoMoments{branch.mean, 0};
    }
    scale += branch.mean;
  }
  if (branches.size() == 1 || scale <= 0) {
    return branches[0];
  }
  // E T = ∫ P(T > t) dt and E T² = 2 ∫ t P(T > t) dt, by the midpoint rule on t = scale · u / (1 -
  // u), which reaches to infinity and is smooth at 0, where gamma laws may be steep.
  constexpr int steps = 1000;
  double mean = 0;
  double square = 0;
  for (int i = 0; i < steps; ++i) {
    const double u = (i + 0.5) / steps;
    const double time = scale * u / (1 - u);
    const double weight = scale / ((1 - u) * (1 - u)) / steps;
    const double beyond = fewer_done(branches, needed, time);
    mean += beyond * weight;
    square += 2 * time * beyond * weight;
  }
  return {mean, mean > 0 ? std::max(0.0, square / (mean * mean) - 1) : 0};
}

}  // namespace stampede
