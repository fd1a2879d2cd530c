#include "stampede/report/graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace stampede {

namespace {

/// "a, b" for each circle of calls, which a picture does not make easy to see.
std::vector<std::string> circles_of(const Topology& topology) {
  std::vector<std::string> circles;
  for (const std::vector<std::size_t>& group : cycles(topology)) {
    std::vector<std::string> names;
    for (const std::size_t node : group) {
      names.push_back(topology.nodes[node].name);
    }
    circles.push_back(fmt::format("{}", fmt::join(names, ", ")));
  }
  return circles;
}

}  // namespace

// Names match [a-z][a-z0-9_-]*, so nothing in a quoted text needs an escape.

std::string dot_text(const Topology& topology) {
  std::string text =
      "digraph topology {\n"
      "  rankdir=LR;\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const Topology::Node& node : topology.nodes) {
    text += fmt::format("  \"{0}\" [label=\"{0}\\n{1}\"{2}];\n", node.name, node.kind,
                        node.is_traffic ? ", shape=ellipse" : "");
  }
  for (const Topology::Edge& edge : topology.edges) {
    text += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"];\n", topology.nodes[edge.from].name,
                        topology.nodes[edge.to].name, fmt::join(edge.labels, ", "));
  }
  for (const std::string& circle : circles_of(topology)) {
    text += "  // a circle of calls: " + circle + "\n";
  }
  return text + "}\n";
}

std::string mermaid_text(const Topology& topology) {
  std::string text = "flowchart LR\n";
  // Numbers as ids: a name such as "end" is a word of Mermaid's own.
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    const Topology::Node& node = topology.nodes[i];
    text += node.is_traffic ? fmt::format("  n{}([\"{}\"])\n", i, node.name)
                            : fmt::format("  n{}[\"{}<br/>{}\"]\n", i, node.name, node.kind);
  }
  for (const Topology::Edge& edge : topology.edges) {
    const std::string label = fmt::format("{}", fmt::join(edge.labels, ", "));
    text += label.empty() ? fmt::format("  n{} --> n{}\n", edge.from, edge.to)
                          : fmt::format("  n{} -->|\"{}\"| n{}\n", edge.from, label, edge.to);
  }
  for (const std::string& circle : circles_of(topology)) {
    text += "  %% a circle of calls: " + circle + "\n";
  }
  return text;
}

}  // namespace stampede
