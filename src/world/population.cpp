#include "stampede/world/population.hpp"

#include <algorithm>
#include <limits>

#include "stampede/base/hash.hpp"
#include "stampede/base/require.hpp"

namespace stampede {

// ---- Users ------------------------------------------------------------------------------------

UserParts::UserParts(const Named<Ratio>& shares, const Stream& stream) : stream_(stream) {
  double total = 0;
  for (const auto& share : shares) {
    total += share.value.value;
  }
  double sum = 0;
  for (const auto& share : shares) {
    sum += share.value.value;
    names_.push_back(share.name);
    up_to_.push_back(sum / total);
  }
}

std::size_t UserParts::of(std::uint64_t user) const {
  Draw draw = stream_.at(user);
  const double point = draw.uniform();
  std::size_t part = 0;
  while (part + 1 < up_to_.size() && point >= up_to_[part]) {
    ++part;
  }
  return part;
}

void UserPopulation::divide_users(const UsersSettings& users, const Geography& geography) {
  const auto divide = [&](const std::string& kind, const Named<Ratio>& shares) {
    if (!shares.empty()) {
      parts_.emplace_back(shares, stream(kind));
      divisions_.push_back({kind, parts_.back().names()});
    }
  };
  divide("region", users.regions);
  divide("segment", users.segments);
  divide("tenant", users.tenants);

  for (const auto& region : users.regions) {
    const std::optional<std::size_t> number = geography.region(region.name);
    require(number.has_value(), "a checked scenario has users in an unknown region");
    homes_.push_back(geography.users_of(*number));
  }
  if (homes_.empty()) {
    homes_.push_back(geography.users_of(0));
  }
}

int UserPopulation::part_of(std::uint64_t user, std::size_t division) const {
  return static_cast<int>(parts_[division].of(user));
}

// ---- Tenants ----------------------------------------------------------------------------------

TenantsOfPopulations::TenantsOfPopulations(const Named<TrafficSettings>& traffic,
                                           std::uint64_t seed, std::uint64_t replication) {
  for (const auto& population : traffic) {
    const Named<Ratio>& tenants = population.value.users.tenants;
    by_population_.emplace_back();
    if (!tenants.empty()) {
      by_population_.back().emplace(tenants, Stream(seed, replication, population.name, "tenant"));
    }
  }
}

std::uint64_t TenantsOfPopulations::tenant_of(const Request& request) const {
  const std::optional<UserParts>& tenants = by_population_[request.population];
  return tenants ? hash_bytes(tenants->names()[tenants->of(request.user)]) : 0;
}

// ---- Types of request -------------------------------------------------------------------------

namespace {

std::uint32_t whole_payload(Bytes size) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(size.count, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

[[gnu::noinline]] std::uint32_t UserPopulation::SizeLaw::at(std::uint64_t luck) const {
  Draw draw = stream.at(luck);
  return whole_payload(law.sample(draw));
}

void UserPopulation::add_types(const TrafficSettings& settings, RequestTypes& request_types) {
  if (settings.requests.empty()) {
    add_type("request", RequestSettings(), 1, request_types);
    return;
  }
  double given = 0;
  double without_share = 0;
  for (const auto& request : settings.requests) {
    given += request.value.share ? request.value.share->value : 0;
    without_share += request.value.share ? 0 : 1;
  }
  const double rest = std::max(1 - given, 0.0) / without_share;
  for (const auto& request : settings.requests) {
    add_type(request.name, request.value, request.value.share ? request.value.share->value : rest,
             request_types);
  }
}

void UserPopulation::add_type(const std::string& name, const RequestSettings& settings,
                              double share, RequestTypes& request_types) {
  const double before = types_.empty() ? 0 : types_.back().up_to;
  types_.push_back(Type{.name = name,
                        .up_to = before + share,
                        .request_size = {settings.request_size, stream("request sizes")},
                        .response_size = {settings.response_size, stream("response sizes")},
                        .own_keys = settings.keys.has_value() ? settings.keys.make({}) : nullptr,
                        .keys = nullptr,
                        .prototype = {}});
  Type& type = types_.back();
  type.keys = type.own_keys ? type.own_keys.get() : common_keys_.get();
  Request& prototype = type.prototype;
  prototype.type = request_types.add(name);
  prototype.population = index_;
  prototype.priority = static_cast<std::uint8_t>(settings.priority);
  prototype.operation = settings.operation;
  prototype.size = type.request_size.at(0);
  prototype.response_size = type.response_size.at(0);
  prototype.from = homes_.front();
  type_by_id_.resize(std::max<std::size_t>(type_by_id_.size(), prototype.type + 1U), SIZE_MAX);
  type_by_id_[prototype.type] = types_.size() - 1;
}

std::optional<RequestTypeId> UserPopulation::type(std::string_view name) const {
  for (const Type& type : types_) {
    if (type.name == name) {
      return type.prototype.type;
    }
  }
  return std::nullopt;
}

std::vector<std::pair<RequestTypeId, std::string>> UserPopulation::types() const {
  std::vector<std::pair<RequestTypeId, std::string>> types;
  for (const Type& type : types_) {
    types.emplace_back(type.prototype.type, type.name);
  }
  return types;
}

// ---- Requests ---------------------------------------------------------------------------------

const UserPopulation::Type& UserPopulation::type_of(const Ask& ask, std::uint64_t luck) const {
  if (ask.type) {
    return types_[type_by_id_[*ask.type]];
  }
  if (types_.size() == 1) {
    return types_.front();
  }
  Draw draw = type_stream_.at(luck);
  const double point = draw.uniform() * types_.back().up_to;
  std::size_t i = 0;
  while (i + 1 < types_.size() && point >= types_[i].up_to) {
    ++i;
  }
  return types_[i];
}

// Each draw that not all populations need is a function of its own and stays one: together they
// would cost every request the registers of all.

[[gnu::noinline]] std::uint64_t UserPopulation::draw_user(const Request& request) const {
  Draw draw = user_stream_.at(request.luck);
  return draw.below(user_count_);
}

[[gnu::noinline]] PlaceId UserPopulation::home_of(const Request& request) const {
  return homes_[parts_.front().of(request.user)];
}

[[gnu::noinline]] std::uint64_t UserPopulation::draw_key(KeyLaw& law,
                                                         const Request& request) const {
  Draw draw = key_stream_.at(request.luck);
  return law.sample(draw);
}

[[gnu::noinline]] Duration UserPopulation::draw_patience(const Request& request) const {
  Draw draw = patience_stream_.at(request.luck);
  return patience_->sample(draw);
}

Request UserPopulation::draw(const Ask& ask) {
  const std::uint64_t id = ask.injected ? injected_++ : sent_++;
  const std::uint64_t luck = combine(name_hash_, id);
  const Type& type = type_of(ask, luck);
  Request request = type.prototype;
  request.id = id;
  request.luck = luck;
  request.sent = ask.sent;
  if (ask.size) {
    request.size = *ask.size;
  } else if (!type.request_size.is_constant) {
    request.size = type.request_size.at(luck);
  }
  if (ask.response_size) {
    request.response_size = *ask.response_size;
  } else if (!type.response_size.is_constant) {
    request.response_size = type.response_size.at(luck);
  }
  if (ask.user) {
    request.user = *ask.user;
  } else {
    request.user = user_count_ == 0 ? id : draw_user(request);
  }
  if (homes_.size() > 1) {
    request.from = home_of(request);
  }

  if (ask.key) {
    request.key = *ask.key;
  } else if (type.keys != nullptr) {
    request.key = draw_key(*type.keys, request);
  } else {
    request.key = luck;  // something that nobody else asks for
  }
  if (has_key_changes()) [[unlikely]] {
    request.key = changed_key(request).value_or(request.key);
  }

  if (patience_) {
    request.patience = request.sent + draw_patience(request);
  }
  if (deadline_ && tells_deadline_) {
    request.deadline = request.sent + *deadline_;
  }
  return request;
}

// ---- Sending ----------------------------------------------------------------------------------

UserPopulation::UserPopulation(const Context& context) : UserPopulation(context, nullptr) {
  observer_ = &context.recording.add_population(
      name_, types(), divisions_,
      [this](std::uint64_t user, std::size_t division) { return part_of(user, division); },
      deadline_.value_or(Duration::max()));
}

UserPopulation::UserPopulation(const Context& context, PopulationObserver& observer)
    : UserPopulation(context, &observer) {}

UserPopulation::UserPopulation(const Context& context, PopulationObserver* observer)
    : name_(context.name),
      name_hash_(hash_bytes(context.name)),
      seed_(context.seed),
      replication_(context.replication),
      index_(context.index),
      simulation_(context.simulation),
      observer_(observer),
      user_count_(context.settings.users.count),
      common_keys_(context.settings.keys.has_value() ? context.settings.keys.make({}) : nullptr),
      patience_(context.settings.patience),
      deadline_(context.settings.deadline),
      tells_deadline_(context.settings.call.propagate.deadline),
      type_stream_(stream("types")),
      user_stream_(stream("users")),
      key_stream_(stream("keys")),
      patience_stream_(stream("patience")),
      caller_(context.simulation, context.target, context.settings.call, stream("back-off"), this,
              /*connections=*/nullptr, make_gate(context)),
      scope_(context.simulation) {
  scope_.let_withdraw();
  divide_users(context.settings.users, context.network.geography());
  add_types(context.settings, context.request_types);
}

CallGate* UserPopulation::make_gate(const Context& context) {
  if (context.settings.guards.empty()) {
    return nullptr;
  }
  return &gate_.emplace(context.settings.guards, simulation_, CallGate::Told(nobody_, nothing_),
                        stream("guards"));
}

Reply UserPopulation::send(const Ask& ask) {
  const Request request = draw(ask);
  observer_->sent(request);
  if (caller_.is_plain()) {
    return send_plainly(request);
  }
  return caller_.is_single() ? send_with_timeout(request) : send_with_retries(request);
}

// One coroutine for each way of calling: a frame has room for every wait that is written in it.

Reply UserPopulation::send_plainly(Request request) {
  Reply reply = caller_.start(request);
  const Response response = co_await reply;
  end(request, response, /*at_first_try=*/true);
  co_return response;
}

Reply UserPopulation::send_with_timeout(Request request) {
  Reply reply = caller_.start(request);
  const bool answered = co_await reply.within(*caller_.timeouts());
  const Response response = answered ? reply.answer() : Response::with(Outcome::timeout);
  end(request, response, /*at_first_try=*/true);
  co_return response;
}

Reply UserPopulation::send_with_retries(Request request) {
  Task<Response> call = caller_.call(*this, request);
  const Response response = co_await call;
  end(request, response, /*at_first_try=*/false);
  co_return response;
}

void UserPopulation::send_and_forget(const Ask& ask) {
  if (!caller_.is_plain()) {
    static_cast<void>(send(ask));
    return;
  }
  Flight& flight = flights_.take(*this);
  new (&flight.request)
      Request(draw(ask));  // in place: a copy of what was just written would stall
  observer_->sent(flight.request);
  Reply reply = caller_.start(flight.request);
  if (reply.work() != nullptr) {
    reply.tell(flight);
  } else if (reply.done()) {
    flight.answered(reply.answer());
  } else {
    flight.lost();
  }
}

void UserPopulation::land(Flight& flight, const Response& response) {
  end(flight.request, response, /*at_first_try=*/true);
  flights_.give_back(flight);
}

void UserPopulation::end(const Request& request, const Response& response, bool at_first_try) {
  observer_->ended(request, simulation_.now(), response, at_first_try);
}

void UserPopulation::attempt_ended(const Request& attempt, Outcome outcome) {
  observer_->attempt_ended(attempt, outcome);
}

}  // namespace stampede
