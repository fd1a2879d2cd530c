#include <deque>

#include "faults/some_requests.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct ErrorBurstSettings {
  FaultSettings common;
  Ratio error_rate{1};
  OnlySettings only;
};
void describe(Visitor& v, ErrorBurstSettings& s) {
  describe_fault(v, s.common);
  v.field("error_rate", s.error_rate,
          "share of requests that are worked on and fail nevertheless, besides those that fail "
          "anyway",
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("only", s.only, "which requests");
}

/// Lets some of the requests at one instance fail.
class Failures final : public Interference {
 public:
  Failures(double rate, const SomeRequests& some) : rate_(rate), some_(some) {}

  double error_rate(const Request& request) override { return some_.touch(request) ? rate_ : 0; }

 private:
  double rate_;
  const SomeRequests& some_;
};

/// A bad configuration, a poisoned cache, a dependency that nobody has drawn: instances are well,
/// and their answers are errors.
class ErrorBurst final : public Fault {
 public:
  ErrorBurst(const ErrorBurstSettings& settings, const Context& context)
      : Fault(settings.common),
        rate_(settings.error_rate.value),
        some_(settings.only, Ratio{1}, context) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto burst = std::make_unique<Burst>();
    for (Instance* target : strike.targets) {
      target->interfere(burst->failures.emplace_back(rate_, some_));
    }
    return burst;
  }

 private:
  struct Burst final : Disturbance {
    std::deque<Failures> failures;
  };

  double rate_;
  SomeRequests some_;
};

const Register<Fault, ErrorBurst, ErrorBurstSettings> registered{
    "error_burst", "requests fail after the work was done, perhaps only some of them"};

}  // namespace
}  // namespace stampede
