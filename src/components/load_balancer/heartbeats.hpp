#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/network.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Which law the times between heart-beats are taken to have.
enum class PhiLaw {
  normal,       ///< Hayashibara's, and Akka's
  exponential,  ///< Cassandra's
};
inline const EnumNames<PhiLaw>& names(PhiLaw) {
  static const EnumNames<PhiLaw> table{
      {{PhiLaw::normal, "normal"}, {PhiLaw::exponential, "exponential"}}};
  return table;
}

/// The phi accrual failure detector (Hayashibara et al., SRDS 2004).
struct PhiSettings {
  double threshold = 8;
  PhiLaw law = PhiLaw::normal;
  int window = 1000;
  Duration min_std_deviation = Duration::nanoseconds(100'000'000);
  Duration acceptable_pause;
};
inline void describe(Visitor& v, PhiSettings& s) {
  v.shorthand("threshold");
  v.field("threshold", s.threshold,
          "phi at which a backend is suspected (phi_convict_threshold of Cassandra): with phi the "
          "probability that it is well and only late is 10^-phi, if the law is right",
          more_than(0.0), at_most(16.0));
  v.field("law", s.law,
          "of the times between heart-beats: normal, with the mean and deviation of those seen; "
          "exponential, with their mean, which is far more patient with even ones");
  v.field("window", s.window, "how many of the latest times between them are remembered",
          at_least(1));
  v.field("min_std_deviation", s.min_std_deviation,
          "the deviation is never taken to be less (of the law normal)", more_than(Duration()));
  v.field("acceptable_pause", s.acceptable_pause, "is added to the mean: a pause to put up with",
          at_least(Duration()));
}

/// Backends say that they are alive, rather than being asked.
struct HeartbeatSettings {
  Duration interval;
  std::optional<Duration> timeout;
  std::optional<PhiSettings> phi;
};
inline void describe(Visitor& v, HeartbeatSettings& s) {
  v.field("interval", s.interval, "from one heart-beat of a backend to the next", required(),
          more_than(Duration()));
  v.field("timeout", s.timeout, "a backend is suspected that was not heard of for so long",
          more_than(Duration()));
  v.field("phi", s.phi, "instead of a timeout: one that follows from the heart-beats seen so far");
  v.check(s.timeout.has_value() != s.phi.has_value(), "timeout",
          "or phi must be given, and only one of them", "such as phi: 8");
  v.doubt_unless(!s.timeout || *s.timeout > s.interval, "timeout",
                 "is no longer than interval: every backend is suspected before each heart-beat",
                 "lengthen it");
}

/// By how many standard deviations a normal variable has to exceed its mean so that this, or more,
/// has the probability 10^-phi.
inline double deviations_of(double phi) {
  const double tail = std::pow(10, -phi);
  double low = -10;
  double high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) / 2 > tail ? low : high) = middle;
  }
  return high;
}

/// How long after a heart-beat phi reaches its threshold, from the times between those before.
///
/// normal: phi(t) = −log10(1 − Φ((t − mean) / deviation)); exponential: phi(t) = t / mean · log10
/// e. Before the first, they are taken to come as declared.
class PhiAccrual {
 public:
  PhiAccrual(const PhiSettings& settings, Duration expected)
      : settings_(settings), deviations_(deviations_of(settings.threshold)) {
    add(expected);
  }

  void add(Duration between) {
    const double seconds = between.seconds();
    if (latest_.size() < static_cast<std::size_t>(settings_.window)) {
      latest_.push_back(seconds);
    } else {
      latest_[next_] = seconds;
      next_ = (next_ + 1) % latest_.size();
    }
  }

  Duration patience() const {
    const auto count = static_cast<double>(latest_.size());
    double sum = 0;
    for (const double between : latest_) {
      sum += between;
    }
    const double mean = sum / count + settings_.acceptable_pause.seconds();
    if (settings_.law == PhiLaw::exponential) {
      return Duration::from_seconds(mean * settings_.threshold * std::log(10.0));
    }
    double squares = 0;
    for (const double between : latest_) {
      squares += (between - sum / count) * (between - sum / count);
    }
    const double deviation =
        std::max(std::sqrt(squares / count), settings_.min_std_deviation.seconds());
    return Duration::from_seconds(mean + deviations_ * deviation);
  }

 private:
  const PhiSettings& settings_;
  double deviations_;
  std::vector<double> latest_;  ///< times between heart-beats in seconds, a ring
  std::size_t next_ = 0;
};

