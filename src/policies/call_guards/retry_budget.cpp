#include <algorithm>

#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// Envoy's circuit_breakers.thresholds.retry_budget, names and defaults.
struct RetryBudgetSettings {
  Ratio budget_percent{0.2};
  std::int64_t min_retry_concurrency = 3;
};
void describe(Visitor& v, RetryBudgetSettings& s) {
  v.shorthand("budget_percent");
  v.field("budget_percent", s.budget_percent,
          "calls that are tried again at a time, as a share of the requests under way or waiting",
          at_most(Ratio{1}));
  v.field("min_retry_concurrency", s.min_retry_concurrency, "so many may always be", at_least(0),
          at_most(1'000'000));
}

/// Retries are a share of the work, so that they cannot become most of it when everything fails.
class RetryBudget final : public CallGuard {
 public:
  RetryBudget(const RetryBudgetSettings& settings, const Context&) : settings_(settings) {}

  bool may_retry(const CallLoad& load) override {
    const auto share = static_cast<std::int64_t>(
        settings_.budget_percent.value * static_cast<double>(load.in_flight + load.waiting));
    return load.retrying < std::max(share, settings_.min_retry_concurrency);
  }

 private:
  RetryBudgetSettings settings_;
};

const Register<CallGuard, RetryBudget, RetryBudgetSettings> registered{
    "retry_budget", "retries are no more than a share of what is under way (Envoy)"};

}  // namespace
}  // namespace stampede
