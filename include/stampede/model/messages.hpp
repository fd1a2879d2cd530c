#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "stampede/base/hash.hpp"
#include "stampede/base/problem.hpp"
#include "stampede/base/units.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/request.hpp"
#include "stampede/schema/codec.hpp"

namespace stampede {

/// How often a message takes effect when something dies on the way: it may be lost, or repeated.
enum class DeliveryPromise { at_most_once, at_least_once };
inline const EnumNames<DeliveryPromise>& names(DeliveryPromise) {
  static const EnumNames<DeliveryPromise> table{
      {{DeliveryPromise::at_most_once, "at_most_once"},
       {DeliveryPromise::at_least_once, "at_least_once"}}};
  return table;
}

/// Names one delivery of one message to the broker that made it.
struct Receipt {
  std::uint64_t message = 0;   ///< from 1; 0 names nothing
  std::uint32_t delivery = 0;  ///< the n-th of this message
};

/// What tells a message from all others: the same for whatever carries it, a delivery of it again,
/// a second copy that its publisher's retry brought.
inline std::uint64_t idempotency_key(const Request& message) {
  return combine(message.population, message.id);
}

/// What is common to all that consumers receive of those whom they ask for messages.
template <class Answer>
struct BrokerAnswer {
  Outcome outcome = Outcome::ok;  ///< unless ok, the broker could not be asked
  bool silent = false;            ///< reaches nobody: lost on its way

  static Answer with(Outcome outcome) {
    Answer answer;
    answer.outcome = outcome;
    return answer;
  }
  static Answer lost() {
    Answer answer;
    answer.silent = true;
    return answer;
  }
  static Answer broken() { return with(Outcome::reset); }
};

/// What a consumer that asked for a message received.
struct Delivery : BrokerAnswer<Delivery> {
  Receipt receipt;
  Request request;  ///< as it was published; its `id` tells it from all others
  Time published;   ///< when the broker took it in

  /// False when nothing came for as long as the broker let the consumer wait.
  bool has_message() const { return receipt.message != 0; }
  /// How often it was delivered, this time included. A consumer that dies leaves its delivery to
  /// others, and who is too slow shares it with them.
  std::uint32_t times() const { return receipt.delivery; }
};
static_assert(std::is_trivially_copyable_v<Delivery>);
inline std::uint32_t payload_of(const Delivery& delivery) { return delivery.request.size; }

/// What became of a delivery.
enum class Settlement : std::uint8_t {
  done,      ///< processed
  failed,    ///< to be delivered again
  repeated,  ///< no work for it: the message had been processed before
};

/// Between a process that receives and its broker. It is closed when the process dies and its
/// machine lives to say so; what a broker sends over an open one may reach nobody.
struct Connection {
  bool is_open = true;
};

/// What a consumer needs of a broker. It knows this contract and no broker.
///
/// Asking and settling go over the network, both ways, between the consumer's place and that of the
/// broker, and either message may be lost: who waits for an answer, waits with a limit.
class MessageSource {
 public:
  /// A consumer asks for one message.
  struct Receive {
    PlaceId from = 0;
    std::uint64_t luck = 0;                  ///< of what is drawn on the way
    Duration wait_time;                      ///< how long the broker keeps it waiting for a message
    const Connection* connection = nullptr;  ///< lives as long as the world
  };
  /// A consumer reports.
  struct Report {
    PlaceId from = 0;
    std::uint64_t luck = 0;
    Receipt receipt;
    Settlement settlement = Settlement::done;
    Duration redelivery_delay;  ///< of a failed one
  };

  virtual Job<Delivery> receive(const Receive& asked) = 0;
  /// Answered when the broker has taken note.
  virtual Reply settle(const Report& report) = 0;
  /// For the accounts alone, and before it is reported: a delivery was processed (`done`), or what
  /// it asks for had been done (`repeated`). The broker does not learn of it by this.
  virtual void was_processed(const Receipt& receipt, Settlement how) = 0;

 protected:
  ~MessageSource() = default;
};
inline std::uint32_t payload_of(const MessageSource::Receive&) { return 0; }
inline std::uint32_t payload_of(const MessageSource::Report&) { return 0; }

// What a component may declare of itself (Visitor::declare).

/// Others may receive from it: its `Component::messages` or `Component::records` is not null.
struct HoldsMessages {
  int partitions = 0;                                ///< of a log; 0 for a queue
  std::optional<Duration> retention = std::nullopt;  ///< of a log
};
/// Somebody publishes to the component of that name.
struct PublishesTo {
  std::string target;
  Place place;  ///< where the name stands
};
/// It receives from the component of that name.
struct ReceivesFrom {
  std::string source;
  Place place;
  bool is_log = false;  ///< and expects a log there, else a queue
};
/// It moves messages that nobody could process to the component of that name.
struct MovesDeadLettersTo {
  std::string queue;
  Place place;
};

}  // namespace stampede
