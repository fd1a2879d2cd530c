#include "stampede/model/admission.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct ProbabilitySettings {
  Ratio chance;
};

void describe(Visitor& v, ProbabilitySettings& s) {
  v.field("chance", s.chance, "how likely each fetched item is to be kept", required(),
          more_than(Ratio{0}));
  v.shorthand("chance");
}

/// Keeps each item with the same chance: what is asked for often gets in soon, what is asked for
/// once mostly does not, and nothing has to be remembered. With LRU and a small chance it comes
/// near the best hit ratio under independent requests (q-LRU: Martina, Garetto, Leonardi: A Unified
/// Approach to the Performance Analysis of Caching Systems, INFOCOM 2014).
class Probability final : public AdmissionFilter {
 public:
  Probability(const ProbabilitySettings& settings, const Context& context)
      : chance_(settings.chance.value), random_(context.random) {}

  bool admits(std::uint64_t, std::uint32_t) override { return random_.chance(chance_); }

 private:
  double chance_;
  Draw random_;
};

const Register<AdmissionFilter, Probability, ProbabilitySettings> registered{
    "probability", "keeps each fetched item with the same chance"};

}  // namespace
}  // namespace stampede
