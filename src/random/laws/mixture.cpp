#include <cmath>
#include <memory>
#include <vector>

#include "stampede/random/distribution.hpp"

namespace stampede {
namespace {

struct MixturePart {
  double weight = 1;
  Choice<Law> law;
};

void describe(Visitor& v, MixturePart& s) {
  v.field("weight", s.weight, "how often this law is picked, relative to the others",
          more_than(0.0));
  v.field("law", s.law, "the law", required());
}

struct MixtureSettings {
  std::vector<MixturePart> of;
};

void describe(Visitor& v, MixtureSettings& s) {
  v.shorthand("of");
  v.field("of", s.of, "the laws, one of which is picked for each draw", required());
  v.check(!s.of.empty(), "of", "is empty", "name at least one law");
}

class Mixture final : public Law {
 public:
  Mixture(const MixtureSettings& settings, const Context& context) {
    double total = 0;
    for (const MixturePart& part : settings.of) {
      total += part.weight;
    }
    for (const MixturePart& part : settings.of) {
      parts_.push_back({part.weight / total, part.law.make(context)});
    }
  }

  double sample(Draw& draw) const override {
    const Law& law = pick(draw.uniform());
    return law.sample(draw);
  }

  double mean() const override {
    double mean = 0;
    for (const Part& part : parts_) {
      mean += part.share * part.law->mean();
    }
    return mean;
  }

  /// The law of total variance: the mean of the variances plus the variance of the means.
  double variance() const override {
    const double centre = mean();
    if (std::isinf(centre)) {
      return centre;
    }
    double variance = 0;
    for (const Part& part : parts_) {
      const double offset = part.law->mean() - centre;
      variance += part.share * (part.law->variance() + offset * offset);
    }
    return variance;
  }

 private:
  struct Part {
    double share;
    std::unique_ptr<Law> law;
  };

  const Law& pick(double u) const {
    for (const Part& part : parts_) {
      u -= part.share;
      if (u < 0) {
        return *part.law;
      }
    }
    return *parts_.back().law;
  }

  std::vector<Part> parts_;
};

const Register<Law, Mixture, MixtureSettings> registered{
    "mixture", "one of several laws, picked by weight: fast path and slow path"};

}  // namespace
}  // namespace stampede
