#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/kernel/job.hpp"
#include "stampede/model/endpoint.hpp"
#include "stampede/model/theory.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// A rate that changes over time.
class RateProfile {
 public:
  static constexpr const char* registry = "rate profile";
  static constexpr const char* scalar_kind = "constant";
  struct Context {};

  virtual ~RateProfile() = default;

  /// Events per second at an instant.
  virtual double rate(Time at) const = 0;
  /// When the rate, integrated from `from` on, reaches `events`; Time::never() if it never does.
  /// This is what turns arrivals at rate 1 into arrivals at this rate (Çinlar: Introduction to
  /// Stochastic Processes, 1975, §4.7).
  virtual Time after(Time from, double events) const = 0;
};

/// What an arrival process knows of a request before it is sent; the rest is drawn from the
/// population's laws.
struct Ask {
  static Ask at(Time sent) {
    Ask ask;
    ask.sent = sent;
    return ask;
  }

  Time sent;  ///< the intended moment; latency counts from here
  std::optional<std::uint64_t> user;
  std::optional<RequestTypeId> type;
  std::optional<std::uint64_t> key;
  std::optional<std::uint32_t> size;  ///< of the request
  std::optional<std::uint32_t> response_size;
  bool injected = false;  ///< by a fault: has luck of its own, and leaves that of all others alone
};

/// Makes requests ask for a key that they would not have asked for, while it lives.
class KeyChange : public ListHook {
 public:
  /// The key that this request, complete but for its key, asks for instead; none: its own.
  virtual std::optional<std::uint64_t> key(const Request& request) = 0;

 protected:
  ~KeyChange() = default;
};

/// The users of one traffic population, as its arrival process sees them.
class Population {
 public:
  virtual ~Population() = default;

  virtual Scope& scope() = 0;
  Simulation& simulation() { return scope().simulation(); }
  /// The random stream of one purpose of this population.
  virtual Stream stream(std::string_view purpose) const = 0;
  /// The number of users; 0 when they are without number.
  virtual std::uint64_t user_count() const = 0;
  /// The number of a request type of this population by its name.
  virtual std::optional<RequestTypeId> type(std::string_view name) const = 0;

  /// A user sends a request now and waits for the answer as the population's settings say.
  virtual Reply send(const Ask& ask) = 0;
  /// The same where nothing goes on after the answer, as in an open process.
  virtual void send_and_forget(const Ask& ask) { static_cast<void>(send(ask)); }

  /// For faults: lets it see every request from now on, until it dies. The first of several that
  /// has another key decides.
  void change_keys(KeyChange& by) { key_changes_.push_back(by); }

 protected:
  bool has_key_changes() const { return !key_changes_.empty(); }
  std::optional<std::uint64_t> changed_key(const Request& request) {
    std::optional<std::uint64_t> key;
    key_changes_.for_each([&](KeyChange& change) {
      if (!key) {
        key = change.key(request);
      }
    });
    return key;
  }

 private:
  IntrusiveList<KeyChange> key_changes_;
};

/// What an arrival process says of itself for predictions.
struct ArrivalTheory {
  Choice<RateProfile> rate{};   ///< of an open process: of events
  double requests = 1;          ///< for each of them
  double interarrival_scv = 1;  ///< of requests; 1 for a Poisson process

  std::vector<std::string> types{};  ///< each as often; by the shares of the population if empty

  bool is_closed = false;
  std::optional<double> users{};  ///< of a closed one; those of the population unless given
  TwoMoments think{};
  std::string unknown{};  ///< why theory is silent; else empty
};

/// When the users of a population send requests: one object for each population and replication.
///
/// An open process sends whatever becomes of the answers; a closed one waits for them.
class ArrivalProcess {
 public:
  static constexpr const char* registry = "arrival process";
  struct Context {
    Population& population;
    std::string base_directory;  ///< of the scenario; files are named relative to it
  };
  using Theory = ArrivalTheory;

  virtual ~ArrivalProcess() = default;

  /// Starts what goes on by itself from t = 0. The processes live in the population's scope.
  virtual void start() = 0;
  /// Something worth telling the user about the input, such as skipped lines of a log; or empty.
  virtual std::string note() const { return {}; }
};

// What an arrival process may declare of itself (Visitor::declare), for checks of the whole.

/// It asks for requests of this type, which its population must have.
struct AsksForType {
  std::string type;
};
/// It needs to know how many users its population has.
struct NeedsUserCount {};
/// It says itself which user sends a request.
struct NamesUsers {};

}  // namespace stampede
