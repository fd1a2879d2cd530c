#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "stampede/model/measures.hpp"
#include "stampede/model/request.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// What a caller knows of its own calls to one target, all its steps together.
struct CallLoad {
  std::int64_t in_flight = 0;  ///< attempts that passed the guards and have not ended
  std::int64_t waiting = 0;    ///< attempts in the line of a guard
  std::int64_t retrying = 0;   ///< calls that are tried again, the wait before it included
};

/// Room for a number of attempts at a time, and for a number of others that wait for it.
struct Room {
  std::int64_t places = 1;
  std::int64_t max_waiting = std::numeric_limits<std::int64_t>::max();
  std::optional<Duration> max_wait;  ///< as long as the caller itself waits unless given
};

/// Stands between a caller and one of its targets and decides which attempts may go: one object for
/// each calling instance and target, which all steps of that instance share. A plain function: no
/// time passes in a decision; whoever has to wait does so in the line of its `room`.
class CallGuard {
 public:
  static constexpr const char* registry = "call guard";

  /// What breakers tell of themselves, all those of a component together.
  struct Told {
    Tally& openings;
    Gauge& open;  ///< breakers that let nothing through
  };
  struct Context {
    Stream random;  ///< this guard's own, keyed by the request
    const Told& told;
  };

  virtual ~CallGuard() = default;

  /// Asked before every attempt, retries and hedges included: the outcome of one that is turned
  /// away, or nothing if it may pass. Its `ended` comes only if it does.
  virtual std::optional<Outcome> admit(const Request& attempt, const CallLoad& load, Time now) {
    static_cast<void>(attempt), static_cast<void>(load), static_cast<void>(now);
    return std::nullopt;
  }
  /// An attempt that this guard let pass came to its end, as the caller saw it: a timeout is the
  /// caller's own, `cancelled` means that the caller died or took it back, and a rejection may be
  /// that of a guard further in. `latency` counts from the asking.
  virtual void ended(Outcome outcome, Duration latency, Time now) {
    static_cast<void>(outcome), static_cast<void>(latency), static_cast<void>(now);
  }
  /// Whether a call that failed may be tried once more.
  virtual bool may_retry(const CallLoad& load) {
    static_cast<void>(load);
    return true;
  }
  /// How many attempts there may be at a time; asked once. Nothing: any number.
  virtual std::optional<Room> room() const { return std::nullopt; }
  /// The caller's process died, and what it knew with it. Attempts that were under way still end.
  virtual void forget(Time now) { static_cast<void>(now); }
};

}  // namespace stampede
