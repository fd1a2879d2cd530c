#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/scenario/scenario.hpp"

namespace stampede {

/// Who calls whom, read off a scenario without running it.
struct Topology {
  struct Node {
    std::string name;
    std::string kind;  ///< of the component; "traffic" for a population of users
    bool is_traffic = false;
  };
  /// All that `from` names of `to`, in one edge.
  struct Edge {
    std::size_t from;
    std::size_t to;
    std::vector<std::string> labels;  ///< "backends", or the request types whose handler calls
  };

  std::vector<Node> nodes;  ///< traffic first, then components, in the order of the text
  std::vector<Edge> edges;  ///< in the order of the text

  std::size_t find(std::string_view name) const;  ///< nodes.size() if there is none
};

Topology topology_of(const Scenario& scenario);

/// The groups of components that call each other in a circle (strongly connected components,
/// Tarjan 1972), or one that calls itself; each in the order of the text.
std::vector<std::vector<std::size_t>> cycles(const Topology& topology);

}  // namespace stampede
