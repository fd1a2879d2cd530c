#include "flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stampede/base/require.hpp"
#include "stampede/kernel/job.hpp"

namespace stampede {

RunningFlags::RunningFlags(const Scenario& scenario, std::uint64_t replication,
                           Simulation& simulation)
    : scenario_(scenario), simulation_(simulation), scope_(simulation) {
  for (const auto& population : scenario.traffic) {
    const Named<Ratio>& segments = population.value.users.segments;
    segments_.emplace_back();
    if (!segments.empty()) {
      segments_.back().emplace(segments,
                               Stream(scenario.run.seed, replication, population.name, "segment"));
    }
  }
  for (const auto& flag : scenario.flags) {
    FlagSettings settings = flag.value;
    if (settings.bucketing == BucketingMethod::stampede) {
      // The users of another replication are others, though they have the same numbers. Those of
      // flag systems are who their names say, which is what one looks at these for.
      settings.salt = fmt::format("{}.{}.{}", settings.salt.empty() ? flag.name : settings.salt,
                                  scenario.run.seed, replication);
    }
    flags_.push_back(std::make_unique<Flag>(flag.name, settings, reaches_of(settings.segments)));
  }
}

Flag& RunningFlags::find(const std::string& name) const {
  for (const std::unique_ptr<Flag>& flag : flags_) {
    if (flag->name() == name) {
      return *flag;
    }
  }
  fail("a checked scenario reads the unknown flag '" + name + "'");
}

Flag::Reaches RunningFlags::reaches_of(const std::vector<std::string>& segments) const {
  if (segments.empty()) {
    return [](const Request&) { return true; };
  }
  // By population and part, so that a request costs no comparison of names.
  std::vector<std::vector<bool>> is_meant;
  for (const std::optional<UserParts>& parts : segments_) {
    is_meant.emplace_back();
    for (const std::string& name : parts ? parts->names() : std::vector<std::string>()) {
      is_meant.back().push_back(std::find(segments.begin(), segments.end(), name) !=
                                segments.end());
    }
  }
  return [this, is_meant = std::move(is_meant)](const Request& request) {
    const std::optional<UserParts>& parts = segments_[request.population];
    return parts && is_meant[request.population][parts->of(request.user)];
  };
}

void RunningFlags::start(const std::map<std::string, Meter>& meters, Signal& scraped,
                         Switched switched) {
  switched_ = std::move(switched);
  for (const auto& settings : scenario_.flags) {
    Flag& flag = find(settings.name);
    if (!settings.value.schedule.empty()) {
      static_cast<void>(follow_schedule(flag, settings.value.schedule));
    }
    if (const auto& kill_switch = settings.value.kill_switch) {
      const Metrics* metrics =
          kill_switch->when ? &meters.at(kill_switch->when->component) : nullptr;
      static_cast<void>(guard(flag, *kill_switch, metrics, scraped));
    }
  }
}

void RunningFlags::kill(Flag& flag) {
  flag.turn_off();
  switched_(flag.name(), true);
}

Process RunningFlags::follow_schedule(Flag& flag,
                                      const std::vector<RolloutStepSettings>& schedule) {
  for (const RolloutStepSettings& step : schedule) {
    co_await simulation_.until(Time::from_start(step.at));
    flag.set_rollout(step.rollout.value);
  }
  co_return Done();
}

Process RunningFlags::guard(Flag& flag, const KillSwitchSettings& kill_switch,
                            const Metrics* metrics, Signal& scraped) {
  co_await simulation_.until(Time::from_start(kill_switch.at.value_or(Duration())));
  if (metrics != nullptr) {
    while (!kill_switch.when->is_met(*metrics, scenario_.monitoring.window)) {
      co_await scraped.wait();
    }
  }
  kill(flag);
  if (kill_switch.length) {
    co_await simulation_.delay(*kill_switch.length);
    flag.turn_on();
    switched_(flag.name(), false);
  }
  co_return Done();
}

}  // namespace stampede
