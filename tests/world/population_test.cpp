#include "stampede/world/population.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "random/support.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"

using namespace stampede;
using namespace stampede::literals;

namespace {

/// A component that keeps what it is sent and answers after a while, or never.
class FakeTarget final : public Endpoint {
 public:
  explicit FakeTarget(Simulation& simulation) : simulation_(simulation), scope_(simulation) {}

  Scope& scope() { return scope_; }
  Reply call(const Request& request) override {
    seen.push_back(request);
    return answer(request);
  }

  std::vector<Request> seen;
  Duration answer_time = 10_ms;
  std::vector<Outcome> outcomes;  ///< of the first answers; those after them are ok
  bool silent = false;

 private:
  Reply answer(Request request) {
    const std::size_t ordinal = seen.size() - 1;
    co_await simulation_.delay(answer_time);
    Response response = Response::with(ordinal < outcomes.size() ? outcomes[ordinal] : Outcome::ok);
    response.size = request.response_size;
    response.silent = silent;
    co_return response;
  }

  Simulation& simulation_;
  Scope scope_;
};

/// Writes down what it is told: "sent 0", "attempt 0.1 error", "ended 0 ok 25ms".
class FakeObserver final : public PopulationObserver {
 public:
  void sent(const Request& request) override {
    told.push_back("sent " + std::to_string(request.id));
  }
  void attempt_ended(const Request& attempt, Outcome outcome) override {
    told.push_back("attempt " + std::to_string(attempt.id) + "." + std::to_string(attempt.attempt) +
                   " " + std::string(name_of(outcome)));
  }
  void ended(const Request& request, Time now, const Response& response,
             bool at_first_try) override {
    if (at_first_try) {
      attempt_ended(request, response.outcome);
    }
    told.push_back("ended " + std::to_string(request.id) + " " +
                   std::string(name_of(response.outcome)) + " " + to_text(now - request.sent));
  }
  std::vector<std::string> told;
};

using Told = std::vector<std::string>;

TrafficSettings traffic(const std::string& json) {
  Json settings = Json::parse(json);
  settings["arrivals"] = {{"poisson", "1/s"}};
  settings["target"] = "app";
  const auto read = test::read<TrafficSettings>(settings.dump());
  INFO(json);
  REQUIRE(read.problems == std::vector<std::string>{});
  return read.value;
}

Named<RegionSettings> two_regions() {
  Named<RegionSettings> regions;
  regions.add("eu", {{"eu-a", "eu-b"}});
  regions.add("us", {{"us-a"}});
  return regions;
}

/// A population with a target and an observer that are fakes.
struct Stage {
  explicit Stage(const std::string& json = "{}", const std::string& name = "users",
                 std::uint64_t replication = 0)
      : settings(traffic(json)),
        network(simulation, geography, NetworkSettings(), 1, replication),
        target(simulation),
        recording(SliceGrid(100_s, 1_s)),
        context{.name = name,
                .settings = settings,
                .simulation = simulation,
                .network = network,
                .request_types = types,
                .target = target,
                .recording = recording,
                .seed = 1,
                .replication = replication,
                .index = 3},
        population(context, observer) {}

  Ask now() const {
    Ask ask;
    ask.sent = simulation.now();
    return ask;
  }
  void send() { static_cast<void>(population.send(now())); }
  void run(Duration until) { simulation.run(Time::from_start(until)); }
  std::vector<Request> draw(int count) {
    std::vector<Request> requests;
    for (int i = 0; i < count; ++i) {
      requests.push_back(population.draw(now()));
    }
    return requests;
  }

  TrafficSettings settings;
  Simulation simulation;
  Geography geography{two_regions()};
  Network network;
  RequestTypes types;
  FakeTarget target;
  Recording recording;
  FakeObserver observer;
  UserPopulation::Context context;
  UserPopulation population;
};

constexpr const char* everything = R"({
  "users": {"count": 1000, "regions": {"us": "70%", "eu": "30%"}, "segments": {"free": "90%", "paid": "10%"},
            "tenants": {"acme": 0.5, "umbrella": 0.5}},
  "keys": {"zipf": {"count": 1000, "exponent": 0.9}}, "patience": {"exponential": {"mean": "1s"}},
  "requests": {"page": {"share": "80%", "response_size": {"exponential": {"mean": "30KB"}}},
               "buy": {"share": "15%", "priority": 2, "operation": "write", "keys": {"sequential": 5}, "request_size": "2KB"},
               "search": {}}})";

}  // namespace

// ---- What is drawn ----------------------------------------------------------------------------

