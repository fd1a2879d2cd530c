#include <cmath>
#include <optional>
#include <vector>

#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct HyperexponentialBranch {
  Ratio probability;
  Quantity mean;
};

void describe(Visitor& v, HyperexponentialBranch& s) {
  v.field("probability", s.probability, "how often this branch is taken", required(),
          at_least(Ratio{0}), at_most(Ratio{1}));
  v.field("mean", s.mean, "the mean of this branch", required(), at_least(Quantity{0}));
}

struct HyperexponentialSettings {
  std::vector<HyperexponentialBranch> branches;
  std::optional<Quantity> mean;
  std::optional<double> cv;
};

double total_probability(const HyperexponentialSettings& s) {
  double total = 0;
  for (const HyperexponentialBranch& branch : s.branches) {
    total += branch.probability.value;
  }
  return total;
}

void describe(Visitor& v, HyperexponentialSettings& s) {
  v.field("branches", s.branches, "exponential laws, one of which is picked for each draw");
  v.field("mean", s.mean, "the mean of two balanced branches; goes with cv",
          more_than(Quantity{0}));
  v.field("cv", s.cv, "the coefficient of variation: standard deviation over mean", at_least(1.0));
  const bool by_moments = s.mean.has_value() && s.cv.has_value();
  const bool mixed = !s.branches.empty() && (s.mean || s.cv);
  v.check((by_moments || !s.branches.empty()) && !mixed, "",
          "needs either branches, or mean and cv", "write for example {mean: …, cv: 2}");
  v.check(s.branches.empty() || std::abs(total_probability(s) - 1) < 1e-9, "branches",
          "have probabilities that do not add up to 1", "make them add up to 100%");
}

/// Two branches of the given mean and cv that contribute half of the mean each ("balanced means"):
/// Whitt: Approximating a Point Process by a Renewal Process, Operations Research 30 (1982), (3.7).
std::vector<HyperexponentialBranch> balanced(double mean, double cv) {
  const double square = cv * cv;
  const double root = std::sqrt((square - 1) / (square + 1));
  const double often = (1 + root) / 2;
  const double rarely = 1 / ((1 + root) * (square + 1));  // 1 - often, exact for a large cv too
  return {{Ratio{often}, Quantity{mean / (2 * often)}},
          {Ratio{rarely}, Quantity{mean / (2 * rarely)}}};
}

class Hyperexponential final : public Law {
 public:
  Hyperexponential(const HyperexponentialSettings& s, const Context&)
      : branches_(s.branches.empty() ? balanced(s.mean->value, *s.cv) : s.branches) {}

  double sample(Draw& draw) const override {
    const double mean = pick(draw.uniform()).mean.value;
    return mean * standard_exponential(draw);
  }

  double mean() const override {
    double mean = 0;
    for (const HyperexponentialBranch& branch : branches_) {
      mean += branch.probability.value * branch.mean.value;
    }
    return mean;
  }

  double variance() const override {
    double square = 0;
    for (const HyperexponentialBranch& branch : branches_) {
      square += branch.probability.value * 2 * branch.mean.value * branch.mean.value;
    }
    return square - mean() * mean();
  }

 private:
  const HyperexponentialBranch& pick(double u) const {
    for (const HyperexponentialBranch& branch : branches_) {
      u -= branch.probability.value;
      if (u < 0) {
        return branch;
      }
    }
    return branches_.back();
  }

  std::vector<HyperexponentialBranch> branches_;
};

const Register<Law, Hyperexponential, HyperexponentialSettings> registered{
    "hyperexponential", "one of several exponentials: more variable than one"};

}  // namespace
}  // namespace stampede
