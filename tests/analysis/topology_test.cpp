#include "stampede/analysis/topology.hpp"

#include <catch2/catch.hpp>

#include "stampede/model/messages.hpp"

using namespace stampede;

namespace {

Scenario scenario_of(const std::vector<std::string>& components,
                     const std::vector<ComponentReference>& references) {
  Scenario scenario;
  scenario.traffic.add("users", {});
  for (const std::string& name : components) {
    scenario.components.add(name, Choice<Component>::of("service"));
  }
  scenario.references = references;
  return scenario;
}

ComponentReference call(const std::string& to, const std::string& path) { return {to, {}, path}; }

}  // namespace

TEST_CASE("edges are labelled by handler or key, one for each pair") {
  const Topology topology = topology_of(scenario_of(
      {"balancer", "app", "db"},
      {call("balancer", "traffic.users.target"), call("app", "components.balancer.backends"),
       call("db", "components.app.handlers.page.1.call"),
       call("db", "components.app.handlers.checkout.2.parallel.0.call"),
       call("db", "components.app.handlers.checkout.3.call"),
       call("db", "faults.0.target.component")}));
  REQUIRE(topology.edges.size() == 3);
  CHECK(topology.nodes[0].is_traffic);
  CHECK(topology.nodes[2].kind == "service");
  CHECK(topology.edges[1].labels == std::vector<std::string>{"backends"});
  CHECK(topology.edges[2].labels == std::vector<std::string>{"page", "checkout"});
}

TEST_CASE("messages flow from a queue or log to those who consume it") {
  Scenario scenario = scenario_of({"shop", "orders", "packers", "printers"},
                                  {call("orders", "components.shop.handler.0.publish"),
                                   call("orders", "components.packers.consume"),
                                   call("orders", "components.printers.consume.log")});
  scenario.facts.add("components.packers.consume", {},
                     ReceivesFrom{.source = "orders", .place = {}, .is_log = false});
  scenario.facts.add("components.printers.consume", {},
                     ReceivesFrom{.source = "orders", .place = {}, .is_log = true});
  const Topology topology = topology_of(scenario);
  REQUIRE(topology.edges.size() == 3);
  const std::size_t orders = topology.find("orders");
  CHECK(topology.edges[0].to == orders);
  for (const std::size_t i : {1, 2}) {
    CHECK(topology.edges[i].from == orders);
    CHECK(topology.edges[i].labels == std::vector<std::string>{"consume"});
  }
  CHECK(topology.edges[1].to == topology.find("packers"));
  CHECK(topology.edges[2].to == topology.find("printers"));
}

TEST_CASE("circles of calls are found, also of one component") {
  const Topology topology = topology_of(scenario_of(
      {"a", "b", "c"},
      {call("a", "traffic.users.target"), call("b", "components.a.handlers.x.0.call"),
       call("a", "components.b.handlers.x.0.call"), call("c", "components.b.handlers.x.1.call"),
       call("c", "components.c.handlers.x.0.call")}));
  CHECK(cycles(topology) == std::vector<std::vector<std::size_t>>{{1, 2}, {3}});
}

TEST_CASE("a tree of calls has no circle") {
  const Topology topology =
      topology_of(scenario_of({"a", "b"}, {call("a", "traffic.users.target"),
                                           call("b", "components.a.handlers.x.0.call")}));
  CHECK(cycles(topology).empty());
}
