#pragma once

#include "stampede/model/arrivals.hpp"

namespace stampede {

/// Sends as an open process does: nobody waits for the answer before going on.
inline void send_and_forget(Population& population, const Ask& ask) {
  static_cast<void>(population.send(ask));
}

/// The same for a request of which only the time is given.
inline void send_and_forget(Population& population, Time sent) {
  Ask ask;
  ask.sent = sent;
  send_and_forget(population, ask);
}

}  // namespace stampede
