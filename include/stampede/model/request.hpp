#pragma once

#include <cstdint>
#include <type_traits>

#include "stampede/base/hash.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/outcome.hpp"

namespace stampede {

/// Index of a place in the Network: a zone, or where the users of a region sit.
using PlaceId = std::uint16_t;
/// Index of a name of request, the same over the whole scenario.
using RequestTypeId = std::uint16_t;

/// What a request does to the data behind its key.
enum class Operation : std::uint8_t {
  read,
  write,
  remove,      ///< of the item, wherever it is kept
  invalidate,  ///< of copies that caches hold: the item itself stays where it is kept
};

/// Which write of which store a piece of data shows; nothing if it comes from no store.
class DataStamp {
 public:
  DataStamp() = default;
  DataStamp(std::uint16_t store, std::uint64_t write)
      : bits_(static_cast<std::uint64_t>(store) << write_bits | write) {}

  bool is_data() const { return bits_ != 0; }
  /// From 1; 0 is no data.
  std::uint16_t store() const { return static_cast<std::uint16_t>(bits_ >> write_bits); }
  /// The n-th write that the store committed; 0 is how it began.
  std::uint64_t write() const { return bits_ & ((std::uint64_t{1} << write_bits) - 1); }

 private:
  static constexpr int write_bits = 48;
  std::uint64_t bits_ = 0;
};

/// One request on its way to one component. A call made on its behalf is a Request of its own that
/// inherits everything but what `as_branch` and `as_attempt` change.
struct Request {
  std::uint64_t id = 0;    ///< ordinal of the user request within its population
  std::uint64_t luck = 0;  ///< names the random draws of this request, attempt and branch
  std::uint64_t key = 0;
  std::uint64_t user = 0;
  Time sent;                        ///< when the user meant to send it
  Time deadline = Time::never();    ///< when who asked gives up, as far as that is told
  Time patience = Time::never();    ///< when the user leaves whatever queue it is in
  DataStamp stamp;                  ///< of what is written into a cache
  std::uint32_t size = 0;           ///< payload in bytes
  std::uint32_t response_size = 0;  ///< payload of a good answer
  PlaceId from = 0;                 ///< where the caller is
  RequestTypeId type = 0;
  std::uint16_t population = 0;
  std::uint8_t attempt = 0;   ///< 0 is the first try of this call
  std::uint8_t priority = 0;  ///< 0 goes first, 9 last
  std::uint8_t hops = 0;      ///< calls between the user and here
  Operation operation = Operation::read;
  /// Of a read of a cache: whoever misses asks for the right to fill in the item, alone, for so
  /// many milliseconds. Of a write into it: it is such a fill. 0: without leases.
  std::uint16_t lease_ms = 0;
  std::uint32_t trace = 0;  ///< slot of the observer's trace; 0 is off

  /// The same request as the n-th try of its call: with luck of its own.
  Request as_attempt(int n) const {
    Request copy = *this;
    copy.attempt = static_cast<std::uint8_t>(n);
    if (n > 0) {
      copy.luck = combine(luck, static_cast<std::uint64_t>(n));
    }
    return copy;
  }

  /// A call to another component on behalf of this request: the `branch`-th one that it makes.
  Request as_branch(std::uint64_t branch) const {
    Request copy = *this;
    copy.luck = combine(luck, ~branch);
    copy.attempt = 0;
    ++copy.hops;
    return copy;
  }

  /// The same request in one of several rounds or branches of a handler: with luck of its own.
  Request as_round(int round) const {
    Request copy = *this;
    copy.luck = combine(luck, 0x726f756e64U + static_cast<std::uint64_t>(round));
    return copy;
  }
};

/// Calls between a user and a component after which a request is taken to go round in circles.
inline constexpr std::uint8_t max_hops = 100;
static_assert(std::is_trivially_copyable_v<Request>);

/// The answer to a request.
struct Response {
  Outcome outcome = Outcome::ok;
  bool silent : 1 = false;      ///< never reaches anybody: the message was lost
  bool found : 1 = true;        ///< false: the cache that was read does not hold the key
  bool stale : 1 = false;       ///< shows data that a committed write had replaced when it was read
  bool leased_out : 1 = false;  ///< not found, and somebody else is about to fill it in
  bool degraded : 1 = false;    ///< a part of it is a fallback
  std::uint16_t version = 0;    ///< of the instance that answered
  std::uint32_t size = 0;       ///< payload in bytes
  DataStamp stamp;              ///< of the data that it shows

  bool ok() const { return outcome == Outcome::ok; }

  /// Takes over what a part of the work found out about data: the first data that was seen stands
  /// for the answer, and stale parts make it stale.
  void learn(const Response& part) {
    if (!stamp.is_data()) {
      stamp = part.stamp;
    }
    stale = stale || part.stale;
    degraded = degraded || part.degraded;
  }

  static Response with(Outcome outcome) {
    Response response;
    response.outcome = outcome;
    return response;
  }
  /// The answer that never arrives.
  static Response lost() {
    Response response;
    response.silent = true;
    return response;
  }
  /// What the caller of killed work hears, when it hears anything.
  static Response broken() { return with(Outcome::reset); }
  /// Of work that its caller took back.
  static Response withdrawn() { return with(Outcome::cancelled); }
};
static_assert(std::is_trivially_copyable_v<Response>);
static_assert(sizeof(Response) == 16, "two registers");

/// What a message weighs on the network, in bytes.
inline std::uint32_t payload_of(const Request& request) { return request.size; }
inline std::uint32_t payload_of(const Response& response) { return response.size; }

}  // namespace stampede
