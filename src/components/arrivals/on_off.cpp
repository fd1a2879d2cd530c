#include <cmath>

#include "stampede/model/arrivals.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

struct OnOffSettings {
  Distribution<Duration> on;
  Distribution<Duration> off;
  Choice<RateProfile> rate;
};

void describe(Visitor& v, OnOffSettings& s) {
  v.field("on", s.on, "how long requests come", required());
  v.field("off", s.off, "how long none come after that", required());
  v.field("rate", s.rate, "requests per second while they come", required());
  v.check(!s.on.is_zero(), "on", "is always 0, so that nothing is ever sent", "make it longer");
}

/// Bursts: Poisson while on, silent while off; begins with a burst. With exponential phases this is
/// the interrupted Poisson process, with heavy-tailed ones many of them together are self-similar
/// (Willinger, Taqqu, Sherman, Wilson: Self-Similarity Through High-Variability, IEEE/ACM
/// Transactions on Networking 5, 1997).
class OnOff final : public ArrivalProcess {
 public:
  OnOff(const OnOffSettings& settings, const Context& context)
      : population_(context.population),
        on_(settings.on),
        off_(settings.off),
        rate_(settings.rate.make({})) {}

  /// With exponential phases and one rate, arrivals are a renewal process, whose gaps have this
  /// variability (Kuczura: The Interrupted Poisson Process as an Overflow Process, Bell System
  /// Technical Journal 52, 1973).
  static Theory theory(const OnOffSettings& settings) {
    const TwoMoments on = Flow::moments(settings.on);
    const TwoMoments off = Flow::moments(settings.off);
    const double leaving = 1 / on.mean;
    const double returning = off.mean > 0 ? 1 / off.mean : 0;
    Theory theory{.rate = settings.rate, .requests = on.mean / (on.mean + off.mean)};
    const double rate = settings.rate.make({})->rate(Time());
    if (off.mean > 0) {
      theory.interarrival_scv =
          1 + 2 * leaving * rate / ((leaving + returning) * (leaving + returning));
    }
    const auto is_exponential = [](const TwoMoments& phase) {
      return std::abs(phase.scv - 1) < 1e-6;
    };
    if (!is_exponential(on) || (off.mean > 0 && !is_exponential(off))) {
      theory.unknown = "bursts and silences that are not exponential";
    }
    return theory;
  }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(alternate()); }

 private:
  Process alternate() {
    Simulation& simulation = population_.simulation();
    Draw gaps = population_.stream("arrivals").sequence();
    Draw phases = population_.stream("phases").sequence();
    for (;;) {
      const Duration burst = on_.sample(phases);
      const Time end_of_burst = simulation.now() + burst;
      double events = standard_exponential(gaps);
      Time next = rate_->after(simulation.now(), events);
      while (next < end_of_burst) {
        co_await simulation.until(next);
        population_.send_and_forget(Ask::at(next));
        events = standard_exponential(gaps);
        next = rate_->after(next, events);
      }
      co_await simulation.until(end_of_burst);
      const Duration silence = off_.sample(phases);
      co_await simulation.delay(silence);
    }
  }

  Population& population_;
  Distribution<Duration> on_;
  Distribution<Duration> off_;
  std::unique_ptr<RateProfile> rate_;
};

const Register<ArrivalProcess, OnOff, OnOffSettings> registered{
    "on_off", "bursts of requests with silence between them"};

}  // namespace
}  // namespace stampede