TEST_CASE("requests are numbered, timed and belong to their population") {
  Stage stage;
  stage.run(5_s);
  const std::vector<Request> requests = stage.draw(3);
  CHECK(requests[0].id == 0);
  CHECK(requests[2].id == 2);
  CHECK(requests[2].sent == Time::from_start(5_s));
  CHECK(requests[2].population == 3);
  CHECK(requests[2].deadline == Time::never());
  CHECK(requests[2].patience == Time::never());
}

TEST_CASE("a population without request types has one, called request") {
  Stage stage;
  CHECK(stage.population.type("request") == RequestTypeId{0});
  CHECK(stage.population.types() ==
        std::vector<std::pair<RequestTypeId, std::string>>{{RequestTypeId{0}, "request"}});
  CHECK_FALSE(stage.population.type("page"));
}

TEST_CASE("types are drawn by their shares, and those without one divide the rest") {
  Stage stage(R"({"requests": {"a": {}, "b": {"share": "50%"}, "c": {"share": 0.3}, "d": {}}})");
  std::vector<double> counts(4);
  for (const Request& request : stage.draw(100'000)) {
    counts[request.type] += 1;
  }
  CHECK(test::fits(counts, {10'000, 50'000, 30'000, 10'000}));
}

TEST_CASE("a type has the same number in every population of a scenario") {
  Stage stage(everything);
  const TrafficSettings other = traffic(R"({"requests": {"other": {}, "buy": {}}})");
  UserPopulation::Context context = stage.context;
  const UserPopulation second({.name = "others",
                               .settings = other,
                               .simulation = stage.simulation,
                               .network = stage.network,
                               .request_types = stage.types,
                               .target = stage.target,
                               .recording = stage.recording,
                               .seed = 1,
                               .replication = 0,
                               .index = 4},
                              stage.observer);
  CHECK(second.type("buy") == stage.population.type("buy"));
  CHECK(second.type("other") == RequestTypeId{3});
  CHECK_FALSE(second.type("page"));
}

TEST_CASE("what the arrival process knows of a request is not drawn") {
  Stage stage(everything);
  Ask ask = stage.now();
  ask.user = 123456;
  ask.type = stage.population.type("search");
  ask.key = 77;
  ask.size = 5;
  ask.response_size = 6;
  const Request request = stage.population.draw(ask);
  CHECK(request.user == 123456);
  CHECK(request.type == *stage.population.type("search"));
  CHECK(request.key == 77);
  CHECK(request.size == 5);
  CHECK(request.response_size == 6);
}

TEST_CASE("a type has its sizes, its priority, its operation and its keys") {
  Stage stage(everything);
  double page_bytes = 0;
  double pages = 0;
  std::uint64_t next_key = 0;
  for (const Request& request : stage.draw(50'000)) {
    if (request.type == *stage.population.type("page")) {
      CHECK(request.size == 0);
      CHECK(request.priority == 0);
      CHECK(request.operation == Operation::read);
      CHECK(request.key < 1000);
      page_bytes += request.response_size;
      pages += 1;
    } else if (request.type == *stage.population.type("buy")) {
      CHECK(request.size == 2000);
      CHECK(request.response_size == 0);
      CHECK(request.priority == 2);
      CHECK(request.operation == Operation::write);
      CHECK(request.key == next_key);
      next_key = (next_key + 1) % 5;
    }
  }
  CHECK(page_bytes / pages == Approx(30'000).epsilon(0.02));
}

TEST_CASE("without a law of keys every request asks for something of its own") {
  Stage stage;
  std::set<std::uint64_t> keys;
  for (const Request& request : stage.draw(1000)) {
    keys.insert(request.key);
  }
  CHECK(keys.size() == 1000);
}

TEST_CASE("patience and deadline count from the intended moment") {
  Stage stage(R"({"patience": "2s", "deadline": "300ms", "propagate": {"deadline": true}})");
  stage.run(5_s);
  Ask ask;
  ask.sent = Time::from_start(4_s);
  const Request request = stage.population.draw(ask);
  CHECK(request.patience == Time::from_start(6_s));
  CHECK(request.deadline == Time::from_start(4'300_ms));
}

TEST_CASE("a request carries no deadline unless that is to be told") {
  Stage stage(R"({"deadline": "300ms"})");
  CHECK(stage.draw(1).front().deadline == Time::never());
}

TEST_CASE("patience is drawn for each request") {
  Stage stage(everything);
  std::vector<double> patience;
  for (const Request& request : stage.draw(10'000)) {
    patience.push_back((request.patience - request.sent).seconds());
  }
  CHECK(test::follows(patience, [](double t) { return 1 - std::exp(-t); }));
}

// ---- Who the users are ------------------------------------------------------------------------

TEST_CASE("users are drawn evenly among their number, or are new each time") {
  Stage known(R"({"users": 20})");
  std::vector<double> counts(20);
  for (const Request& request : known.draw(100'000)) {
    REQUIRE(request.user < 20);
    counts[request.user] += 1;
  }
  CHECK(test::fits(counts, std::vector<double>(20, 5000)));
  Stage unknown;
  std::set<std::uint64_t> users;
  for (const Request& request : unknown.draw(1000)) {
    users.insert(request.user);
  }
  CHECK(users.size() == 1000);
}

TEST_CASE("users sit in the first region unless shares say otherwise") {
  Stage stage(R"({"users": 10})");
  for (const Request& request : stage.draw(100)) {
    CHECK(request.from == stage.geography.users_of(0));
  }
  CHECK(stage.population.divisions().empty());
}

TEST_CASE("a user always comes from the same region, and regions have their shares") {
  Stage stage(everything);
  std::map<std::uint64_t, PlaceId> home;
  for (const Request& request : stage.draw(20'000)) {
    const auto [entry, is_new] = home.try_emplace(request.user, request.from);
    CHECK(entry->second == request.from);
  }
  std::vector<double> counts(2);
  for (std::uint64_t user = 0; user < 100'000; ++user) {
    counts[static_cast<std::size_t>(stage.population.part_of(user, 0))] += 1;
  }
  CHECK(test::fits(counts, {70'000, 30'000}));
  // The population names us first, the geography eu.
  CHECK(stage.population.divisions()[0].names == std::vector<std::string>{"us", "eu"});
  const std::uint64_t user = home.begin()->first;
  CHECK(home[user] == stage.geography.users_of(stage.population.part_of(user, 0) == 0 ? 1 : 0));
}

TEST_CASE("limiters see the tenants that populations have") {
  const std::string json =
      R"({"users": {"count": 100, "tenants": {"acme": 0.7, "umbrella": 0.3}}})";
  Named<TrafficSettings> all;
  all.add("users", traffic(json));
  all.add("strangers", traffic("{}"));
  const TenantsOfPopulations tenants(all, 1, 0);
  const Stage stage(json);
  for (std::uint64_t user = 0; user < 100; ++user) {
    const auto part = static_cast<std::size_t>(stage.population.part_of(user, 0));
    Request request;
    request.user = user;
    CHECK(tenants.tenant_of(request) ==
          hash_bytes(stage.population.divisions().at(0).names.at(part)));
    request.population = 1;
    CHECK(tenants.tenant_of(request) == 0);
  }
}

TEST_CASE("region, segment and tenant of a user have nothing to do with each other") {
  Stage stage(everything);
  REQUIRE(stage.population.divisions().size() == 3);
  CHECK(stage.population.divisions()[1].kind == "segment");
  CHECK(stage.population.divisions()[2].names == std::vector<std::string>{"acme", "umbrella"});
  std::vector<double> counts(8);
  for (std::uint64_t user = 0; user < 100'000; ++user) {
    const auto part = [&](std::size_t division) {
      return static_cast<std::size_t>(stage.population.part_of(user, division));
    };
    counts[part(0) * 4 + part(1) * 2 + part(2)] += 1;
  }
  CHECK(test::fits(counts, {31'500, 31'500, 3'500, 3'500, 13'500, 13'500, 1'500, 1'500}));
}

TEST_CASE("a part that grows loses nobody") {
  const Stream stream(1, 0, "users", "segment");
  Named<Ratio> few;
  few.add("beta", {0.1});
  few.add("rest", {0.9});
  Named<Ratio> more;
  more.add("beta", {0.3});
  more.add("rest", {0.7});
  const UserParts before(few, stream);
  const UserParts after(more, stream);
  for (std::uint64_t user = 0; user < 10'000; ++user) {
    if (before.of(user) == 0) {
      CHECK(after.of(user) == 0);
    }
  }
}

// ---- Luck -------------------------------------------------------------------------------------

TEST_CASE("the same population under the same seed sends the same requests") {
  Stage first(everything);
  Stage second(everything);
  Stage other(everything, "users", 1);
  const std::vector<Request> a = first.draw(100);
  const std::vector<Request> b = second.draw(100);
  const std::vector<Request> c = other.draw(100);
  int alike = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(a[i].luck == b[i].luck);
    CHECK(a[i].key == b[i].key);
    CHECK(a[i].user == b[i].user);
    CHECK(a[i].type == b[i].type);
    CHECK(a[i].response_size == b[i].response_size);
    CHECK(a[i].patience == b[i].patience);
    alike += a[i].user == c[i].user ? 1 : 0;
  }
  CHECK(alike < 5);
}

TEST_CASE("another law in one place leaves all other draws as they were") {
  Stage first(everything);
  std::string changed = everything;
  changed.replace(changed.find("\"exponent\": 0.9"), 15, "\"exponent\": 0.2");
  Stage second(changed);
  const std::vector<Request> a = first.draw(100);
  const std::vector<Request> b = second.draw(100);
  bool keys_differ = false;
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(a[i].user == b[i].user);
    CHECK(a[i].type == b[i].type);
    CHECK(a[i].response_size == b[i].response_size);
    keys_differ = keys_differ || a[i].key != b[i].key;
  }
  CHECK(keys_differ);
}

TEST_CASE("two populations have luck of their own") {
  Stage first("{}", "shoppers");
  Stage second("{}", "robots");
  CHECK(first.draw(1)[0].luck != second.draw(1)[0].luck);
}

// ---- Sending ----------------------------------------------------------------------------------

TEST_CASE("a request is sent, answered and told of") {
  Stage stage;
  stage.send();
  stage.run(1_s);
  CHECK(stage.target.seen.size() == 1);
  CHECK(stage.observer.told == Told{"sent 0", "attempt 0.0 ok", "ended 0 ok 10ms"});
}

TEST_CASE("latency runs from the moment at which the user meant to send") {
  Stage stage;
  stage.run(5_s);
  Ask late;
  late.sent = Time::from_start(3_s);
  static_cast<void>(stage.population.send(late));
  stage.run(6_s);
  CHECK(stage.observer.told.back() == "ended 0 ok 2.01s");
}

TEST_CASE("whoever waits for the answer gets it") {
  Stage stage;
  stage.target.outcomes = {Outcome::rejected_shed};
  const Reply reply = stage.population.send(stage.now());
  CHECK_FALSE(reply.done());
  stage.run(1_s);
  REQUIRE(reply.done());
  CHECK(reply.answer().outcome == Outcome::rejected_shed);
  CHECK(stage.observer.told.back() == "ended 0 rejected.shed 10ms");
}

TEST_CASE("an answer within the timeout counts") {
  Stage stage(R"({"timeout": "20ms"})");
  stage.send();
  stage.run(1_s);
  CHECK(stage.observer.told == Told{"sent 0", "attempt 0.0 ok", "ended 0 ok 10ms"});
}

TEST_CASE("an answer after the timeout is none") {
  Stage stage(R"({"timeout": "20ms"})");
  stage.target.answer_time = 30_ms;
  const Reply reply = stage.population.send(stage.now());
  stage.run(1_s);
  CHECK(reply.answer().outcome == Outcome::timeout);
  CHECK(stage.observer.told == Told{"sent 0", "attempt 0.0 timeout", "ended 0 timeout 20ms"});
}

TEST_CASE("a failed attempt is tried again, and both are counted") {
  Stage stage(R"({"timeout": "1s", "retry": {"num_retries": 2, "retry_back_off":
                  {"base_interval": "50ms", "jitter": "none"}}})");
  stage.target.outcomes = {Outcome::error, Outcome::reset};
  stage.send();
  stage.run(2_s);
  CHECK(stage.observer.told == Told{"sent 0", "attempt 0.0 error", "attempt 0.1 reset",
                                    "attempt 0.2 ok", "ended 0 ok 180ms"});
  REQUIRE(stage.target.seen.size() == 3);
  CHECK(stage.target.seen[1].attempt == 1);
  CHECK(stage.target.seen[1].luck != stage.target.seen[0].luck);
  CHECK(stage.target.seen[2].id == 0);
}

TEST_CASE("a timeout covers all tries") {
  Stage stage(R"({"timeout": "25ms", "retry": {"num_retries": 5, "retry_back_off": "0s"}})");
  stage.target.outcomes = std::vector<Outcome>(10, Outcome::error);
  stage.send();
  stage.run(2_s);
  CHECK(stage.observer.told == Told{"sent 0", "attempt 0.0 error", "attempt 0.1 error",
                                    "attempt 0.2 timeout", "ended 0 timeout 25ms"});
}

TEST_CASE("a request that nobody answers stays under way, unless there is a timeout") {
  Stage without;
  without.target.silent = true;
  without.send();
  without.run(90_s);
  CHECK(without.observer.told == Told{"sent 0"});
  Stage with(R"({"timeout": "3s"})");
  with.target.silent = true;
  with.send();
  with.run(90_s);
  CHECK(with.observer.told.back() == "ended 0 timeout 3s");
}

TEST_CASE("a population tells the recording of its types and divisions") {
  Stage stage(everything);
  UserPopulation recorded(stage.context);
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(recorded.send(stage.now()));
  }
  stage.run(1_s);
  stage.recording.close_slice(Time::from_start(1_s));
  CHECK(stage.recording.ended_requests() == 100);
  CHECK(stage.observer.told.empty());
}
