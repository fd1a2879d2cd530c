#pragma once

#include <cstdint>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/kernel/timeouts.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Active health checking with Envoy's words; the first four have no default there either.
struct HealthCheckSettings {
  Duration interval;
  Duration timeout;
  int unhealthy_threshold = 1;
  int healthy_threshold = 1;
  Duration interval_jitter;
};
inline void describe(Visitor& v, HealthCheckSettings& s) {
  v.field("interval", s.interval, "from the end of one probe to the next", required(),
          more_than(Duration()));
  v.field("timeout", s.timeout, "a probe without an answer after this time has failed", required(),
          more_than(Duration()));
  v.field("unhealthy_threshold", s.unhealthy_threshold,
          "failed probes in a row that make a healthy backend unhealthy", required(), at_least(1));
  v.field("healthy_threshold", s.healthy_threshold,
          "good probes in a row that make an unhealthy backend healthy", required(), at_least(1));
  v.field("interval_jitter", s.interval_jitter,
          "up to this much is added to every interval, at random", at_least(Duration()));
  v.doubt_unless(s.timeout <= s.interval, "timeout",
                 "is longer than interval: a dead backend is probed less often than a healthy one",
                 "shorten it");
}

/// Probes the backends of one balancer, each by a process of its own, and says what it finds.
///
/// As in Envoy, the next probe comes an interval after the last one ended, and a backend whose very
/// first probe is good is healthy at once. Every failure counts towards the threshold, whatever its
/// kind, as in HAProxy.
class HealthChecks {
 public:
  class Listener {
   public:
    virtual void health_changed(BackendSlot slot, bool healthy) = 0;
    /// A backend that counts as healthy by now answered well.
    virtual void probe_succeeded(BackendSlot slot) { static_cast<void>(slot); }

   protected:
    ~Listener() = default;
  };

  HealthChecks(const HealthCheckSettings& settings, Simulation& simulation, PlaceId from,
               const Stream& random, Listener& listener)
      : settings_(settings),
        from_(from),
        random_(random),
        listener_(listener),
        timeouts_(simulation.timeouts(settings.timeout)),
        probing_(simulation) {}

  Scope& scope() { return probing_; }

  bool is_healthy(BackendSlot slot) const {
    return slot < checked_.size() && checked_[slot].healthy;
  }

  /// Begins to probe a backend that counts as healthy already, at a random moment of the interval,
  /// so that probes are not in step.
  void watch_healthy(Instance& backend) {
    Checked& checked = entry(backend.index());
    checked.watched = true;
    checked.healthy = true;
    checked.probed = true;
    static_cast<void>(check(backend, /*at_once=*/false));
  }

  /// Begins to probe a backend of which nothing is known: at once.
  void watch_unknown(Instance& backend) {
    Checked& checked = entry(backend.index());
    checked.watched = true;
    static_cast<void>(check(backend, /*at_once=*/true));
  }

  void unwatch(BackendSlot slot) { entry(slot).watched = false; }

  /// Ends all probing and all knowledge.
  void forget() {
    probing_.kill(KilledWork::stays_silent);
    checked_.clear();
    ++starts_;
  }

 private:
  struct Checked {
    bool watched = false;
    bool healthy = false;
    bool probed = false;  ///< some probe has ended
    int streak = 0;       ///< results in a row that contradict `healthy`
  };

  Checked& entry(BackendSlot slot) {
    if (slot >= checked_.size()) {
      checked_.resize(slot + 1);
    }
    return checked_[slot];
  }

  Process check(Instance& backend, bool at_once) {
    const BackendSlot slot = backend.index();
    Draw draw = random_.at(combine(starts_, slot));
    const std::uint64_t luck = draw();
    if (!at_once) {
      const Duration phase = settings_.interval.scaled(draw.uniform());
      co_await probing_.simulation().delay(phase);
    }
    for (std::uint64_t n = 0; checked_[slot].watched; ++n) {
      Request prober;
      prober.from = from_;
      prober.luck = combine(luck, n);
      Reply reply = backend.probe(prober);
      const bool answered = co_await reply.within(timeouts_);
      judge(slot, answered && reply.answer().ok());
      Duration pause = settings_.interval;
      if (!settings_.interval_jitter.is_zero()) {
        pause += settings_.interval_jitter.scaled(draw.uniform());
      }
      co_await probing_.simulation().delay(pause);
    }
    co_return Done();
  }

  void judge(BackendSlot slot, bool good) {
    Checked& checked = checked_[slot];
    const bool is_first = !checked.probed;
    checked.probed = true;
    if (!checked.watched || good == checked.healthy) {
      checked.streak = 0;
      if (checked.watched && good) {
        listener_.probe_succeeded(slot);
      }
      return;
    }
    ++checked.streak;
    const int needed = checked.healthy ? settings_.unhealthy_threshold
                       : is_first      ? 1
                                       : settings_.healthy_threshold;
    if (checked.streak >= needed) {
      checked.healthy = good;
      checked.streak = 0;
      listener_.health_changed(slot, good);
      if (good) {
        listener_.probe_succeeded(slot);
      }
    }
  }

  const HealthCheckSettings& settings_;
  PlaceId from_;
  Stream random_;
  Listener& listener_;
  Timeouts& timeouts_;
  std::vector<Checked> checked_;  ///< by slot
  std::uint64_t starts_ = 0;
  Scope probing_;
};

}  // namespace stampede
