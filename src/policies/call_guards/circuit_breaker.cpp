#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"
#include "time_window.hpp"

namespace stampede {
namespace {

enum class WindowType { count_based, time_based };
const EnumNames<WindowType>& names(WindowType) {
  static const EnumNames<WindowType> table{
      {{WindowType::count_based, "count_based"}, {WindowType::time_based, "time_based"}}};
  return table;
}

/// resilience4j's names and defaults.
struct CircuitBreakerSettings {
  Ratio failure_rate_threshold{0.5};
  Ratio slow_call_rate_threshold{1};
  Duration slow_call_duration_threshold = Duration::nanoseconds(60'000'000'000);
  WindowType sliding_window_type = WindowType::count_based;
  int sliding_window_size = 100;
  int minimum_number_of_calls = 100;
  int permitted_number_of_calls_in_half_open_state = 10;
  Duration wait_duration_in_open_state = Duration::nanoseconds(60'000'000'000);
};
void describe(Visitor& v, CircuitBreakerSettings& s) {
  v.field("failure_rate_threshold", s.failure_rate_threshold,
          "share of failed calls from which on it opens", more_than(Ratio{0}), at_most(Ratio{1}));
  v.field("slow_call_rate_threshold", s.slow_call_rate_threshold,
          "share of slow calls, failed or not, from which on it opens", more_than(Ratio{0}),
          at_most(Ratio{1}));
  v.field("slow_call_duration_threshold", s.slow_call_duration_threshold,
          "a call that took longer was slow", more_than(Duration()));
  v.field("sliding_window_type", s.sliding_window_type,
          "count_based: the latest calls are judged; time_based: those of the latest seconds");
  v.field("sliding_window_size", s.sliding_window_size,
          "how many of them: calls, or whole seconds, the one that has begun included", at_least(1),
          at_most(1'000'000));
  v.field("minimum_number_of_calls", s.minimum_number_of_calls,
          "with fewer calls in the window it does not judge; at most sliding_window_size where "
          "that is of calls",
          at_least(1), at_most(1'000'000));
  v.field("permitted_number_of_calls_in_half_open_state",
          s.permitted_number_of_calls_in_half_open_state,
          "trial calls of which it decides whether to close or to open again", at_least(1),
          at_most(1'000'000));
  v.field("wait_duration_in_open_state", s.wait_duration_in_open_state,
          "how long it lets nothing through; the next call after that is the first trial",
          more_than(Duration()));
}

/// Ended calls.
struct Calls {
  std::int64_t all = 0;
  std::int64_t failed = 0;
  std::int64_t slow = 0;
  void add(const Calls& other, int sign) {
    all += sign * other.all;
    failed += sign * other.failed;
    slow += sign * other.slow;
  }
};

/// The latest calls, a number of them.
class CountWindow {
 public:
  explicit CountWindow(std::size_t size) : size_(size) {}

  const Calls& add(const Calls& call) {
    if (latest_.size() < size_) {
      latest_.push_back(call);
    } else {
      total_.add(latest_[next_], -1);
      latest_[next_] = call;
      next_ = (next_ + 1) % size_;
    }
    total_.add(call, 1);
    return total_;
  }
  void clear() {
    latest_.clear();
    next_ = 0;
    total_ = {};
  }

 private:
  std::size_t size_;
  std::vector<Calls> latest_;
  std::size_t next_ = 0;
  Calls total_;
};

/// resilience4j's state machine (CircuitBreakerStateMachine, 2.x) with its defaults: all failures
/// count, rejections of guards further in included; no limit on the time in HALF_OPEN; OPEN ends
/// with the first call after the wait, not by itself. A call that ends is judged by the state of
/// that moment, whichever state let it through. One that was cancelled, or whose user left, gives
/// its permission back and counts for nothing.
class CircuitBreaker final : public CallGuard {
 public:
  CircuitBreaker(const CircuitBreakerSettings& settings, const Context& context)
      : settings_(settings),
        told_(context.told),
        latest_(static_cast<std::size_t>(settings.sliding_window_size)),
        seconds_(Duration::nanoseconds(1'000'000'000),
                 settings.sliding_window_type == WindowType::time_based
                     ? static_cast<std::size_t>(settings.sliding_window_size)
                     : 1),
        trials_(static_cast<std::size_t>(settings.permitted_number_of_calls_in_half_open_state)) {}

  std::optional<Outcome> admit(const Request&, const CallLoad&, Time now) override {
    if (state_ == State::closed) [[likely]] {
      return std::nullopt;
    }
    if (state_ == State::open && now >= open_until_) {
      begin_trials(now);
    }
    if (state_ == State::half_open && permissions_ > 0) {
      --permissions_;
      return std::nullopt;
    }
    return Outcome::rejected_breaker_open;
  }

  void ended(Outcome outcome, Duration latency, Time now) override {
    if (outcome == Outcome::cancelled || outcome == Outcome::abandoned) {
      permissions_ += state_ == State::half_open ? 1 : 0;
      return;
    }
    const Calls call{.all = 1,
                     .failed = outcome == Outcome::ok ? 0 : 1,
                     .slow = latency > settings_.slow_call_duration_threshold ? 1 : 0};
    switch (state_) {
      case State::closed:
        if (is_bad(count(call, now), minimum())) {
          open(now);
        }
        break;
      case State::half_open: {
        const Calls& trials = trials_.add(call);
        const std::int64_t enough = settings_.permitted_number_of_calls_in_half_open_state;
        if (is_bad(trials, enough)) {
          open(now);
        } else if (trials.all >= enough) {
          close();
        }
        break;
      }
      case State::open:
        break;
    }
  }

  void forget(Time now) override {
    if (state_ == State::open) {
      told_.open.change(now, -1);
    }
    close();
  }

 private:
  enum class State { closed, open, half_open };

  const Calls& count(const Calls& call, Time now) {
    if (settings_.sliding_window_type == WindowType::count_based) {
      return latest_.add(call);
    }
    seconds_.add(call, now);
    return seconds_.total(now);
  }
  std::int64_t minimum() const {
    return settings_.sliding_window_type == WindowType::count_based
               ? std::min(settings_.minimum_number_of_calls, settings_.sliding_window_size)
               : settings_.minimum_number_of_calls;
  }
  bool is_bad(const Calls& calls, std::int64_t minimum) const {
    const auto share = [&](std::int64_t part) {
      return static_cast<double>(part) / static_cast<double>(calls.all);
    };
    return calls.all >= minimum && (share(calls.failed) >= settings_.failure_rate_threshold.value ||
                                    share(calls.slow) >= settings_.slow_call_rate_threshold.value);
  }

  void open(Time now) {
    state_ = State::open;
    open_until_ = now + settings_.wait_duration_in_open_state;
    told_.openings.add();
    told_.open.change(now, 1);
  }
  void begin_trials(Time now) {
    state_ = State::half_open;
    permissions_ = settings_.permitted_number_of_calls_in_half_open_state;
    trials_.clear();
    told_.open.change(now, -1);
  }
  void close() {
    state_ = State::closed;
    latest_.clear();
    seconds_.clear();
  }

  CircuitBreakerSettings settings_;
  const Told& told_;
  State state_ = State::closed;
  CountWindow latest_;
  TimeWindow<Calls> seconds_;
  Time open_until_;
  std::int64_t permissions_ = 0;  ///< trials that may still begin
  CountWindow trials_;
};

const Register<CallGuard, CircuitBreaker, CircuitBreakerSettings> registered{
    "circuit_breaker",
    "after too many failures nothing is let through for a while, then trials (resilience4j)"};

}  // namespace
}  // namespace stampede