/// Listens to the heart-beats of the backends of one balancer, and suspects those that it has not
/// heard for too long. They cross the network as other messages do, which may delay or lose them;
/// who is down or paused sends none.
///
/// The time that a suspected backend was silent is not taken for one between heart-beats (as Akka
/// does it): one long outage shall not make the detector patient.
class Heartbeats {
 public:
  class Listener {
   public:
    virtual void health_changed(BackendSlot slot, bool healthy) = 0;

   protected:
    ~Listener() = default;
  };

  Heartbeats(const HeartbeatSettings& settings, Simulation& simulation, const Network& network,
             PlaceId here, const Stream& random, Listener& listener)
      : settings_(settings),
        network_(network),
        here_(here),
        random_(random),
        listener_(listener),
        listening_(simulation) {}

  Scope& scope() { return listening_; }

  bool is_healthy(BackendSlot slot) const { return slot < heard_.size() && heard_[slot].healthy; }

  /// Begins to listen to a backend that counts as healthy already.
  void watch_healthy(Instance& backend) {
    watch(backend);
    entry(backend.index()).healthy = true;
    expect_next(backend.index());
    static_cast<void>(suspect_when_late(backend.index()));
  }
  /// Begins to listen to one of which nothing is known.
  void watch_unknown(Instance& backend) { watch(backend); }

  void unwatch(BackendSlot slot) { entry(slot).watched = false; }

  /// Ends all listening and all knowledge.
  void forget() {
    listening_.kill(KilledWork::stays_silent);
    heard_.clear();
    ++starts_;
  }

 private:
  struct Heard {
    bool watched = false;
    bool healthy = false;
    bool any = false;
    Time last;
    Time due = Time::never();  ///< when it is suspected unless it is heard before
    std::optional<PhiAccrual> phi{};
  };

  Heard& entry(BackendSlot slot) {
    if (slot >= heard_.size()) {
      heard_.resize(slot + 1);
    }
    return heard_[slot];
  }
  Simulation& simulation() { return listening_.simulation(); }

  void watch(Instance& backend) {
    Heard& heard = entry(backend.index());
    heard.watched = true;
    if (settings_.phi) {
      heard.phi.emplace(*settings_.phi, settings_.interval);
    }
    static_cast<void>(send(backend));
  }

  /// What the backend does; not in step with others.
  Process send(Instance& backend) {
    const BackendSlot slot = backend.index();
    Draw draw = random_.at(combine(starts_, slot));
    const std::uint64_t luck = draw();
    const Duration phase = settings_.interval.scaled(draw.uniform());
    co_await simulation().delay(phase);
    for (std::uint64_t n = 0; heard_[slot].watched; ++n) {
      if (backend.is_up() && backend.speed().value() > 0) {
        const Network::Transit transit =
            network_.transit(backend.place(), here_, 0, combine(luck, n));
        if (!transit.lost) {
          static_cast<void>(arrive(slot, transit.latency));
        }
      }
      co_await simulation().delay(settings_.interval);
    }
    co_return Done();
  }
  Process arrive(BackendSlot slot, Duration latency) {
    if (!latency.is_zero()) {
      co_await simulation().delay(latency);
    }
    hear(slot);
    co_return Done();
  }

  void hear(BackendSlot slot) {
    Heard& heard = heard_[slot];
    if (heard.phi && heard.any && heard.healthy) {
      heard.phi->add(simulation().now() - heard.last);
    }
    heard.any = true;
    expect_next(slot);
    if (!heard.healthy && heard.watched) {
      heard.healthy = true;
      static_cast<void>(suspect_when_late(slot));
      listener_.health_changed(slot, true);
    }
  }
  void expect_next(BackendSlot slot) {
    Heard& heard = heard_[slot];
    heard.last = simulation().now();
    heard.due = heard.last + (heard.phi ? heard.phi->patience() : *settings_.timeout);
  }

  /// There once for each backend that is not suspected.
  Process suspect_when_late(BackendSlot slot) {
    while (simulation().now() < heard_[slot].due) {
      const Time due = heard_[slot].due;
      co_await simulation().until(due);
    }
    heard_[slot].healthy = false;
    if (heard_[slot].watched) {
      listener_.health_changed(slot, false);
    }
    co_return Done();
  }

  const HeartbeatSettings& settings_;
  const Network& network_;
  PlaceId here_;
  Stream random_;
  Listener& listener_;
  std::vector<Heard> heard_;  ///< by slot
  std::uint64_t starts_ = 0;
  Scope listening_;
};

}  // namespace stampede
