#include "stampede/model/deployment.hpp"

#include <fmt/format.h>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

std::uint16_t version_called(const std::string& name, const Releases& releases) {
  const std::vector<std::string>& names = releases.versions();
  const auto found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "a checked scenario has a rollout to an unknown version");
  return static_cast<std::uint16_t>(found - names.begin());
}

}  // namespace

Deployment::Deployment(const RolloutSettings& settings, const Rollout::Context& context)
    : settings_(settings),
      context_(context),
      simulation_(context.simulation),
      releases_(*context.target.releases()),
      fleet_(context.target.fleet()),
      new_version_(version_called(settings.to, releases_)),
      changed_(context.simulation),
      decided_(context.simulation),
      scope_(context.simulation) {
  if (!settings.zone.empty()) {
    zones_ = context.geography.zones_in(settings.zone.name);
  }
  record_.name = context.name;
  record_.kind = context.kind;
  record_.target = settings.target.name;
  record_.to = settings.to;
  ready_since_.resize(fleet_.size());
  fleet_.listen(*this);
}

// ---- The fleet --------------------------------------------------------------------------------

bool Deployment::is_here(const Instance& instance) const {
  return zones_.empty() ||
         std::find(zones_.begin(), zones_.end(), instance.place()) != zones_.end();
}

void Deployment::begin() {
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    const Instance& instance = fleet_[i];
    if (is_here(instance) && !instance.is_leaving() && instance.version() != new_version_) {
      if (places_.empty()) {
        old_version_ = instance.version();
      }
      places_.push_back(instance.place());
    }
  }
  record_.verdict = RolloutVerdict::running;
  record_.began_s = seconds_now();
  is_counting_ = true;
  counted_until_ = now();
  fewest_ready_ = replicas();
  account();
}

std::vector<Instance*> Deployment::instances(std::uint16_t version) {
  std::vector<Instance*> found;
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    Instance& instance = fleet_[i];
    const bool is_wanted = (instance.version() == new_version_) == (version == new_version_);
    if (is_wanted && !instance.is_leaving() && is_here(instance)) {
      found.push_back(&instance);
    }
  }
  return found;
}

bool Deployment::is_available(const Instance& instance) const {
  return instance.state() == InstanceState::ready &&
         now() - ready_since_[instance.index()] >= settings_.min_ready;
}

int Deployment::available(std::uint16_t version) {
  const std::vector<Instance*> all = instances(version);
  return static_cast<int>(std::count_if(
      all.begin(), all.end(), [&](const Instance* instance) { return is_available(*instance); }));
}

Time Deployment::next_available() {
  Time next = Time::never();
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    if (fleet_[i].state() == InstanceState::ready && !is_available(fleet_[i])) {
      next = std::min(next, ready_since_[i] + settings_.min_ready);
    }
  }
  return next;
}

/// At the places of those that were there, in turn: zones stay as full as they were.
void Deployment::launch(std::uint16_t version, int count) {
  for (int i = 0; i < count && !places_.empty(); ++i) {
    releases_.launch(version, places_[launched_++ % places_.size()]);
  }
}

void Deployment::drain(std::uint16_t version, int count) {
  std::vector<Instance*> all = instances(version);
  std::reverse(all.begin(), all.end());
  std::stable_sort(all.begin(), all.end(), [&](const Instance* a, const Instance* b) {
    return !is_available(*a) && is_available(*b);
  });
  for (int i = 0; i < std::min(count, static_cast<int>(all.size())); ++i) {
    releases_.drain(*all[static_cast<std::size_t>(i)]);
  }
}

Task<ScalingProgress> Deployment::scale_up(std::uint16_t version, int wanted) {
  const int count = places_.empty() ? 0 : wanted;
  launch(version, std::max(0, count - this->count(version)));
  int most = available(version);
  Time deadline = now() + settings_.progress_deadline;
  while (available(version) < count) {
    if (available(version) > most) {
      most = available(version);
      deadline = now() + settings_.progress_deadline;
    }
    if (now() >= deadline) {
      const ScalingProgress none;
      co_return none;
    }
    co_await changed_.before(std::min(deadline, next_available()));
  }
  const ScalingProgress all{.is_made = true};
  co_return all;
}

Task<ScalingProgress> Deployment::emptied() {
  const auto is_on_its_way_out = [this] {
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      if (is_here(fleet_[i]) && fleet_[i].is_leaving() &&
          fleet_[i].state() != InstanceState::gone) {
        return true;
      }
    }
    return false;
  };
  while (is_on_its_way_out()) {
    co_await changed_.wait();
  }
  const ScalingProgress done{.is_made = true};
  co_return done;
}

void Deployment::added(Instance& instance) {
  ready_since_.resize(fleet_.size());
  ready_since_[instance.index()] = now();
  account();
}

void Deployment::state_changed(Instance& instance) {
  if (instance.state() == InstanceState::ready) {
    ready_since_[instance.index()] = now();
  }
  account();
  changed_.raise();
}

/// Adds up what was since the last change, and looks at what is.
void Deployment::account() {
  if (!is_counting_) {
    return;
  }
  const double hours = (now() - counted_until_).seconds() / 3600;
  extra_hours_ += hours * (existing_ - replicas());
  counted_until_ = now();
  existing_ = 0;
  int ready = 0;
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    if (is_here(fleet_[i])) {
      existing_ += fleet_[i].state() == InstanceState::gone ? 0 : 1;
      ready += fleet_[i].state() == InstanceState::ready ? 1 : 0;
    }
  }
  if (verdict() == RolloutVerdict::running) {
    fewest_ready_ = std::min(fewest_ready_, ready);
  }
}

// ---- Traffic ----------------------------------------------------------------------------------

void Deployment::split_traffic(double weight, Stickiness stickiness, const std::string& salt) {
  releases_.split().set(old_version_, new_version_, weight, stickiness,
                        hash_bytes(salt.empty() ? context_.name : salt));
}

void Deployment::end_split() { releases_.split().end(); }

void Deployment::mirror_traffic(double share) {
  releases_.split().mirror(new_version_, share, hash_bytes(context_.name + " mirror"));
}

void Deployment::end_mirror() { releases_.split().mirror(std::nullopt, 0, 0); }

// ---- Metrics ----------------------------------------------------------------------------------

std::optional<double> Deployment::read(MonitoredMetric metric, std::uint16_t version,
                                       Duration window) const {
  return context_.metrics.read({.metric = metric, .window = window, .version = version});
}

// ---- The diary --------------------------------------------------------------------------------

void Deployment::note(std::string what) {
  record_.steps.push_back({seconds_now(), std::move(what)});
}

void Deployment::decide(RolloutVerdict verdict, const std::string& why) {
  account();
  record_.verdict = verdict;
  record_.decided_s = seconds_now();
  note(std::string(name_of(verdict)) + (why.empty() ? "" : ": " + why));
  decided_.raise();
}

RolloutRecord Deployment::record() const {
  RolloutRecord record = record_;
  if (is_counting_) {
    const double hours = (now() - counted_until_).seconds() / 3600;
    record.extra_instance_hours = extra_hours_ + hours * (existing_ - replicas());
    record.capacity_min =
        replicas() == 0 ? 1 : static_cast<double>(fewest_ready_) / static_cast<double>(replicas());
  }
  const Metrics::Answered answered = context_.metrics.answered(new_version_);
  record.requests = answered.requests;
  record.failed = answered.requests - answered.ok;
  return record;
}

}  // namespace stampede
