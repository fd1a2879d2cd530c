#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stampede {

/// How a request, an attempt or a visit ended. A closed list: every one ends in exactly one of
/// these, or is still in flight when the run stops.
enum class Outcome : std::uint8_t {
  ok,
  error,                ///< the answer was a failure (HTTP 5xx)
  timeout,              ///< the caller's time ran out
  rejected_queue_full,  ///< no place left in a bounded queue
  rejected_rate_limited,
  rejected_shed,
  rejected_no_backend,  ///< the balancer knows of nobody to send to
  rejected_breaker_open,
  rejected_limit,
  reset,        ///< the connection broke while the request was there
  unreachable,  ///< nobody listens at the other end
  abandoned,    ///< the user lost patience in a queue
  cancelled,    ///< the caller withdrew it
};

inline constexpr std::size_t outcome_count = 13;

/// In the order of the enumeration, as results name them: "rejected.queue_full".
inline constexpr std::array<std::string_view, outcome_count> outcome_names{
    "ok",
    "error",
    "timeout",
    "rejected.queue_full",
    "rejected.rate_limited",
    "rejected.shed",
    "rejected.no_backend",
    "rejected.breaker_open",
    "rejected.limit",
    "reset",
    "unreachable",
    "abandoned",
    "cancelled",
};

constexpr std::string_view name_of(Outcome outcome) {
  return outcome_names[static_cast<std::size_t>(outcome)];
}

constexpr bool is_rejection(Outcome outcome) {
  return outcome >= Outcome::rejected_queue_full && outcome <= Outcome::rejected_limit;
}

}  // namespace stampede
