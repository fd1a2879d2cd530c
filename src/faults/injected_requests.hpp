#pragma once

#include <memory>
#include <optional>

#include "stampede/kernel/job.hpp"
#include "stampede/model/fault.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {

/// Requests besides those that a population sends by itself: a Poisson process at `factor` times
/// the rate of a profile.
class InjectedRequests final : public Disturbance {
 public:
  struct Settings {
    std::unique_ptr<RateProfile> profile;
    double factor = 1;
    std::optional<RequestTypeId> type;  ///< by the shares of the population unless given
    std::uint64_t strangers = 0;  ///< so many users who are none of the population's; 0: its own
  };

  InjectedRequests(Population& population, Settings settings, const Draw& gaps, const Draw& users)
      : population_(population),
        settings_(std::move(settings)),
        gaps_(gaps),
        users_(users),
        scope_(population.simulation()) {
    static_cast<void>(arrive());
  }

  Scope& scope() { return scope_; }

 private:
  Process arrive() {
    Simulation& simulation = scope_.simulation();
    for (Time next = simulation.now();;) {
      const double events = gaps_();
      next = settings_.profile->after(next, events / settings_.factor);
      if (next == Time::never()) {
        co_return Done();
      }
      co_await simulation.until(next);
      Ask ask = Ask::at(next);
      ask.injected = true;
      ask.type = settings_.type;
      if (settings_.strangers > 0) {
        ask.user = population_.user_count() + users_.below(settings_.strangers);
      }
      population_.send_and_forget(ask);
    }
  }

  Population& population_;
  Settings settings_;
  ExponentialSequence gaps_;
  Draw users_;
  Scope scope_;
};

}  // namespace stampede
