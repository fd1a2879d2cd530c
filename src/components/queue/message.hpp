#pragma once

#include <cstdint>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

struct Message;

/// A message's part in a Countdown.
struct CountdownEntry : ListHook {
  explicit CountdownEntry(Message& message) : message(message) {}
  Message& message;
  Time due;
};

/// What a queue keeps of a message until it is rid of it.
struct Message {
  enum class State : std::uint8_t {
    delayed,  ///< new, and not visible yet
    visible,  ///< stands in line
    out,      ///< delivered; the consumer has not reported, and its time is not up
    resting,  ///< failed, and not visible again yet
  };

  Message(std::uint64_t id, const Request& request, Time published)
      : id(id), request(request), published(published) {}

  std::uint64_t id;  ///< from 1, in the order of publishing
  Request request;
  Time published;
  Time visible_since;
  std::uint32_t deliveries = 0;
  State state = State::delayed;
  bool processed = false;       ///< by somebody, at least once
  Slot room;                    ///< what it takes of the queue's capacity
  CountdownEntry until{*this};  ///< what ends its state: the delay, the visibility timeout
  CountdownEntry expiry{*this};
};

}  // namespace stampede
