#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/base/pool.hpp"
#include "stampede/kernel/scope.hpp"
#include "stampede/measure/recording.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/calling.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/network.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/random/keys.hpp"
#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// The parts that users are divided into by their shares of one kind (regions, segments, tenants).
/// A user belongs to the same part for ever, and a part that grows loses nobody, as long as it
/// keeps its place among the others.
class UserParts {
 public:
  UserParts(const Named<Ratio>& shares, const Stream& stream);

  const std::vector<std::string>& names() const { return names_; }
  /// The part of a user by its position in `names`; 0 if there is only one.
  std::size_t of(std::uint64_t user) const;

 private:
  std::vector<std::string> names_;
  std::vector<double> up_to_;  ///< the shares of all parts so far, as a share of their sum
  Stream stream_;
};

/// The tenants of all populations; agrees with what each population says of its own users.
class TenantsOfPopulations final : public Tenants {
 public:
  TenantsOfPopulations(const Named<TrafficSettings>& traffic, std::uint64_t seed,
                       std::uint64_t replication);

  std::uint64_t tenant_of(const Request& request) const override;

 private:
  std::vector<std::optional<UserParts>> by_population_;
};

/// One traffic population: draws the requests that its arrival process asks for, sends them and
/// waits for the answers. Every draw is keyed by the request, so that two scenarios under one seed
/// send the same requests; only a law of keys that goes through a list keeps its place in it.
class UserPopulation final : public Population, private Caller::AttemptObserver {
 public:
  struct Context {
    std::string name;
    const TrafficSettings& settings;
    Simulation& simulation;
    Network& network;
    RequestTypes& request_types;
    Endpoint& target;
    Recording& recording;
    std::uint64_t seed;
    std::uint64_t replication;
    std::uint16_t index;
  };

  /// Tells the recording.
  explicit UserPopulation(const Context& context);
  /// Tells another observer.
  UserPopulation(const Context& context, PopulationObserver& observer);
  UserPopulation(const UserPopulation&) = delete;
  UserPopulation& operator=(const UserPopulation&) = delete;

  // ---- Population ----
  Scope& scope() override { return scope_; }
  Stream stream(std::string_view purpose) const override {
    return Stream(seed_, replication_, name_, purpose);
  }
  std::uint64_t user_count() const override { return user_count_; }
  std::optional<RequestTypeId> type(std::string_view name) const override;
  Reply send(const Ask& ask) override;
  void send_and_forget(const Ask& ask) override;

  PopulationObserver& observer() const { return *observer_; }
  /// Tells this one from now on.
  void tell(PopulationObserver& observer) { observer_ = &observer; }

  /// The next request, as `send` would send it.
  Request draw(const Ask& ask);

  /// Its request types, by name with their numbers.
  std::vector<std::pair<RequestTypeId, std::string>> types() const;
  /// What its users are divided into: regions, segments and tenants, as far as shares are given.
  const std::vector<UserDivision>& divisions() const { return divisions_; }
  /// The part of a division that a user belongs to, by its position in the division's names.
  int part_of(std::uint64_t user, std::size_t division) const;

 private:
  struct NoGauge final : Gauge {
    void change(Time, std::int64_t) override {}
  };

  struct SizeLaw {
    SizeLaw(const Distribution<Bytes>& law, const Stream& stream)
        : law(law), stream(stream), is_constant(law.is_constant()) {}
    std::uint32_t at(std::uint64_t luck) const;

    Distribution<Bytes> law;
    Stream stream;
    bool is_constant;
  };

  /// A type of request and what is drawn for it.
  struct Type {
    std::string name;
    double up_to;  ///< the shares of all types so far
    SizeLaw request_size;
    SizeLaw response_size;
    std::unique_ptr<KeyLaw> own_keys;
    KeyLaw* keys;       ///< its own, the population's or none
    Request prototype;  ///< what all requests of the type have in common
  };

  /// A request that nobody waits for and that has neither limit nor second try: it takes no process
  /// to carry it.
  struct Flight final : ReplyListener {
    explicit Flight(UserPopulation& population) : population(population) {}
    void answered(const Response& response) override { population.land(*this, response); }
    void lost() override { population.flights_.give_back(*this); }

    UserPopulation& population;
    Flight* next_idle = nullptr;
    Request request;
  };

  UserPopulation(const Context& context, PopulationObserver* observer);
  CallGate* make_gate(const Context& context);
  void add_types(const TrafficSettings& settings, RequestTypes& request_types);
  void add_type(const std::string& name, const RequestSettings& settings, double share,
                RequestTypes& request_types);
  void divide_users(const UsersSettings& users, const Geography& geography);
  const Type& type_of(const Ask& ask, std::uint64_t luck) const;
  std::uint64_t draw_user(const Request& request) const;
  PlaceId home_of(const Request& request) const;
  std::uint64_t draw_key(KeyLaw& law, const Request& request) const;
  Duration draw_patience(const Request& request) const;

  Reply send_plainly(Request request);
  Reply send_with_timeout(Request request);
  Reply send_with_retries(Request request);
  void land(Flight& flight, const Response& response);
  void end(const Request& request, const Response& response, bool at_first_try);
  void attempt_ended(const Request& attempt, Outcome outcome) override;

  std::string name_;
  std::uint64_t name_hash_;
  std::uint64_t seed_;
  std::uint64_t replication_;
  std::uint16_t index_;
  Simulation& simulation_;
  PopulationObserver* observer_;

  std::uint64_t sent_ = 0;
  std::uint64_t injected_ = std::uint64_t{1} << 63;  ///< numbers that the others never reach
  std::uint64_t user_count_;
  std::vector<UserDivision> divisions_;
  std::vector<UserParts> parts_;  ///< of each division; regions come first, if there are shares
  std::vector<PlaceId> homes_;    ///< where the users of each region sit, or of the only one
  std::vector<Type> types_;
  std::vector<std::size_t> type_by_id_;  ///< position in `types_`, by the number of the type
  std::unique_ptr<KeyLaw> common_keys_;
  std::optional<Distribution<Duration>> patience_;
  std::optional<Duration> deadline_;
  bool tells_deadline_;
  Stream type_stream_;
  Stream user_stream_;
  Stream key_stream_;
  Stream patience_stream_;

  Tally nobody_;  ///< counts what a population does not tell
  NoGauge nothing_;
  std::optional<CallGate> gate_;
  Caller caller_;
  Pool<Flight> flights_;
  Scope scope_;  ///< dies first: its processes use all the above
};

}  // namespace stampede
