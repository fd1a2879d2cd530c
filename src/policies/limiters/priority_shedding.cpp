#include <algorithm>
#include <vector>

#include "stampede/model/limiter.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct PrioritySheddingSettings {
  std::int64_t max_concurrent = 1;
  std::vector<Ratio> thresholds;
};
void describe(Visitor& v, PrioritySheddingSettings& s) {
  v.field("max_concurrent", s.max_concurrent,
          "requests inside at a time that are a load of 100 %, those who wait included", required(),
          at_least<std::int64_t>(1));
  v.field("thresholds", s.thresholds,
          "the load up to which requests of priority 0, 1, 2 … are let in; higher numbers than "
          "given are as the last one",
          required(), not_empty());
  v.check(std::all_of(s.thresholds.begin(), s.thresholds.end(),
                      [](Ratio threshold) { return threshold.value <= 1; }),
          "thresholds", "must not be more than 100%");
  v.check(std::is_sorted(s.thresholds.rbegin(), s.thresholds.rend()), "thresholds",
          "must not grow: priority 0 is the highest");
}

/// Who matters least is turned away first (Google's SRE book, chapter 21: criticality; Netflix's
/// prioritized load shedding, 2020).
class PriorityShedding final : public RequestLimiter {
 public:
  PriorityShedding(const PrioritySheddingSettings& settings, const Context&) {
    for (const Ratio threshold : settings.thresholds) {
      most_inside_.push_back(threshold.value * static_cast<double>(settings.max_concurrent));
    }
  }

  Outcome admit(const Request& request, Time) override {
    const std::size_t level = std::min<std::size_t>(request.priority, most_inside_.size() - 1);
    if (static_cast<double>(inside_) >= most_inside_[level]) {
      return Outcome::rejected_shed;
    }
    ++inside_;
    return Outcome::ok;
  }
  bool follows() const override { return true; }
  void ended(const Request&, Outcome, Duration, Time) override { --inside_; }

 private:
  std::vector<double> most_inside_;  ///< by priority
  std::int64_t inside_ = 0;
};

const LimiterMeasures measures{"priority_shedding"};
const Register<RequestLimiter, PriorityShedding, PrioritySheddingSettings> registered{
    "priority_shedding", "turns away low priorities first, each beyond a load of its own"};

}  // namespace
}  // namespace stampede
