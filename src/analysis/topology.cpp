#include "stampede/analysis/topology.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <set>
#include <string>
#include <utility>

#include "stampede/model/connection_pool.hpp"
#include "stampede/model/messages.hpp"

namespace stampede {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Graph graph_of(const Topology& topology) {
  Graph graph(topology.nodes.size());
  for (const Topology::Edge& edge : topology.edges) {
    boost::add_edge(edge.from, edge.to, graph);
  }
  return graph;
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

/// What an edge says: "checkout" for a step of that handler, else the key ("backends").
std::string label_of(const std::vector<std::string>& path) {
  for (std::size_t i = 2; i + 1 < path.size(); ++i) {
    if (path[i] == "handlers") {
      return path[i + 1];
    }
  }
  for (std::size_t i = path.size(); i-- > 2;) {
    const bool is_index = path[i].find_first_not_of("0123456789") == std::string::npos;
    if (!is_index) {
      return path[i];
    }
  }
  return {};
}

Topology::Edge& edge_between(Topology& topology, std::size_t from, std::size_t to) {
  for (Topology::Edge& edge : topology.edges) {
    if (edge.from == from && edge.to == to) {
      return edge;
    }
  }
  return topology.edges.emplace_back(Topology::Edge{from, to, {}});
}

bool calls_itself(const Topology& topology, std::size_t node) {
  return std::any_of(topology.edges.begin(), topology.edges.end(),
                     [&](const auto& edge) { return edge.from == node && edge.to == node; });
}

}  // namespace

std::size_t Topology::find(std::string_view name) const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == name; });
  return static_cast<std::size_t>(found - nodes.begin());
}

Topology topology_of(const Scenario& scenario) {
  Topology topology;
  for (const auto& population : scenario.traffic) {
    topology.nodes.push_back({population.name, "traffic", true});
  }
  for (const auto& component : scenario.components) {
    topology.nodes.push_back({component.name, component.value.kind(), false});
  }
  std::set<std::string, std::less<>> consumers;
  for (const auto& consumer : scenario.facts.all<ReceivesFrom>()) {
    consumers.insert(consumer.path);
  }
  std::set<std::string, std::less<>> pools;
  for (const auto& pool : scenario.facts.all<CallsOverPool>()) {
    pools.insert(pool.path + ".target");
  }
  for (const ComponentReference& reference : scenario.references) {
    if (pools.contains(reference.path)) {
      continue;  // how it calls, not that it does
    }
    const std::vector<std::string> path = parts_of(reference.path);
    // "traffic.<name>.…" and "components.<name>.…" call; a fault only names whom it strikes.
    if (path.size() < 3 || (path[0] != "traffic" && path[0] != "components")) {
      continue;
    }
    std::size_t from = topology.find(path[1]);
    std::size_t to = topology.find(reference.name);
    if (from == topology.nodes.size() || to == topology.nodes.size()) {
      continue;
    }
    // Whoever consumes names what feeds it: there, messages flow from the named to the naming.
    const std::string settings = reference.path.substr(0, reference.path.rfind('.'));
    const bool consumes = consumers.contains(reference.path) || consumers.contains(settings);
    if (consumes) {
      std::swap(from, to);
    }
    std::vector<std::string>& labels = edge_between(topology, from, to).labels;
    std::string label = consumes ? "consume" : label_of(path);
    if (!label.empty() && std::find(labels.begin(), labels.end(), label) == labels.end()) {
      labels.push_back(std::move(label));
    }
  }
  return topology;
}

std::vector<std::vector<std::size_t>> cycles(const Topology& topology) {
  const Graph graph = graph_of(topology);
  std::vector<std::size_t> group_of(topology.nodes.size());
  const std::size_t count = boost::strong_components(
      graph,
      boost::make_iterator_property_map(group_of.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::vector<std::size_t>> groups(count);
  for (std::size_t node = 0; node < topology.nodes.size(); ++node) {
    groups[group_of[node]].push_back(node);
  }
  std::erase_if(groups, [&](const std::vector<std::size_t>& group) {
    return group.size() == 1 && !calls_itself(topology, group[0]);
  });
  std::sort(groups.begin(), groups.end());
  return groups;
}

}  // namespace stampede
