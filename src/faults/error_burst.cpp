#include <deque>

#include "faults/some_requests.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct ErrorBurstSettings {
  FaultSettings common;
  Ratio error_rate{1};
  OnlySettings only;
  std::optional<int> above_in_flight;
};
void describe(Visitor& v, ErrorBurstSettings& s) {
  describe_fault(v, s.common);
  v.field("error_rate", s.error_rate,
          "share of requests that are worked on and fail nevertheless, besides those that fail "
          "anyway",
          more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("only", s.only, "which requests");
  v.field(
      "above_in_flight", s.above_in_flight,
      "only while more requests than this are inside that came after it began: what only a full "
      "load shows",
      at_least(1));
}

/// Lets some of the requests at one instance fail.
class Failures final : public Interference {
 public:
  Failures(double rate, std::optional<int> above_in_flight, const SomeRequests& some,
           const Instance& at)
      : rate_(rate), above_in_flight_(above_in_flight), some_(some), at_(at) {}

  double error_rate(const Request& request) override {
    const bool is_full = !above_in_flight_ || at_.met_in_flight() > *above_in_flight_;
    return is_full && some_.touch(request) ? rate_ : 0;
  }

 private:
  double rate_;
  std::optional<int> above_in_flight_;
  const SomeRequests& some_;
  const Instance& at_;
};

/// A bad configuration, a poisoned cache, a dependency that nobody has drawn: instances are well,
/// and their answers are errors.
class ErrorBurst final : public Fault {
 public:
  ErrorBurst(const ErrorBurstSettings& settings, const Context& context)
      : Fault(settings.common),
        rate_(settings.error_rate.value),
        above_in_flight_(settings.above_in_flight),
        some_(settings.only, Ratio{1}, context) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto burst = std::make_unique<Burst>();
    for (Instance* target : strike.targets) {
      target->interfere(burst->failures.emplace_back(rate_, above_in_flight_, some_, *target));
    }
    return burst;
  }

 private:
  struct Burst final : Disturbance {
    std::deque<Failures> failures;
  };

  double rate_;
  std::optional<int> above_in_flight_;
  SomeRequests some_;
};

const Register<Fault, ErrorBurst, ErrorBurstSettings> registered{
    "error_burst", "requests fail after the work was done, perhaps only some of them"};

}  // namespace
}  // namespace stampede
