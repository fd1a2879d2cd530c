#include "stampede/report/graph.hpp"

#include <catch2/catch.hpp>

using namespace stampede;

namespace {

Topology shop() {
  Topology topology;
  topology.nodes = {{"users", "traffic", true}, {"app", "service"}, {"db", "service"}};
  topology.edges = {{0, 1, {"target"}}, {1, 2, {"page", "checkout"}}};
  return topology;
}

}  // namespace

TEST_CASE("the topology as DOT") {
  CHECK(dot_text(shop()) ==
        "digraph topology {\n"
        "  rankdir=LR;\n"
        "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=10];\n"
        "  \"users\" [label=\"users\\ntraffic\", shape=ellipse];\n"
        "  \"app\" [label=\"app\\nservice\"];\n"
        "  \"db\" [label=\"db\\nservice\"];\n"
        "  \"users\" -> \"app\" [label=\"target\"];\n"
        "  \"app\" -> \"db\" [label=\"page, checkout\"];\n"
        "}\n");
}

TEST_CASE("the topology as Mermaid, circles noted") {
  Topology topology = shop();
  topology.edges.push_back({2, 1, {}});
  CHECK(mermaid_text(topology) ==
        "flowchart LR\n"
        "  n0([\"users\"])\n"
        "  n1[\"app<br/>service\"]\n"
        "  n2[\"db<br/>service\"]\n"
        "  n0 -->|\"target\"| n1\n"
        "  n1 -->|\"page, checkout\"| n2\n"
        "  n2 --> n1\n"
        "  %% a circle of calls: app, db\n");
}
