#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>

#include "stampede/base/json.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/model/component.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"

using namespace stampede;

namespace {

/// How each kind of component is written that sends its requests on to `next`, if it can. A new
/// kind gets a line here.
const std::map<std::string, std::string> ways_to_call{
    {"browser", "kind: browser, max_entries: 10, ttl: 1s, origin: NEXT"},
    {"service", "kind: service, replicas: 2, handler: [{compute: 1ms}, {call: NEXT}]"},
    {"load_balancer", "kind: load_balancer, backends: NEXT, processing: 10us"},
    {"cdn", "kind: cdn, cache: {max_entries: 1000}, origin: NEXT"},
    {"cache", "kind: cache, replicas: 2, max_entries: 1000, origin: NEXT, access: 10us"},
    {"database", "kind: database, shards: 3, read: 1ms"},
    {"queue", "kind: queue, publish: 1ms"},
    {"log", "kind: log, partitions: 4, brokers: 3, replicas: 2, append: 1ms"},
    {"object_storage", "kind: object_storage, hot: 1ms"},
    {"dns", "kind: dns, records: [NEXT]"},
};

bool calls_others(const std::string& kind) {
  INFO("say how a " << kind << " is written");
  REQUIRE(ways_to_call.count(kind) == 1);
  return ways_to_call.at(kind).find("NEXT") != std::string::npos;
}

std::string calling(const std::string& kind, const std::string& next) {
  std::string text = ways_to_call.at(kind);
  return calls_others(kind) ? text.replace(text.find("NEXT"), 4, next) : text;
}

}  // namespace

TEST_CASE("every component can call every other, and every request has a response") {
  const std::vector<std::string> kinds = Registry<Component>::instance().kind_names();
  REQUIRE(kinds.size() >= 2);
  for (const std::string& first : kinds) {
    for (const std::string& second : kinds) {
      if (!calls_others(first) || second == "browser") {
        continue;  // only users begin at a browser
      }
      if (first == "load_balancer" && second == "dns") {
        continue;  // there is nothing behind a name that it could balance
      }
      const std::string text =
          "stampede: 1\n"
          "run: {duration: 10s, warmup: 1s}\n"
          "network: {within_zone: 100us, to_users: 5ms}\n"
          "traffic: {users: {arrivals: {kind: closed, users: 3, think_time: 20ms}, target: "
          "first}}\n"
          "components:\n"
          "  first: {" +
          calling(first, "second") +
          "}\n"
          "  second: {" +
          calling(second, "last") + "}\n" +
          (calls_others(second) ? "  last: {kind: service, replicas: 3, handler: [{wait: 1ms}]}\n"
                                : "");
      INFO(text);
      const ReadScenario read = read_scenario(text, "pair.yaml");
      REQUIRE(read.scenario);
      World world(*read.scenario, 0);
      const WorldRecord record = world.run();
      REQUIRE(record.complete);
      CHECK(record.broken_law == "");

      const Recording* recording = record.recording.get();
      const Result result =
          summarize(std::span(&recording, 1), WarmupChoice{read.scenario->run.warmup.length});
      const Subject& users = result.traffic.at(0);
      // A CDN stands where the users are: who calls it from a zone crosses that network once more.
      const bool goes_back_to_users = second == "cdn" && first != "cdn";
      CHECK(*users.find_count("requests") > (goes_back_to_users ? 500 : 700));
      CHECK(users.find("availability")->value.estimate == 1.0);
      // Through three components and the network there and back; nobody is passed by.
      CHECK(users.find("latency.p50")->value.estimate > 0.0109);
      CHECK(users.find("latency.max")->value.estimate < (goes_back_to_users ? 0.033 : 0.016));
      for (const Subject& component : result.components) {
        CHECK(component.find("throughput")->value.estimate ==
              Approx(users.find("throughput")->value.estimate).epsilon(0.01));
      }
    }
  }
}
