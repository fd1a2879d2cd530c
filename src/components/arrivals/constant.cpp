#include "stampede/model/arrivals.hpp"

namespace stampede {
namespace {

struct ConstantArrivalsSettings {
  Choice<RateProfile> rate;
};

void describe(Visitor& v, ConstantArrivalsSettings& s) {
  v.shorthand("rate");
  v.field("rate", s.rate, "requests per second, evenly spaced", required());
}

/// A load generator that ticks, as k6's arrival-rate executors: gaps do not vary but with the rate.
class ConstantArrivals final : public ArrivalProcess {
 public:
  ConstantArrivals(const ConstantArrivalsSettings& settings, const Context& context)
      : population_(context.population), rate_(settings.rate.make({})) {}

  static Theory theory(const ConstantArrivalsSettings& settings) {
    return {.rate = settings.rate, .interarrival_scv = 0};
  }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(tick()); }

 private:
  /// Every tick is counted from t = 0, so that rounded gaps do not add up; the first comes after
  /// half a gap, so that no tick falls on the edge of a second, which would belong to two.
  Process tick() {
    for (double ticks = 0.5;; ticks += 1) {
      const Time next = rate_->after(Time(), ticks);
      if (next == Time::never()) {
        co_return Done();
      }
      co_await population_.simulation().until(next);
      population_.send_and_forget(Ask::at(next));
    }
  }

  Population& population_;
  std::unique_ptr<RateProfile> rate_;
};

const Register<ArrivalProcess, ConstantArrivals, ConstantArrivalsSettings> registered{
    "constant", "evenly spaced requests, as a load generator sends them"};

}  // namespace
}  // namespace stampede
