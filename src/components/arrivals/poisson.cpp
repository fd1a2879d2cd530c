#include "stampede/model/arrivals.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct PoissonSettings {
  Choice<RateProfile> rate;
};

void describe(Visitor& v, PoissonSettings& s) {
  v.shorthand("rate");
  v.field("rate", s.rate, "requests per second, on average", required());
}

/// Many users who know nothing of each other. Under a rate that changes the process stays Poisson:
/// the integral of the rate from one arrival to the next is exponential with mean 1.
class Poisson final : public ArrivalProcess {
 public:
  Poisson(const PoissonSettings& settings, const Context& context)
      : population_(context.population),
        simulation_(context.population.simulation()),
        rate_(settings.rate.make({})) {}

  static Theory theory(const PoissonSettings& settings) { return {.rate = settings.rate}; }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(arrive()); }

 private:
  Process arrive() {
    ExponentialSequence gaps(population_.stream("arrivals").sequence());
    for (Time next;;) {
      const double events = gaps();
      next = rate_->after(next, events);
      if (next == Time::never()) {
        co_return Done();
      }
      co_await simulation_.until(next);
      population_.send_and_forget(Ask::at(next));
    }
  }

  Population& population_;
  Simulation& simulation_;
  std::unique_ptr<RateProfile> rate_;
};

const Register<ArrivalProcess, Poisson, PoissonSettings> registered{
    "poisson", "independent users: gaps between requests are exponential"};

}  // namespace
}  // namespace stampede
