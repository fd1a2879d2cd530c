#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stampede/kernel/job.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Passive health checking with Envoy's words, defaults and arithmetic.
struct OutlierDetectionSettings {
  int consecutive_5xx = 5;
  int consecutive_gateway_failure = 5;
  int consecutive_local_origin_failure = 5;
  bool split_external_local_origin_errors = false;
  Duration interval = Duration::nanoseconds(10'000'000'000);
  Duration base_ejection_time = Duration::nanoseconds(30'000'000'000);
  std::optional<Duration> max_ejection_time;  ///< 300 s, or the base if that is more
  Duration max_ejection_time_jitter;
  Ratio max_ejection_percent{0.1};
  bool always_eject_one_host = false;
  int success_rate_minimum_hosts = 5;
  int success_rate_request_volume = 100;
  int success_rate_stdev_factor = 1900;
  int failure_percentage_minimum_hosts = 5;
  int failure_percentage_request_volume = 50;
  Ratio failure_percentage_threshold{0.85};
  Ratio enforcing_consecutive_5xx{1};
  Ratio enforcing_consecutive_gateway_failure{0};
  Ratio enforcing_consecutive_local_origin_failure{1};
  Ratio enforcing_success_rate{1};
  Ratio enforcing_local_origin_success_rate{1};
  Ratio enforcing_failure_percentage{0};
  Ratio enforcing_failure_percentage_local_origin{0};
  bool successful_active_health_check_uneject_host = true;

  Duration longest_ejection() const {
    const Duration usual = Duration::nanoseconds(300'000'000'000);
    return max_ejection_time.value_or(std::max(usual, base_ejection_time));
  }
};
inline void describe(Visitor& v, OutlierDetectionSettings& s) {
  v.field("consecutive_5xx", s.consecutive_5xx,
          "failures in a row after which a backend is ejected: errors (500), rejections (503), and "
          "unless they are told apart timeouts (504), broken and refused connections (503)",
          at_least(1));
  v.field("consecutive_gateway_failure", s.consecutive_gateway_failure,
          "the same of those with 502, 503 or 504 only: not of errors", at_least(1));
  v.field("consecutive_local_origin_failure", s.consecutive_local_origin_failure,
          "the same of timeouts, broken and refused connections, where they are told apart",
          at_least(1));
  v.field("split_external_local_origin_errors", s.split_external_local_origin_errors,
          "tell what the balancer itself ran into (timeouts, broken and refused connections) apart "
          "from what backends answered");
  v.field("interval", s.interval,
          "from one sweep to the next: sweeps compare success rates, and end ejections",
          more_than(Duration()));
  v.field("base_ejection_time", s.base_ejection_time,
          "length of a first ejection; the n-th in a row is n times as long",
          more_than(Duration()));
  v.field("max_ejection_time", s.max_ejection_time,
          "and never longer than this; 300s unless given, or base_ejection_time if that is more",
          more_than(Duration()));
  v.field("max_ejection_time_jitter", s.max_ejection_time_jitter,
          "up to this much is added to each ejection, at random", at_least(Duration()));
  v.field("max_ejection_percent", s.max_ejection_percent,
          "one more is ejected only if no more than this share of all backends is then",
          at_most(Ratio{1}));
  v.field("always_eject_one_host", s.always_eject_one_host,
          "eject one at least, whatever max_ejection_percent says");
  v.field("success_rate_minimum_hosts", s.success_rate_minimum_hosts,
          "success rates are compared with each other if so many backends had enough requests",
          at_least(1));
  v.field("success_rate_request_volume", s.success_rate_request_volume,
          "requests between two sweeps that are enough", at_least(1));
  v.field("success_rate_stdev_factor", s.success_rate_stdev_factor,
          "a backend is ejected whose success rate is below the mean by more than so many "
          "thousandths of their standard deviation",
          at_least(0));
  v.field("failure_percentage_minimum_hosts", s.failure_percentage_minimum_hosts,
          "shares of failures are judged if so many backends had enough requests", at_least(1));
  v.field("failure_percentage_request_volume", s.failure_percentage_request_volume,
          "requests between two sweeps that are enough for that", at_least(1));
  v.field("failure_percentage_threshold", s.failure_percentage_threshold,
          "a backend is ejected whose share of failures is at least this", at_most(Ratio{1}));
  v.field("enforcing_consecutive_5xx", s.enforcing_consecutive_5xx,
          "share of those found by consecutive_5xx that are ejected in fact", at_most(Ratio{1}));
  v.field("enforcing_consecutive_gateway_failure", s.enforcing_consecutive_gateway_failure,
          "the same of consecutive_gateway_failure", at_most(Ratio{1}));
  v.field("enforcing_consecutive_local_origin_failure",
          s.enforcing_consecutive_local_origin_failure,
          "the same of consecutive_local_origin_failure", at_most(Ratio{1}));
  v.field("enforcing_success_rate", s.enforcing_success_rate, "the same of success rates",
          at_most(Ratio{1}));
  v.field("enforcing_local_origin_success_rate", s.enforcing_local_origin_success_rate,
          "the same of success rates of what the balancer itself ran into", at_most(Ratio{1}));
  v.field("enforcing_failure_percentage", s.enforcing_failure_percentage,
          "the same of shares of failures", at_most(Ratio{1}));
  v.field("enforcing_failure_percentage_local_origin", s.enforcing_failure_percentage_local_origin,
          "the same of shares of failures of what the balancer itself ran into", at_most(Ratio{1}));
  v.field("successful_active_health_check_uneject_host",
          s.successful_active_health_check_uneject_host,
          "a good probe ends an ejection; with a failure that probes do not see, switch it off");
  v.check(s.longest_ejection() >= s.base_ejection_time, "max_ejection_time",
          "is shorter than base_ejection_time", "lengthen it");
}

/// Whether one more of `hosts` backends may be ejected while `out` are: 100·(out + 1) /
/// hosts ≤ max_ejection_percent, or none is and always_eject_one_host is on (Envoy,
/// DetectorImpl::ejectHost). With the default of 10 % nobody is ever ejected of fewer than ten.
inline bool may_eject(const OutlierDetectionSettings& settings, std::size_t out,
                      std::size_t hosts) {
  constexpr double rounding = 1e-9;  // 29 % of 100 is less than 29
  const double most = settings.max_ejection_percent.value * static_cast<double>(hosts) + rounding;
  return static_cast<double>(out + 1) <= most || (settings.always_eject_one_host && out == 0);
}

/// How long the `times`-th ejection in a row lasts, without jitter.
inline Duration ejection_time(const OutlierDetectionSettings& settings, std::int64_t times) {
  const Duration longest = settings.longest_ejection();
  const bool is_capped = times > longest.ns() / settings.base_ejection_time.ns();
  return is_capped ? longest : settings.base_ejection_time * times;
}

/// mean − stdev·factor/1000 of success rates, with the standard deviation of the population (Envoy,
/// DetectorImpl::successRateEjectionThreshold).
inline double success_rate_threshold(const std::vector<double>& rates, double stdev_factor) {
  const auto count = static_cast<double>(rates.size());
  double sum = 0;
  for (const double rate : rates) {
    sum += rate;
  }
  const double mean = sum / count;
  double squares = 0;
  for (const double rate : rates) {
    squares += (rate - mean) * (rate - mean);
  }
  return mean - std::sqrt(squares / count) * stdev_factor / 1000;
}

/// Ejects those backends of one balancer for a while whose answers stand out, by what this balancer
/// itself has seen of them.
///
/// Failures in a row are found with the answer that completes the row. Success rates, of the time
/// since the last sweep, are compared at each sweep, and only sweeps end ejections: one lasts up to
/// an interval longer than its time. Each sweep that finds a backend not ejected shortens its next
/// ejection by one base time again.
class OutlierDetection {
 public:
  class Listener {
   public:
    virtual void ejections_changed() = 0;

   protected:
    ~Listener() = default;
  };
  struct Told {
    Tally& ejections;
    Tally& overflows;  ///< of those that max_ejection_percent forbade
    Gauge& ejected;
    Gauge& watched;
  };

  OutlierDetection(const OutlierDetectionSettings& settings, Simulation& simulation,
                   const Stream& random, const Told& told, Listener& listener)
      : settings_(settings),
        told_(told),
        random_(random),
        draws_(random.at(0)),
        listener_(listener),
        sweeping_(simulation) {}

  Scope& scope() { return sweeping_; }

  void start() {
    draws_ = random_.at(starts_);
    static_cast<void>(sweep());
  }

  void joined(BackendSlot slot) {
    Host& host = entry(slot);
    if (!host.is_member) {
      host = Host();
      host.is_member = true;
      ++members_;
      told_.watched.change(now(), 1);
    }
  }
  void left(BackendSlot slot) {
    Host& host = entry(slot);
    if (host.is_member) {
      end_ejection(host);
      host.is_member = false;
      --members_;
      told_.watched.change(now(), -1);
    }
  }

  bool is_ejected(BackendSlot slot) const { return slot < hosts_.size() && hosts_[slot].ejected; }

  /// What became of a request that this backend was given.
  void observed(BackendSlot slot, Outcome outcome) {
    Host& host = entry(slot);
    if (!host.is_member) {
      return;
    }
    switch (outcome) {
      case Outcome::ok:
      case Outcome::rejected_rate_limited:  // HTTP 429, which is no 5xx
        count_answer(host, true);
        host.failures = host.gateway_failures = 0;
        break;
      case Outcome::error:
        count_answer(host, false);
        host.gateway_failures = 0;
        count_failure(host);
        break;
      case Outcome::rejected_queue_full:  // HTTP 503
      case Outcome::rejected_shed:
      case Outcome::rejected_no_backend:
      case Outcome::rejected_breaker_open:
      case Outcome::rejected_limit:
        count_answer(host, false);
        count_gateway_failure(host);
        break;
      case Outcome::timeout:
      case Outcome::reset:
      case Outcome::unreachable:
        if (settings_.split_external_local_origin_errors) {
          ++host.local.requests;
          count_local_failure(host);
        } else {
          ++host.answers.requests;
          count_gateway_failure(host);
        }
        break;
      case Outcome::abandoned:  // by those who asked
      case Outcome::cancelled:
        break;
    }
    tell();
  }

  /// A backend that counts as healthy answered a probe.
  void probe_succeeded(BackendSlot slot) {
    if (settings_.successful_active_health_check_uneject_host && is_ejected(slot)) {
      end_ejection(hosts_[slot]);
      tell();
    }
  }

  /// Ends all sweeps and all knowledge.
  void forget() {
    sweeping_.kill(KilledWork::stays_silent);
    for (BackendSlot slot = 0; slot < hosts_.size(); ++slot) {
      left(slot);
    }
    has_changed_ = false;
    ++starts_;
  }

 private:
  /// Of the time since the last sweep.
  struct Results {
    int requests = 0;
    int successes = 0;
    double rate() const { return static_cast<double>(successes) / requests; }
    double failing() const { return static_cast<double>(requests - successes) / requests; }
  };
  struct Host {
    bool is_member = false;
    bool ejected = false;
    int failures = 0;  ///< in a row, as are the next two
    int gateway_failures = 0;
    int local_failures = 0;
    Results answers;
    Results local;
    std::int64_t times = 0;  ///< base times that its ejection lasts, or its last one
    Time since;              ///< of its ejection
    Duration jitter;
  };

  Time now() { return sweeping_.simulation().now(); }
  Host& entry(BackendSlot slot) {
    if (slot >= hosts_.size()) {
      hosts_.resize(slot + 1);
    }
    return hosts_[slot];
  }

  // ---- In a row ----

  /// An answer came in, so the backend could be reached.
  void count_answer(Host& host, bool success) {
    ++host.answers.requests;
    host.answers.successes += success ? 1 : 0;
    if (settings_.split_external_local_origin_errors) {
      ++host.local.requests;
      ++host.local.successes;
      host.local_failures = 0;
    }
  }
  void count_failure(Host& host) {
    if (++host.failures >= settings_.consecutive_5xx) {
      host.failures = 0;
      eject(host, settings_.enforcing_consecutive_5xx);
    }
  }
  void count_gateway_failure(Host& host) {
    if (++host.gateway_failures >= settings_.consecutive_gateway_failure) {
      host.gateway_failures = 0;
      eject(host, settings_.enforcing_consecutive_gateway_failure);
    }
    count_failure(host);
  }
  void count_local_failure(Host& host) {
    if (++host.local_failures >= settings_.consecutive_local_origin_failure) {
      host.local_failures = 0;
      eject(host, settings_.enforcing_consecutive_local_origin_failure);
    }
  }

  // ---- Ejecting ----

  void eject(Host& host, Ratio enforcing) {
    if (host.ejected || !draws_.chance(enforcing.value)) {
      return;
    }
    if (!may_eject(settings_, ejected_, members_)) {
      told_.overflows.add();
      return;
    }
    host.ejected = true;
    host.since = now();
    host.jitter = settings_.max_ejection_time_jitter.is_zero()
                      ? Duration()
                      : settings_.max_ejection_time_jitter.scaled(draws_.uniform());
    if (host.times <= settings_.longest_ejection().ns() / settings_.base_ejection_time.ns()) {
      ++host.times;  // more would not make it longer
    }
    ++ejected_;
    has_changed_ = true;
    told_.ejections.add();
    told_.ejected.change(now(), 1);
  }
  void end_ejection(Host& host) {
    if (host.ejected) {
      host.ejected = false;
      host.failures = host.gateway_failures = host.local_failures = 0;
      --ejected_;
      has_changed_ = true;
      told_.ejected.change(now(), -1);
    }
  }
  void tell() {
    if (has_changed_) {
      has_changed_ = false;
      listener_.ejections_changed();
    }
  }

  // ---- Sweeps ----

  Process sweep() {
    for (;;) {
      co_await sweeping_.simulation().delay(settings_.interval);
      for (Host& host : hosts_) {
        if (!host.ejected) {
          host.times = std::max<std::int64_t>(0, host.times - 1);
        } else if (host.since + ejection_time(settings_, host.times) + host.jitter <= now()) {
          end_ejection(host);
        }
      }
      judge(&Host::answers, settings_.enforcing_success_rate,
            settings_.enforcing_failure_percentage);
      judge(&Host::local, settings_.enforcing_local_origin_success_rate,
            settings_.enforcing_failure_percentage_local_origin);
      tell();
    }
  }

  /// Judges what has come in since the last sweep, and forgets it.
  void judge(Results Host::*what, Ratio enforcing_rate, Ratio enforcing_percentage) {
    std::vector<Host*> compared;
    std::vector<Host*> judged;
    std::vector<double> rates;
    for (Host& host : hosts_) {
      const Results& results = host.*what;
      const bool may_be_judged = host.is_member && !host.ejected;
      if (may_be_judged && results.requests >= settings_.success_rate_request_volume) {
        compared.push_back(&host);
        rates.push_back(results.rate());
      }
      if (may_be_judged && results.requests >= settings_.failure_percentage_request_volume) {
        judged.push_back(&host);
      }
    }
    if (is_enough(compared, settings_.success_rate_minimum_hosts)) {
      const double threshold = success_rate_threshold(rates, settings_.success_rate_stdev_factor);
      for (std::size_t i = 0; i < compared.size(); ++i) {
        if (rates[i] < threshold) {
          eject(*compared[i], enforcing_rate);
        }
      }
    }
    if (is_enough(judged, settings_.failure_percentage_minimum_hosts)) {
      for (Host* host : judged) {
        if ((host->*what).failing() >= settings_.failure_percentage_threshold.value) {
          eject(*host, enforcing_percentage);
        }
      }
    }
    for (Host& host : hosts_) {
      host.*what = Results();
    }
  }
  static bool is_enough(const std::vector<Host*>& hosts, int minimum) {
    return hosts.size() >= static_cast<std::size_t>(minimum);
  }

  const OutlierDetectionSettings& settings_;
  Told told_;
  Stream random_;
  Draw draws_;
  Listener& listener_;
  std::vector<Host> hosts_;  ///< by slot
  std::size_t members_ = 0;
  std::size_t ejected_ = 0;
  bool has_changed_ = false;
  std::uint64_t starts_ = 0;
  Scope sweeping_;
};

}  // namespace stampede
